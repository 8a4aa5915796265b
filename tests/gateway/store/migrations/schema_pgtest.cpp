// What the schema must not have, so that its tables can be distributed by a column that each carries.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/postgres/test_database.hpp"

namespace gateway::store::migrations {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> NamesOf(const std::string& sql) {
  const auto rows = tests::support::SharedDatabase().Connect()->ExecuteAdHoc("names", sql, {});
  EXPECT_TRUE(rows) << rows.error().internal_text.text;
  std::vector<std::string> names;
  for (int i = 0; rows && i < rows->size(); ++i) {
    names.push_back((*rows)[i].String(0));
  }
  return names;
}

TEST(Schema, EveryTable_HasAColumnThatAllItsUniqueConstraintsContain) {
  EXPECT_THAT(
      NamesOf("SELECT c.relname::text FROM pg_class c"
              " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
              "   AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0"
              "     AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid"
              "       AND (i.indisunique OR i.indisexclusion) AND NOT a.attnum = ANY (i.indkey)))"
              " ORDER BY 1"),
      ElementsAre("search_parameter"))
      << "which is small, and copied to every node";
}

TEST(Schema, NoTable_RefersToAnother) {
  EXPECT_THAT(NamesOf("SELECT conname::text FROM pg_constraint WHERE contype = 'f'"), IsEmpty());
}

TEST(Schema, NoColumn_CountsByASequenceOfItsOwn) {
  EXPECT_THAT(NamesOf("SELECT s.relname::text FROM pg_class s JOIN pg_depend d ON d.objid = s.oid"
                      " WHERE s.relkind = 'S' AND d.deptype IN ('a', 'i')"),
              IsEmpty());
}

}  // namespace
}  // namespace gateway::store::migrations
