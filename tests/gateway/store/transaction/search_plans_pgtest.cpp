// The plans of searches over a database of known contents, written to docs/search_to_sql.md: an index per criterion,
// and no scan of a table.
#include <gmock/gmock.h>

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

}  // namespace
}  // namespace tests::store
