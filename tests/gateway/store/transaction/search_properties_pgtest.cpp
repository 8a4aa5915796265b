// Each search type: the SQL against a brute-force evaluation in memory, over resources and questions made from a fixed
// seed. What the two agree on is what docs/conformance.md says of each type and modifier.
#include <gmock/gmock.h>

#include <initializer_list>
#include <random>
#include <set>

#include "fhir/search/extractor.hpp"
#include "fhir/search/match.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using fhir::search::NameValue;
using port::Verb;

class SearchProperties : public StoreTest {
 protected:
  std::string Pick(std::initializer_list<std::string_view> choices) {
    return std::string(choices.begin()[random_() % choices.size()]);
  }
  bool OneIn(unsigned n) { return random_() % n == 0; }

  void Store(std::string_view id_prefix, std::string_view type, std::vector<std::string> bodies) {
    std::vector<port::Change> changes;
    int number = 0;
    for (const std::string& body : bodies) {
      changes.push_back(Put(Verb::kUpdate, fmt::format("{}{:03}", id_prefix, number++),
                            fmt::format(R"({{"resourceType":"{}"{}}})", type, body)));
      fhir::IssueList issues;
      subjects_.push_back({{.id = changes.back().id, .type = changes.back().type},
                           extractor_.Extract(changes.back().resource->root(), {.base_url = ""}, issues)});
    }
    const auto stored = TryApply(std::move(changes));
    ASSERT_TRUE(stored) << stored.error().public_text.text << stored.error().internal_text.text;
  }

  /// Every question alone, and with another one chosen at random. Most must find something, but not everything.
  void Check(std::string_view type, const std::vector<NameValue>& questions) {
    int telling = 0;
    for (const NameValue& first : questions) {
      for (const NameValue& second : {first, questions[random_() % questions.size()]}) {
        const auto query = Ask(type, {first, second, {"_count", "1000"}});
        ASSERT_TRUE(fhir::search::CanMatchAlone(query.criteria)) << first.first;
        std::set<std::string> expected;
        std::size_t of_type = 0;
        for (const auto& [subject, values] : subjects_) {
          if (subject.type != query.type) continue;
          ++of_type;
          if (fhir::search::Matches(query.criteria, values, subject)) expected.insert(subject.id);
        }
        const auto found = Find(query);
        EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected)
            << first.first << "=" << first.second << " & " << second.first << "=" << second.second;
        EXPECT_EQ(found.size(), expected.size());
        if (&second != &first && !expected.empty() && expected.size() < of_type) ++telling;
      }
    }
    EXPECT_GT(telling, static_cast<int>(questions.size()) / 2) << "the questions show nothing";
  }

  std::mt19937 random_{20240515};
  fhir::search::Extractor extractor_;
  std::vector<std::pair<fhir::search::MatchSubject, fhir::search::IndexValues>> subjects_;
};

TEST_F(SearchProperties, Strings_AndFiltersOverThem) {
  std::vector<std::string> bodies;
  for (int i = 0; i < 150; ++i) {
    std::string body;
    if (!OneIn(6)) {
      body += R"(,"name":[{"family":")" + Pick({"Lefèvre", "Lefebvre", "lefevre", "Dupont", "Été", "Œuvrard"}) +
              R"(","given":[")" + Pick({"Anne-Marie", "ANNE", "Zoé", "Philippe", "Filip"}) + "\"]}]";
    }
    if (!OneIn(3)) body += R"(,"address":[{"city":")" + Pick({"Nantes", "Saint-Herblain", "NANTES CEDEX"}) + "\"}]";
    if (!OneIn(4)) body += R"(,"gender":")" + Pick({"male", "female", "other"}) + "\"";
    if (!OneIn(4)) body += fmt::format(R"(,"active":{})", Pick({"true", "false"}));
    if (!OneIn(4)) body += R"(,"birthDate":")" + Pick({"1980", "1980-05", "1980-05-15", "1999-12-31"}) + "\"";
    bodies.push_back(std::move(body));
  }
  Store("p", "Patient", std::move(bodies));
  Check("Patient", {{"family", "LEF"},
                    {"family", "œuv"},
                    {"family", "été"},
                    {"family:exact", "Lefèvre"},
                    {"family:contains", "fev"},
                    {"family:missing", "true"},
                    {"family:missing", "false"},
                    {"name", "anne,zoe"},
                    {"given:contains", "marie"},
                    {"address-city", "nantes"},
                    {"address:contains", "herb"},
                    {"phonetic", "lefevre"},
                    {"phonetic", "filip lefebvre"},
                    {"phonetic:missing", "true"},
                    {"gender", "http://hl7.org/fhir/administrative-gender|male"},
                    {"gender", "|male"},
                    {"gender:not", "male,female"},
                    {"active", "true"},
                    {"_filter", "family eq lefevre"},
                    {"_filter", "family ew bvre or given eq zoe"},
                    {"_filter", "family ne dupont and gender eq female"},
                    {"_filter", "not (gender eq male or family co fev)"},
                    {"_filter", "birthdate po 1980-05 and not (family pr false)"},
                    {"_filter", "birthdate ne 1980-05-15"},
                    {"_filter", "gender pr false or active eq true"}});
}

TEST_F(SearchProperties, Tokens_Quantities_Composites) {
  const auto quantity = [&] {
    return R"({"value":)" + Pick({"5.4", "5.40", "5400", "0.0054", "6", "-2", "1e1", "37"}) + R"(,"unit":")" +
           Pick({"mg", "shown"}) + R"(","system":")" + Pick({"http://unitsofmeasure.org", "urn:units"}) +
           R"(","code":")" + Pick({"mg", "g", "Cel", "ug", "tab"}) + "\"}";
  };
  const auto code = [&] {
    return R"({"coding":[{"system":")" + Pick({"urn:a", "urn:b"}) + R"(","code":")" + Pick({"x", "y", "z"}) +
           R"(","display":")" + Pick({"Fréquence cardiaque", "Heart rate", "Poids"}) + "\"}]" +
           (OneIn(3) ? R"(,"text":")" + Pick({"fréquence", "rate"}) + "\"" : "") + "}";
  };
  std::vector<std::string> bodies;
  for (int i = 0; i < 200; ++i) {
    std::string body = R"(,"status":")" + Pick({"final", "amended"}) + R"(","code":)" +
                       (OneIn(10) ? R"({"text":"Poids seul"})" : code());
    if (OneIn(2)) {
      body += R"(,"valueQuantity":)" + quantity();
    } else if (OneIn(2)) {
      body += R"(,"valueCodeableConcept":)" + code();
    } else if (OneIn(2)) {
      body += R"(,"valueString":")" + Pick({"Été", "autre"}) + "\"";
    } else {
      body += R"(,"valueDateTime":")" + Pick({"2024", "2024-05-15", "2024-05-15T10:00:00Z"}) + "\"";
    }
    if (OneIn(2)) {
      body += R"(,"component":[{"code":)" + code() + R"(,"valueQuantity":)" + quantity() + R"(},{"code":)" + code() +
              R"(,"valueQuantity":)" + quantity() + R"(},{"code":)" + code() + R"(,"valueCodeableConcept":)" + code() +
              "}]";
    }
    bodies.push_back(std::move(body));
  }
  Store("o", "Observation", std::move(bodies));
  Check("Observation", {{"code:text", "frequence"},
                        {"code:text", "poids,RATE"},
                        {"code:missing", "false"},
                        {"code", "urn:a|x"},
                        {"code", "urn:b|"},
                        {"code:not", "x,y"},
                        {"status:not", "http://hl7.org/fhir/observation-status|final"},
                        {"combo-code", "z"},
                        {"value-concept:text", "heart"},
                        {"value-quantity", "5.4|http://unitsofmeasure.org|mg"},
                        {"value-quantity", "5400|http://unitsofmeasure.org|ug"},
                        {"value-quantity", "0.0054|http://unitsofmeasure.org|g"},
                        {"value-quantity", "lt6|http://unitsofmeasure.org|g"},
                        {"value-quantity", "gt90|http://unitsofmeasure.org|[degF]"},
                        {"value-quantity", "ne5.4|http://unitsofmeasure.org|mg"},
                        {"value-quantity", "ap5|http://unitsofmeasure.org|mg"},
                        {"value-quantity", "5.4||shown"},
                        {"value-quantity", "ge5|urn:units|tab"},
                        {"value-quantity", "sa5.4"},
                        {"value-quantity:missing", "true"},
                        {"code-value-quantity", "x$gt5"},
                        {"code-value-quantity", "urn:a|y$lt1|http://unitsofmeasure.org|g"},
                        {"component-code-value-quantity", "x$5.4,z$6"},
                        {"component-code-value-quantity", "urn:b|x$ge5||mg"},
                        {"combo-code-value-quantity", "y$le6"},
                        {"combo-code-value-quantity", "z$5.4|http://unitsofmeasure.org|mg"},
                        {"combo-code-value-quantity:missing", "true"},
                        {"code-value-concept", "x$urn:a|z"},
                        {"combo-code-value-concept", "y$x"},
                        {"component-code-value-concept", "z$|y,x$urn:b|y"},
                        {"code-value-string", "x$ete"},
                        {"code-value-date", "y$2024"},
                        {"code-value-date", "x$ge2024-05"},
                        {"_filter", "combo-code-value-quantity eq x$gt5 or value-string co tr"}});
}

TEST_F(SearchProperties, Numbers_References_Uris_Positions) {
  std::vector<std::string> risks;
  for (int i = 0; i < 80; ++i) {
    risks.push_back(
        R"(,"status":"final","subject":{"reference":")" +
        Pick({"Patient/1", "Patient/1/_history/2", "Group/1", "http://gw.test/Patient/1", "urn:uuid:1"}) +
        R"("},"prediction":[{"probabilityDecimal":)" + Pick({"0.1", "0.10", "0.25", "0.5", "1e-1", "0.104"}) + "}]" +
        (OneIn(3) ? "" : R"(,"performer":{"identifier":{"system":"urn:s","value":")" + Pick({"1", "2"}) + "\"}}"));
  }
  Store("r", "RiskAssessment", std::move(risks));
  Check("RiskAssessment", {{"probability", "0.1"},
                           {"probability", "0.10"},
                           {"probability", "ne0.1"},
                           {"probability", "gt0.1"},
                           {"probability", "ge0.25"},
                           {"probability", "lt0.104"},
                           {"probability", "le0.1"},
                           {"probability", "sa0.1"},
                           {"probability", "eb0.5"},
                           {"probability", "ap0.11"},
                           {"subject", "Patient/1"},
                           {"subject", "1"},
                           {"subject:Patient", "1"},
                           {"subject:not", "Patient/1"},
                           {"subject", "http://gw.test/Patient/1"},
                           {"subject", "urn:uuid:1,Group/1"},
                           {"performer:identifier", "urn:s|1"},
                           {"performer:identifier", "2"},
                           {"performer:missing", "true"},
                           {"_filter", "subject re Patient/1 or probability gt 0.25"}});
  std::vector<std::string> value_sets;
  for (int i = 0; i < 60; ++i) {
    value_sets.push_back(
        R"(,"status":"active","url":")" +
        Pick({"http://x.org/a", "http://x.org/a/b", "http://x.org/ab", "urn:oid:1.2", "urn:oid:1.2.3"}) +
        R"(","meta":{"profile":["http://x.org/p|)" + Pick({"1", "2"}) + R"("],"source":")" +
        Pick({"http://s/1", "http://s/2"}) + R"(","tag":[{"system":"urn:t","code":")" + Pick({"a", "b"}) +
        R"("}],"security":[{"code":")" + Pick({"R", "V"}) + "\"}]}");
  }
  Store("v", "ValueSet", std::move(value_sets));
  Check("ValueSet", {{"url", "http://x.org/a"},
                     {"url:below", "http://x.org/a"},
                     {"url:below", "urn:oid:1.2"},
                     {"url:above", "http://x.org/a/b/c"},
                     {"url:above", "urn:oid:1.2.3.4"},
                     {"_profile", "http://x.org/p|1"},
                     {"_source", "http://s/1"},
                     {"_tag", "urn:t|a"},
                     {"_tag:not", "a"},
                     {"_security", "R"},
                     {"_filter", "url sw http://x.org/a/ or _tag eq b"}});
  std::vector<std::string> places;
  for (int i = 0; i < 60; ++i) {
    places.push_back(OneIn(5) ? R"(,"name":"x")"
                              : fmt::format(R"(,"position":{{"latitude":{},"longitude":{}}})",
                                            Pick({"47.2", "48.85", "-47.2", "89.9", "0"}),
                                            Pick({"-1.55", "2.35", "179.9", "-179.9"})));
  }
  Store("l", "Location", std::move(places));
  Check("Location", {{"near", "47.2|-1.55|10"},
                     {"near", "47.3|-1.6|20000|m"},
                     {"near", "48|0|400|km"},
                     {"near", "0|180|30"},
                     {"near", "90|0|100|mi"},
                     {"near", "47|-1"},
                     {"near:missing", "true"},
                     {"near", "47.2|-1.55|10,48.85|2.35|10"}});
}

TEST_F(SearchProperties, Dates_AllPrefixesAndPrecisions) {
  std::vector<std::string> bodies;
  for (int i = 0; i < 150; ++i) {
    std::string body = R"(,"status":"planned","class":{"code":"AMB"},"period":{)";
    const bool start = !OneIn(5);
    if (start)
      body += R"("start":")" +
              Pick({"2023", "2024", "2024-05", "2024-05-14", "2024-05-15", "2024-05-15T10:00:00+02:00",
                    "2024-05-15T23:00:00Z", "2024-07"}) +
              "\"";
    if (!start || OneIn(2)) {
      body +=
          std::string(start ? "," : "") + R"("end":")" + Pick({"2024-12-31T23:59:59Z", "2024-07-31", "2025"}) + "\"";
    }
    bodies.push_back(body + "}");
  }
  Store("e", "Encounter", std::move(bodies));
  std::vector<NameValue> questions = {{"date:missing", "false"}};
  for (const std::string_view prefix : {"", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"}) {
    for (const std::string_view value : {"2024", "2024-05", "2024-05-15", "2024-05-15T08:00:00Z", "2024-05-15T10:00"}) {
      questions.emplace_back("date", std::string(prefix) + std::string(value));
    }
  }
  questions.emplace_back("_filter", "date po 2024-06");
  questions.emplace_back("_filter", "date sa 2024-05 and date lt 2025");
  int telling = 0;
  for (const NameValue& question : questions) {
    const auto query = Ask("Encounter", {question, {"_count", "1000"}});
    std::set<std::string> expected;
    for (const auto& [subject, values] : subjects_) {
      if (fhir::search::Matches(query.criteria, values, subject)) expected.insert(subject.id);
    }
    const auto found = Find(query);
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected) << question.first << "=" << question.second;
    telling += !expected.empty() && expected.size() < subjects_.size() ? 1 : 0;
  }
  EXPECT_GT(telling, 20);
}

}  // namespace
}  // namespace tests::store
