// Modifiers of tokens, systems that elements imply, and units.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "match_fixture.hpp"

namespace {

using fhir::search::TokenValue;
using search_test::Matches;

constexpr std::string_view kCondition = R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},
  "clinicalStatus":{"coding":[{"system":"urn:c","code":"active"}]},
  "code":{"coding":[{"system":"urn:a","code":"E10","display":"Diabète de type 1"},{"system":"urn:b","code":"x"}],
          "text":"Diabète insulino-dépendant"},
  "category":[{"text":"Problème"}]})";

TEST(TokenText, Displays_AndTheConceptsText_BeginWithTheValue) {
  EXPECT_TRUE(Matches(kCondition, "code:text=diabete de"));
  EXPECT_TRUE(Matches(kCondition, "code:text=DIABÈTE insulino"));
  EXPECT_FALSE(Matches(kCondition, "code:text=type"));
  EXPECT_FALSE(Matches(kCondition, "clinical-status:text=a")) << "no text";
  EXPECT_TRUE(Matches(kCondition, "category:text=probleme")) << "a text without a code";
  EXPECT_TRUE(Matches(kCondition, "category:missing=false"));
  EXPECT_TRUE(Matches(kCondition, "category:not=y"));
  EXPECT_FALSE(Matches(kCondition, "category=problem-list-item"));
}

TEST(TokenText, IdentifierTypes_HaveATextToo) {
  constexpr std::string_view kPatient =
      R"({"resourceType":"Patient","identifier":[{"value":"1","type":{"text":"Numéro de séjour"}}]})";
  EXPECT_TRUE(Matches(kPatient, "identifier:text=numero"));
  EXPECT_FALSE(Matches(kPatient, "identifier:text=sejour"));
}

TEST(ImpliedSystem, CodesAndBooleans_MatchWithIt) {
  constexpr std::string_view kPatient = R"({"resourceType":"Patient","gender":"male","active":true})";
  EXPECT_TRUE(Matches(kPatient, "gender=male"));
  EXPECT_TRUE(Matches(kPatient, "gender=|male"));
  EXPECT_TRUE(Matches(kPatient, "gender=http://hl7.org/fhir/administrative-gender|male"));
  EXPECT_TRUE(Matches(kPatient, "gender=http://hl7.org/fhir/administrative-gender|"));
  EXPECT_FALSE(Matches(kPatient, "gender=urn:other|male"));
  EXPECT_FALSE(Matches(kPatient, "gender:not=http://hl7.org/fhir/administrative-gender|male"));
  EXPECT_TRUE(Matches(kPatient, "active=true"));
  EXPECT_TRUE(Matches(kPatient, "active=http://terminology.hl7.org/CodeSystem/special-values|true"));
}

/// A hierarchy E → E1 → E10 of urn:a, and the value set urn:vs of E10, urn:c's active and FHIR's male.
class ToyLists final : public fhir::search::CodeLists {
 public:
  fhir::Result<std::vector<TokenValue>> InValueSet(std::string_view value_set) const override {
    if (value_set != "urn:vs|2") return fhir::Fail(fhir::ErrorCode::kNotFound, "no such value set");
    return std::vector<TokenValue>{
        {"urn:a", "E10"}, {"urn:c", "active"}, {"http://hl7.org/fhir/administrative-gender", "male"}};
  }
  fhir::Result<std::vector<TokenValue>> Below(std::string_view, std::string_view code) const override {
    return code == "E1" ? std::vector<TokenValue>{{"urn:a", "E1"}, {"urn:a", "E10"}} : std::vector<TokenValue>{};
  }
  fhir::Result<std::vector<TokenValue>> Above(std::string_view, std::string_view code) const override {
    return code == "E101" ? std::vector<TokenValue>{{"urn:a", "E101"}, {"urn:a", "E10"}} : std::vector<TokenValue>{};
  }
};

TEST(CodeLists, InAndSubsumption_BecomeCodes) {
  const ToyLists lists;
  fhir::search::ParseOptions options;
  options.code_lists = &lists;
  EXPECT_TRUE(Matches(kCondition, "code:in=urn:vs|2", options));
  EXPECT_FALSE(Matches(kCondition, "code:not-in=urn:vs|2", options));
  EXPECT_TRUE(Matches(kCondition, "severity:not-in=urn:vs|2", options)) << "no value is in none";
  EXPECT_FALSE(Matches(kCondition, "severity:in=urn:vs|2", options));
  EXPECT_TRUE(Matches(R"({"resourceType":"Patient","gender":"male"})", "gender:in=urn:vs|2", options));
  EXPECT_TRUE(Matches(kCondition, "code:below=urn:a|E1", options));
  EXPECT_FALSE(Matches(kCondition, "code:below=urn:a|F1", options));
  EXPECT_TRUE(Matches(kCondition, "code:above=urn:a|E101", options));
  EXPECT_TRUE(Matches(kCondition, "_filter=code in urn:vs|2 and code ss urn:a|E1 and code sb urn:a|E101", options));
  EXPECT_FALSE(Matches(kCondition, "_filter=code ni urn:vs|2", options));
}

TEST(CodeLists, Unknown_SaysWhichParameter) {
  const ToyLists lists;
  fhir::search::ParseOptions options;
  options.code_lists = &lists;
  const auto refused = [&](std::string_view name, std::string_view value) {
    const fhir::search::NameValue pairs[] = {{std::string(name), std::string(value)}};
    fhir::IssueList warnings;
    const auto query =
        fhir::search::ParseQuery(fhir::metadata::Definitions::R4().FindType("Condition"), pairs, options, warnings);
    return query ? fhir::Error{} : query.error();
  };
  EXPECT_EQ(refused("code:in", "urn:none").code, fhir::ErrorCode::kNotFound);
  EXPECT_EQ(refused("code:in", "urn:none").public_text.text, "Search parameter 'code': no such value set");
  EXPECT_EQ(refused("code:below", "E1").code, fhir::ErrorCode::kInvalid) << "without a system";
}

TEST(Units, AreComparedInBaseUnits) {
  const auto found = [](std::string_view value, std::string_view code, std::string_view query) {
    return Matches(R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":)" +
                       std::string(value) + R"(,"unit":"shown","system":"http://unitsofmeasure.org","code":")" +
                       std::string(code) + "\"}}",
                   "value-quantity=" + std::string(query));
  };
  constexpr const char* kUcum = "|http://unitsofmeasure.org|";
  EXPECT_TRUE(found("1", "g", std::string("1000") + kUcum + "mg"));
  EXPECT_TRUE(found("1", "g", std::string("1") + kUcum + "g"));
  EXPECT_FALSE(found("1", "g", std::string("1001") + kUcum + "mg"));
  EXPECT_TRUE(found("1000.4", "mg", std::string("1000") + kUcum + "mg")) << "within the precision of the search value";
  EXPECT_FALSE(found("1000.6", "mg", std::string("1000") + kUcum + "mg"));
  EXPECT_TRUE(found("1.04", "g", std::string("ap1000") + kUcum + "mg"));
  EXPECT_TRUE(found("37", "Cel", std::string("gt98") + kUcum + "[degF]"));
  EXPECT_FALSE(found("37", "Cel", std::string("gt99") + kUcum + "[degF]"));
  EXPECT_FALSE(found("1", "g", std::string("1") + kUcum + "L")) << "another kind of thing";
  EXPECT_TRUE(found("7.4", "[pH]", std::string("gt7") + kUcum + "[pH]")) << "a scale that falls";
  EXPECT_FALSE(found("6.4", "[pH]", std::string("gt7") + kUcum + "[pH]"));
  EXPECT_TRUE(found("5", "no-unit", std::string("5") + kUcum + "no-unit")) << "what UCUM does not know by its code";
  EXPECT_TRUE(found("5", "mg", "5||shown")) << "the unit that people read";
  EXPECT_TRUE(found("5", "mg", "5||mg"));
  EXPECT_FALSE(found("5", "mg", std::string("5") + kUcum + "shown"));
}

}  // namespace
