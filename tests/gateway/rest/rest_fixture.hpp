// A Service on a memory store, and requests without sockets.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/ports.hpp"
#include "fhir/json/value.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/http/target.hpp"
#include "gateway/rest/service.hpp"
#include "tests/gateway/rest/memory_store.hpp"

namespace tests::rest {

using Fields = std::vector<std::pair<std::string, std::string>>;

inline gateway::http::Request MakeRequest(gateway::http::Method method, std::string target, std::string body = "",
                                          Fields fields = {}) {
  gateway::http::Request request;
  request.method = method;
  request.target = std::move(target);
  auto parsed = gateway::http::ParseTarget(request.target);
  EXPECT_TRUE(parsed) << request.target;
  request.path = parsed->path;
  request.query = parsed->query;
  request.body = std::move(body);
  bool typed = request.body.empty();
  for (auto& [name, value] : fields) {
    typed = typed || name == "Content-Type";
    request.headers.Add(name, value);
  }
  if (!typed) {
    request.headers.Add("Content-Type", "application/fhir+json");
  }
  return request;
}

/// One validator for a whole test program: what it compiles stays.
inline const fhir::validation::Validator& TheValidator() {
  static const fhir::terminology::Terminology terminology(fhir::packages::Registry::Core());
  static const fhir::validation::Validator validator(fhir::packages::Registry::Core(), terminology);
  return validator;
}

class FixedClock final : public port::Clock {
 public:
  std::int64_t NowUs() const override { return 1'750'000'000'000'000; }
};

class RestTest : public testing::Test {
 protected:
  RestTest() {
    auto grants = std::make_shared<port::Grants>();
    grants->unrestricted = true;
    actor_.kind = port::PartyKind::kHospital;
    actor_.party = "chu";
    actor_.grants = grants;
    options_.base_url = "https://gw.example/fhir";
    options_.started = "2025-01-01T00:00:00Z";
    MakeService();
  }

  /// Again, after a change of options_.
  void MakeService() {
    auto service = gateway::rest::Service::Create(
        {fhir::metadata::Definitions::R4(), store_, store_, &audit_, &TheValidator(), &clock_}, options_);
    EXPECT_TRUE(service);
    service_ = *std::move(service);
  }

  gateway::http::Response Send(gateway::http::Method method, std::string target, std::string body = "",
                               Fields fields = {}) {
    auto request = MakeRequest(method, std::move(target), std::move(body), std::move(fields));
    request.actor = &actor_;
    return service_->Dispatch(request);
  }
  gateway::http::Response Get(std::string target, Fields fields = {}) {
    return Send(gateway::http::Method::kGet, std::move(target), "", std::move(fields));
  }
  gateway::http::Response Post(std::string target, std::string body, Fields fields = {}) {
    return Send(gateway::http::Method::kPost, std::move(target), std::move(body), std::move(fields));
  }
  gateway::http::Response Put(std::string target, std::string body, Fields fields = {}) {
    return Send(gateway::http::Method::kPut, std::move(target), std::move(body), std::move(fields));
  }
  gateway::http::Response Patch(std::string target, std::string body, Fields fields = {}) {
    return Send(gateway::http::Method::kPatch, std::move(target), std::move(body), std::move(fields));
  }
  gateway::http::Response Delete(std::string target, Fields fields = {}) {
    return Send(gateway::http::Method::kDelete, std::move(target), "", std::move(fields));
  }

  static fhir::json::Value Json(const gateway::http::Response& response) {
    auto value = fhir::json::ReadValue(response.body, {.bytes_max = 64u * 1024 * 1024, .depth_max = 64});
    EXPECT_TRUE(value) << response.status << " " << response.body.substr(0, 300);
    return value ? *std::move(value) : fhir::json::Value();
  }
  static std::string Field(const gateway::http::Response& response, std::string_view name) {
    return std::string(response.headers.Get(name).value_or(""));
  }
  /// First issue's member, e.g. "code"; checks that the answer is an OperationOutcome.
  static std::string IssueMember(const gateway::http::Response& response, std::string_view member) {
    const fhir::json::Value value = Json(response);
    EXPECT_EQ(value.FindText("resourceType"), "OperationOutcome") << response.body;
    const auto* issues = value.Find("issue");
    if (issues == nullptr || issues->items().empty()) {
      return "";
    }
    const auto* found = issues->items()[0].Find(member);
    return found == nullptr ? "" : found->IsArray() ? found->items().at(0).text() : found->text();
  }
  static std::string IssueCode(const gateway::http::Response& response) { return IssueMember(response, "code"); }

  MemoryStore store_;
  MemoryAudit audit_;
  FixedClock clock_;
  port::Actor actor_;
  gateway::rest::RestOptions options_;
  std::shared_ptr<gateway::rest::Service> service_;
};

inline const std::string kPatient =
    R"({"resourceType":"Patient","identifier":[{"system":"urn:oid:1.2.3","value":"A1"}],"name":[{"family":"Test"}]})";

}  // namespace tests::rest
