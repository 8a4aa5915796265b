#include "gateway/store/type_codes.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

using gateway::store::TypeCode;
using gateway::store::TypeOfCode;

TEST(TypeCodes, EveryResourceType_HasItsOwnNumberAndComesBack) {
  std::set<int> codes;
  for (const auto type : fhir::metadata::Definitions::R4().ResourceTypes()) {
    const int code = TypeCode(type);
    EXPECT_GT(code, 0) << fhir::metadata::Definitions::R4().TypeName(type);
    EXPECT_TRUE(codes.insert(code).second);
    EXPECT_EQ(TypeOfCode(code), type);
  }
}

TEST(TypeCodes, NumbersInDatabases_DoNotMove) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  EXPECT_EQ(TypeCode(definitions.FindType("Account")), 1);
  EXPECT_EQ(TypeCode(definitions.FindType("VisionPrescription")), 146);
}

TEST(TypeCodes, UnknownTypesAndNumbers_HaveNone) {
  EXPECT_EQ(TypeCode(fhir::metadata::kNoType), 0);
  EXPECT_EQ(TypeCode(fhir::metadata::Definitions::R4().FindType("HumanName")), 0);
  EXPECT_EQ(TypeOfCode(0), fhir::metadata::kNoType);
  EXPECT_EQ(TypeOfCode(30'000), fhir::metadata::kNoType);
  EXPECT_EQ(TypeOfCode(-1), fhir::metadata::kNoType);
}

}  // namespace
