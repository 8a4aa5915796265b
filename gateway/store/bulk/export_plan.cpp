#include "gateway/store/bulk/export_plan.hpp"

#include <utility>

#include "fhir/json/value.hpp"

namespace gateway::store::bulk {
namespace {

using fhir::json::Value;

constexpr std::int64_t kFileRowsMax = 50'000;  // small resources make many rows of few bytes

std::int64_t PlanNumber(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member == nullptr ? 0 : member->AsInteger().value_or(0);
}

}  // namespace

fhir::Result<ExportPlan> ExportPlan::Read(std::string_view text) {
  ExportPlan plan;
  if (text.empty()) {
    return plan;
  }
  GW_ASSIGN(const Value value, fhir::json::ReadValue(text));
  plan.transaction_us = PlanNumber(value, "transaction");
  plan.type_ = static_cast<std::size_t>(PlanNumber(value, "type"));
  plan.deletions_ = PlanNumber(value, "deletions") != 0;
  plan.after_ = value.FindText("after");
  plan.file_after_ = value.FindText("fileAfter");
  plan.file_rows_ = PlanNumber(value, "fileRows");
  plan.file_bytes_ = PlanNumber(value, "fileBytes");
  plan.next_file_ = static_cast<int>(PlanNumber(value, "file"));
  plan.rows_done_ = PlanNumber(value, "done");
  return plan;
}

std::string ExportPlan::Write() const {
  Value value = Value::Object();
  value.Set("transaction", Value::Integer(transaction_us));
  value.Set("type", Value::Integer(static_cast<std::int64_t>(type_)));
  value.Set("deletions", Value::Integer(deletions_ ? 1 : 0));
  value.Set("after", Value::String(after_));
  value.Set("fileAfter", Value::String(file_after_));
  value.Set("fileRows", Value::Integer(file_rows_));
  value.Set("fileBytes", Value::Integer(file_bytes_));
  value.Set("file", Value::Integer(next_file_));
  value.Set("done", Value::Integer(rows_done_));
  return fhir::json::WriteValue(value);
}

void ExportPlan::EndFile() {
  if (file_rows_ > 0) {
    ended_.push_back({next_file_, type_, deletions_, file_after_, after_, file_rows_});
    ++next_file_;
  }
  file_after_ = after_;
  file_rows_ = 0;
  file_bytes_ = 0;
}

void ExportPlan::Add(std::string_view id, std::int64_t bytes, std::int64_t file_bytes_max) {
  if (file_rows_ == kFileRowsMax || file_bytes_ + bytes > file_bytes_max) {
    EndFile();
  }
  after_ = id;
  ++file_rows_;
  file_bytes_ += bytes + 1;
  rows_done_ += deletions_ ? 0 : 1;
}

void ExportPlan::EndStretch(bool with_deletions) {
  EndFile();
  after_.clear();
  file_after_.clear();
  if (!deletions_ && with_deletions) {
    deletions_ = true;
  } else {
    deletions_ = false;
    ++type_;
  }
}

std::vector<PlannedFile> ExportPlan::TakeFiles() {
  return std::exchange(ended_, {});
}

}  // namespace gateway::store::bulk
