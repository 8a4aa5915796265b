// The plans of searches over a database of known contents, written to docs/search_to_sql.md: an index per criterion,
// and no scan of a table.
#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/search_sql/bind.hpp"
#include "gateway/store/search_sql/page.hpp"
#include "tests/conformance/section.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SearchPlans : public StoreTest {
 protected:
  /// 600 patients with three observations each, and a few places: enough for the server to prefer its indexes.
  void Fill() {
    std::vector<port::Change> changes;
    constexpr int kPatients = 600;
    for (int i = 0; i < kPatients; ++i) {
      changes.push_back(
          Put(port::Verb::kUpdate, fmt::format("p{:04}", i),
              fmt::format(R"({{"resourceType":"Patient","gender":"{}","birthDate":"{}-01-{:02}",
            "name":[{{"family":"Family{:03}"}}],"identifier":[{{"system":"urn:ipp","value":"{}"}}],
            "text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">number{} ward{}</div>"}}}})",
                          i % 2 == 0 ? "male" : "female", 1930 + i % 80, 1 + i % 28, i % 500, i, i, i % 7)));
      for (int k = 0; k < 3; ++k) {
        changes.push_back(Put(port::Verb::kUpdate, fmt::format("o{:04}-{}", i, k),
                              fmt::format(R"({{"resourceType":"Observation","status":"final",
            "code":{{"coding":[{{"system":"http://loinc.org","code":"c{}","display":"name {}"}}]}},
            "subject":{{"reference":"Patient/p{:04}"}},"effectiveDateTime":"20{:02}-0{}-11T08:00:00Z",
            "valueQuantity":{{"value":{},"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}}})",
                                          (i + k) % 20, (i + k) % 20, i, 10 + i % 15, 1 + k, i * 3 + k)));
      }
    }
    for (int i = 0; i < 200; ++i) {
      changes.push_back(
          Put(port::Verb::kUpdate, fmt::format("l{:03}", i),
              fmt::format(R"({{"resourceType":"Location","name":"x","position":{{"latitude":{},"longitude":{}}}}})",
                          40 + i * 0.05, i * 0.05)));
    }
    Store(std::move(changes));
  }

  void Store(std::vector<port::Change> changes) {
    const auto stored = TryApply(std::move(changes));
    ASSERT_TRUE(stored) << stored.error().public_text.text << stored.error().internal_text.text;
    ASSERT_TRUE(SharedDb().Connect()->ExecuteScript("vacuum", "VACUUM ANALYZE"));
  }

  static std::string PlanOf(std::string_view type, const std::vector<fhir::search::NameValue>& parameters) {
    const auto query = Ask(type, parameters);
    const port::Grants all{.unrestricted = true, .by_type = {}};
    const auto statement = gateway::store::search_sql::CompilePage(query, all, 51);
    if (!statement) {
      ADD_FAILURE() << statement.error().public_text.text;
      return {};
    }
    const auto connection = SharedDb().Connect();
    // Which of two equal ways the server takes turns on costs of a hundredth; the shape that matters is kept by these.
    EXPECT_TRUE(connection->ExecuteScript("plain", "SET max_parallel_workers_per_gather = 0; SET jit = off"));
    const auto rows = connection->ExecuteAdHoc("explain", "EXPLAIN (COSTS OFF) " + statement->text,
                                               gateway::store::search_sql::Bound(statement->values));
    if (!rows) {
      ADD_FAILURE() << rows.error().internal_text.text;
      return {};
    }
    std::string plan;
    for (int i = 0; i < rows->size(); ++i) plan += (*rows)[i].String(0) + "\n";
    return plan;
  }

  /// What the mix asks for besides: stays with their doctors, places and hospitals, orders and claims.
  void FillTheMix() {
    std::vector<port::Change> changes;
    const auto add = [&](std::string id, const std::string& json) {
      changes.push_back(Put(port::Verb::kUpdate, std::move(id), json));
    };
    for (int i = 0; i < 40; ++i) {
      add(fmt::format("d{:02}", i), R"({"resourceType":"Practitioner","active":true})");
      add(fmt::format("h{:02}", i), fmt::format(R"({{"resourceType":"Organization","name":"Hospital {:02}"}})", i));
    }
    for (int i = 0; i < 600; ++i) {
      const std::string patient = fmt::format("Patient/p{:04}", i);
      add(fmt::format("e{:04}", i), fmt::format(R"({{"resourceType":"Encounter","status":"finished",
          "class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{}"}},"subject":{{"reference":"{}"}},
          "participant":[{{"individual":{{"reference":"Practitioner/d{:02}"}}}}],"serviceProvider":{{"reference":"Organization/h{:02}"}},
          "location":[{{"location":{{"reference":"Location/l{:03}"}}}}]}})",
                                                i % 3 == 0 ? "IMP" : "AMB", patient, i % 40, i % 37, i % 200));
      for (int k = 0; k < 2; ++k) {
        add(fmt::format("v{:04}-{}", i, k),
            fmt::format(R"({{"resourceType":"Observation","status":"final",
            "category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"{}"}}]}}],
            "code":{{"coding":[{{"system":"http://loinc.org","code":"v{}"}}]}},"subject":{{"reference":"{}"}},
            "encounter":{{"reference":"Encounter/e{:04}"}},"effectiveDateTime":"20{:02}-05-11T08:00:00Z",
            "valueQuantity":{{"value":{},"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}}})",
                        k == 0 ? "laboratory" : "vital-signs", (i + k) % 30, patient, i, 10 + i % 15, i + k));
        add(fmt::format("m{:04}-{}", i, k),
            fmt::format(R"({{"resourceType":"MedicationRequest","status":"{}","intent":"order",
            "medicationCodeableConcept":{{"text":"x"}},"subject":{{"reference":"{}"}},"requester":{{"reference":"Practitioner/d{:02}"}}}})",
                        k == 0 ? "active" : "stopped", patient, i % 40));
      }
      add(fmt::format("f{:04}", i),
          fmt::format(R"({{"resourceType":"Claim","status":"active","use":"claim","created":"2024-{:02}-11",
          "type":{{"text":"x"}},"priority":{{"text":"x"}},"patient":{{"reference":"{}"}},"provider":{{"reference":"Practitioner/d{:02}"}},
          "insurance":[{{"sequence":1,"focal":true,"coverage":{{"display":"x"}}}}]}})",
                      1 + i % 12, patient, i % 40));
    }
    Store(std::move(changes));
  }

  /// The indexes and tables of a plan in the order that it names them: "idx_token_value → resource_version_head".
  static std::string WayOf(const std::string& plan) {
    std::string way;
    std::istringstream lines(plan);
    for (std::string line; std::getline(lines, line);) {
      for (const std::string_view before : {" using ", "Bitmap Index Scan on ", "Seq Scan on "}) {
        const std::size_t at = line.find(before);
        if (at == std::string::npos || (before == " using " && line.find("Index") == std::string::npos)) {
          continue;
        }
        const std::size_t begin = at + before.size();
        const std::string name = line.substr(begin, line.find(' ', begin) - begin);
        way += fmt::format("{}{}{}", way.empty() ? "" : " → ", before.starts_with("Seq") ? "all of " : "", name);
        break;
      }
      if (line.find("Sort (") != std::string::npos || line.find("->  Sort") != std::string::npos) {
        way += way.empty() ? "sort" : " → sort";
      }
    }
    return way;
  }
};

TEST_F(SearchPlans, Page_ShowsThePlansOfEachType) {
  Fill();
  struct Shown {
    std::string_view type, name, value;
    std::string_view other_name = {}, other_value = {};
  };
  std::string text;
  for (const Shown& shown : std::initializer_list<Shown>{
           {"Patient", "identifier", "urn:ipp|77"},
           {"Observation", "code", "http://loinc.org|c7"},
           {"Observation", "code", "http://loinc.org|c7,http://loinc.org|c8"},
           {"Observation", "patient", "p0077", "code", "c7"},
           {"Observation", "code", "c7", "date", "ge2015"},
           {"Observation", "patient", "p0077", "_sort", "-date"},
           {"Observation", "status", "final", "_sort", "-date"},
           {"Patient", "family", "family01"},
           {"Patient", "birthdate", "ge2009"},
           {"Observation", "patient", "p0077"},
           {"Observation", "code:text", "name 7"},
           {"Observation", "value-quantity", "gt1.79|http://unitsofmeasure.org|g"},
           {"Observation", "code-value-quantity", "http://loinc.org|c7$gt1700"},
           {"Observation", "subject:Patient.family", "family012"},
           {"Patient", "_has:Observation:patient:value-quantity", "gt1790"},
           {"Patient", "_text", "number77"},
           {"Location", "near", "45|5|10"},
           {"Patient", "_filter", "identifier eq 77 or family sw family012"},
       }) {
    std::vector<fhir::search::NameValue> parameters{{std::string(shown.name), std::string(shown.value)}};
    std::string asked = fmt::format("{}?{}={}", shown.type, shown.name, shown.value);
    if (!shown.other_name.empty()) {
      parameters.emplace_back(shown.other_name, shown.other_value);
      asked += fmt::format("&{}={}", shown.other_name, shown.other_value);
    }
    const std::string plan = PlanOf(shown.type, parameters);
    EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on idx_"))) << asked;
    text += fmt::format("`{}`\n\n```\n{}```\n\n", asked, plan);
  }
  EXPECT_EQ(fhir::conformance::CheckSection("plans", text, "docs/search_to_sql.md"), "");
}

// The shapes of `bench rest`, over a smaller database: which indexes each goes along.
TEST_F(SearchPlans, TheMix_GoesAlongIndexes) {
  Fill();
  FillTheMix();
  std::string hundred = "http://loinc.org|v0";
  for (int i = 1; i < 100; ++i) {
    hundred += fmt::format(",http://loinc.org|v{}", i);
  }
  using MixParameters = std::vector<fhir::search::NameValue>;
  struct MixSearch {
    std::string_view name, type;
    MixParameters parameters;
  };
  std::string table = "| search | goes along |\n| --- | --- |\n";
  for (const MixSearch& asked : std::initializer_list<MixSearch>{
           {"token", "Observation", {{"code", "http://loinc.org|v7"}}},
           {"token, list of 3",
            "Observation",
            {{"code", "http://loinc.org|v7,http://loinc.org|v8,http://loinc.org|v9"}}},
           {"token, list of 100", "Observation", {{"code", hundred}}},
           {"token of any system", "Observation", {{"code", "v7"}}},
           {"code and patient", "Observation", {{"patient", "p0077"}, {"code", "v7"}}},
           {"code and dates", "Observation", {{"code", "http://loinc.org|v7"}, {"date", "ge2012"}, {"date", "lt2020"}}},
           {"patient and category", "Observation", {{"patient", "p0077"}, {"category", "laboratory"}}},
           {"quantity, low end",
            "Observation",
            {{"value-quantity", "lt5|http://unitsofmeasure.org|kg"}, {"code", "http://loinc.org|v7"}}},
           {"quantity, high end",
            "Observation",
            {{"value-quantity", "gt595|http://unitsofmeasure.org|kg"}, {"code", "http://loinc.org|v7"}}},
           {"combo-code-value-quantity",
            "Observation",
            {{"combo-code-value-quantity", "http://loinc.org|v7$gt500|http://unitsofmeasure.org|kg"}}},
           {"name prefix", "Patient", {{"name", "family01"}}},
           {"gender and family", "Patient", {{"family", "family01"}, {"gender", "male"}}},
           {"birth date, from", "Patient", {{"birthdate", "ge2000"}}},
           {"identifier", "Patient", {{"identifier", "urn:ipp|77"}}},
           {"participant", "Encounter", {{"participant", "Practitioner/d07"}}},
           {"location", "Encounter", {{"location", "Location/l007"}}},
           {"service provider", "Encounter", {{"service-provider", "Organization/h07"}}},
           {"class and patient", "Encounter", {{"patient", "p0077"}, {"class", "AMB"}}},
           {"chain", "Observation", {{"patient.family", "family012"}, {"code", "v7"}}},
           {"chain of two steps",
            "Observation",
            {{"encounter:Encounter.service-provider:Organization.name", "hospital 07"}, {"code", "v7"}}},
           {"_has", "Patient", {{"_has:Observation:patient:code", "v7"}}},
           {"_has, nested",
            "Organization",
            {{"_has:Encounter:service-provider:_has:Observation:encounter:code", "v7"}}},
           {"_sort=-date", "Observation", {{"patient", "p0077"}, {"_sort", "-date"}}},
           {"_sort=-created", "Claim", {{"patient", "p0077"}, {"_sort", "-created"}}},
           {"_sort=-_lastUpdated", "Observation", {{"_sort", "-_lastUpdated"}}},
           {"status and patient", "MedicationRequest", {{"patient", "p0077"}, {"status", "stopped,active"}}},
           {"_id, list", "Patient", {{"_id", "p0001,p0002,p0003"}}},
       }) {
    const std::string plan = PlanOf(asked.type, asked.parameters);
    EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on idx_"))) << asked.name;
    EXPECT_THAT(plan, Not(HasSubstr("Seq Scan on resource_version"))) << asked.name;
    table += fmt::format("| {} | {} |\n", asked.name, WayOf(plan));
  }
  EXPECT_EQ(fhir::conformance::CheckSection("ways", table, "docs/search_to_sql.md"), "");
}

}  // namespace
}  // namespace tests::store
