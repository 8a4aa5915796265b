// near, age, _list, compartments, full text: what they become and what they look at.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "fhir/base/date_time.hpp"
#include "fhir/search/types/full_text.hpp"
#include "fhir/search/types/near.hpp"
#include "match_fixture.hpp"
#include "search_text.hpp"

namespace {

using search_test::Matches;

constexpr std::string_view kNantes =
    R"({"resourceType":"Location","position":{"longitude":-1.5536,"latitude":47.2184}})";

TEST(Near, Distance_DecidesOverUnits) {
  // Nantes to Rennes is 99 km.
  EXPECT_TRUE(Matches(kNantes, "near=48.1173|-1.6778|105|km"));
  EXPECT_FALSE(Matches(kNantes, "near=48.1173|-1.6778|95|km"));
  EXPECT_TRUE(Matches(kNantes, "near=48.1173|-1.6778|105000|m"));
  EXPECT_FALSE(Matches(kNantes, "near=48.1173|-1.6778|55|mi"));
  EXPECT_TRUE(Matches(kNantes, "near=48.1173|-1.6778|105"));
  EXPECT_FALSE(Matches(kNantes, "near=48.1173|-1.6778")) << "50 km when nothing is said";
  EXPECT_TRUE(Matches(kNantes, "near=47.3|-1.5"));
}

TEST(Near, Distance_GoesOverTheAntimeridian) {
  EXPECT_NEAR(fhir::search::DistanceM(0, 179.5, 0, -179.5), 111'195, 10);
  EXPECT_NEAR(fhir::search::DistanceM(90, 0, 90, 120), 0, 1);
}

TEST(Near, Missing_AsksForAPosition) {
  EXPECT_TRUE(Matches(kNantes, "near:missing=false"));
  EXPECT_TRUE(Matches(R"({"resourceType":"Location","name":"x"})", "near:missing=true"));
}

TEST(Age, Years_AreCompletedToday) {
  fhir::search::ParseOptions options;
  options.now_us = fhir::ToRange(*fhir::ParseDateTime("2025-05-15T10:00:00Z"), fhir::TimeZone::Utc()).low_us;
  const auto aged = [&](std::string_view birth, std::string_view query, std::string_view more = "") {
    return Matches(R"({"resourceType":"Patient","birthDate":")" + std::string(birth) + "\"" + std::string(more) + "}",
                   query, options);
  };
  EXPECT_TRUE(aged("2000-05-15", "age=25")) << "the birthday";
  EXPECT_TRUE(aged("2000-05-16", "age=24")) << "the day before it";
  EXPECT_FALSE(aged("2000-05-16", "age=25"));
  EXPECT_TRUE(aged("2000-05-15", "age=ge25"));
  EXPECT_FALSE(aged("2000-05-15", "age=gt25"));
  EXPECT_TRUE(aged("1999-05-15", "age=gt25"));
  EXPECT_TRUE(aged("2020-01-01", "age=lt18"));
  EXPECT_FALSE(aged("2000-05-15", "age=25", R"(,"deceasedBoolean":true)")) << "the living";
}

TEST(List, Id_BecomesWhatAListRefersTo) {
  const fhir::search::NameValue pairs[] = {{"_list", "List/12"}};
  fhir::IssueList warnings;
  const auto query =
      fhir::search::ParseQuery(fhir::metadata::Definitions::R4().FindType("Patient"), pairs, {}, warnings);
  ASSERT_TRUE(query) << query.error().public_text.text;
  EXPECT_EQ(search_test::CriterionText(query->criteria.front()), "has List.item(#id=*|'12')");
}

TEST(SystemQuery, Types_ArePickedAndParametersAreTheCommonOnes) {
  const auto& r4 = fhir::metadata::Definitions::R4();
  const auto ask = [&](std::vector<fhir::search::NameValue> pairs) {
    fhir::IssueList warnings;
    return fhir::search::ParseSystemQuery(r4.ResourceTypes(), pairs, {}, warnings);
  };
  const auto picked = ask({{"_type", "Patient,Encounter"}, {"_tag", "urn:t|x"}, {"_text", "fever"}});
  ASSERT_TRUE(picked) << picked.error().public_text.text;
  EXPECT_EQ(picked->type, fhir::metadata::kNoType);
  EXPECT_EQ(picked->types.size(), 2u);
  EXPECT_EQ(picked->criteria.size(), 2u);
  EXPECT_EQ(picked->self, "_type=Patient,Encounter&_tag=urn:t|x&_text=fever");
  EXPECT_EQ(ask({{"_id", "1"}})->types.size(), r4.ResourceTypes().size());
  EXPECT_EQ(ask({{"_type", "Patient"}, {"name", "x"}}).error().code, fhir::ErrorCode::kUnsupported);
  EXPECT_EQ(ask({{"_type", "Nothing"}}).error().code, fhir::ErrorCode::kUnsupported);
  EXPECT_EQ(ask({{"_type", "Bundle"}, {"_text", "x"}}).error().code, fhir::ErrorCode::kUnsupported)
      << "a Bundle has no narrative";
}

TEST(Compartment, Membership_IsByAnyOfItsParameters) {
  const auto& r4 = fhir::metadata::Definitions::R4();
  fhir::search::Extractor extractor;
  const auto member = [&](std::string_view json, std::string_view id) {
    fhir::IssueList issues;
    const auto document = fhir::json::ReadJson(json, {}, issues);
    fhir::search::Criterion criterion;
    criterion.kind = fhir::search::CriterionKind::kCompartment;
    criterion.compartment = fhir::search::Compartment{r4.FindType("Patient"), std::string(id)};
    const auto values = extractor.Extract(document->root(), {}, issues);
    return fhir::search::Matches({&criterion, 1}, values,
                                 {.id = std::string(document->id()), .type = document->root().type});
  };
  constexpr std::string_view kObservation = R"({"resourceType":"Observation","id":"o","status":"final",
    "code":{"text":"x"},"performer":[{"reference":"Patient/1"}],"subject":{"reference":"Group/2"}})";
  EXPECT_TRUE(member(kObservation, "1"));
  EXPECT_FALSE(member(kObservation, "2")) << "the group of that id";
  EXPECT_TRUE(member(R"({"resourceType":"Patient","id":"1"})", "1"));
  EXPECT_FALSE(member(R"({"resourceType":"Patient","id":"2"})", "1"));
  EXPECT_FALSE(member(R"({"resourceType":"Location","id":"1"})", "1")) << "not in the compartment";
}

TEST(FullText, Narrative_LosesTagsAndEntities) {
  EXPECT_EQ(fhir::search::TextOfXhtml("<div><p>Fi&egrave;vre&#32;&#x61; &lt;39</p><td>a</td><td>b</td></div>"),
            "Fièvre a <39 a b ");
  EXPECT_EQ(fhir::search::TextOfXhtml("a & b &unknown; <broken"), "a   b  unknown; ");
}

TEST(FullText, Content_HasTextsButNoIdentifiers) {
  fhir::search::Extractor extractor;
  fhir::IssueList issues;
  const auto document = fhir::json::ReadJson(
      R"({"resourceType":"Patient","identifier":[{"system":"urn:s","value":"zz99"}],"name":[{"family":"Élan"}],
          "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Récit</div>"},
          "contained":[{"resourceType":"Organization","id":"o","name":"Clinique"}],
          "managingOrganization":{"reference":"#o","identifier":{"value":"zz98"}}})",
      {}, issues);
  ASSERT_TRUE(document);
  const auto without = extractor.Extract(document->root(), {}, issues);
  ASSERT_EQ(without.texts.size(), 1u) << "the narrative alone by default";
  EXPECT_EQ(without.texts[0].text, "recit");
  const auto with = extractor.Extract(document->root(), {.narrative_types = {}, .content_types = {"Patient"}}, issues);
  ASSERT_EQ(with.texts.size(), 1u);
  EXPECT_NE(with.texts[0].text.find("elan"), std::string::npos);
  EXPECT_NE(with.texts[0].text.find("clinique"), std::string::npos);
  EXPECT_NE(with.texts[0].text.find("recit"), std::string::npos);
  EXPECT_EQ(with.texts[0].text.find("zz9"), std::string::npos);
}

}  // namespace
