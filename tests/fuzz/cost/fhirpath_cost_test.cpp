// What the worst expressions cost, compiled and evaluated, on a small resource and on one of a megabyte.
#include <gtest/gtest.h>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/metadata/definitions.hpp"
#include "tests/fuzz/cost/shapes.hpp"

namespace {

namespace fhirpath = fhir::fhirpath;
using fuzz::Nested;
using fuzz::Repeated;
using fuzz::Shape;

fhir::model::Document ReadForPaths(std::string_view text) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(text, {}, issues);
  EXPECT_TRUE(document.has_value());
  return *std::move(document);
}

void CompileAndEvaluate(std::string_view text, const fhir::model::Document& document) {
  (void)fhirpath::CompileChecked(text, document.root().type);
  const auto compiled = fhirpath::Compile(text);
  if (!compiled) {
    return;
  }
  fhirpath::EvaluationContext context;
  context.now = "2025-01-31T10:00:00.000+01:00";
  if (const auto items = fhirpath::Evaluate(*compiled, context, document.root())) {
    for (const auto& item : *items) {
      (void)fhirpath::ItemText(item);
    }
  }
}

TEST(FhirPathCost, LongestExpressions_StayWithinBounds) {
  std::vector<Shape> shapes;
  for (const std::size_t bytes : {fhirpath::kExpressionBytesMax, fuzz::kShapeBytes}) {
    const std::vector<Shape> some = {{"union", Repeated("1", "|1", "", bytes)},
                                     {"sum", Repeated("1", "+1", "", bytes)},
                                     {"product of decimals", Repeated("1", "*1.1", "", bytes)},
                                     {"text put together", Repeated("'a'", "&'a'", "", bytes)},
                                     {"path", Repeated("a", ".a", "", bytes)},
                                     {"calls", Repeated("a", ".b()", "", bytes)},
                                     {"children", Repeated("$this", ".children()", "", bytes)},
                                     {"descendants", Repeated("$this", ".descendants()", "", bytes)},
                                     {"indexes", Repeated("a", "[0]", "", bytes)},
                                     {"minus", Repeated("", "-", "1", bytes)},
                                     {"and", Repeated("true", " and true", "", bytes)},
                                     {"implies", Repeated("true", " implies true", "", bytes)},
                                     {"parentheses", Nested("(", "1", ")", bytes)},
                                     {"open parentheses", Repeated("", "(", "", bytes)},
                                     {"braces", Repeated("", "{}|", "{}", bytes)},
                                     {"calls in calls", Nested("iif(true,", "1", ")", bytes)},
                                     {"arguments", Repeated("iif(1", ",1", ")", bytes)},
                                     {"one string", Repeated("'", "a", "'", bytes)},
                                     {"one string of escapes", Repeated("'", "\\u00e9", "'", bytes)},
                                     {"one number", Repeated("", "1", "", bytes)},
                                     {"one decimal", Repeated("0.", "1", "", bytes)},
                                     {"one name", Repeated("", "a", "", bytes)},
                                     {"names in quotes", Repeated("a", ".`a`", "", bytes)},
                                     {"white space", Repeated("1", " ", "+1", bytes)},
                                     {"comments", Repeated("1", "/**/", "", bytes)},
                                     {"dates", Repeated("@2024", "|@2024", "", bytes)},
                                     {"quantities", Repeated("1 'm'", "+1 'm'", "", bytes)},
                                     {"units", Repeated("1 '", "m.", "m'", bytes)},
                                     {"units in parentheses", Repeated("1 '", "(", "m'", bytes)},
                                     {"types", Repeated("1", " is Integer", "", bytes)},
                                     {"pattern", Repeated("'a'.matches('", "(a|", "')", bytes)},
                                     {"pattern of stars", Repeated("'a'.matches('", "a*", "')", bytes)}};
    shapes.insert(shapes.end(), some.begin(), some.end());
  }
  const auto small =
      ReadForPaths(R"({"resourceType":"Patient","id":"p","name":[{"family":"Essai","given":["A","B"]}]})");
  fuzz::ExpectWithinCost(shapes, [&](std::string_view text) { CompileAndEvaluate(text, small); });
}

/// Short expressions that do much: the budgets of an evaluation end them.
TEST(FhirPathCost, CostlyExpressions_StayWithinBounds) {
  const char* const expressions[] = {
      "repeat($this)",
      "repeat($this | children() | 'a')",
      "name.repeat($this & 'a')",
      "name.select(%resource.name.given)",
      "name.given.select(%resource.descendants())",
      "descendants().descendants()",
      "descendants() | descendants()",
      "name.given | name.given",
      "name.given.distinct()",
      "name.given.isDistinct()",
      "name.given.intersect(name.given)",
      "name.given.exclude(name.given)",
      "name.given.combine(name.given).combine(name.given)",
      "name.given.subsetOf(name.given)",
      "name.given = name.given",
      "name.given ~ name.given",
      "name = name",
      "name ~ name",
      "name.given.sort()",
      "name.given.sort($this & 'a')",
      "name.given.join('aaaaaaaaaaaaaaaa')",
      "name.given.aggregate($total & $this, '')",
      "name.given.aggregate($total | $this, {})",
      "name.given.aggregate($total.combine($this), {})",
      "name.given.all(%resource.name.given.exists())",
      "name.given.where(%resource.name.given contains $this)",
      "name.given.where($this in %resource.name.given)",
      "name.given.join('').toChars()",
      "name.given.join('').toChars().distinct()",
      "name.given.join('').replace('a', "
      "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')",
      "name.given.join('').replaceMatches('(a)', '$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1')",
      "name.given.join('').matches('(a+)+$')",
      "name.given.join('').matches('(a|a)*b')",
      "name.given.join('').encode('hex').encode('hex').encode('hex').encode('hex').encode('hex')",
      "name.given.join('').escape('json').split('')",
      "name.given.join('').split('a')",
      "name.given.join('').indexOf('aab')",
      "('a' & 'b').combine('c').repeat($this & $this)",
      "'aaaaaaaaaaaaaaaa'.select($this&$this&$this&$this).select($this&$this&$this&$this).select($this&$this&$this&$"
      "this)"
      ".select($this&$this&$this&$this).select($this&$this&$this&$this).select($this&$this&$this&$this)"
      ".select($this&$this&$this&$this).select($this&$this&$this&$this).select($this&$this&$this&$this)",
      "name.given.first().trace('a', %resource.descendants()).repeat(%resource.children())",
      "2.power(1000000)",
      "2.0.power(1000000)",
      "1.1.power(99999)",
      "9999999999999999999999999999.sqrt()",
      "1 'm'.toQuantity('km')",
      "name.given.toInteger()",
      "name.given.toDate()",
      "checkModifiers('a')",
      "htmlChecks()",
  };
  const auto document = ReadForPaths(Repeated(R"({"resourceType":"Patient","name":[{"given":["a")", ",\"a\"", "]}]}"));
  const auto bushy =
      ReadForPaths(Repeated(R"({"resourceType":"Patient","name":[{"id":"a"})", ",{\"given\":[\"a\",\"b\"]}", "]}"));
  const auto deep = ReadForPaths(
      R"({"resourceType":"Patient","extension":)" +
      Nested("[{\"url\":\"a\",\"extension\":", "[{\"url\":\"a\",\"valueString\":\"b\"}]", "}]", 1000) + "}");
  for (const auto* resource : {&document, &bushy, &deep}) {
    std::vector<Shape> shapes;
    for (const char* expression : expressions) {
      shapes.push_back({.name = expression, .text = expression});
    }
    fuzz::ExpectWithinCost(shapes, [&](std::string_view text) { CompileAndEvaluate(text, *resource); });
  }
}

}  // namespace
