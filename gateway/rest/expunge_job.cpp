#include "gateway/rest/expunge_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "fhir/json/value.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;
using fhir::json::Value;

fhir::Result<ExpungeOrder> ReadExpungeOrder(std::string_view text) {
  GW_ASSIGN(const Value value, fhir::json::ReadValue(text, {}));
  ExpungeOrder order;
  order.path = value.FindText("path");
  if (const Value* const flags = value.Find("flags")) {
    order.flags.reserve(flags->items().size());
    for (const Value& flag : flags->items()) {
      order.flags.emplace_back(flag.text());
    }
  }
  if (const Value* const rows = value.Find("rows_max")) {
    order.rows_max = rows->AsInteger().value_or(0);
  }
  return order;
}

std::string ExpungeBody(const ExpungeOrder& order, std::int64_t limit) {
  std::string body =
      fmt::format(R"({{"resourceType":"Parameters","parameter":[{{"name":"limit","valueInteger":{}}})", limit);
  for (const std::string& flag : order.flags) {
    body += fmt::format(R"(,{{"name":"{}","valueBoolean":true}})", flag);
  }
  return body + "]}";
}

struct ExpungeAnswer {
  std::int64_t count = 0;
  bool complete = false;
};

fhir::Result<ExpungeAnswer> ReadExpungeAnswer(std::string_view body) {
  GW_ASSIGN(const Value value, fhir::json::ReadValue(body, {}));
  ExpungeAnswer answer;
  if (const Value* const parameters = value.Find("parameter")) {
    for (const Value& parameter : parameters->items()) {
      if (parameter.FindText("name") == "count") {
        const Value* const count = parameter.Find("valueInteger");
        answer.count = count == nullptr ? 0 : count->AsInteger().value_or(0);
      } else if (parameter.FindText("name") == "complete") {
        const Value* const complete = parameter.Find("valueBoolean");
        answer.complete = complete != nullptr && complete->AsBoolean().value_or(false);
      }
    }
  }
  return answer;
}

class ExpungeJob final : public port::JobKind {
 public:
  ExpungeJob(std::shared_ptr<const Service> service, port::ActorOfOwner actor_of, const ExpungeJobOptions& options)
      : service_(std::move(service)), actor_of_(std::move(actor_of)), options_(options) {}

  std::string_view name() const override { return kExpungeJob; }

  fhir::Result<port::JobStep> Step(const port::Job& job, const port::JobRun& /*run*/) override {
    GW_ASSIGN(const ExpungeOrder order, ReadExpungeOrder(job.parameters));
    std::int64_t done = 0;
    std::from_chars(job.position.data(), job.position.data() + job.position.size(), done);
    GW_ASSIGN(const ExpungeAnswer answer, Ask(job, order, std::min(options_.step_rows, order.rows_max - done)));
    done += answer.count;
    const bool finished = answer.complete || done >= order.rows_max;
    return port::JobStep{
        .finished = finished,
        .position = std::to_string(done),
        .done = done,
        .total = finished ? std::optional(done) : std::nullopt,
        .result = fmt::format(R"({{"resourceType":"Parameters","parameter":[{{"name":"count","valueInteger":{}}},)"
                              R"({{"name":"complete","valueBoolean":{}}}]}})",
                              done, answer.complete)};
  }

 private:
  fhir::Result<ExpungeAnswer> Ask(const port::Job& job, const ExpungeOrder& order, std::int64_t limit) {
    GW_ASSIGN(port::Actor actor, actor_of_(job.owner));
    actor.request_id = job.id;
    http::Request request;
    request.method = http::Method::kPost;
    request.target = order.path;
    request.path = order.path;
    request.body = ExpungeBody(order, limit);
    request.headers.Add("Content-Type", "application/fhir+json");
    request.headers.Add("Accept", "application/fhir+json");
    request.request_id = job.id;
    request.actor = &actor;
    const http::Response response = service_->Dispatch(request);
    if (response.status == 409 || response.status == 503) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, {"what was to be erased is not available"}, {},
                        fhir::Retry::kLater);
    }
    if (response.status != 200) {
      return fhir::Fail(fhir::ErrorCode::kForbidden, fmt::format("the operation was answered {}", response.status));
    }
    return ReadExpungeAnswer(response.body);
  }

  const std::shared_ptr<const Service> service_;
  const port::ActorOfOwner actor_of_;
  const ExpungeJobOptions options_;
};

}  // namespace

std::string WriteExpungeOrder(const ExpungeOrder& order) {
  std::vector<Value> flags;
  flags.reserve(order.flags.size());
  for (const std::string& flag : order.flags) {
    flags.push_back(Value::String(flag));
  }
  Value value = Value::Object();
  value.Set("path", Value::String(order.path));
  value.Set("flags", Value::Array(std::move(flags)));
  value.Set("rows_max", Value::Integer(order.rows_max));
  return fhir::json::WriteValue(value);
}

std::unique_ptr<port::JobKind> MakeExpungeJob(std::shared_ptr<const Service> service, port::ActorOfOwner actor_of,
                                              const ExpungeJobOptions& options) {
  return std::make_unique<ExpungeJob>(std::move(service), std::move(actor_of), options);
}

}  // namespace gateway::rest
