// Rows made anew out of bodies: whatever is wrong with them, they are right afterwards, and what was right is not
// touched.
#include <gmock/gmock.h>

#include "gateway/store/transaction/reindex.hpp"
#include "gateway/store/type_codes.hpp"
#include "tests/gateway/store/search_parameters/parameter_fixture.hpp"

namespace tests::store {
namespace {

namespace transaction = gateway::store::transaction;

class RowRepair : public ParameterTest {
 protected:
  /// All types that the test writes; whole.
  void ReindexAll(std::optional<std::vector<std::uint16_t>> only = std::nullopt) {
    for (const char* type : {"Patient", "Observation", "Location"}) {
      auto session = transaction::Session::Open(*one_->pool);
      ASSERT_TRUE(session);
      fhir::search::Extractor extractor;
      const transaction::ReindexContext context{
          .session = **session, .options = one_->options, .extractor = extractor, .only = only};
      const auto done =
          transaction::ReindexNext(context, {.type = gateway::store::TypeCode(Type(type)), .after = {}, .until = {}});
      ASSERT_TRUE(done) << done.error().internal_text.text;
      ASSERT_TRUE((*session)->Commit());
    }
  }

  /// All open rows, in order.
  static std::string Rows() {
    std::string all;
    for (const char* table : {"idx_string", "idx_token", "idx_reference", "idx_date", "idx_number", "idx_quantity",
                              "idx_uri", "idx_composite", "idx_text", "idx_position"}) {
      all +=
          Ask(fmt::format("SELECT string_agg(x, E'\\n' ORDER BY x) FROM (SELECT (to_jsonb(t) - 'made_tx')::text AS x "
                          "FROM {} t WHERE closed_tx IS NULL) rows",
                          table));
    }
    return all;
  }

  void WriteSome() {
    Store(*one_, "p1", R"({"resourceType":"Patient","name":[{"family":"Rossi","given":["Ève"]}],"birthDate":"1970-02",
      "identifier":[{"system":"urn:s","value":"1","type":{"coding":[{"code":"MR"}],"text":"Number"}}],
      "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">words of it</div>"},
      "managingOrganization":{"reference":"Organization/o"}})");
    Store(*one_, "b1", R"({"resourceType":"Observation","status":"final",
      "code":{"coding":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}]},
      "subject":{"reference":"Patient/p1"},"effectiveDateTime":"2025-01-01T10:00:00Z",
      "valueQuantity":{"value":1.50,"unit":"milligram","system":"http://unitsofmeasure.org","code":"mg"}})");
    Store(*one_, "l1", R"({"resourceType":"Location","name":"L","position":{"longitude":2.35,"latitude":48.85}})");
  }
};

TEST_F(RowRepair, RightRows_StayAsTheyAre) {
  WriteSome();
  const std::string before = Rows();
  ASSERT_FALSE(before.empty());
  const std::string last = Ask("SELECT max(made_tx)::text FROM idx_token");
  ReindexAll();
  EXPECT_EQ(Rows(), before);
  EXPECT_EQ(Ask("SELECT max(made_tx)::text FROM idx_token"), last);
  EXPECT_EQ(Ask("SELECT count(*)::text FROM idx_quantity WHERE closed_tx IS NOT NULL"), "0");
}

TEST_F(RowRepair, MissingAndStaleAndForeignRows_AreMadeRight) {
  WriteSome();
  const std::string before = Rows();
  const char* const damages[] = {
      // As rows of before the migration that brought texts, composites and full text.
      "UPDATE idx_token SET text = ''; UPDATE idx_quantity SET unit = '', base_low = 0, base_high = 0, base_unit = '';"
      "DELETE FROM idx_composite; DELETE FROM idx_text; DELETE FROM idx_position",
      "DELETE FROM idx_string; DELETE FROM idx_date; DELETE FROM idx_number; DELETE FROM idx_uri",
      "UPDATE idx_reference SET target = 'somebody else'",
      "INSERT INTO idx_token (id, type, parameter, system, code, identifier_type) SELECT id, type, parameter, 's', "
      "'c', "
      "'' FROM idx_token WHERE closed_tx IS NULL",
  };
  for (const char* const damage : damages) {
    Script(damage);
    ASSERT_NE(Rows(), before) << damage;
    ReindexAll();
    EXPECT_EQ(Rows(), before) << damage;
  }
}

TEST_F(RowRepair, OfOneParameter_LeavesTheOthers) {
  WriteSome();
  Script("DELETE FROM idx_string; DELETE FROM idx_date");
  const auto& r4 = fhir::metadata::Definitions::R4();
  const auto number = r4.FindSearchParameter(Type("Patient"), "family")->id;
  ReindexAll(std::vector<std::uint16_t>{number});
  EXPECT_EQ(Ask("SELECT string_agg(DISTINCT folded, ',') FROM idx_string"), "rossi");
  EXPECT_EQ(Ask("SELECT count(*)::text FROM idx_date"), "0");
  EXPECT_EQ(Found(*one_, {{"family", "rossi"}}), std::vector<std::string>{"p1"});
}

TEST_F(RowRepair, RowsOfADeletedResource_Go) {
  WriteSome();
  Apply(Delete("Patient", "p1"));
  Script(
      "INSERT INTO idx_string (id, type, parameter, folded, exact) SELECT id, type, 1, 'left', 'left' FROM "
      "resource_version WHERE id = 'p1' AND closed_tx IS NULL");
  ReindexAll();
  EXPECT_EQ(Ask("SELECT count(*)::text FROM idx_string WHERE folded = 'left' AND closed_tx IS NULL"), "0");
}

}  // namespace
}  // namespace tests::store
