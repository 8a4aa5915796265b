// Every row of the generated table against the definition it was made from, read by the parser of this library.
#include <gtest/gtest.h>

#include <string>

#include "fhir/ucum/table.hpp"
#include "fhir/ucum/term.hpp"
#include "fhir/ucum/ucum.hpp"

namespace {

using fhir::ucum::kTable;
using fhir::ucum::Ratio;
using fhir::ucum::Term;
using fhir::ucum::UnitRow;

std::string Code(const UnitRow& row) {
  return std::string(kTable.Text(row.code));
}

TEST(UcumTable, EveryUnit_EqualsItsDefinition) {
  EXPECT_GE(kTable.units.size(), 300U);
  EXPECT_EQ(kTable.prefixes.size(), 24U);
  for (const UnitRow& row : kTable.units) {
    Term unit;
    ASSERT_FALSE(fhir::ucum::ReadTerm(Code(row), &unit)) << Code(row);
    Term definition;
    ASSERT_FALSE(fhir::ucum::ReadTerm(kTable.Text(row.definition), &definition)) << Code(row);
    const auto value = Ratio::Parse(kTable.Text(row.value));
    ASSERT_TRUE(value) << Code(row);
    definition.ratio.Multiply(*value);
    EXPECT_EQ(Ratio::Compare(unit.ratio, definition.ratio), std::strong_ordering::equal) << Code(row);
    if ((row.flags & (fhir::ucum::kUnitBase | fhir::ucum::kUnitArbitrary)) == 0) {
      EXPECT_EQ(unit.dimensions, definition.dimensions) << Code(row);
    } else {
      EXPECT_EQ(fhir::ucum::BaseUnits(unit.dimensions), Code(row));
    }
  }
}

TEST(UcumTable, EveryUnit_GoesToItsCanonicalFormAndBack) {
  for (const UnitRow& row : kTable.units) {
    const auto canonical = fhir::ucum::Canonical({"2", Code(row)});
    ASSERT_TRUE(canonical) << Code(row) << canonical.error().public_text.text;
    EXPECT_FALSE(fhir::ucum::Check(canonical->unit)) << Code(row);
    EXPECT_TRUE(fhir::ucum::Convertible(canonical->unit, Code(row))) << Code(row);
    const auto back = fhir::ucum::Convert({canonical->value, canonical->unit}, Code(row));
    ASSERT_TRUE(back) << Code(row) << back.error().public_text.text;
    const double difference = std::stod(*back) - 2;
    EXPECT_LT(std::abs(difference), 1e-13) << Code(row) << ": " << *back;
    EXPECT_EQ(*fhir::ucum::Convert({"2.50", Code(row)}, Code(row)), "2.5") << Code(row);
  }
}

TEST(UcumTable, MetricUnits_TakeEveryPrefix_OthersNone) {
  for (const UnitRow& row : kTable.units) {
    for (const auto& prefix : kTable.prefixes) {
      const std::string prefixed = std::string(kTable.Text(prefix.code)) + Code(row);
      if ((row.flags & fhir::ucum::kUnitMetric) != 0) {
        EXPECT_FALSE(fhir::ucum::Check(prefixed)) << prefixed;
      } else if (!fhir::ucum::Check(prefixed)) {
        // What reads all the same is another unit: "cd" is no hundredth of a day.
        Term term;
        EXPECT_FALSE(fhir::ucum::ReadTerm(prefixed, &term));
      }
    }
  }
}

}  // namespace
