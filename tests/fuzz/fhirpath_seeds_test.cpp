// Texts that a fuzzer would find first, kept as an ordinary test.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "tests/fuzz/fhirpath_fuzz.hpp"

namespace {

constexpr std::string_view kFhirPathSeeds[] = {
    "Patient.name.given",
    "4 'g' / 2 'm' = 2 'g/m' and 1 year ~ 1 'a' or 3 'kg.m2' * 2 '1/s' > 1 '[in_i]'",
    "name.family.matches('(a+)+$') | name.given.replaceMatches('(.)', '$1$1$1') | 'x'.matchesFull('[')",
    "(-0.0034).lowBoundary(1) | @2024-02T.highBoundary(17) | @T10:30.lowBoundary(9) | birthDate.precision()",
    "name.sort(-family, -given.first()).given.sort()",
    "'\\uD83D\\uDE00'.encode('hex').decode('hex').escape('json').unescape('html')",
    "active.memberOf('x') | conformsTo('http://hl7.org/fhir/StructureDefinition/Person') | htmlChecks()",
    "name.checkModifiers('a, b').slice('x', 'y').elementDefinition() | %context.subsumes(%resource)",
    "1 'g'.toQuantity('mg') + 1 day - 2 'mo'",
    "name.where(given.exists() and family ~ 'essai').select(given | family)",
    "(1 + 2.50) * -3 div 2 mod 7 / 0.1",
    "@2024-02-29T10:00:00.123+14:00 + 1 year - 3 'ms' > @T10",
    "iif(active, name.given.first(), {}).toChars().join('-')",
    "repeat(children()).descendants().count()",
    "managingOrganization.resolve() is Organization",
    "9223372036854775807 + 1 - -9223372036854775807 - 2",
    "-(-9223372036854775807 - 1)",
    "99999999999999999999999999999999.9 * 99999999999999999999999.9",
    "%`vs-x` & %context.id & $this.id & 'a\\u00e9'.substring(1, -1)",
    "1.0e5",
    "'a'.replace('', 'bb')",
    "name.aggregate($total & $this.family, '')",
    "((((((((1))))))))",
    "'\\",
    "`",
    "@",
    "@2024-",
    "%",
    "$",
    "1..2",
    "name[",
    "name[-1]",
    "0.round(29)",
    "10.power(400)",
};

TEST(FhirPathFuzzSeeds, EachSeed_AndItsPrefixes_KeepTheProperty) {
  for (const std::string_view seed : kFhirPathSeeds) {
    for (std::size_t size = 0; size <= seed.size(); ++size) fhirpath_fuzz::TestOne(seed.substr(0, size));
  }
}

TEST(FhirPathFuzzSeeds, ChangedSeeds_OfAFixedSequence_KeepTheProperty) {
  std::mt19937 random(7);  // the same changes on every run
  for (const std::string_view seed : kFhirPathSeeds) {
    for (int round = 0; round < 300; ++round) {
      std::string text(seed);
      for (int change = 0; change < 3 && !text.empty(); ++change) {
        text[random() % text.size()] =
            static_cast<char>(random() % 3 == 0 ? random() % 256 : kFhirPathSeeds[1][random() % 60]);
      }
      fhirpath_fuzz::TestOne(text);
    }
  }
}

}  // namespace
