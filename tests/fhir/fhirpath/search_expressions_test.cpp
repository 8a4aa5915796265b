// Every search parameter of R4 is written in what this folder can read.
#include <gtest/gtest.h>

#include <string>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/metadata/definitions.hpp"

namespace {

TEST(SearchExpressions, All_OfR4_Compile) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  std::size_t compiled_count = 0;
  for (const auto type : definitions.ResourceTypes()) {
    for (const auto& parameter : definitions.SearchParameters(type)) {
      if (parameter.expression.empty()) continue;
      const auto compiled = fhir::fhirpath::Compile(parameter.expression, definitions);
      EXPECT_TRUE(compiled) << definitions.TypeName(type) << "?" << parameter.code << ": " << parameter.expression;
      ++compiled_count;
    }
  }
  EXPECT_GT(compiled_count, 1'700u);
}

}  // namespace
