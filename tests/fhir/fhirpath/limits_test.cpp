// What an expression may cost.
#include <gtest/gtest.h>

#include <string>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"

namespace {

using fhir::ErrorCode;
using fhir::fhirpath::Compile;
using fhir::fhirpath::Evaluate;
using fhir::fhirpath::EvaluationContext;

fhir::model::Document PatientWithNames(int names) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  fhir::model::Document document(definitions.FindType("Patient"));
  for (int i = 0; i < names; ++i)
    document.Add(document.Add(document.root(), "name"), "family", "Essai" + std::to_string(i));
  return document;
}

std::string Nested(std::size_t depth) {
  return std::string(depth, '(') + "1" + std::string(depth, ')');
}

TEST(FhirPathLimits, Compile_AtTextLimit_PassesAndPastItFails) {
  std::string text(fhir::fhirpath::kExpressionBytesMax - 1, ' ');
  text += "1";
  EXPECT_TRUE(Compile(text));
  const auto longer = Compile(text + " ");
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, ErrorCode::kTooLarge);
}

TEST(FhirPathLimits, Compile_AtDepthLimit_PassesAndPastItFails) {
  EXPECT_TRUE(Compile(Nested(fhir::fhirpath::kExpressionDepthMax - 1)));
  const auto deeper = Compile(Nested(fhir::fhirpath::kExpressionDepthMax));
  ASSERT_FALSE(deeper);
  EXPECT_EQ(deeper.error().code, ErrorCode::kTooLarge);
}

TEST(FhirPathLimits, Compile_LongChain_FailsAsTooDeep) {
  std::string chain = "a";
  for (std::size_t i = 0; i < fhir::fhirpath::kExpressionDepthMax; ++i) chain += ".a";
  const auto compiled = Compile(chain);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().code, ErrorCode::kTooLarge);
}

TEST(FhirPathLimits, Evaluate_StepsUsedUp_FailsAsTooCostly) {
  const auto document = PatientWithNames(100);
  const auto expression = Compile("descendants().where(descendants().count() >= 0).count()");
  ASSERT_TRUE(expression);
  EXPECT_TRUE(Evaluate(*expression, {}, document.root()));
  EvaluationContext small;
  small.steps_max = 100;
  const auto result = Evaluate(*expression, small, document.root());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTooCostly);
}

TEST(FhirPathLimits, Evaluate_ItemsAtLimit_PassesAndPastItFails) {
  const auto document = PatientWithNames(10);
  const auto expression = Compile("name.where(true)");
  ASSERT_TRUE(expression);
  EvaluationContext context;
  context.items_max = 10;
  EXPECT_TRUE(Evaluate(*expression, context, document.root()));
  context.items_max = 9;
  const auto result = Evaluate(*expression, context, document.root());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTooCostly);
}

TEST(FhirPathLimits, Evaluate_DepthPastLimit_FailsAsTooCostly) {
  const auto document = PatientWithNames(1);
  const auto expression = Compile("1 + 1 + 1 + 1 + 1");
  ASSERT_TRUE(expression);
  EvaluationContext context;
  context.depth_max = 5;
  EXPECT_TRUE(Evaluate(*expression, context, document.root()));
  context.depth_max = 4;
  EXPECT_FALSE(Evaluate(*expression, context, document.root()));
}

TEST(FhirPathLimits, Evaluate_NoTimeGiven_NowFails) {
  const auto document = PatientWithNames(1);
  const auto expression = Compile("now()");
  ASSERT_TRUE(expression);
  EXPECT_FALSE(Evaluate(*expression, {}, document.root()));
}

}  // namespace
