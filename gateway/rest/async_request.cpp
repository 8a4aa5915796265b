#include "gateway/rest/async_request.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "fhir/bundle/writer.hpp"
#include "fhir/json/value.hpp"
#include "gateway/http/target.hpp"
#include "gateway/rest/accept_job.hpp"
#include "gateway/rest/content.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;
using fhir::json::Value;

constexpr std::string_view kRequestJob = "request";
constexpr int kUnavailableMax = 3;  // then that answer is the result

/// What of a request its answer depends on.
std::string WriteRequest(const Call& call) {
  Value value = Value::Object();
  value.Set("method", Value::String(std::string(http::Name(call.request.method))));
  value.Set("target", Value::String(call.request.target));
  if (!call.request.body.empty()) {
    value.Set("body", Value::String(call.request.body));
    value.Set("type", Value::String(std::string(call.request.headers.Get("Content-Type").value_or(""))));
  }
  if (call.preferences.lenient) {
    value.Set("prefer", Value::String(*call.preferences.lenient ? "handling=lenient" : "handling=strict"));
  }
  return fhir::json::WriteValue(value);
}

fhir::Result<http::Request> ReadRequest(std::string_view text) {
  GW_ASSIGN(const Value value, fhir::json::ReadValue(text, {.bytes_max = 64u * 1024 * 1024, .depth_max = 4}));
  http::Request request;
  request.method = http::MethodOf(value.FindText("method")).value_or(http::Method::kGet);
  request.target = value.FindText("target");
  GW_ASSIGN(http::Target target, http::ParseTarget(request.target));
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  std::erase_if(request.query, [](const auto& pair) { return pair.first == "_format" || pair.first == "_pretty"; });
  request.headers.Add("Accept", "application/fhir+json");
  request.body = value.FindText("body");
  if (!request.body.empty()) {
    request.headers.Add("Content-Type", std::string(value.FindText("type")));
  }
  if (const std::string_view prefer = value.FindText("prefer"); !prefer.empty()) {
    request.headers.Add("Prefer", std::string(prefer));
  }
  return request;
}

/// One entry: what the answer would have been.
std::string WriteResponseBundle(const http::Response& response) {
  fhir::bundle::BundleWriter writer({.type = fhir::bundle::BundleType::kBatchResponse}, response.body.size() + 512);
  const std::string status = fmt::format("{} {}", response.status, http::ReasonPhrase(response.status));
  fhir::bundle::EntryOut entry;
  entry.response_status = status;
  entry.response_etag = response.headers.Get("ETag").value_or("");
  (response.status < 400 ? entry.resource : entry.response_outcome) = response.body;
  writer.Add(entry);
  return std::move(writer).Finish();
}

class RequestJob final : public port::JobKind {
 public:
  RequestJob(std::shared_ptr<const Service> service, port::ActorOfOwner actor_of)
      : service_(std::move(service)), actor_of_(std::move(actor_of)) {}

  std::string_view name() const override { return kRequestJob; }

  fhir::Result<port::JobStep> Step(const port::Job& job, const port::JobRun& /*run*/) override {
    GW_ASSIGN(http::Request request, ReadRequest(job.parameters));
    GW_ASSIGN(port::Actor actor, actor_of_(job.owner));
    actor.request_id = job.id;
    request.request_id = job.id;
    request.actor = &actor;
    const http::Response response = service_->Dispatch(request);
    if (response.status == 503 && job.failures + 1 < kUnavailableMax) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, {"what was asked for is not available"}, {},
                        fhir::Retry::kLater);
    }
    return port::JobStep{
        .finished = true, .position = {}, .done = 1, .total = 1, .result = WriteResponseBundle(response)};
  }

 private:
  const std::shared_ptr<const Service> service_;
  const port::ActorOfOwner actor_of_;
};

}  // namespace

bool MayAnswerLater(const RouteRow& row, const http::Request& request) {
  const bool reads = request.method == http::Method::kGet && row.interaction != "capabilities" &&
                     OperationOf(row) != "$export" && !row.pattern.starts_with("/_job");
  const bool searches = request.method == http::Method::kPost && row.pattern.ends_with("/_search");
  return request.place.empty() && (reads || searches);
}

fhir::Result<http::Response> AnswerLater(Call& call) {
  port::NewJob job;
  job.kind = kRequestJob;
  job.owner = port::OwnerOf(call.actor);
  job.parameters = WriteRequest(call);
  job.lifetime_ms = call.options().job_lifetime_ms;
  return AcceptJob(call, job);
}

std::unique_ptr<port::JobKind> MakeRequestJob(std::shared_ptr<const Service> service, port::ActorOfOwner actor_of) {
  return std::make_unique<RequestJob>(std::move(service), std::move(actor_of));
}

}  // namespace gateway::rest
