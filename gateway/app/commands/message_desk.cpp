#include "gateway/app/commands/message_desk.hpp"

#include <utility>

#include <fmt/format.h>

#include "adapters/port/actor.hpp"
#include "fhir/json/value.hpp"
#include "gateway/app/commands/options.hpp"
#include "gateway/app/database.hpp"
#include "gateway/console/messages_routes.hpp"
#include "gateway/http/client.hpp"
#include "gateway/http/target.hpp"
#include "gateway/store/journal_store.hpp"
#include "gateway/store/outbox_store.hpp"

namespace gateway::app {
namespace {

/// The text of an OperationOutcome's first issue, or the status.
std::string OutcomeText(int status, const std::string& body) {
  const auto value = fhir::json::ReadValue(body);
  if (value) {
    if (const auto* issues = value->Find("issue"); issues != nullptr && !issues->items().empty()) {
      return std::string(issues->items().front().FindText("diagnostics"));
    }
  }
  return fmt::format("HTTP status {}", status);
}

fhir::Result<std::string> Answer(int status, std::string body) {
  if (status >= 200 && status < 300) {
    return body;
  }
  return fhir::Fail(status == 404 ? fhir::ErrorCode::kNotFound : fhir::ErrorCode::kPeerRefused,
                    OutcomeText(status, body));
}

class RemoteDesk final : public MessageDesk {
 public:
  RemoteDesk(std::string server, std::string token) : server_(std::move(server)), token_(std::move(token)) {}

  fhir::Result<std::string> Ask(http::Method method, const std::string& target, std::string form) override {
    http::ClientRequest request{.method = method, .url = server_ + target, .headers = {}, .body = std::move(form)};
    if (!request.body.empty()) {
      request.headers.Add("Content-Type", "application/x-www-form-urlencoded");
    }
    if (!token_.empty()) {
      request.headers.Add("Authorization", "Bearer " + token_);
    }
    GW_ASSIGN(http::ClientResponse response, client_.Send(request));
    return Answer(response.status, std::move(response.body));
  }

 private:
  std::string server_;
  std::string token_;
  http::Client client_;
};

class LocalDesk final : public MessageDesk {
 public:
  static fhir::Result<std::unique_ptr<MessageDesk>> Open(std::unique_ptr<Database> database) {
    auto desk = std::make_unique<LocalDesk>(std::move(database));
    GW_ASSIGN(http::Router router, http::Router::Create(console::MessagesRoutes(
                                       {.journal = desk->journal_, .outbox = desk->outbox_, .wake = [] {}})));
    desk->handler_ = http::RouteWith(std::move(router), http::DefaultErrorBody);
    return desk;
  }

  explicit LocalDesk(std::unique_ptr<Database> database)
      : database_(std::move(database)), journal_(database_->pool()), outbox_(database_->pool()) {}

  fhir::Result<std::string> Ask(http::Method method, const std::string& target, std::string form) override {
    // Whoever can reach the database may operate: there is no party to ask.
    adapters::port::Actor operator_actor;
    operator_actor.kind = adapters::port::PartyKind::kOperator;
    http::Request request;
    request.method = method;
    GW_ASSIGN(http::Target parsed, http::ParseTarget(target));
    request.target = target;
    request.path = std::move(parsed.path);
    request.query = std::move(parsed.query);
    request.body = std::move(form);
    request.actor = &operator_actor;
    http::Response response = handler_(request);
    return Answer(response.status, std::move(response.body));
  }

 private:
  std::unique_ptr<Database> database_;
  store::JournalStore journal_;
  store::OutboxStore outbox_;
  http::Handler handler_;
};

}  // namespace

fhir::Result<std::unique_ptr<MessageDesk>> MessageDesk::Open(const Arguments& arguments) {
  if (const auto server = arguments.Value("--server")) {
    std::string token;
    if (const auto file = arguments.Value("--token-file")) {
      GW_ASSIGN(token, settings::ReadSecret(*file, "--token-file"));
    }
    std::string base = *server;
    if (base.ends_with("/fhir")) {
      base.resize(base.size() - 5);
    }
    return std::make_unique<RemoteDesk>(std::move(base), std::move(token));
  }
  GW_ASSIGN(const settings::Settings settings, LoadSettings(arguments));
  GW_ASSIGN(auto database, Database::Attach(settings.database));
  return LocalDesk::Open(std::move(database));
}

}  // namespace gateway::app
