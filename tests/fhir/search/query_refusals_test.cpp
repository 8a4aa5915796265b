// Queries that are refused, with the code and the words a client can act on.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "fhir/search/query_parser.hpp"

namespace {

using fhir::ErrorCode;

fhir::Result<fhir::search::Query> ParseRefused(std::string_view type, std::string_view text,
                                               const fhir::search::ParseOptions& options = {}) {
  GW_ASSIGN(const auto parameters, fhir::search::SplitQueryText(text));
  fhir::IssueList warnings;
  return fhir::search::ParseQuery(fhir::metadata::Definitions::R4().FindType(type), parameters, options, warnings);
}

struct RefusalCase {
  std::string_view type;
  std::string_view query;
  ErrorCode code;
  std::string_view words;  // part of the public text
};

class SearchRefusal : public testing::TestWithParam<RefusalCase> {};

TEST_P(SearchRefusal, Text_NotUnderstood_SaysWhy) {
  const auto query = ParseRefused(GetParam().type, GetParam().query);
  ASSERT_FALSE(query) << GetParam().query;
  EXPECT_EQ(query.error().code, GetParam().code) << GetParam().query << ": " << query.error().public_text.text;
  EXPECT_NE(query.error().public_text.text.find(GetParam().words), std::string::npos) << query.error().public_text.text;
}

constexpr RefusalCase kRefused[] = {
    {"Patient", "_content=x", ErrorCode::kUnsupported, "setting search.content_types"},
    {"Patient", "_query=x", ErrorCode::kUnsupported, "no named query"},
    {"Patient", "_list=$current-problems", ErrorCode::kUnsupported, "functional lists"},
    {"Patient", "_list=a,b", ErrorCode::kInvalid, "one List"},
    {"Patient", "_type=Patient", ErrorCode::kUnsupported, "several types"},
    {"Patient", "_contained=yes", ErrorCode::kInvalid, "'_contained'"},
    {"Patient", "_containedType=both", ErrorCode::kInvalid, "'_containedType'"},
    {"Patient", "age=5", ErrorCode::kUnsupported, "'age'"},
    {"Patient", "phonetic:exact=x", ErrorCode::kUnsupported, "no modifier"},
    {"Location", "near=91|2", ErrorCode::kInvalid, "latitude|longitude"},
    {"Location", "near=48|2|5|kg", ErrorCode::kInvalid, "unit of length"},
    {"Location", "near=48|2|-5", ErrorCode::kInvalid, "unit of length"},
    {"Patient", "gender:in=http://x", ErrorCode::kUnsupported, "not known here"},
    {"Patient", "_filter=gender eq", ErrorCode::kInvalid, "at byte 7"},
    {"Patient", "_filter=gender", ErrorCode::kInvalid, "an operator"},
    {"Patient", "_filter=(gender eq male", ErrorCode::kInvalid, ") is expected"},
    {"Patient", "_filter=gender eq male)", ErrorCode::kInvalid, "and, or, or the end"},
    {"Patient", "_filter=gender eq male and", ErrorCode::kInvalid, "and, or, or the end"},
    {"Patient", "_filter=name eq \"x", ErrorCode::kInvalid, "quotation mark"},
    {"Patient", "_filter=gender co male", ErrorCode::kInvalid, "operator co"},
    {"Patient", "_filter=birthdate sw 2000", ErrorCode::kInvalid, "operator sw"},
    {"Patient", "_filter=gender pr maybe", ErrorCode::kInvalid, "true or false"},
    {"Patient", "_filter=nothing eq 1", ErrorCode::kUnsupported, "nothing"},
    {"Patient", "_filter=name[gender eq x].y eq 1", ErrorCode::kInvalid, "no reference"},
    {"Patient", "_filter=link[gender eq x eq 1", ErrorCode::kInvalid, "at byte 21"},
    {"Patient", "birthday=2000", ErrorCode::kUnsupported, "birthdate"},
    {"Patient", "Name=x", ErrorCode::kUnsupported, "name"},
    {"Patient", "_sortt=x", ErrorCode::kUnsupported, "_sort"},
    {"Patient", "name:phonetic=x", ErrorCode::kUnsupported, ":exact"},
    {"Patient", "gender:like=x", ErrorCode::kUnsupported, ":not"},
    {"Patient", "birthdate:exact=2000", ErrorCode::kUnsupported, ":missing"},
    {"Patient", "birthdate=hello", ErrorCode::kInvalid, "'birthdate'"},
    {"Patient", "birthdate=2000-13", ErrorCode::kInvalid, "a date"},
    {"Patient", "birthdate=xx2000", ErrorCode::kInvalid, "a date"},
    {"Patient", "gender:missing=maybe", ErrorCode::kInvalid, "true or false"},
    {"Patient", "identifier=|", ErrorCode::kInvalid, "a code or a system"},
    {"Patient", "identifier:of-type=MR", ErrorCode::kInvalid, "system|type|value"},
    {"Patient", "name=,", ErrorCode::kInvalid, "no value"},
    {"Patient", "general-practitioner:Practitioner=Organization/1", ErrorCode::kInvalid, "another one"},
    {"Patient", "name.x=1", ErrorCode::kInvalid, "cannot be chained"},
    {"Patient", "general-practitioner:Patient.name=x", ErrorCode::kInvalid, "does not refer"},
    {"Patient", "general-practitioner:Nothing.name=x", ErrorCode::kInvalid, "does not refer"},
    {"Patient", "general-practitioner:Practitioner.nothing=x", ErrorCode::kUnsupported, "Practitioner has no"},
    {"Patient", "general-practitioner.nothing=x", ErrorCode::kUnsupported, "has no search parameter"},
    {"Patient", "_has:Observation:patient=x", ErrorCode::kInvalid, "_has is written"},
    {"Patient", "_has:Nothing:patient:code=x", ErrorCode::kUnsupported, "not a resource"},
    {"Patient", "_has:Observation:code:code=x", ErrorCode::kInvalid, "does not refer"},
    {"Patient", "_has:Slot:schedule:status=free", ErrorCode::kInvalid, "does not refer"},
    {"Patient", "_count=-1", ErrorCode::kInvalid, "_count"},
    {"Patient", "_count=x", ErrorCode::kInvalid, "_count"},
    {"Patient", "_count=99999999999", ErrorCode::kInvalid, "_count"},
    {"Patient", "_total=some", ErrorCode::kInvalid, "_total"},
    {"Patient", "_summary=some", ErrorCode::kInvalid, "_summary"},
    {"Patient", "_sort=nothing", ErrorCode::kUnsupported, "nothing"},
    {"Patient", "_include=nothing", ErrorCode::kInvalid, "Type:parameter"},
    {"Patient", "_include=Nothing:x", ErrorCode::kUnsupported, "not a resource"},
    {"Patient", "_include=Patient:nothing", ErrorCode::kUnsupported, "nothing"},
    {"Patient", "_include=Patient:name", ErrorCode::kInvalid, "no reference"},
    {"Patient", "_include:often=Patient:link", ErrorCode::kUnsupported, "iterate"},
    {"Observation", "value-quantity=5|mg", ErrorCode::kInvalid, "number|system|code"},
    {"Observation", "value-quantity=x||mg", ErrorCode::kInvalid, "number"},
    {"Observation", "code-value-quantity=a", ErrorCode::kInvalid, "2 values between $"},
    {"Observation", "code-value-quantity=a$b", ErrorCode::kInvalid, "number"},
    {"Observation", "code-value-quantity=$1", ErrorCode::kInvalid, "a value for code"},
    {"Nothing", "a=1", ErrorCode::kUnsupported, "resource types"},
    {"Patient", "name=%2", ErrorCode::kMalformed, "%"},
    {"Patient", "name=%ff", ErrorCode::kMalformed, "UTF-8"},
};
INSTANTIATE_TEST_SUITE_P(Refused, SearchRefusal, testing::ValuesIn(kRefused));

TEST(SearchLimits, Values_AtLimit_PassAndPastItFail) {
  std::string values = "1";
  for (int i = 1; i < 1000; ++i) values += ",1";
  EXPECT_TRUE(ParseRefused("Patient", "_id=" + values));
  const auto more = ParseRefused("Patient", "_id=" + values + ",1");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kTooCostly);
}

TEST(SearchLimits, Criteria_AtLimit_PassAndPastItFail) {
  std::string text = "gender=a";
  for (int i = 1; i < 100; ++i) text += "&gender=a";
  EXPECT_TRUE(ParseRefused("Patient", text));
  const auto more = ParseRefused("Patient", text + "&gender=a");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kTooCostly);
}

TEST(SearchLimits, ChainDepth_AtLimit_PassesAndPastItFails) {
  std::string name;
  for (int i = 0; i < 5; ++i) name += "link:Patient.";
  EXPECT_TRUE(ParseRefused("Patient", name + "gender=a"));
  const auto deeper = ParseRefused("Patient", "link:Patient." + name + "gender=a");
  ASSERT_FALSE(deeper);
  EXPECT_EQ(deeper.error().code, ErrorCode::kTooCostly);
}

TEST(SearchLimits, ValueBytes_AtLimit_PassAndPastItFail) {
  fhir::search::ParseOptions options;
  options.value_bytes_max = 10;
  EXPECT_TRUE(ParseRefused("Patient", "name=aaaaaaaaaa", options));
  const auto more = ParseRefused("Patient", "name=aaaaaaaaaaa", options);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kTooLarge);
}

TEST(SearchLimits, OpenChains_ThatMeetTooManyTypes_AreRefused) {
  // Provenance.target may be anything: each level multiplies by the number of types.
  const auto query = ParseRefused("Provenance", "target.subject.subject.subject.subject.identifier=x");
  if (!query) {
    EXPECT_TRUE(query.error().code == ErrorCode::kTooCostly || query.error().code == ErrorCode::kUnsupported);
  }
}

TEST(SearchLimits, FilterDepth_AtLimit_PassesAndPastItFails) {
  const auto nested = [](int depth) {
    return "_filter=" + std::string(static_cast<std::size_t>(depth), '(') + "gender eq a" +
           std::string(static_cast<std::size_t>(depth), ')');
  };
  EXPECT_TRUE(ParseRefused("Patient", nested(19)));
  const auto deeper = ParseRefused("Patient", nested(20));
  ASSERT_FALSE(deeper);
  EXPECT_EQ(deeper.error().code, ErrorCode::kTooCostly);
}

TEST(SearchLimits, FilterComparisons_AtLimit_PassAndPastItFail) {
  std::string text = "_filter=gender eq a";
  for (int i = 1; i < 100; ++i) text += " or gender eq a";
  EXPECT_TRUE(ParseRefused("Patient", text));
  const auto more = ParseRefused("Patient", text + " or gender eq a");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kTooCostly);
}

TEST(SearchLimits, FilterBrackets_OverAnyType_AreBoundedTogether) {
  // The subject of a QuestionnaireResponse may be anything: each bracket multiplies by the types.
  std::string filter = "_id eq 1";
  for (int i = 0; i < 12; ++i) filter = "subject[" + filter + "]._id eq 1";
  const auto query = ParseRefused("QuestionnaireResponse", "_filter=" + filter);
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().code, ErrorCode::kTooCostly) << query.error().public_text.text;
}

TEST(SearchErrors, Text_OfInvalidValue_NeverQuotesIt) {
  for (const std::string_view text :
       {"birthdate=zzmarkzz", "gender:missing=zzmarkzz", "_count=zzmarkzz", "_total=zzmarkzz",
        "identifier:of-type=zzmarkzz", "_filter=gender pr zzmarkzz", "_filter=birthdate eq zzmarkzz",
        "_filter=zzmarkzz", "_list=$zzmarkzz", "age=zzmarkzz", "gender:in=zzmarkzz", "name:phonetic=zzmarkzz",
        "nothing=zzmarkzz"}) {
    const auto query = ParseRefused("Patient", text);
    ASSERT_FALSE(query);
    EXPECT_EQ(query.error().public_text.text.find("zzmarkzz"), std::string::npos) << text;
    EXPECT_EQ(query.error().internal_text.text.find("zzmarkzz"), std::string::npos) << text;
  }
}

}  // namespace
