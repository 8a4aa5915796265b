#include "tests/conformance/reasons.hpp"

#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "fhir/json/value.hpp"

namespace fhir::conformance {
namespace {

constexpr json::ValueLimits kReasonLimits = {.bytes_max = 1024 * 1024, .depth_max = 8};

bool Matches(std::string_view row, std::string_view what) {
  return row.ends_with('*') ? what.starts_with(row.substr(0, row.size() - 1)) : row == what;
}

}  // namespace

Result<Reasons> Reasons::Read(std::string_view name) {
  const std::string path = fmt::format("{}/tests/data/conformance/{}", GW_SOURCE_DIR, name);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Fail(ErrorCode::kNotFound, path);
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  GW_ASSIGN(const json::Value root, json::ReadValue(text, kReasonLimits));
  Reasons reasons;
  for (const json::Value& row : root.items()) {
    reasons.rows_.push_back({.what = std::string(row.FindText("what")), .reason = std::string(row.FindText("reason"))});
    if (reasons.rows_.back().what.empty() || reasons.rows_.back().reason.empty()) {
      return Fail(ErrorCode::kMalformed, fmt::format("{}: every row has what and reason", path));
    }
  }
  return reasons;
}

std::string_view Reasons::Find(std::string_view what) {
  for (Row& row : rows_) {
    if (Matches(row.what, what)) {
      row.used = true;
      return row.reason;
    }
  }
  unexplained_.emplace_back(what);
  return "unexplained";
}

std::string Reasons::Problems() const {
  std::string problems;
  for (const std::string& what : unexplained_) {
    problems += fmt::format("no reason is given for: {}\n", what);
  }
  for (const Row& row : rows_) {
    if (!row.used) {
      problems += fmt::format("nothing differs as this row says: {}\n", row.what);
    }
  }
  return problems;
}

}  // namespace fhir::conformance
