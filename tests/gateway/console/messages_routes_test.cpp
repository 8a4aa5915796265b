// The operators' endpoints on a journal in memory: who may use them, what they ask for, what they answer.
#include "gateway/console/messages_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/base64.hpp"
#include "gateway/http/target.hpp"

namespace gateway::console {
namespace {

namespace port = adapters::port;
using testing::HasSubstr;
using testing::Not;

/// Keeps what it was asked.
class FakeJournal final : public port::Journal {
 public:
  fhir::Result<port::ReceiveResult> Receive(const port::InboundMessage&) override {
    return fhir::Fail(fhir::ErrorCode::kInternal, "not asked for here");
  }
  fhir::Result<port::JournalEntry> Get(std::int64_t id) override {
    const auto found = entries.find(id);
    return found == entries.end() ? fhir::Fail(fhir::ErrorCode::kNotFound, "no such message")
                                  : fhir::Result<port::JournalEntry>(found->second);
  }
  fhir::Result<std::vector<port::JournalEntry>> List(const port::JournalFilter& filter) override {
    asked = filter;
    std::vector<port::JournalEntry> listed;
    for (const auto& [id, entry] : entries) {
      listed.push_back(entry);
    }
    return listed;
  }
  fhir::Result<std::vector<port::JournalEntry>> ClaimUnfinished(int, int) override {
    return std::vector<port::JournalEntry>();
  }
  fhir::Result<void> Postpone(std::int64_t, int) override { return {}; }
  fhir::Result<std::optional<port::OpenMessage>> Before(std::int64_t) override {
    return std::optional<port::OpenMessage>();
  }
  fhir::Result<port::FoundText> FindText(const port::JournalFilter& filter, std::span<const std::string> texts,
                                         int) override {
    asked = filter;
    sought.assign(texts.begin(), texts.end());
    port::FoundText found;
    found.entries = *List(filter);
    found.looked_at = 9;
    found.go_on_before = 4;
    return found;
  }
  fhir::Result<port::JournalCheck> Check() override { return check; }
  fhir::Result<std::int64_t> ParkBehind(std::int64_t) override { return 0; }
  fhir::Result<std::int64_t> Release(int) override { return 0; }
  fhir::Result<void> Discard(std::int64_t id) override {
    if (!entries.contains(id)) {
      return fhir::Fail(fhir::ErrorCode::kNotFound, "no such message");
    }
    discarded.push_back(id);
    return {};
  }
  fhir::Result<void> Replay(std::int64_t id) override {
    if (!entries.contains(id)) {
      return fhir::Fail(fhir::ErrorCode::kNotFound, "no such message");
    }
    if (entries.at(id).state == port::MessageState::kCommitted) {
      return fhir::Fail(fhir::ErrorCode::kConflict, "committed");
    }
    replayed.push_back(id);
    return {};
  }

  std::map<std::int64_t, port::JournalEntry> entries;
  port::JournalFilter asked;
  std::vector<std::int64_t> replayed;
  std::vector<std::int64_t> discarded;
  std::vector<std::string> sought;
  port::JournalCheck check;
};

class MessagesRoutesTest : public testing::Test {
 protected:
  MessagesRoutesTest() : outbox_(pool_) {
    port::JournalEntry entry;
    entry.id = 9'007'199'254'740'993;  // more than a JSON number holds exactly
    entry.partner = "chu \"north\"";
    entry.control_id = "42";
    entry.type = "ADT^A01";
    entry.state = port::MessageState::kRefused;
    entry.received_us = 1'750'000'000'000'000;
    entry.error_code = "101";
    entry.error_place = "PID-7";
    entry.ack = "MSH|^~\\&|WARD\rMSA|AE|7\xF4\rERR||PID^1^7\r";
    entry.raw = "MSH|secret";
    journal_.entries[entry.id] = entry;
    auto router = http::Router::Create(MessagesRoutes({journal_, outbox_, [this] { ++wakes_; }}));
    EXPECT_TRUE(router);
    handler_ = http::RouteWith(*std::move(router), http::DefaultErrorBody);
  }

  http::Response Ask(http::Method method, const std::string& target, port::PartyKind kind = port::PartyKind::kOperator,
                     std::string body = {}) {
    port::Actor actor;
    actor.kind = kind;
    http::Request request;
    request.method = method;
    request.target = target;
    auto parsed = http::ParseTarget(target);
    EXPECT_TRUE(parsed);
    request.path = parsed->path;
    request.query = parsed->query;
    request.body = std::move(body);
    request.actor = anonymous_ ? nullptr : &actor;
    return handler_(request);
  }

  static gateway::store::pg::PoolOptions Nowhere() {
    gateway::store::pg::PoolOptions options;
    options.connection.conninfo = "host=/nowhere dbname=none";
    options.wait_ms_max = 100;
    return options;
  }

  FakeJournal journal_;
  gateway::store::pg::Pool pool_{Nowhere()};
  gateway::store::OutboxStore outbox_;
  http::Handler handler_;
  int wakes_ = 0;
  bool anonymous_ = false;
};

TEST_F(MessagesRoutesTest, OnlyOperatorsAndOpenMode_GetThrough) {
  const std::pair<http::Method, const char*> endpoints[] = {{http::Method::kGet, "/console/messages"},
                                                            {http::Method::kGet, "/console/messages/1"},
                                                            {http::Method::kPost, "/console/messages/1/replay"},
                                                            {http::Method::kPost, "/console/messages/1/discard"},
                                                            {http::Method::kPost, "/console/messages/_search"},
                                                            {http::Method::kGet, "/console/messages/_check"},
                                                            {http::Method::kGet, "/console/outbox"},
                                                            {http::Method::kPost, "/console/outbox/1/replay"}};
  for (const auto& [method, target] : endpoints) {
    for (const auto kind : {port::PartyKind::kHospital, port::PartyKind::kPlatform, port::PartyKind::kInsurer,
                            port::PartyKind::kPatient}) {
      EXPECT_EQ(Ask(method, target, kind).status, 403) << target;
    }
    anonymous_ = true;
    EXPECT_EQ(Ask(method, target).status, 403) << target;
    anonymous_ = false;
    EXPECT_NE(Ask(method, target).status, 403) << target;
    EXPECT_NE(Ask(method, target, port::PartyKind::kOpen).status, 403) << target;
  }
  EXPECT_TRUE(journal_.replayed.empty());
  EXPECT_TRUE(journal_.discarded.empty());
}

TEST_F(MessagesRoutesTest, Search_TakesAForm_AndNamesNobodyInItsUrl) {
  const auto search = [this](std::string form) {
    return Ask(http::Method::kPost, "/console/messages/_search", port::PartyKind::kOperator, std::move(form));
  };
  EXPECT_EQ(
      search("patient=urn%3Aoid%3A1%7C42&error_code=102&error_place=PID-7&from=2026-01&to=2026-01-31T08%3A00%3A00Z")
          .status,
      200);
  EXPECT_EQ(journal_.asked.patient, "urn:oid:1|42");
  EXPECT_EQ(journal_.asked.error_code, "102");
  EXPECT_EQ(journal_.asked.error_place, "PID-7");
  EXPECT_EQ(journal_.asked.received_from_us, 1'767'225'600'000'000);
  EXPECT_EQ(journal_.asked.received_to_us, 1'769'846'400'000'000);
  EXPECT_EQ(search("from=yesterday").status, 400);
  EXPECT_EQ(search("from=%zz").status, 400);
  EXPECT_EQ(Ask(http::Method::kGet, "/console/messages?patient=a%7C1").status, 200);
  EXPECT_EQ(journal_.asked.patient, "") << "not from a URL";
}

TEST_F(MessagesRoutesTest, SearchForText_TriesTheUsualCharacterSets_AndSaysWhereItEnded) {
  const auto body = Ask(http::Method::kPost, "/console/messages/_search", port::PartyKind::kOperator,
                        "text=H%C3%A9l%C3%A8ne&partner=chu")
                        .body;
  EXPECT_EQ(journal_.asked.partner, "chu");
  EXPECT_THAT(journal_.sought, testing::ElementsAre("H\xC3\xA9l\xC3\xA8ne", "H\xE9l\xE8ne"));
  EXPECT_THAT(body, HasSubstr(R"(],"looked_at":"9","go_on_before":"4"})"));
  Ask(http::Method::kPost, "/console/messages/_search", port::PartyKind::kOperator, "text=plain");
  EXPECT_THAT(journal_.sought, testing::ElementsAre("plain"));
}

TEST_F(MessagesRoutesTest, Check_SaysWhetherNothingIsLost) {
  journal_.check = {.received = 3, .waiting = 1, .committed = 2};
  EXPECT_THAT(Ask(http::Method::kGet, "/console/messages/_check").body,
              HasSubstr(R"({"conserved":"yes","received":"3","committed":"2")"));
  journal_.check.lost = 1;
  EXPECT_THAT(Ask(http::Method::kGet, "/console/messages/_check").body, HasSubstr(R"("conserved":"no")"));
  journal_.check = {.received = 4, .waiting = 1, .committed = 2};
  EXPECT_THAT(Ask(http::Method::kGet, "/console/messages/_check").body, HasSubstr(R"("conserved":"no")"));
}

TEST_F(MessagesRoutesTest, Discard_WakesTheWorkers) {
  EXPECT_EQ(Ask(http::Method::kPost, "/console/messages/9007199254740993/discard").status, 200);
  EXPECT_THAT(journal_.discarded, testing::ElementsAre(9'007'199'254'740'993));
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(Ask(http::Method::kPost, "/console/messages/8/discard").status, 404);
}

TEST_F(MessagesRoutesTest, List_TellsStateAndPlace_NeverTheMessage) {
  const http::Response response = Ask(http::Method::kGet, "/console/messages");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.Get("Cache-Control"), "no-store");
  EXPECT_THAT(response.body, HasSubstr(R"({"entries":[{"id":"9007199254740993","partner":"chu \"north\"")"));
  EXPECT_THAT(response.body, HasSubstr(R"("state":"refused","received":"2025-06-15T15:06:40)"));
  EXPECT_THAT(response.body, HasSubstr(R"("error_code":"101","error_place":"PID-7")"));
  EXPECT_THAT(response.body, Not(HasSubstr("finished")));
  EXPECT_THAT(response.body, Not(HasSubstr("raw")));
}

TEST_F(MessagesRoutesTest, Filters_ReachTheJournal) {
  Ask(http::Method::kGet,
      "/console/messages?state=parked&partner=chu&type=ADT%5EA01&control_id=7&before=99&count=5000");
  EXPECT_EQ(journal_.asked.state, port::MessageState::kParked);
  EXPECT_EQ(journal_.asked.partner, "chu");
  EXPECT_EQ(journal_.asked.type, "ADT^A01");
  EXPECT_EQ(journal_.asked.control_id, "7");
  EXPECT_EQ(journal_.asked.before_id, 99);
  EXPECT_EQ(journal_.asked.count, 1000) << "a page is bounded";
  Ask(http::Method::kGet, "/console/messages");
  EXPECT_EQ(journal_.asked.state, std::nullopt);
  EXPECT_EQ(journal_.asked.count, 50);
}

TEST_F(MessagesRoutesTest, BadNumbersAndStates_AreRefused) {
  for (const char* target : {"/console/messages?count=ten", "/console/messages?count=-1", "/console/messages?count=1x",
                             "/console/messages?before=99999999999999999999", "/console/messages?before=",
                             "/console/messages?state=delivered", "/console/outbox?state=parked",
                             "/console/outbox?count=x", "/console/messages/abc", "/console/messages/1.5"}) {
    const http::Response response = Ask(http::Method::kGet, target);
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_THAT(response.body, HasSubstr("OperationOutcome")) << target;
  }
  EXPECT_EQ(Ask(http::Method::kPost, "/console/messages/x/replay").status, 400);
  EXPECT_EQ(Ask(http::Method::kPost, "/console/outbox/x/replay").status, 400);
}

TEST_F(MessagesRoutesTest, Show_TellsWhatWasAnswered_ListDoesNot) {
  const auto shown = Ask(http::Method::kGet, "/console/messages/9007199254740993").body;
  EXPECT_THAT(shown, HasSubstr(R"("acknowledgement":"MSA|AE|7?\nERR||PID^1^7")"));
  EXPECT_THAT(Ask(http::Method::kGet, "/console/messages").body, Not(HasSubstr("acknowledgement")));
}

TEST_F(MessagesRoutesTest, Show_GivesTheBytesOnlyWhenAsked) {
  const http::Response plain = Ask(http::Method::kGet, "/console/messages/9007199254740993");
  EXPECT_EQ(plain.status, 200);
  EXPECT_THAT(plain.body, Not(HasSubstr("\"raw\"")));
  const http::Response raw = Ask(http::Method::kGet, "/console/messages/9007199254740993?raw=1");
  EXPECT_THAT(raw.body, HasSubstr("\"raw\":\"" + fhir::EncodeBase64("MSH|secret") + "\""));
  EXPECT_EQ(Ask(http::Method::kGet, "/console/messages/8").status, 404);
}

TEST_F(MessagesRoutesTest, Replay_PutsBackAndWakesTheWorkers) {
  EXPECT_EQ(Ask(http::Method::kPost, "/console/messages/9007199254740993/replay").status, 200);
  EXPECT_THAT(journal_.replayed, testing::ElementsAre(9'007'199'254'740'993));
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(Ask(http::Method::kPost, "/console/messages/8/replay").status, 404);
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(Ask(http::Method::kGet, "/console/messages/8/replay").status, 405);
  journal_.entries.begin()->second.state = port::MessageState::kCommitted;
  EXPECT_EQ(Ask(http::Method::kPost, "/console/messages/9007199254740993/replay").status, 409);
  EXPECT_EQ(wakes_, 1);
}

TEST_F(MessagesRoutesTest, OutboxWithoutItsDatabase_IsUnavailable) {
  EXPECT_EQ(Ask(http::Method::kGet, "/console/outbox").status, 503);
  EXPECT_EQ(Ask(http::Method::kPost, "/console/outbox/1/replay").status, 503);
  EXPECT_EQ(wakes_, 0);
}

}  // namespace
}  // namespace gateway::console
