// What the text of the specification says, chapter by chapter: each function on nothing, one item and several, the
// conversions of every type, dates of differing precision, quantities, precedence and escapes.
// Source: http://hl7.org/fhirpath/N1/
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/json/reader.hpp"

namespace {

constexpr std::string_view kObservation = R"({
  "resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "Poids", "coding": [
    {"system": "http://loinc.org", "code": "29463-7"}, {"system": "http://loinc.org", "code": "3141-9"}]},
  "contained": [{"resourceType": "Patient", "id": "p", "birthDate": "1970-03"}],
  "subject": {"reference": "#p"}, "effectiveDateTime": "2024-03-01T08:30:00+01:00",
  "valueQuantity": {"value": 72.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
  "component": [{"code": {"text": "a"}, "valueInteger": 1}, {"code": {"text": "b"}, "valueInteger": 2},
                {"code": {"text": "c"}, "valueString": "x"}]})";

/// The items as text, joined by "; "; "error" when it cannot be evaluated, "refused" when it is no expression.
std::string Answer(std::string_view text) {
  fhir::IssueList issues;
  static const auto document = fhir::json::ReadJson(kObservation, {}, issues);
  const auto compiled = fhir::fhirpath::Compile(text);
  if (!compiled) return "refused";
  fhir::fhirpath::EvaluationContext context;
  context.now = "2025-01-31T10:00:00.000+01:00";
  const auto result = fhir::fhirpath::Evaluate(*compiled, context, document->root());
  if (!result) return "error";
  std::vector<std::string> items;
  for (const fhir::fhirpath::Item& item : *result) {
    const std::string value = fhir::fhirpath::ItemText(item);
    items.push_back(value.empty() && item.IsNode()
                        ? fmt::format("<{}>", fhir::fhirpath::ItemTypeName(item, fhir::metadata::Definitions::R4()))
                        : value);
  }
  return items.empty() ? std::string("{}") : fmt::format("{}", fmt::join(items, "; "));
}

struct Row {
  std::string_view expression;
  std::string_view answer;
};

class FhirPathSpecification : public testing::TestWithParam<Row> {};

TEST_P(FhirPathSpecification, Expression_HasTheAnswerOfTheText) {
  EXPECT_EQ(Answer(GetParam().expression), GetParam().answer) << GetParam().expression;
}

constexpr Row kExistence[] = {
    {"{}.empty()", "true"},
    {"{}.exists()", "false"},
    {"{}.exists($this = 1)", "false"},
    {"{}.all($this = 1)", "true"},
    {"(1 | 2).all($this > 0)", "true"},
    {"(1 | 2).all($this > 1)", "false"},
    {"(1 | 2).all({})", "false"},
    {"{}.allTrue()", "true"},
    {"{}.anyTrue()", "false"},
    {"{}.allFalse()", "true"},
    {"{}.anyFalse()", "false"},
    {"(1 | true).allTrue()", "error"},
    {"{}.subsetOf(1 | 2)", "true"},
    {"(1 | 3).subsetOf(1 | 2)", "false"},
    {"(1).subsetOf({})", "false"},
    {"{}.supersetOf({})", "true"},
    {"{}.supersetOf(1)", "false"},
    {"{}.count()", "0"},
    {"{}.isDistinct()", "true"},
    {"{}.distinct()", "{}"},
    {"(1).combine(1.0).distinct().count()", "1"},
    {"{}.not()", "{}"},
    {"(true | false).not()", "error"},
};
INSTANTIATE_TEST_SUITE_P(Existence, FhirPathSpecification, testing::ValuesIn(kExistence));

constexpr Row kCollections[] = {
    {"{}.where(true)", "{}"},
    {"(1 | 2 | 3).where($this > 1)", "2; 3"},
    {"(1 | 2 | 3).where({})", "{}"},
    {"component.where(value is Integer or value is integer).count()", "2"},
    {"(1 | 2).select($this * 10 + $index)", "10; 21"},
    {"(1 | 2).select({})", "{}"},
    {"component.select(code.text | code.text)", "a; b; c"},
    {"component.value.ofType(integer)", "1; 2"},
    {"component.value.ofType(string)", "x"},
    {"(1 | 'a' | true).ofType(System.Integer)", "1"},
    {"(1).repeat(iif($this < 4, $this + 1, {}))", "2; 3; 4"},
    {"(1).repeat($this)", "1"},
    {"{}.repeat(children())", "{}"},
    {"(1 | 2)[0]", "1"},
    {"(1 | 2)[2]", "{}"},
    {"{}[0]", "{}"},
    {"{}.single()", "{}"},
    {"(1 | 2).single()", "error"},
    {"{}.first()", "{}"},
    {"{}.last()", "{}"},
    {"(1).tail()", "{}"},
    {"(1 | 2 | 3).skip(-1)", "1; 2; 3"},
    {"(1 | 2 | 3).skip(3)", "{}"},
    {"(1 | 2 | 3).take(0)", "{}"},
    {"(1 | 2 | 3).take(-1)", "{}"},
    {"(1 | 2 | 3).take(9)", "1; 2; 3"},
    {"(1).combine(1).combine(2).intersect((1).combine(1))", "1"},
    {"(1).combine(1).combine(2).exclude(2)", "1; 1"},
    {"{}.intersect(1)", "{}"},
    {"{}.exclude(1)", "{}"},
    {"(1).union({})", "1"},
    {"{} | {}", "{}"},
    {"(1).combine(2 | 2)", "1; 2"},
    {"(1 | 2 | 3).aggregate($total + $this)", "{}"},
    {"(1 | 2 | 3).aggregate(iif($total.empty(), $this, $total + $this))", "6"},
    {"(1 | 2 | 3).aggregate(iif($total.empty() or $this < $total, $this, $total))", "1"},
    {"(3 | 5).aggregate($total + $this * $index, 100)", "105"},
    {"{}.aggregate($this + $total, 7)", "7"},
    {"iif({}, 'a', 'b')", "b"},
    {"iif(false, 'a')", "{}"},
    {"iif(true, 1, (1 | 2).single())", "1"},
    {"iif(false, (1 | 2).single(), 2)", "2"},
    {"(1 | 2).iif(true, 1, 2)", "error"},
    {"(5).iif($this > 4, 'big', 'small')", "big"},
    {"(1 | 2).trace('x')", "1; 2"},
    {"now() = now() and today() = today() and timeOfDay() = timeOfDay()", "true"},
    {"now() > @2025-01-31T08:59:59Z", "true"},
};
INSTANTIATE_TEST_SUITE_P(Collections, FhirPathSpecification, testing::ValuesIn(kCollections));

constexpr Row kConversions[] = {
    {"'TRUE'.toBoolean()", "true"},
    {"'t'.toBoolean()", "true"},
    {"'on'.toBoolean()", "{}"},
    {"1.toBoolean()", "true"},
    {"2.toBoolean()", "{}"},
    {"1.0.toBoolean()", "true"},
    {"'0.0'.toBoolean()", "false"},
    {"''.convertsToBoolean()", "false"},
    {"{}.convertsToBoolean()", "{}"},
    {"(1 | 0).toBoolean()", "error"},
    {"'+5'.toInteger()", "5"},
    {"'-05'.toInteger()", "-5"},
    {"'5.0'.toInteger()", "{}"},
    {"' 5'.toInteger()", "{}"},
    {"''.toInteger()", "{}"},
    {"5.0.toInteger()", "{}"},
    {"true.toInteger()", "1"},
    {"@2014.convertsToInteger()", "false"},
    {"1.toDecimal()", "1"},
    {"true.toDecimal()", "1.0"},
    {"'1'.toDecimal()", "1"},
    {"'+1.50'.toDecimal()", "1.50"},
    {"'-1.5'.toDecimal()", "-1.5"},
    {"'.5'.toDecimal()", "{}"},
    {"'5.'.toDecimal()", "{}"},
    {"'1e3'.toDecimal()", "{}"},
    {"'1.2.3'.toDecimal()", "{}"},
    {"'1 '.convertsToDecimal()", "false"},
    {"'2014'.toDate()", "2014"},
    {"'2014-02-30'.toDate()", "{}"},
    {"'2014T'.toDate()", "{}"},
    {"'14'.convertsToDate()", "false"},
    {"@2014-02-03T10:00:00Z.toDate()", "2014-02-03"},
    {"1.toDate()", "{}"},
    {"'2014-02-03T10:00'.toDateTime()", "2014-02-03T10:00"},
    {"@2014-02.toDateTime()", "2014-02"},
    {"@2014-02.toDateTime() is DateTime", "true"},
    {"'2014-02-03T25:00:00Z'.convertsToDateTime()", "false"},
    {"@T10:00.toDateTime()", "{}"},
    {"'10:30:00.5'.toTime()", "10:30:00.5"},
    {"'24:00'.convertsToTime()", "false"},
    {"'10'.toTime() is Time", "true"},
    {"@2014.toTime()", "{}"},
    {"1.toQuantity()", "1 '1'"},
    {"1.5.toQuantity() = 1.5 '1'", "true"},
    {"true.toQuantity() = 1 '1'", "true"},
    {"'1'.toQuantity() = 1 '1'", "true"},
    {"'4 days'.toQuantity() = 4 days", "true"},
    {"'4days'.convertsToQuantity()", "true"},
    {"'+1.0 \\'mg\\''.toQuantity() = 1 'mg'", "true"},
    {"'1 \\'\\''.convertsToQuantity()", "false"},
    {"'1 \\'m\\'g\\''.convertsToQuantity()", "false"},
    {"'1. \\'mg\\''.convertsToQuantity()", "false"},
    {"'.5 \\'mg\\''.convertsToQuantity()", "false"},
    {"'1 mg'.convertsToQuantity()", "false"},
    {"'1\\t\\'mg\\''.convertsToQuantity()", "true"},
    {"'mg'.convertsToQuantity()", "false"},
    {"@2014.convertsToQuantity()", "false"},
    {"1.0.toString()", "1.0"},
    {"true.toString()", "true"},
    {"@2014-02.toString()", "2014-02"},
    {"@T10:00.toString()", "10:00"},
    {"4 days.toString()", "4 days"},
    {"4 'mg'.toString()", "4 'mg'"},
    {"(1 | 2).toString()", "error"},
    {"code.convertsToString()", "false"},
    {"code.toString()", "{}"},
};
INSTANTIATE_TEST_SUITE_P(Conversions, FhirPathSpecification, testing::ValuesIn(kConversions));

constexpr Row kStrings[] = {
    {"'abcdefg'.indexOf('')", "0"},
    {"'abcdefg'.indexOf('x')", "-1"},
    {"'abcdefg'.indexOf({})", "{}"},
    {"{}.indexOf('a')", "{}"},
    {"'éàü'.indexOf('ü')", "2"},
    {"'abcdefg'.substring(1, 2)", "bc"},
    {"'abcdefg'.substring(3)", "defg"},
    {"'abcdefg'.substring(3, 100)", "defg"},
    {"'abcdefg'.substring(7, 1)", "{}"},
    {"'abcdefg'.substring(-1, 1)", "{}"},
    {"'abcdefg'.substring(2, 0)", ""},
    {"'abcdefg'.substring({})", "{}"},
    {"'abc'.startsWith('')", "true"},
    {"{}.startsWith('a')", "{}"},
    {"'abc'.endsWith('')", "true"},
    {"'abc'.contains('')", "true"},
    {"'abc'.contains({})", "{}"},
    {"('a' | 'b').contains('a')", "error"},
    {"'déjà vu'.upper()", "DÉJÀ VU"},
    {"'DÉJÀ VU'.lower()", "déjà vu"},
    {"{}.upper()", "{}"},
    {"'abcdefg'.replace('cde', '123')", "ab123fg"},
    {"'abcdefg'.replace('cde', '')", "abfg"},
    {"'abc'.replace('', 'x')", "xaxbxcx"},
    {"'abc'.replace('b', {})", "{}"},
    {"'N8000123123'.matches('^N[0-9]{8}$')", "false"},
    {"'N8000123123'.matches('N[0-9]{8}')", "true"},
    {"'a\\nb'.matches('a.b')", "true"},
    {"{}.matches('a')", "{}"},
    {"'a'.matches({})", "{}"},
    {"'11/30/1972'.replaceMatches('\\\\b(?<month>\\\\d{1,2})/(?<day>\\\\d{1,2})/(?<year>\\\\d{2,4})\\\\b', "
     "'${day}-${month}-${year}')",
     "30-11-1972"},
    {"'abc'.replaceMatches('(b)', '[$1]')", "a[b]c"},
    {"'abc'.length() + ''.length()", "3"},
    {"{}.length()", "{}"},
    {"1.length()", "error"},
    {"'aé'.toChars()", "a; é"},
    {"''.toChars()", "{}"},
    {"'it\\'s \\u0041\\t\\\\'.length()", "8"},
    {"'\\`'", "`"},
    {"'a' + {}", "{}"},
    {"'a' & {}", "a"},
    {"({} & {}).length()", "0"},
    {"'a' + 1", "error"},
    {"('a' | 'b') & 'c'", "error"},
};
INSTANTIATE_TEST_SUITE_P(Strings, FhirPathSpecification, testing::ValuesIn(kStrings));

constexpr Row kMath[] = {
    {"{}.abs()", "{}"},
    {"(-5.5).abs()", "5.5"},
    {"(-5.5 'mg').abs()", "5.5 'mg'"},
    {"(-1.1).ceiling()", "-1"},
    {"1.1.ceiling()", "2"},
    {"2.1.floor()", "2"},
    {"(-2.1).floor()", "-3"},
    {"0.exp()", "1"},
    {"1.ln()", "0"},
    {"0.ln()", "{}"},
    {"16.log(2)", "4"},
    {"100.0.log(10.0)", "2"},
    {"16.log({})", "{}"},
    {"2.power(3)", "8"},
    {"2.5.power(2)", "6.25"},
    {"2.power(-1)", "0.5"},
    {"(-1).power(0.5)", "{}"},
    {"1.round()", "1"},
    {"3.14159.round(3)", "3.142"},
    {"3.14159.round(-1)", "error"},
    {"81.sqrt()", "9"},
    {"101.truncate()", "101"},
    {"(-1.56).truncate()", "-1"},
    {"'a'.abs()", "error"},
    {"5 div 2", "2"},
    {"5.5 div 0.7", "7"},
    {"5 div 0", "{}"},
    {"5 mod 0", "{}"},
    {"5.5 mod 0.7", "0.6"},
    {"-5 mod 3", "-2"},
    {"7 / 2", "3.5"},
    {"1.0 / 0.0", "{}"},
    {"1 + {}", "{}"},
    {"(1 | 2) + 1", "error"},
    {"-{}", "{}"},
    {"-'a'", "error"},
    {"+'a'", "error"},
    {"+5", "5"},
    {"-(-5)", "5"},
    {"1.5 + 1", "2.5"},
    {"0.1 + 0.2", "0.3"},
};
INSTANTIATE_TEST_SUITE_P(Math, FhirPathSpecification, testing::ValuesIn(kMath));

constexpr Row kComparison[] = {
    {"1 = {}", "{}"},
    {"{} = {}", "{}"},
    {"{} ~ {}", "true"},
    {"1 ~ {}", "false"},
    {"(1 | 2) = 1", "false"},
    {"(1 | 2) = (2 | 1)", "false"},
    {"1 = '1'", "false"},
    {"1 != '1'", "true"},
    {"true = 'true'", "false"},
    {"'Été' ~ 'été'", "true"},
    {"'a  b' ~ 'A\\tB'", "true"},
    {"1.0 ~ 1.01", "true"},
    {"1.00 ~ 1.01", "true"},
    {"1.10 ~ 1.11", "true"},
    {"1.12 ~ 1.11", "false"},
    {"'a' < 'b'", "true"},
    {"'a' < 'B'", "false"},
    {"'abc' < 'abcd'", "true"},
    {"1 <= 1.0", "true"},
    {"true > false", "error"},
    {"1 < @2014", "error"},
    {"{} < 1", "{}"},
    {"@2012 = @2012", "true"},
    {"@2012-01 = @2012", "{}"},
    {"@2012-01 = @2013", "false"},
    {"@2012-01 ~ @2012", "false"},
    {"@2012-01 != @2012", "{}"},
    {"@2012-04-15T15:00:00Z = @2012-04-15T10:00:00", "{}"},
    {"@2012-04-15T15:30:31 = @2012-04-15T15:30:31.0", "true"},
    {"@2012-04-15T15:30:31 = @2012-04-15T15:30:31.1", "false"},
    {"@2018-03-01T10:30 > @2018-03-01T10:29:59", "true"},
    {"@2018-03-01T10:30 > @2018-03-01T10:30:00", "{}"},
    {"@2018-03 >= @2018-03-01", "{}"},
    {"@2018-03 < @2018-04-01", "true"},
    {"@2018-12-31T23:00:00-02:00 > @2019-01-01T00:30:00Z", "true"},
    {"@T10:30 > @T10:30:00", "{}"},
    {"@T10:30:00 > @T10:29:59.999", "true"},
    {"effective > @2024-03-01T07:29:59Z", "true"},
    {"contained.birthDate < @1970-04-01", "true"},
    {"contained.birthDate = @1970-03-01", "{}"},
    {"1 in {}", "false"},
    {"{} in (1 | 2)", "{}"},
    {"(1 | 2) in (1 | 2)", "error"},
    {"{} contains 1", "false"},
    {"(1 | 2) contains {}", "{}"},
    {"1.0 in (1 | 2)", "true"},
};
INSTANTIATE_TEST_SUITE_P(Comparison, FhirPathSpecification, testing::ValuesIn(kComparison));

constexpr Row kQuantities[] = {
    {"5 = 5 '1'", "true"},
    {"5 '1' = 5.0", "true"},
    {"5 = 5 'mg'", "{}"},
    {"5 ~ 5 '1'", "true"},
    {"5 < 6 '1'", "true"},
    {"6 '1' > 5.5", "true"},
    {"5 '1' + 3", "8 '1'"},
    {"5 + 3 '1'", "8 '1'"},
    {"5 'mg' + 3", "{}"},
    {"2 * 3 'mg'", "6 'mg'"},
    {"6 'mg' / 2", "3 'mg'"},
    {"6 'mg' / 2 'mg'", "3 '1'"},
    {"6 'mg' / 0", "{}"},
    {"6 'mg' div 2", "error"},
    {"-(6 'mg')", "-6 'mg'"},
    {"1 'g' > 999 'mg'", "true"},
    {"1 'g' = 1000.0 'mg'", "true"},
    {"1 'g' - 1 'mg'", "999 'mg'"},
    {"1 'mg' = 1 'cm'", "{}"},
    {"1 'mg' ~ 1 'cm'", "false"},
    {"1 'mg' != 1 'cm'", "{}"},
    {"0 'Cel' < 274 'K'", "true"},
    {"1 second = 1 's'", "true"},
    {"1 year = 1 'a'", "{}"},
    {"1 year ~ 1 'a'", "true"},
    {"1 month > 1 'd'", "{}"},
    {"60 seconds = 1 minute", "true"},
    {"value = 72.5 'kg'", "true"},
    {"value > 72000 'g'", "true"},
    {"value.value > 72", "true"},
    {"@2018-03-01 + 24 months", "2020-03-01"},
    {"@2014 + 360 days", "2014"},
    {"@2014 + 365 days", "2015"},
    {"@2014 + 8759 hours", "2014"},
    {"@2014 + 8760 hours", "2015"},
    {"@2014-01 + 29 days", "2014-01"},
    {"@2014-01 + 30 days", "2014-02"},
    {"@2020-02-29 + 1 year", "2021-02-28"},
    {"@2020-02-29 - 1 year", "2019-02-28"},
    {"@2020-01-01 + 1.9 days", "2020-01-02"},
    {"@2020-12-31T23:59:59Z + 1 second", "2021-01-01T00:00:00Z"},
    {"@2020-01-01T00:00:00+02:00 - 1 hour", "2019-12-31T23:00:00+02:00"},
    {"@T23:59 + 2 minutes", "00:01"},
    {"@T00:00 - 1 hour", "23:00"},
    {"@9999 + 1 year", "error"},
    {"@0001 - 1 year", "error"},
    {"@2020 + 1 'mg'", "error"},
    {"@2020 + {}", "{}"},
    {"@T10:00 + 1 day", "error"},
    {"1 year + 1 month", "13 month"},
    {"2 years = 24 months", "true"},
    {"24 months.toQuantity('year')", "2 year"},
    {"1 year + 1 day", "{}"},
    {"1.comparable(2)", "true"},
    {"1.comparable(2 'mg')", "false"},
    {"'a'.comparable(1)", "error"},
};
INSTANTIATE_TEST_SUITE_P(Quantities, FhirPathSpecification, testing::ValuesIn(kQuantities));

constexpr Row kLogicAndSyntax[] = {
    {"{} and {}", "{}"},
    {"{} or true", "true"},
    {"{} or false", "{}"},
    {"{} xor true", "{}"},
    {"true implies {}", "{}"},
    {"{} implies true", "true"},
    {"{} implies {}", "{}"},
    {"false implies (1 | 2).single() = 1", "true"},
    {"1 and 'a'", "true"},
    {"(true | false) and true", "error"},
    {"true or true and false", "true"},
    {"true xor true or true", "true"},
    {"1 + 2 * 3 - 4 div 2", "5"},
    {"1 | 2 + 3", "1; 5"},
    {"1 < 2 = true", "true"},
    {"1 = 1 in true", "true"},
    {"2 + 3 is Integer", "true"},
    {"true and 1 | 2 = 3", "false"},
    {"-1.abs()", "-1"},
    {"(-1).abs()", "1"},
    {"1 is System.Integer", "true"},
    {"1 is Decimal", "false"},
    {"{} is Integer", "{}"},
    {"(1 | 2) is Integer", "error"},
    {"(1 as Decimal)", "{}"},
    {"status is code", "true"},
    {"status is FHIR.string", "true"},
    {"status.ofType(code)", "final"},
    {"value is FHIR.Quantity", "true"},
    {"value.is(Quantity)", "true"},
    {"(value as Quantity).unit", "kg"},
    {"value.as(string)", "{}"},
    {"Observation is Resource", "true"},
    {"1.type().name & '/' & status.type().namespace", "Integer/FHIR"},
    {"`Observation`.`status`", "final"},
    {"code.`text`", "Poids"},
    {"code.coding.`code`.count()", "2"},
    {"%resource.id & %context.id & %rootResource.id", "o1o1o1"},
    {"%`ext-patient-birthPlace`", "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"},
    {"%'vs-observation-status'", "http://hl7.org/fhir/ValueSet/observation-status"},
    {"subject.resolve().birthDate", "1970-03"},
    {"subject.resolve().is(Patient)", "true"},
    {"contained.where(%resource.subject.reference = '#' & id).id", "p"},
    {"component[1].code.text /* the second */ & '!' // end", "b!"},
    {"component\n.\n first ( ) . code . text", "a"},
    {"component.value.as(integer)", "1; 2"},
    {"@2014-01-01T is DateTime", "true"},
    {"@2014-01-01 is Date", "true"},
    {"@T10 is Time", "true"},
    {"@2014-1-1", "refused"},
    {"@T10:00Z", "refused"},
    {"1.", "refused"},
    {".5", "refused"},
    {"1 2", "refused"},
    {"'a\\x'", "refused"},
    {"`a", "refused"},
    {"a..b", "refused"},
    {"where(true", "refused"},
    {"1 is", "refused"},
    {"$that", "refused"},
};
INSTANTIATE_TEST_SUITE_P(LogicAndSyntax, FhirPathSpecification, testing::ValuesIn(kLogicAndSyntax));

constexpr std::string_view kBundle = R"({"resourceType": "Bundle", "type": "collection", "entry": [
  {"fullUrl": "http://h/fhir/Patient/1", "resource": {"resourceType": "Patient", "id": "1", "gender": "male",
    "meta": {"versionId": "3"}}},
  {"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "resource": {"resourceType": "Patient", "gender": "female"}},
  {"fullUrl": "http://h/fhir/Observation/2", "resource": {"resourceType": "Observation", "status": "final",
    "code": {"text": "x"}, "performer": [{"reference": "Patient/1"}, {"reference": "http://h/fhir/Patient/1"},
      {"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}, {"reference": "Patient/1/_history/3"},
      {"reference": "Patient/1/_history/2"}, {"reference": "Patient/7"}, {"reference": "http://other/Patient/1"}]}},
  {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "resource": {"resourceType": "Observation",
    "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/1"}}}]})";

TEST(FhirPathResolve, ReferencesInABundle_LeadToTheEntryOfTheirAddress) {
  fhir::IssueList issues;
  const auto bundle = fhir::json::ReadJson(kBundle, {}, issues);
  ASSERT_TRUE(bundle && issues.empty());
  const auto genders = [&](std::string_view reference) {
    const auto compiled = fhir::fhirpath::Compile(fmt::format("entry.resource.{}.resolve().gender", reference));
    const auto result = fhir::fhirpath::Evaluate(*compiled, {}, bundle->root());
    std::string text;
    for (const fhir::fhirpath::Item& item : *result) text += fhir::fhirpath::ItemText(item) + ' ';
    return text;
  };
  EXPECT_EQ(genders("performer[0]"), "male ");
  EXPECT_EQ(genders("performer[1]"), "male ");
  EXPECT_EQ(genders("performer[2]"), "female ");
  EXPECT_EQ(genders("performer[3]"), "male ");
  EXPECT_EQ(genders("performer[4]"), "");
  EXPECT_EQ(genders("performer[5]"), "");
  EXPECT_EQ(genders("performer[6]"), "");
  EXPECT_EQ(genders("performer"), "male male female male ");
  EXPECT_EQ(genders("subject"), "");  // relative to an address that is no server's
}

}  // namespace
