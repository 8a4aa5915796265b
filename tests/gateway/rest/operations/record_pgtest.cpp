// $match, $document and $stats through the database, with the grants of parties.
#include <fmt/format.h>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;

class RecordPg : public testing::Test {
 protected:
  static void Put(const std::string& type, const std::string& id, const std::string& members) {
    const Response response =
        TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id,
                          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members));
    ASSERT_LT(response.status, 300) << type << " " << response.body;
  }
  static Response Get(std::string_view party, const std::string& target) {
    return TheGateway().Send(party, Method::kGet, "/fhir/" + target);
  }
  /// "id grade" of each match.
  static std::vector<std::string> Match(std::string_view party, const std::string& patient) {
    const Response response = TheGateway().Send(party, Method::kPost, "/fhir/Patient/$match", patient);
    EXPECT_EQ(response.status, 200) << response.body;
    std::vector<std::string> matches;
    const auto bundle = JsonOf(response);
    if (const auto* entries = bundle.Find("entry")) {
      for (const auto& entry : entries->items()) {
        matches.push_back(fmt::format("{} {}", entry.Find("resource")->FindText("id"),
                                      entry.Find("search")->Find("extension")->items()[0].FindText("valueCode")));
      }
    }
    return matches;
  }
};

using Texts = std::vector<std::string>;

TEST_F(RecordPg, Match_FindsByIdentifierAndByTraits_WithinTheGrants) {
  Put("Organization", "mt-ha", R"("identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1990000010"}])");
  const std::string own = R"(,"managingOrganization":{"reference":"Organization/mt-ha"})";
  const std::string traits =
      R"("name":[{"use":"official","family":"Martin-Le Goff","given":["Zoé"]}],"birthDate":"1961-02-03","gender":"female")";
  Put("Patient", "mt-1", traits + R"(,"identifier":[{"system":"urn:mt:ipp","value":"77"}])" + own);
  Put("Patient", "mt-2", traits);
  Put("Patient", "mt-3", R"("name":[{"family":"Martin"}],"birthDate":"1990-01-01","gender":"male")");
  const std::string by_number = R"({"resourceType":"Patient","identifier":[{"system":"urn:mt:ipp","value":"77"}]})";
  const std::string by_traits = R"({"resourceType":"Patient","name":[{"use":"official","family":"MARTIN LE GOFF",)"
                                R"("given":["Zoe"]}],"birthDate":"1961-02-03","gender":"female"})";
  EXPECT_EQ(Match("", by_number), Texts{"mt-1 certain"});
  EXPECT_EQ(Match("", by_traits), (Texts{"mt-1 probable", "mt-2 probable"}));
  EXPECT_EQ(Match("hospital-a", by_traits), Texts{"mt-1 probable"}) << "a hospital's own patients alone";
  EXPECT_EQ(Match("hospital-b", by_traits), Texts{});
  EXPECT_EQ(Match("hospital-b", by_number), Texts{});
  const Response insurer = TheGateway().Send("insurer-amo", Method::kPost, "/fhir/Patient/$match", by_number);
  EXPECT_TRUE(insurer.status == 403 || insurer.body.find("mt-1") == std::string::npos) << insurer.body;
}

TEST_F(RecordPg, Document_HasNoPartThatThePartyMayNotRead) {
  Put("Organization", "dc-ha", R"("identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1990000010"}])");
  Put("Patient", "dc-p", R"("managingOrganization":{"reference":"Organization/dc-ha"})");
  Put("Practitioner", "dc-dr", R"("active":true)");
  Put("Basic", "dc-hidden", R"("code":{"text":"x"})");
  const auto composition = [](std::string_view entry) {
    return fmt::format(
        R"("status":"final","type":{{"text":"letter"}},"date":"2025-01-01","title":"t","subject":{{"reference":"Patient/dc-p"}},)"
        R"("author":[{{"reference":"Practitioner/dc-dr"}}],"section":[{{"title":"s","entry":[{{"reference":"{}"}}]}}])",
        entry);
  };
  Put("Composition", "dc-open", composition("Patient/dc-p"));
  Put("Composition", "dc-closed", composition("Basic/dc-hidden"));
  EXPECT_EQ(Get("hospital-a", "Composition/dc-open/$document").status, 200);
  EXPECT_EQ(Get("", "Composition/dc-closed/$document").status, 200);
  const Response refused = Get("hospital-a", "Composition/dc-closed/$document");
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body.find("Composition.section[0].entry[0]"), std::string::npos) << refused.body;
  EXPECT_EQ(Get("hospital-b", "Composition/dc-open/$document").status, 404);
}

TEST_F(RecordPg, Document_PersistedOnce_ARepeatIsRecordedWithTheBundleNamedOnce) {
  Put("Composition", "da-c", R"("status":"final","type":{"text":"x"},"date":"2025-01-01",
      "title":"x","author":[{"display":"x"}])");
  const auto persist = [] {
    return TheGateway().Send("", Method::kPost, "/fhir/Composition/da-c/$document?persist=true", "",
                             {{"Idempotency-Key", "document-audit"}});
  };
  const Response first = persist();
  ASSERT_EQ(first.status, 201) << first.body;
  const std::string id(JsonOf(first).FindText("id"));
  EXPECT_EQ(persist().body, first.body);
  const fhir::json::Value trail = JsonOf(Get("", "AuditEvent?_count=100&entity=Bundle/" + id));
  const auto* entries = trail.Find("entry");
  ASSERT_NE(entries, nullptr);
  std::size_t named = 0;
  for (const auto& entry : entries->items()) {
    std::size_t in_this = 0;
    for (const auto& entity : entry.Find("resource")->Find("entity")->items()) {
      const auto* what = entity.Find("what");
      in_this += what != nullptr && what->FindText("reference").starts_with("Bundle/" + id);
    }
    EXPECT_EQ(in_this, 1u);
    named += in_this;
  }
  EXPECT_EQ(named, 3u) << "it was made, shown, and shown again";
}

TEST_F(RecordPg, Document_Persisted_IsAValidBundle) {
  Put("Patient", "dp-p", R"("active":true)");
  Put("Composition", "dp-c",
      R"("status":"final","type":{"text":"letter"},"date":"2025-01-01","title":"t","subject":{"reference":"Patient/dp-p"},)"
      R"("author":[{"reference":"Patient/dp-p"}])");
  const Response stored = TheGateway().Send("", Method::kPost, "/fhir/Composition/dp-c/$document?persist=true", "");
  ASSERT_EQ(stored.status, 201) << stored.body;
  const std::string id(JsonOf(stored).FindText("id"));
  EXPECT_EQ(IdsOf(Get("", "Bundle?type=document&_id=" + id)), Texts{id});
}

TEST_F(RecordPg, Stats_CountThePeriodAndTheUnitOfTheNewest) {
  Put("Patient", "st-p", R"("active":true)");
  const auto weight = [](std::string_view id, std::string_view value, std::string_view unit, std::string_view date) {
    Put("Observation", std::string(id),
        fmt::format(R"("status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"29463-7"}}]}},)"
                    R"("subject":{{"reference":"Patient/st-p"}},"effectiveDateTime":"{}","valueQuantity":{{"value":{},)"
                    R"("system":"http://unitsofmeasure.org","code":"{}"}})",
                    date, value, unit));
  };
  weight("st-1", "80000", "g", "2024-05-01");
  weight("st-2", "82", "kg", "2024-05-02");
  weight("st-3", "90", "kg", "2024-06-01");
  const std::string base =
      "Observation/$stats?subject=Patient/st-p&system=http://loinc.org&code=29463-7&statistic=average&statistic=count";
  const Response all = Get("", base);
  EXPECT_NE(all.body.find(R"("valueQuantity":{"value":84,"unit":"kg")"), std::string::npos) << all.body;
  EXPECT_NE(all.body.find(R"("valueQuantity":{"value":3,)"), std::string::npos) << all.body;
  const Response may = TheGateway().Send(
      "", Method::kPost, "/fhir/Observation/$stats",
      R"({"resourceType":"Parameters","parameter":[{"name":"subject","valueUri":"Patient/st-p"},{"name":"coding",)"
      R"("valueCoding":{"system":"http://loinc.org","code":"29463-7"}},{"name":"statistic","valueCode":"average"},)"
      R"({"name":"period","valuePeriod":{"start":"2024-05","end":"2024-05"}}]})");
  EXPECT_NE(may.body.find(R"("value":81,)"), std::string::npos) << may.body;
  const Response other = Get("hospital-b", base);
  EXPECT_TRUE(other.status == 403 || other.body.find(R"("value":0,)") != std::string::npos) << other.body;
}

}  // namespace
}  // namespace tests::rest
