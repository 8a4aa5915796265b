// Changes whose resources come as text, of transactions too large for trees: they come to what trees come to, part by
// part, and to nothing when any part fails.
#include <gmock/gmock.h>

#include <map>
#include <regex>

#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Effect;
using port::Verb;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Uuid(int number) {
  return fmt::format("urn:uuid:00000000-0000-4000-8000-{:012}", number);
}

/// A change by its verb, and its resource as JSON, which outlives it.
struct Asked {
  Verb verb = Verb::kCreate;
  std::string id;
  std::string json;
  std::string full_url;
  std::string condition;
};

class HeldText : public StoreTest {
 protected:
  static constexpr int kPatients = 700;  // two parts of creates, and a third

  void SetUp() override {
    gateway::store::StoreOptions options;
    options.references_checked = true;
    Reopen(options);
    Apply(Put(Verb::kUpdate, "there", R"({"resourceType":"Patient","active":true})"),
          Put(Verb::kUpdate, "gone", R"({"resourceType":"Patient","active":true})"),
          Create(R"({"resourceType":"Organization","identifier":[{"system":"urn:org","value":"1"}]})"));
  }

  /// Patients that refer forwards to a doctor in the last part, observations that refer back, and one of every verb.
  static std::vector<Asked> Many() {
    std::vector<Asked> asked;
    asked.push_back({.verb = Verb::kDelete, .id = "gone", .json = {}, .full_url = {}, .condition = {}});
    for (int i = 0; i < kPatients; ++i) {
      asked.push_back({.json = fmt::format(R"({{"resourceType":"Patient","generalPractitioner":[{{"reference":"{}"}}],
             "managingOrganization":{{"reference":"Organization?identifier=urn:org|1"}},
             "text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"{}\">x</a></div>"}}}})",
                                           Uuid(9000), Uuid(9000)),
                       .full_url = Uuid(i)});
      asked.push_back({.json = fmt::format(R"({{"resourceType":"Observation","status":"final","code":{{"text":"n{}"}},
             "subject":{{"reference":"http://localhost:8080/fhir/Patient/there"}},"contained":[{{"resourceType":"Basic","id":"c",
             "code":{{"text":"c"}},"subject":{{"reference":"{}"}}}}],"hasMember":[{{"reference":"{}"}}]}})",
                                           i, Uuid(i), Uuid(i == 0 ? 8000 + kPatients - 1 : 8000 + i - 1)),
                       .full_url = Uuid(8000 + i)});
    }
    asked.push_back({.json = R"({"resourceType":"Practitioner","id":"ignored"})", .full_url = Uuid(9000)});
    for (const int number : {1, 2}) {
      asked.push_back(
          {.json = R"({"resourceType":"Basic","code":{"text":"b"},"identifier":[{"system":"urn:b","value":"1"}]})",
           .full_url = Uuid(9100 + number),
           .condition = "identifier=urn:b|1"});
    }
    asked.push_back(
        {.verb = Verb::kUpdate,
         .id = "there",
         .json = fmt::format(
             R"({{"resourceType":"Patient","id":"there","active":false,"generalPractitioner":[{{"reference":"{}"}}]}})",
             Uuid(9000))});
    asked.push_back(
        {.verb = Verb::kUpdate,
         .json = R"({"resourceType":"Organization","identifier":[{"system":"urn:org","value":"1"}],"active":true})",
         .condition = "identifier=urn:org|1"});
    return asked;
  }

  static std::vector<port::Change> ChangesOf(const std::vector<Asked>& all, bool held) {
    std::vector<port::Change> changes;
    int position = 0;
    for (const Asked& asked : all) {
      port::Change change = asked.verb == Verb::kDelete ? Delete("Patient", asked.id) : Create(asked.json);
      change.verb = asked.verb;
      change.id = asked.id;
      change.full_url = asked.full_url;
      change.place = fmt::format("Bundle.entry[{}].resource", position++);
      if (!asked.condition.empty()) {
        change.condition = Conditional(fhir::metadata::Definitions::R4().TypeName(change.type), asked.condition);
      }
      if (held && asked.verb != Verb::kDelete) {
        change.resource.reset();
        change.resource_text = asked.json;
      }
      changes.push_back(std::move(change));
    }
    return changes;
  }

  /// The bodies, with their numbers in place of made ids, and without times.
  static std::vector<std::string> Comparable(const std::vector<port::Outcome>& outcomes) {
    std::map<std::string, std::size_t> numbers;
    for (const port::Outcome& outcome : outcomes) {
      numbers.emplace(outcome.resource.id, numbers.size());
    }
    static const std::regex kId("id-[0-9]{8}");
    std::vector<std::string> bodies;
    for (const port::Outcome& outcome : outcomes) {
      std::string body = fmt::format("{} {} ", static_cast<int>(outcome.effect), outcome.resource.version);
      const std::string& stored = outcome.resource.body;
      std::size_t kept = 0;
      for (auto at = std::sregex_iterator(stored.begin(), stored.end(), kId); at != std::sregex_iterator(); ++at) {
        body += stored.substr(kept, static_cast<std::size_t>(at->position()) - kept);
        const auto number = numbers.find(at->str());
        body += number == numbers.end() ? "other" : fmt::format("#{}", number->second);
        kept = static_cast<std::size_t>(at->position() + at->length());
      }
      body += stored.substr(kept);
      if (const std::size_t time = body.find("\"lastUpdated\":\""); time != std::string::npos) {
        body.erase(time, 40);
      }
      bodies.push_back(std::move(body));
    }
    return bodies;
  }

  std::string IndexDigest() {
    const auto connection = SharedDb().Connect();
    std::string digest;
    for (const char* table : {"idx_string", "idx_token", "idx_reference", "idx_date", "idx_uri", "idx_text"}) {
      const auto rows = connection->ExecuteAdHoc(
          "count",
          fmt::format(
              "SELECT type, parameter, count(*)::bigint FROM {} WHERE closed_tx IS NULL GROUP BY 1, 2 ORDER BY 1, 2",
              table),
          {});
      EXPECT_TRUE(rows);
      for (int i = 0; rows && i < rows->size(); ++i) {
        digest += fmt::format("{} {} {} {}\n", table, (*rows)[i].Int(0), (*rows)[i].Int(1), (*rows)[i].Int(2));
      }
    }
    return digest;
  }

  fhir::Error Refusal(const std::vector<Asked>& asked, const port::Actor& actor = System()) {
    const auto outcomes = TryApply(ChangesOf(asked, true), actor);
    EXPECT_FALSE(outcomes) << "was expected to fail";
    const auto of_trees = TryApply(ChangesOf(asked, false), actor);
    EXPECT_FALSE(of_trees);
    if (!outcomes && !of_trees) {
      EXPECT_EQ(outcomes.error().code, of_trees.error().code);
      EXPECT_EQ(outcomes.error().expression, of_trees.error().expression);
    }
    EXPECT_THAT(Find(Ask("Observation", {})), IsEmpty()) << "something of it was stored";
    return outcomes ? fhir::Error{} : outcomes.error();
  }
};

TEST_F(HeldText, Transaction_ComesToWhatTreesComeTo) {
  const auto asked = Many();
  const auto of_text = TryApply(ChangesOf(asked, true));
  ASSERT_TRUE(of_text) << of_text.error().public_text.text << " at " << of_text.error().expression;
  const std::string rows = IndexDigest();
  EXPECT_THAT(of_text->at(1).resource.body, HasSubstr("Practitioner/id-")) << "a forward reference is resolved";
  SetUp();
  const auto of_trees = TryApply(ChangesOf(asked, false));
  ASSERT_TRUE(of_trees);
  EXPECT_EQ(Comparable(*of_text), Comparable(*of_trees));
  EXPECT_EQ(rows, IndexDigest());
}

TEST_F(HeldText, Body_NotWanted_IsStoredAndNotGiven) {
  const auto asked = Many();
  auto changes = ChangesOf(asked, true);
  for (auto& change : changes) {
    change.body_wanted = false;
  }
  const auto outcomes = TryApply(std::move(changes));
  ASSERT_TRUE(outcomes);
  for (const port::Outcome& outcome : *outcomes) {
    EXPECT_EQ(outcome.resource.body, "");
  }
  const auto stored = store_->Read(System(), Type("Observation"), outcomes->at(2).resource.id);
  ASSERT_TRUE(stored);
  EXPECT_THAT(stored->body, HasSubstr(outcomes->at(1).resource.id));
}

TEST_F(HeldText, AFaultInTheLastPart_StoresNothingAndIsNamed) {
  auto asked = Many();
  const std::size_t last = asked.size();
  asked.push_back(
      {.json =
           R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/none"}})"});
  EXPECT_EQ(Refusal(asked).expression, fmt::format("Bundle.entry[{}].resource.subject", last));
  asked.back().json =
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/gone"}})";
  EXPECT_EQ(Refusal(asked).expression, fmt::format("Bundle.entry[{}].resource.subject", last))
      << "deleted by this very transaction";
  asked.back().json = fmt::format(
      R"({{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{}"}}}})",
      Uuid(7777));
  EXPECT_EQ(Refusal(asked).expression, fmt::format("Bundle.entry[{}].resource.subject", last));
  asked.back().json =
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=a|b"}})";
  EXPECT_EQ(Refusal(asked).expression, fmt::format("Bundle.entry[{}].resource.subject", last));
  asked.back().json = R"({"resourceType":"Observation","status":"wrong","code":{"text":"x"}})";
  EXPECT_EQ(Refusal(asked).expression, fmt::format("Bundle.entry[{}].resource", last));
}

TEST_F(HeldText, Grants_HoldOverAllParts) {
  auto grants = std::make_shared<port::Grants>();
  constexpr std::uint16_t kAll =
      port::kRead | port::kSearch | port::kChain | port::kCreate | port::kUpdate | port::kDelete;
  for (const char* type : {"Observation", "Practitioner"}) {
    grants->by_type[Type(type)] = {.grants = {{kAll, {}}}, .identifier_types_hidden = {}};
  }
  grants->by_type[Type("Patient")] = {.grants = {{kAll, Conditional("Patient", "active=true").criteria}},
                                      .identifier_types_hidden = {}};
  port::Actor actor;
  actor.party = "party";
  actor.grants = std::move(grants);
  std::vector<Asked> asked;
  for (int i = 0; i < 1200; ++i) {
    asked.push_back(
        {.json = fmt::format(
             R"({{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{}"}}}})",
             i == 0 ? Uuid(1) : "Patient/there")});
  }
  asked.push_back({.json = R"({"resourceType":"Patient","active":true})", .full_url = Uuid(1)});
  const auto outcomes = TryApply(ChangesOf(asked, true), actor);
  ASSERT_TRUE(outcomes) << outcomes.error().public_text.text << " at " << outcomes.error().expression;
  EXPECT_THAT(*outcomes, SizeIs(1201));
  SetUp();
  asked.back().json = R"({"resourceType":"Patient","active":false})";
  EXPECT_EQ(Refusal(asked, actor).code, fhir::ErrorCode::kForbidden);
}

}  // namespace
}  // namespace tests::store
