#include "gateway/store/search_sql/compiler.hpp"

#include <gmock/gmock.h>

#include <regex>
#include <string>

#include "fhir/search/query_parser.hpp"
#include "gateway/store/search_sql/page.hpp"

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

namespace search_sql = gateway::store::search_sql;

// What a count looks at, with the numbers of types and parameters left out: they are data of the definitions. Where
// resources are walked, their conditions.
std::string Conditions(std::string_view type, std::string name, std::string value,
                       const adapters::port::Grants& grants) {
  const auto id = fhir::metadata::Definitions::R4().FindType(type);
  const fhir::search::NameValue pairs[] = {{std::move(name), std::move(value)}};
  fhir::IssueList warnings;
  const auto query = fhir::search::ParseQuery(id, pairs, {}, warnings);
  if (!query) {
    return "not parsed: " + query.error().public_text.text;
  }
  const auto statement = search_sql::CompileCount(*query, grants, 10);
  if (!statement) {
    return "not compiled: " + statement.error().public_text.text;
  }
  std::string text = statement->text;
  for (const std::string_view start : {"SELECT count(*) FROM (", "AND NOT r.deleted"}) {
    if (const std::size_t at = text.find(start); at != std::string::npos) {
      text = text.substr(at + start.size());
    }
  }
  text = text.substr(0, text.rfind(" LIMIT"));
  return std::regex_replace(text, std::regex("(type|parameter) = [0-9]+"), "$1 = N");
}

std::string Open(std::string_view type, std::string name, std::string value) {
  return Conditions(type, std::move(name), std::move(value), {.unrestricted = true, .by_type = {}});
}

constexpr std::string_view kRows = " WHERE t1.type = N AND t1.parameter = N AND t1.closed_tx IS NULL AND ";

std::string Among(std::string_view ids) {
  return "SELECT DISTINCT m.id FROM (" + std::string(ids) + ") m(id) WHERE true";
}

std::string InSet(std::string_view table, std::string_view condition) {
  return Among("SELECT t1.id FROM " + std::string(table) + " t1" + std::string(kRows) + std::string(condition));
}

TEST(SearchSql, EachType_GivesItsCondition) {
  EXPECT_EQ(Open("Patient", "family", "Dupré"), InSet("idx_string", "(t1.folded ^@ $1::text)"));
  EXPECT_EQ(Open("Patient", "family:exact", "x"),
            InSet("idx_string", "((t1.folded = $1::text AND t1.exact = $2::text))"));
  EXPECT_EQ(Open("Patient", "identifier", "s|c"), InSet("idx_token", "(t1.system = $1::text AND t1.code = $2::text)"));
  EXPECT_EQ(Open("Patient", "identifier", "s|c,t|c"),
            InSet("idx_token", "(t1.system = ANY ($1::text[]) AND t1.code = $2::text)"));
  EXPECT_EQ(Open("Patient", "identifier", "s|c,t|d"),
            InSet("idx_token",
                  "((t1.system = $1::text AND t1.code = $2::text) OR (t1.system = $3::text AND t1.code = $4::text))"));
  EXPECT_EQ(Open("Patient", "identifier", "a,b,c"), InSet("idx_token", "(t1.code = ANY ($1::text[]))"));
  EXPECT_EQ(Open("Patient", "identifier", "s|"), InSet("idx_token", "(t1.system = $1::text)"));
  EXPECT_EQ(Open("Patient", "birthdate", "2024"),
            InSet("idx_date", "((t1.low >= $1::bigint AND t1.high <= $2::bigint))"));
  EXPECT_EQ(Open("Patient", "birthdate", "sa2024"), InSet("idx_date", "(t1.low >= $1::bigint)"));
  EXPECT_EQ(Open("Encounter", "subject", "Patient/1"),
            InSet("idx_reference", "(t1.target_type = N AND t1.target = $1::text)"));
  // The rows of the subject answer.
  EXPECT_EQ(Open("Encounter", "patient", "Patient/1"),
            InSet("idx_reference",
                  "(t1.target_type IN (103, -103) OR (t1.target_type = N AND strpos(t1.target, '/Patient/') > 0)) AND "
                  "(t1.target_type = N AND t1.target = $1::text)"));
  EXPECT_EQ(Open("RiskAssessment", "probability", "gt0.5"), InSet("idx_number", "(t1.high > $1::text::numeric)"));
  EXPECT_EQ(Open("Observation", "value-quantity", "lt5||mg"),
            InSet("idx_quantity", "((t1.low < $1::text::numeric AND (t1.code = $2::text OR t1.unit = $3::text)))"));
  EXPECT_EQ(
      Open("Observation", "value-quantity", "gt5|http://unitsofmeasure.org|mg"),
      InSet("idx_quantity", "((t1.base_high > $1::text::numeric AND t1.base_unit <> '' AND t1.base_unit = $2::text))"));
  EXPECT_EQ(Open("Patient", "maritalStatus:text", "mar"),
            "not parsed: Patient has no search parameter "
            "'maritalStatus'.");
  EXPECT_EQ(Open("Observation", "code:text", "heart"), InSet("idx_token", "(t1.text ^@ $1::text) AND t1.text <> ''"));
  EXPECT_EQ(Open("Location", "near", "48|2|1"),
            InSet("idx_position",
                  "((t1.latitude BETWEEN $1::text::float8 AND $2::text::float8 AND 2 * 6371000 * asin(least(1.0, "
                  "sqrt(power(sin(radians(t1.latitude - $3::text::float8) / 2), 2) + cos(radians($4::text::float8)) * "
                  "cos(radians(t1.latitude)) * power(sin(radians(t1.longitude - $5::text::float8) / 2), 2)))) <= "
                  "$6::text::float8))"));
  EXPECT_EQ(Open("ValueSet", "url:below", "http://x"), InSet("idx_uri", "(t1.uri ^@ $1::text)"));
}

TEST(SearchSql, Composite_IsOneRow) {
  EXPECT_EQ(Open("Observation", "component-code-value-quantity", "s|c$gt5"),
            InSet("idx_composite",
                  "(((true AND t1.code = $1::text AND t1.system = $2::text) AND (t1.high > $3::text::numeric)))"));
  EXPECT_EQ(
      Open("Observation", "combo-code-value-concept", "a$b"),
      Among("SELECT t1.id FROM idx_composite t1 WHERE t1.type = N AND t1.parameter = N AND t1.closed_tx IS NULL AND "
            "(((true AND t1.code = $1::text) AND (true AND t1.code2 = $2::text))) UNION ALL "
            "SELECT t2.id FROM idx_composite t2 WHERE t2.type = N AND t2.parameter = N AND t2.closed_tx IS NULL AND "
            "(((true AND t2.code = $3::text) AND (true AND t2.code2 = $4::text)))"));
}

TEST(SearchSql, Filter_OrOfIndexedCriteria_IsAUnion) {
  EXPECT_EQ(
      Open("Patient", "_filter", "family eq x or gender eq male"),
      Among(
          "SELECT t1.id FROM idx_string t1 WHERE t1.type = N AND t1.parameter = N AND t1.closed_tx IS NULL "
          "AND (t1.folded = $1::text) UNION ALL SELECT t2.id FROM idx_token t2 WHERE t2.type = N AND t2.parameter = N "
          "AND t2.closed_tx IS NULL AND (t2.code = $2::text)"));
}

TEST(SearchSql, Filter_IsLogicOverTheSameConditions) {
  EXPECT_EQ(Open("Patient", "_filter", "family eq x or not (gender eq male)"),
            " AND (r.id IN (SELECT t1.id FROM idx_string t1 WHERE t1.type = N AND t1.parameter = N AND t1.closed_tx IS "
            "NULL AND (t1.folded = $1::text)) OR NOT (r.id IN (SELECT t2.id FROM idx_token t2 WHERE t2.type = N AND "
            "t2.parameter = N AND t2.closed_tx IS NULL AND (t2.code = $2::text))))");
}

TEST(SearchSql, FullText_IsClosedToWhoMayNotSearchEveryIdentifier) {
  adapters::port::Grants grants;
  const auto patient = fhir::metadata::Definitions::R4().FindType("Patient");
  grants.by_type[patient] = {.grants = {{adapters::port::kRead | adapters::port::kSearch, {}}},
                             .identifier_types_hidden = {}};
  EXPECT_EQ(Conditions("Patient", "_text", "x", grants),
            Among("SELECT t1.id FROM idx_text t1 WHERE t1.type = N AND t1.parameter = N AND t1.closed_tx IS NULL AND "
                  "(t1.document @@ search_words($1::text))"));
  grants.by_type[patient].identifier_types_hidden = {"INS-NIR"};
  EXPECT_THAT(Conditions("Patient", "_text", "x", grants), HasSubstr("t1.closed_tx IS NULL AND t1.type <> "));
  EXPECT_THAT(Conditions("Patient", "_text:missing", "false", grants),
              HasSubstr("t1.closed_tx IS NULL AND t1.type <> "));
}

TEST(SearchSql, SeveralTypes_AreBoundByTypeAndIdTogether) {
  const auto& r4 = fhir::metadata::Definitions::R4();
  const fhir::search::NameValue pairs[] = {{"_type", "Patient,Slot"}, {"_tag", "x"}};
  fhir::IssueList warnings;
  auto query = fhir::search::ParseSystemQuery(r4.ResourceTypes(), pairs, {}, warnings);
  ASSERT_TRUE(query);
  fhir::search::Criterion inside;
  inside.kind = fhir::search::CriterionKind::kCompartment;
  inside.compartment = fhir::search::Compartment{r4.FindType("Patient"), "1"};
  query->criteria.push_back(inside);
  adapters::port::Grants grants;
  grants.by_type[r4.FindType("Slot")] = {.grants = {{adapters::port::kSearch | adapters::port::kRead, {}}},
                                         .identifier_types_hidden = {}};
  const auto statement = search_sql::CompileCount(*query, grants, 10);
  ASSERT_TRUE(statement);
  const std::string text =
      std::regex_replace(statement->text, std::regex("(type|parameter) (= |IN \\()[0-9]+(, [0-9]+)*"), "$1 $2N");
  EXPECT_EQ(
      text,
      "SELECT count(*) FROM (SELECT 1 FROM resource_version r WHERE r.type = ANY ($1::bigint[]) AND r.closed_tx IS "
      "NULL AND NOT r.deleted AND (r.type, r.id) IN (SELECT t1.type, t1.id FROM idx_token t1 WHERE t1.type = ANY "
      "($2::bigint[]) AND t1.parameter = N AND t1.closed_tx IS NULL AND (t1.code = $3::text)) AND ((r.type, "
      "r.id) IN (SELECT t2.type, t2.id FROM idx_reference t2 WHERE t2.type = ANY ($4::bigint[]) AND t2.closed_tx IS "
      "NULL AND t2.target_type = N AND t2.target = $5::text AND (false OR (t2.type = N AND t2.parameter IN (N)))) OR "
      "(r.type = N AND r.id = $6::text)) AND (false OR (r.type = N)) LIMIT $7::bigint) c");
}

// The text of a first page of one type, numbers left out.
std::string Page(std::string_view type, const std::vector<fhir::search::NameValue>& pairs) {
  fhir::IssueList warnings;
  const auto query = fhir::search::ParseQuery(fhir::metadata::Definitions::R4().FindType(type), pairs, {}, warnings);
  const auto statement = search_sql::CompilePage(*query, {.unrestricted = true, .by_type = {}}, 51);
  return std::regex_replace(statement->text, std::regex("(type|parameter) = [0-9]+"), "$1 = N");
}

TEST(SearchSql, Page_FindsIdsBeforeBodies) {
  const std::string bodies =
      ") m CROSS JOIN LATERAL (SELECT r.type, r.id, r.version, r.last_updated, r.body FROM resource_version r WHERE "
      "r.type = N AND r.id = m.id AND r.closed_tx IS NULL AND NOT r.deleted OFFSET 0) r ORDER BY ";
  const std::string shown =
      "SELECT r.type, r.id, r.version, r.last_updated, r.body, (SELECT pg_current_snapshot()::text), false";
  const std::string own = "SELECT DISTINCT m.id FROM (SELECT t1.id FROM idx_reference t1" + std::string(kRows) +
                          "(t1.target_type = N AND t1.target = $1::text)) m(id) WHERE true";
  EXPECT_EQ(Page("Encounter", {{"subject", "Patient/1"}}),
            shown + " FROM (" + own + " ORDER BY m.id LIMIT $2::bigint" + bodies + "m.id");
  EXPECT_EQ(Page("Encounter", {{"subject", "Patient/1"}, {"_sort", "-date"}}),
            shown + ", k1::text AS at1 FROM (SELECT m.id, k1 FROM (" + own +
                ") m LEFT JOIN LATERAL (SELECT max(t2.low) AS k1 FROM idx_date t2 WHERE t2.type = N AND t2.parameter "
                "= N AND "
                "t2.closed_tx IS NULL AND t2.id = m.id) x1 ON true WHERE true ORDER BY k1 DESC NULLS LAST, m.id LIMIT "
                "$2::bigint" +
                bodies + "k1 DESC NULLS LAST, m.id");
}

TEST(SearchSql, Page_WalksAlongTheCriterionOfOneValue) {
  EXPECT_THAT(Page("Encounter", {{"class", "AMB"}, {"patient", "Patient/1"}, {"date", "2024"}}),
              HasSubstr("SELECT DISTINCT n.id FROM (SELECT t1.id FROM idx_reference t1"));
  EXPECT_THAT(Page("Encounter", {{"date", "2024"}, {"class", "AMB"}}),
              HasSubstr("SELECT DISTINCT m.id FROM (SELECT t1.id FROM idx_token t1"));
  // Time has an index of resources themselves.
  EXPECT_THAT(Page("Encounter", {{"class", "AMB"}, {"_sort", "-_lastUpdated"}}),
              HasSubstr(" ORDER BY r.last_updated DESC, r.id"));
}

TEST(SearchSql, Page_AlongAChain_AsksEachResource) {
  const std::string page = Page("Encounter", {{"class", "AMB"}, {"subject:Patient.family", "x"}});
  EXPECT_THAT(page,
              HasSubstr("SELECT DISTINCT m.id FROM (SELECT DISTINCT n.id FROM (SELECT t1.id FROM idx_reference t1"));
  EXPECT_THAT(page, HasSubstr(") n(id) WHERE true ORDER BY n.id OFFSET 0) m WHERE true AND EXISTS (SELECT 1 FROM "
                              "idx_token t3 WHERE "));
  EXPECT_THAT(
      page, HasSubstr("t3.closed_tx IS NULL AND t3.id = m.id AND (t3.code = $2::text) OFFSET 0) ORDER BY m.id LIMIT"));
}

TEST(SearchSql, Page_SortedByWhatHasAnOrder_WalksAlongIt) {
  const std::string newest = Page("Encounter", {{"class", "AMB"}, {"_sort", "-date"}});
  EXPECT_THAT(newest, HasSubstr("WITH f AS MATERIALIZED (SELECT k.low AS k1, k.id FROM idx_date k WHERE "));
  EXPECT_THAT(newest, HasSubstr(" AND t1.id = k.id AND (t1.low > k.low OR t1.low = k.low AND t1.ctid > k.ctid) OFFSET "
                                "0) AND k.id IN (SELECT t2.id FROM idx_token"));
  EXPECT_THAT(newest, HasSubstr(") g WHERE (SELECT count(*) FROM f) < ")) << "those without a date come last";
  // One patient's are few: they are sorted. Two keys have no common order.
  EXPECT_THAT(Page("Encounter", {{"patient", "Patient/1"}, {"_sort", "-date"}}), Not(HasSubstr("WITH f")));
  EXPECT_THAT(Page("Encounter", {{"_sort", "-date,status"}}), Not(HasSubstr("WITH f")));
}

TEST(SearchSql, Page_OfAList_MergesTheWalksOfItsValues) {
  EXPECT_THAT(Page("Encounter", {{"class", "AMB,IMP,EMER"}}),
              HasSubstr("FROM (SELECT DISTINCT m.id FROM unnest($1::text[]) l(v) CROSS JOIN LATERAL (SELECT DISTINCT "
                        "m.id FROM (SELECT t1.id FROM idx_token t1" +
                        std::string(kRows) +
                        "(t1.code = l.v)) m(id) WHERE true ORDER BY m.id LIMIT $2::bigint) m ORDER BY m.id LIMIT "
                        "$3::bigint) m"));
  EXPECT_THAT(Page("Encounter", {{"class", "AMB,IMP"}, {"date", "2024"}}), Not(HasSubstr("unnest")))
      << "the dates may be fewer rows";
}

TEST(SearchSql, Not_IsAnAbsenceOnTheResource) {
  EXPECT_EQ(Open("Patient", "gender:not", "male"),
            " AND NOT EXISTS (SELECT 1 FROM idx_token t1 WHERE t1.type = N AND t1.parameter = N AND t1.closed_tx IS"
            " NULL AND t1.id = r.id AND (t1.code = $1::text))");
}

TEST(SearchSql, Chain_NeedsNoResourceTable) {
  EXPECT_EQ(
      Open("Encounter", "subject:Patient.family", "x"),
      Among("SELECT t1.id FROM idx_reference t1 WHERE t1.type = N AND t1.parameter = N AND t1.closed_tx IS NULL"
            " AND ((t1.target_type IN (103, -103) AND t1.target IN (SELECT t2.id FROM idx_string t2 WHERE t2.type IN"
            " (103, -103) AND t2.parameter = N AND t2.closed_tx IS NULL AND (t2.folded ^@ $1::text))))"));
}

TEST(SearchSql, Values_NeverStandInTheText) {
  EXPECT_THAT(Open("Patient", "_filter", "family co \"zz'--); DROP\""), Not(HasSubstr("zz")));
  EXPECT_THAT(Open("Observation", "code-value-string", "zz'$zz'"), Not(HasSubstr("zz")));
  const std::string mark = "zz'--\"); DROP";
  for (const auto& [type, name] : {std::pair{"Patient", "family"},
                                   {"Patient", "identifier"},
                                   {"Encounter", "subject"},
                                   {"ValueSet", "url"},
                                   {"Patient", "_text"},
                                   {"Patient", "_list"},
                                   {"Patient", "identifier:text"},
                                   {"Patient", "_id"}}) {
    EXPECT_THAT(Open(type, name, mark), Not(HasSubstr("zz"))) << name;
  }
}

TEST(SearchSql, Grants_StandInEveryLevel) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  adapters::port::Grants grants;
  EXPECT_THAT(Conditions("Patient", "family", "x", grants), HasSubstr(" AND false"));
  const auto encounter = definitions.FindType("Encounter");
  grants.by_type[encounter] = {.grants = {{adapters::port::kRead | adapters::port::kSearch, {}}},
                               .identifier_types_hidden = {}};
  EXPECT_THAT(Conditions("Encounter", "subject:Patient.family", "x", grants), HasSubstr(" AND false"))
      << "a chain through a type without any grant";
  const auto patient = definitions.FindType("Patient");
  grants.by_type[patient] = {.grants = {{adapters::port::kChain, {}}}, .identifier_types_hidden = {"INS-NIR"}};
  const auto chained = Conditions("Encounter", "subject:Patient.identifier", "x", grants);
  EXPECT_THAT(chained, Not(HasSubstr("false")));
  EXPECT_THAT(chained, HasSubstr("t2.identifier_type <> ALL ("));
  EXPECT_THAT(chained, HasSubstr("t4.identifier_type <> ALL (")) << "of contained patients neither";
}

TEST(SearchSql, ChainsOfGrants_LeadIntoNothingContained) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  adapters::port::Grants grants;
  auto where = fhir::search::ParseConditional(definitions.FindType("Claim"), "insurer.identifier=x", {});
  ASSERT_TRUE(where);
  grants.by_type[definitions.FindType("Claim")] = {.grants = {{adapters::port::kSearch, std::move(where->criteria)}},
                                                   .identifier_types_hidden = {}};
  const auto granted = Conditions("Claim", "status", "active", grants);
  EXPECT_THAT(granted, HasSubstr("target_type = N"));
  EXPECT_THAT(granted, Not(HasSubstr(", -")));
}

}  // namespace
