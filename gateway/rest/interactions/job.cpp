// GET and DELETE [base]/_job/[id]: how far a job is, what came of it, and its end; and the files that it hands out.
// Source: https://hl7.org/fhir/R4/async.html, https://hl7.org/fhir/uv/bulkdata/STU2/export.html
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "adapters/port/bulk_export.hpp"
#include "adapters/port/jobs.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/json/value.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "gateway/rest/accept_job.hpp"
#include "gateway/rest/bulk_import/import_job.hpp"
#include "gateway/rest/concept_upload/upload_job.hpp"
#include "gateway/rest/content.hpp"
#include "gateway/rest/http_date.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/respond.hpp"
#include "gateway/rest/subset.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;
using fhir::json::Value;
using port::Job;
using port::JobState;

constexpr std::int64_t kYoungUs = 10'000'000;  // a job that is asked for every second
constexpr std::string_view kNdjson = "application/fhir+ndjson";

fhir::Result<Job> FindJob(const Call& call) {
  port::Jobs* jobs = call.service.ports().operations.jobs;
  if (jobs == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such job");
  }
  return jobs->Find(port::OwnerOf(call.actor), call.request.PathParameter("job"));
}

http::Response StillAtWork(const Call& call, const Job& job) {
  http::Response response;
  response.status = 202;
  const port::Clock* clock = call.service.ports().clock;
  const bool young = clock != nullptr && clock->NowUs() - job.created_us < kYoungUs;
  response.headers.Add("Retry-After", young ? "1" : "5");
  response.headers.Add("X-Progress", job.state == JobState::kAccepted ? std::string("accepted")
                                     : job.total                      ? fmt::format("{} of {}", job.done, *job.total)
                                                                      : fmt::format("{} so far", job.done));
  return response;
}

Value ManifestEntry(const Call& call, const Job& job, const port::ExportFile& file) {
  Value entry = Value::Object();
  entry.Set("type", Value::String(file.deletions ? "Bundle" : std::string(call.definitions().TypeName(file.type))));
  entry.Set("url", Value::String(fmt::format("{}/{}", JobUrl(call.options(), job.id), file.file)));
  entry.Set("count", Value::Integer(file.rows));
  return entry;
}

fhir::Result<http::Response> AnswerExport(Call& call, const Job& job) {
  port::BulkExport* exports = call.service.ports().operations.exports;
  if (exports == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  GW_ASSIGN(const port::ExportManifest manifest, exports->Manifest(job));
  std::vector<Value> output;
  std::vector<Value> deleted;
  for (const port::ExportFile& file : manifest.files) {
    (file.deletions ? deleted : output).push_back(ManifestEntry(call, job, file));
  }
  Value body = Value::Object();
  body.Set("transactionTime", Value::String(fhir::FormatInstant(manifest.transaction_us)));
  body.Set("request", Value::String(manifest.order.request));
  body.Set("requiresAccessToken", Value::Boolean(manifest.order.token_needed));
  body.Set("output", Value::Array(std::move(output)));
  body.Set("deleted", Value::Array(std::move(deleted)));
  body.Set("error", Value::Array());
  http::Response response;
  response.headers.Add("Content-Type", "application/json");
  response.body = fhir::json::WriteValue(body);
  return response;
}

/// What was loaded of each input, and the files that say what was not.
fhir::Result<http::Response> AnswerImport(Call& call, const Job& job) {
  port::JobFiles* files = call.service.ports().operations.job_files;
  if (files == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  GW_ASSIGN(const bulk_import::ImportOrder order, bulk_import::ReadOrder(job.parameters));
  GW_ASSIGN(const auto counts, bulk_import::ReadCounts(job));
  GW_ASSIGN(const std::vector<port::JobFile> written, files->ListFiles(job.id));
  std::vector<Value> output;
  for (std::size_t i = 0; i < std::min(order.inputs.size(), counts.size()); ++i) {
    Value entry = Value::Object();
    entry.Set("type", Value::String(order.inputs[i].type));
    entry.Set("inputUrl", Value::String(order.inputs[i].url));
    entry.Set("count", Value::Integer(counts[i].loaded));
    entry.Set("failed", Value::Integer(counts[i].failed));
    output.push_back(std::move(entry));
  }
  std::vector<Value> errors;
  for (const port::JobFile& file : written) {
    Value entry = Value::Object();
    entry.Set("type", Value::String("OperationOutcome"));
    entry.Set("url", Value::String(fmt::format("{}/{}", JobUrl(call.options(), job.id), file.file)));
    entry.Set("count", Value::Integer(file.rows));
    errors.push_back(std::move(entry));
  }
  Value body = Value::Object();
  body.Set("transactionTime", Value::String(fhir::FormatInstant(job.finished_us)));
  body.Set("request", Value::String(order.request));
  body.Set("requiresAccessToken", Value::Boolean(call.actor.kind != port::PartyKind::kOpen));
  body.Set("output", Value::Array(std::move(output)));
  body.Set("error", Value::Array(std::move(errors)));
  http::Response response;
  response.headers.Add("Content-Type", "application/json");
  response.body = fhir::json::WriteValue(body);
  return response;
}

fhir::Result<http::Response> AnswerDone(Call& call, const Job& job) {
  if (job.kind == port::kExportJob) {
    return AnswerExport(call, job);
  }
  if (job.kind == bulk_import::kImportJob) {
    return AnswerImport(call, job);
  }
  if (job.kind == concept_upload::kUploadJob) {
    GW_ASSIGN(concept_upload::UploadAnswer answer, concept_upload::ReadUploadAnswer(job));
    return JsonResponse(call, answer.status, std::move(answer.body));
  }
  return JsonResponse(call, 200, job.result.empty() ? fhir::operation_outcome::ToOperationOutcome("done") : job.result);
}

std::string DeletionLine(std::string_view type_name, std::string_view id) {
  return fmt::format(
      R"({{"resourceType":"Bundle","type":"transaction","entry":[{{"request":{{"method":"DELETE","url":"{}/{}"}}}}]}})",
      type_name, id);
}

fhir::Result<http::Response> ExportFileResponse(Call& call, const Job& job, const port::ExportManifest& manifest,
                                                const port::ExportFile& file) {
  const SubsetOptions subset{.elements = file.deletions ? std::vector<std::string>() : manifest.order.elements};
  const std::string_view type_name = call.definitions().TypeName(file.type);
  http::Response response;
  response.headers.Add("Content-Type", std::string(kNdjson));
  const auto line = [&](std::string_view text) -> fhir::Result<void> {
    if (file.deletions) {
      response.body += DeletionLine(type_name, text);
    } else if (subset.empty()) {
      response.body += text;
    } else {
      GW_ASSIGN(const std::string part, Subset(text, subset, call.definitions(), call.options().limits));
      response.body += part;
    }
    response.body += '\n';
    return {};
  };
  GW_TRY(call.service.ports().operations.exports->ReadFile(call.actor, job, file.file, line));
  return response;
}

}  // namespace

fhir::Result<http::Response> JobStatus(Call& call) {
  GW_ASSIGN(const Job job, FindJob(call));
  if (job.state == JobState::kFailed) {
    return fhir::Fail(fhir::ErrorCode::kInternal, job.reason.empty() ? "the work has failed" : job.reason);
  }
  if (job.state != JobState::kDone) {
    return StillAtWork(call, job);
  }
  GW_ASSIGN(http::Response response, AnswerDone(call, job));
  response.headers.Add("Expires", FormatHttpDate(job.expires_us));
  return response;
}

fhir::Result<http::Response> JobCancel(Call& call) {
  port::Jobs* jobs = call.service.ports().operations.jobs;
  if (jobs == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such job");
  }
  GW_TRY(jobs->Cancel(port::OwnerOf(call.actor), call.request.PathParameter("job")));
  return JsonResponse(call, 202, fhir::operation_outcome::ToOperationOutcome("cancelled"));
}

fhir::Result<http::Response> JobFile(Call& call) {
  const auto no_file = [] { return fhir::Fail(fhir::ErrorCode::kNotFound, "the job has no such file"); };
  GW_ASSIGN(const Job job, FindJob(call));
  const auto& operations = call.service.ports().operations;
  if (job.state != JobState::kDone) {
    return no_file();
  }
  const std::string_view name = call.request.PathParameter("file");
  int number = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) {
    return no_file();
  }
  if (job.kind != port::kExportJob && operations.job_files != nullptr) {
    http::Response response;
    response.headers.Add("Content-Type", std::string(kNdjson));
    GW_ASSIGN(response.body, operations.job_files->ReadFile(job.id, number));
    return response;
  }
  if (job.kind != port::kExportJob || operations.exports == nullptr) {
    return no_file();
  }
  GW_ASSIGN(const port::ExportManifest manifest, operations.exports->Manifest(job, number));
  for (const port::ExportFile& file : manifest.files) {
    if (file.file == number) {
      call.audit.searched_type = call.definitions().TypeName(file.type);
      return ExportFileResponse(call, job, manifest, file);
    }
  }
  return no_file();
}

}  // namespace gateway::rest
