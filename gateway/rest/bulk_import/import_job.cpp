#include "gateway/rest/bulk_import/import_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "fhir/base/issue.hpp"
#include "fhir/bundle/writer.hpp"
#include "fhir/json/value.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "gateway/rest/capability_statement.hpp"

namespace gateway::rest::bulk_import {
namespace {

namespace port = adapters::port;
using fhir::json::Value;

constexpr fhir::json::ValueLimits kOrderLimits{.bytes_max = 64u * 1024 * 1024, .depth_max = 8};

/// A line and what is known of it before it is written.
struct ImportLine {
  std::int64_t number = 0;  ///< from 1
  std::string_view text;
  std::string id;  ///< empty: the server gives one
};

/// Where a job stands.
struct ImportPosition {
  std::size_t input = 0;
  SourcePlace place;
  std::int64_t line = 0;  ///< lines before
  int error_files = 0;
  std::vector<ImportCounts> counts;
};

std::int64_t NumberIn(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member == nullptr ? 0 : member->AsInteger().value_or(0);
}

Value CountsValue(const std::vector<ImportCounts>& counts) {
  std::vector<Value> items;
  items.reserve(counts.size());
  for (const ImportCounts& each : counts) {
    items.push_back(Value::Array({Value::Integer(each.loaded), Value::Integer(each.failed)}));
  }
  return Value::Array(std::move(items));
}

std::vector<ImportCounts> CountsIn(const Value& value) {
  std::vector<ImportCounts> counts;
  if (const Value* list = value.Find("counts")) {
    for (const Value& item : list->items()) {
      if (item.items().size() == 2) {
        counts.push_back({item.items()[0].AsInteger().value_or(0), item.items()[1].AsInteger().value_or(0)});
      }
    }
  }
  return counts;
}

std::string WritePosition(const ImportPosition& position) {
  Value value = Value::Object();
  value.Set("input", Value::Integer(static_cast<std::int64_t>(position.input)));
  value.Set("offset", Value::Integer(position.place.offset));
  value.Set("etag", Value::String(position.place.etag));
  value.Set("line", Value::Integer(position.line));
  value.Set("errors", Value::Integer(position.error_files));
  value.Set("counts", CountsValue(position.counts));
  return fhir::json::WriteValue(value);
}

fhir::Result<ImportPosition> ReadPosition(std::string_view text, std::size_t inputs) {
  ImportPosition position;
  if (!text.empty()) {
    GW_ASSIGN(const Value value, fhir::json::ReadValue(text, kOrderLimits));
    position.input = static_cast<std::size_t>(NumberIn(value, "input"));
    position.place = {NumberIn(value, "offset"), std::string(value.FindText("etag"))};
    position.line = NumberIn(value, "line");
    position.error_files = static_cast<int>(NumberIn(value, "errors"));
    position.counts = CountsIn(value);
  }
  position.counts.resize(inputs);
  return position;
}

/// The writes of one step.
class LineWriter {
 public:
  LineWriter(const Service& service, const port::Actor& actor, const ImportInput& input, std::size_t input_number)
      : service_(service), actor_(actor), input_(input), input_number_(input_number) {}

  /// Errors: kUnavailable with Retry::kLater; what is wrong with a line is an error line instead.
  fhir::Result<void> Write(std::span<const ImportLine> lines) {
    if (lines.empty()) {
      return {};
    }
    GW_ASSIGN(const http::Response whole, Send(lines));
    if (whole.status < 300) {
      counts_.loaded += static_cast<std::int64_t>(lines.size());
      return {};
    }
    if (lines.size() == 1) {
      Refuse(lines.front().number, whole.body);
      return {};
    }
    // One of them is wrong, or two are of one resource: each by itself.
    for (const ImportLine& line : lines) {
      GW_TRY(Write(std::span(&line, 1)));
    }
    return {};
  }

  /// Writes the outcome with the place of the line in front of what it says.
  void Refuse(std::int64_t line, std::string_view outcome) {
    ++counts_.failed;
    const std::string where = fmt::format("line {} of input {}", line, input_number_ + 1);
    auto value = fhir::json::ReadValue(outcome, kOrderLimits);
    if (value && value->Find("issue") != nullptr) {
      std::vector<Value> issues = value->Find("issue")->items();
      for (Value& issue : issues) {
        const std::string_view said = issue.FindText("diagnostics");
        issue.Set("diagnostics", Value::String(said.empty() ? where : fmt::format("{}: {}", where, said)));
      }
      value->Set("issue", Value::Array(std::move(issues)));
      errors_ += fhir::json::WriteValue(*value);
    } else {
      errors_ += fhir::operation_outcome::ToOperationOutcome(
          fhir::Error{.code = fhir::ErrorCode::kInvalid, .public_text = {where}});
    }
    errors_ += '\n';
  }

  const ImportCounts& counts() const { return counts_; }
  const std::string& errors() const { return errors_; }

 private:
  fhir::Result<http::Response> Send(std::span<const ImportLine> lines) {
    std::size_t bytes = 512;
    for (const ImportLine& line : lines) {
      bytes += line.text.size() + 128;
    }
    fhir::bundle::BundleWriter writer({.type = fhir::bundle::BundleType::kTransaction}, bytes);
    for (const ImportLine& line : lines) {
      const std::string url = line.id.empty() ? input_.type : input_.type + "/" + line.id;
      fhir::bundle::EntryOut entry;
      entry.resource = line.text;
      entry.request_method = line.id.empty() ? "POST" : "PUT";
      entry.request_url = url;
      writer.Add(entry);
    }
    http::Request request;
    request.method = http::Method::kPost;
    request.path = service_.options().base_path;
    request.target = request.path;
    request.actor = &actor_;
    request.request_id = actor_.request_id;
    request.body = std::move(writer).Finish();
    request.headers.Add("Content-Type", "application/fhir+json");
    request.headers.Add("Prefer", "return=minimal");
    // The same lines of the same file are the same write; other content at the same place is another.
    request.headers.Add("Idempotency-Key",
                        fmt::format("import-{}-{}-{}", TagOf(input_.url), lines.front().number, TagOf(request.body)));
    http::Response response = service_.Dispatch(request);
    if (response.status == 503) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, {"the server cannot write at the moment"}, {},
                        fhir::Retry::kLater);
    }
    return response;
  }

  /// The hexadecimal digits of a text's entity tag.
  static std::string TagOf(std::string_view text) {
    std::string tag = EtagOfText(text);
    std::erase_if(tag, [](char c) { return (c < '0' || c > '9') && (c < 'a' || c > 'f'); });
    return tag;
  }

  const Service& service_;
  const port::Actor& actor_;
  const ImportInput& input_;
  const std::size_t input_number_;
  ImportCounts counts_;
  std::string errors_;
};

class ImportJob final : public port::JobKind {
 public:
  ImportJob(std::shared_ptr<const Service> service, port::ActorOfOwner actor_of, port::JobFiles& files, Fetch fetch,
            ImportOptions options)
      : service_(std::move(service)),
        actor_of_(std::move(actor_of)),
        files_(files),
        fetch_(std::move(fetch)),
        options_(std::move(options)) {}

  std::string_view name() const override { return kImportJob; }

  fhir::Result<port::JobStep> Step(const port::Job& job, const port::JobRun& /*run*/) override {
    GW_ASSIGN(const ImportOrder order, ReadOrder(job.parameters));
    GW_ASSIGN(ImportPosition position, ReadPosition(job.position, order.inputs.size()));
    GW_ASSIGN(port::Actor actor, actor_of_(job.owner));
    actor.request_id = job.id;
    const ImportInput& input = order.inputs.at(position.input);
    if (!IsAllowedSource(input.url, options_.sources)) {  // the setting may have changed since
      return fhir::Fail(fhir::ErrorCode::kForbidden, "the setting jobs.import_sources does not allow a source");
    }
    auto piece = ReadPiece(fetch_, input.url, position.place, options_.piece);
    if (!piece) {
      piece.error().public_text.text = fmt::format("input {}: {}", position.input + 1, piece.error().public_text.text);
      return std::unexpected(std::move(piece).error());
    }
    LineWriter writer(*service_, actor, input, position.input);
    GW_TRY(WriteLines(writer, input, piece->lines, position.line));
    if (!writer.errors().empty()) {
      GW_TRY(files_.WriteFile(job.id, {position.error_files, writer.counts().failed}, writer.errors()));
      ++position.error_files;
    }
    ImportCounts& counts = position.counts[position.input];
    counts.loaded += writer.counts().loaded;
    counts.failed += writer.counts().failed;
    position.line += static_cast<std::int64_t>(piece->lines.size());
    position.place = piece->next;
    if (piece->last) {
      ++position.input;
      position.place = {};
      position.line = 0;
    }
    return StepOf(order, position);
  }

  fhir::Result<void> Forget(const port::Job& job) override { return files_.DeleteFiles(job.id); }

 private:
  static port::JobStep StepOf(const ImportOrder& order, const ImportPosition& position) {
    port::JobStep step;
    step.finished = position.input == order.inputs.size();
    step.position = WritePosition(position);
    for (const ImportCounts& each : position.counts) {
      step.done += each.loaded + each.failed;
    }
    if (step.finished) {
      step.total = step.done;
      Value result = Value::Object();
      result.Set("counts", CountsValue(position.counts));
      step.result = fhir::json::WriteValue(result);
    }
    return step;
  }

  /// A line that is no resource of the type is refused by itself, before the others are written together.
  fhir::Result<void> WriteLines(LineWriter& writer, const ImportInput& input, const std::vector<std::string>& lines,
                                std::int64_t lines_before) {
    std::vector<ImportLine> group;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      ImportLine line{.number = lines_before + static_cast<std::int64_t>(i) + 1, .text = lines[i], .id = {}};
      if (line.text.find_first_not_of(" \t") == std::string_view::npos) {
        continue;
      }
      const fhir::Limits& limits = service_->options().limits;
      const auto value =
          fhir::json::ReadValue(line.text, {.bytes_max = limits.body_bytes_max, .depth_max = limits.depth_max});
      if (!value || value->FindText("resourceType") != input.type) {
        const fhir::Error error{
            .code = fhir::ErrorCode::kMalformed,
            .public_text = {value ? "the line is no resource of the input's type" : "the line is no JSON"}};
        writer.Refuse(line.number, fhir::operation_outcome::ToOperationOutcome(error));
        continue;
      }
      line.id = value->FindText("id");
      group.push_back(std::move(line));
      if (group.size() == options_.group_lines) {
        GW_TRY(writer.Write(group));
        group.clear();
      }
    }
    return writer.Write(group);
  }

  const std::shared_ptr<const Service> service_;
  const port::ActorOfOwner actor_of_;
  port::JobFiles& files_;
  const Fetch fetch_;
  const ImportOptions options_;
};

}  // namespace

std::string WriteOrder(const ImportOrder& order) {
  std::vector<Value> inputs;
  for (const ImportInput& input : order.inputs) {
    Value each = Value::Object();
    each.Set("type", Value::String(input.type));
    each.Set("url", Value::String(input.url));
    inputs.push_back(std::move(each));
  }
  Value value = Value::Object();
  value.Set("source", Value::String(order.source));
  value.Set("request", Value::String(order.request));
  value.Set("inputs", Value::Array(std::move(inputs)));
  return fhir::json::WriteValue(value);
}

fhir::Result<ImportOrder> ReadOrder(std::string_view text) {
  GW_ASSIGN(const Value value, fhir::json::ReadValue(text, kOrderLimits));
  ImportOrder order;
  order.source = value.FindText("source");
  order.request = value.FindText("request");
  if (const Value* inputs = value.Find("inputs")) {
    for (const Value& input : inputs->items()) {
      order.inputs.push_back({std::string(input.FindText("type")), std::string(input.FindText("url"))});
    }
  }
  return order;
}

fhir::Result<std::vector<ImportCounts>> ReadCounts(const port::Job& job) {
  GW_ASSIGN(const Value value, fhir::json::ReadValue(job.result, kOrderLimits));
  return CountsIn(value);
}

std::unique_ptr<port::JobKind> MakeImportJob(std::shared_ptr<const Service> service, port::ActorOfOwner actor_of,
                                             port::JobFiles& files, Fetch fetch, ImportOptions options) {
  return std::make_unique<ImportJob>(std::move(service), std::move(actor_of), files, std::move(fetch),
                                     std::move(options));
}

}  // namespace gateway::rest::bulk_import
