// Operations on the record, over a store in memory: what they take, ask for and answer.
#include "tests/gateway/rest/operation_fixture.hpp"

namespace tests::rest {
namespace {

class RecordOperationTest : public OperationTest {
 protected:
  RecordOperationTest() {
    EXPECT_LT(Put("/fhir/Patient/p1", R"({"resourceType":"Patient","id":"p1","meta":{"profile":["urn:profile"],)"
                                      R"("tag":[{"system":"urn:tags","code":"a","display":"A"}]}})")
                  .status,
              300);
  }
  static fhir::metadata::TypeId Type(std::string_view name) { return fhir::metadata::Definitions::R4().FindType(name); }
  /// The valueMeta of an answer.
  static fhir::json::Value MetaOf(const gateway::http::Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    const auto value = Json(response);
    const auto* parameters = value.Find("parameter");
    const auto* meta = parameters == nullptr ? nullptr : parameters->items()[0].Find("valueMeta");
    return meta == nullptr ? fhir::json::Value() : *meta;
  }
  static std::vector<std::string> Codes(const fhir::json::Value& meta, std::string_view name) {
    std::vector<std::string> codes;
    if (const auto* labels = meta.Find(name)) {
      for (const auto& label : labels->items()) {
        codes.emplace_back(label.IsString() ? label.text() : label.FindText("code"));
      }
    }
    return codes;
  }
};

using Texts = std::vector<std::string>;

TEST_F(RecordOperationTest, Meta_OfAResource_IsItsOwn) {
  const auto response = Get("/fhir/Patient/p1/$meta");
  const auto meta = MetaOf(response);
  EXPECT_EQ(meta.FindText("versionId"), "1");
  EXPECT_EQ(Codes(meta, "tag"), Texts{"a"});
  EXPECT_EQ(Field(response, "ETag"), "W/\"1\"");
  EXPECT_EQ(Get("/fhir/Patient/absent/$meta").status, 404);
  EXPECT_EQ(Post("/fhir/Patient/p1/$meta", "").status, 200);
}

TEST_F(RecordOperationTest, MetaAdd_MakesAVersion_AndAddsNothingTwice) {
  const std::string labels = ParametersOf(
      {{"meta", R"("valueMeta":{"profile":["urn:profile","urn:other"],"security":[{"system":"urn:s","code":"R"}],)"
                R"("tag":[{"system":"urn:tags","code":"a","display":"other words"},{"code":"b"}]})"}});
  const auto added = Post("/fhir/Patient/p1/$meta-add", labels);
  const auto meta = MetaOf(added);
  EXPECT_EQ(meta.FindText("versionId"), "2");
  EXPECT_EQ(Codes(meta, "profile"), (Texts{"urn:profile", "urn:other"}));
  EXPECT_EQ(Codes(meta, "security"), Texts{"R"});
  EXPECT_EQ(Codes(meta, "tag"), (Texts{"a", "b"}));
  // The version before is what it was.
  const auto before = MetaOf(Get("/fhir/Patient/p1/_history/1/$meta"));
  EXPECT_EQ(Codes(before, "tag"), Texts{"a"});
}

TEST_F(RecordOperationTest, MetaDelete_TakesAwayBySystemAndCode) {
  const auto gone = Post("/fhir/Patient/p1/$meta-delete",
                         ParametersOf({{"meta", R"("valueMeta":{"tag":[{"system":"urn:tags","code":"a"},)"
                                                R"({"system":"urn:none","code":"x"}]})"}}));
  const auto meta = MetaOf(gone);
  EXPECT_EQ(Codes(meta, "tag"), Texts{});
  EXPECT_EQ(Codes(meta, "profile"), Texts{"urn:profile"});
}

TEST_F(RecordOperationTest, MetaAdd_Refusals) {
  const std::string labels = ParametersOf({{"meta", R"("valueMeta":{"tag":[{"code":"b"}]})"}});
  EXPECT_EQ(Post("/fhir/Patient/p1/$meta-add", labels, {{"If-Match", "W/\"7\""}}).status, 412);
  EXPECT_EQ(Post("/fhir/Patient/absent/$meta-add", labels).status, 404);
  EXPECT_EQ(Post("/fhir/Patient/p1/$meta-add", ParametersOf({})).status, 400);
  EXPECT_EQ(Post("/fhir/Patient/p1/$meta-add", ParametersOf({{"meta", R"("valueString":"x")"}})).status, 400);
  EXPECT_EQ(Get("/fhir/Patient/p1/$meta-add").status, 405);
  EXPECT_EQ(Post("/fhir/Patient/p1/_history/1/$meta-add", labels).status, 404) << "a version that was stays as it was";
}

TEST_F(RecordOperationTest, Meta_InUse_OfTypeAndSystem) {
  views_.meta = {.profiles = {"urn:p"}, .tags = {{"urn:tags", "a"}}, .security = {{"", "R"}}, .truncated = false};
  const auto meta = MetaOf(Get("/fhir/Patient/$meta"));
  EXPECT_EQ(views_.meta_type, Type("Patient"));
  EXPECT_EQ(Codes(meta, "profile"), Texts{"urn:p"});
  EXPECT_EQ(Codes(meta, "security"), Texts{"R"});
  EXPECT_EQ(Codes(meta, "tag"), Texts{"a"});
  MetaOf(Get("/fhir/$meta"));
  EXPECT_EQ(views_.meta_type, fhir::metadata::kNoType);
  views_.meta.truncated = true;
  EXPECT_EQ(IssueCode(Get("/fhir/$meta")), "too-costly");
}

TEST_F(RecordOperationTest, Everything_AsksForTheCompartment_AndLinksThePages) {
  views_.page.hits.push_back({.resource = {Type("Patient"), "p1", 1, 0, false, R"({"resourceType":"Patient"})"}});
  views_.page.hits.push_back(
      {.resource = {Type("Organization"), "o", 1, 0, false, R"({"resourceType":"Organization"})"}, .included = true});
  views_.page.next_cursor = "further";
  const auto response = Get(
      "/fhir/Patient/p1/$everything?_type=Patient,Organization&_since=2025-01-01T00:00:00Z&start=2024-05&end=2024-06"
      "&_count=2");
  ASSERT_EQ(response.status, 200) << response.body;
  ASSERT_EQ(views_.compartments.size(), 1u);
  const auto& query = views_.compartments[0];
  EXPECT_EQ(query.compartment, Type("Patient"));
  EXPECT_EQ(query.id, "p1");
  EXPECT_EQ(query.types, (std::vector{Type("Patient"), Type("Organization")}));
  EXPECT_EQ(query.since_us, 1'735'689'600'000'000);
  EXPECT_EQ(query.start_us, 1'714'514'400'000'000) << "Paris";
  EXPECT_EQ(query.end_us, 1'719'784'800'000'000) << "the whole of June";
  EXPECT_EQ(query.count, 2);
  const auto bundle = Json(response);
  EXPECT_EQ(bundle.FindText("type"), "searchset");
  const auto& entries = bundle.Find("entry")->items();
  EXPECT_EQ(entries[0].Find("search")->FindText("mode"), "match");
  EXPECT_EQ(entries[1].Find("search")->FindText("mode"), "include");
  const auto& links = bundle.Find("link")->items();
  ASSERT_EQ(links.size(), 2u);
  const std::string next(links[1].FindText("url"));
  EXPECT_EQ(next,
            "https://gw.example/fhir/Patient/p1/$everything?start=2024-05&end=2024-06&_since=2025-01-01T00%3A00%3A00Z"
            "&_count=2&_type=Patient%2COrganization&_cursor=further");
  Get("/fhir/Patient/p1/$everything?_cursor=further");
  EXPECT_EQ(views_.compartments[1].cursor, "further");
}

TEST_F(RecordOperationTest, Everything_Refusals) {
  EXPECT_EQ(Get("/fhir/Patient/absent/$everything").status, 404);
  EXPECT_EQ(Get("/fhir/Encounter/absent/$everything").status, 404);
  EXPECT_EQ(Get("/fhir/Patient/p1/$everything?_type=Purse").status, 400);
  EXPECT_EQ(Get("/fhir/Patient/p1/$everything?_since=yesterday").status, 400);
  EXPECT_EQ(Get("/fhir/Patient/p1/$everything?_count=0").status, 400);
  EXPECT_EQ(Get("/fhir/Patient/p1/$everything?_colour=red").status, 400);
  EXPECT_EQ(Get("/fhir/Encounter/p1/$everything?start=2024").status, 400) << "of patients alone";
  EXPECT_EQ(Get("/fhir/Observation/x/$everything").status, 404);
  EXPECT_TRUE(views_.compartments.empty());
}

TEST_F(RecordOperationTest, Everything_OfAll_NamesNoPatient) {
  EXPECT_EQ(Get("/fhir/Patient/$everything").status, 200);
  ASSERT_EQ(views_.compartments.size(), 1u);
  EXPECT_EQ(views_.compartments[0].id, "");
}

TEST_F(RecordOperationTest, Everything_IsRecordedWithWhatItDisclosed) {
  views_.page.hits.push_back({.resource = {Type("Patient"), "p1", 1, 0, false, R"({"resourceType":"Patient"})"}});
  audit_.records.clear();
  Get("/fhir/Patient/p1/$everything?_count=5");
  ASSERT_EQ(audit_.records.size(), 1u);
  EXPECT_EQ(audit_.records[0].interaction, "operation");
  EXPECT_EQ(audit_.records[0].searched_type, "Patient/{id}/$everything");
  EXPECT_EQ(audit_.records[0].parameters, Texts{"_count"});
  ASSERT_EQ(audit_.records[0].entities.size(), 1u);
  EXPECT_EQ(audit_.records[0].entities[0].id, "p1");
}

TEST_F(RecordOperationTest, Lastn_NeedsASubjectAndAKind) {
  EXPECT_EQ(Get("/fhir/Observation/$lastn?patient=p1&category=vital-signs&max=3").status, 200);
  ASSERT_EQ(views_.latest.size(), 1u);
  EXPECT_EQ(views_.latest[0].per_group, 3);
  EXPECT_EQ(views_.latest[0].group_by->code, "code");
  EXPECT_EQ(views_.latest[0].query.criteria.size(), 2u);
  EXPECT_EQ(Get("/fhir/Observation/$lastn?subject=Patient/p1&code=http://loinc.org|8867-4").status, 200);
  EXPECT_EQ(views_.latest[1].per_group, 1);
  EXPECT_EQ(Post("/fhir/Observation/$lastn", ParametersOf({{"max", R"("valuePositiveInt":2)"},
                                                           {"patient", R"("valueString":"p1")"},
                                                           {"category", R"("valueString":"laboratory")"}}))
                .status,
            200);
  EXPECT_EQ(views_.latest[2].per_group, 2);
  for (const char* refused : {"patient=p1", "category=vital-signs", "patient=p1&category=vital-signs&max=0",
                              "patient=p1&category=vital-signs&max=many", "patient=p1&category:not=x",
                              "patient:missing=false&category=vital-signs", "patient=p1&code=x&colour=red",
                              "patient=p1&code=x&_include=Observation:subject"}) {
    EXPECT_EQ(Get(std::string("/fhir/Observation/$lastn?") + refused).status, 400) << refused;
  }
  EXPECT_EQ(views_.latest.size(), 3u);
}

}  // namespace
}  // namespace tests::rest
