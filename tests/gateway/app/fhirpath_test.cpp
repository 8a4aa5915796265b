// passerelle fhirpath: expressions, resources in both formats, and what is printed for them.
#include "gateway/app/commands/fhirpath.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gateway::app {
namespace {

constexpr std::string_view kJson = R"({"resourceType":"Observation","status":"final","code":{"text":"Weight"},
 "valueQuantity":{"value":80.50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},
 "component":[{"code":{"text":"a"},"valueBoolean":true}],"_effectiveDateTime":{"id":"e"}})";
constexpr std::string_view kXml = R"(<?xml version="1.0" encoding="UTF-8"?>
<Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="Weight"/></code></Observation>)";

constexpr std::string_view kSliced = R"({"resourceType":"Observation","status":"final","category":[
 {"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"social-history"}]},
 {"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}]})";

/// An expression on one of the texts, and the array or the refusal.
struct CommandCase {
  const char* name;
  std::string_view resource;
  std::string_view expression;
  std::string_view expected;
};

class FhirPathCommand : public testing::TestWithParam<CommandCase> {};

TEST_P(FhirPathCommand, Expression_OnResource_Prints) {
  const auto answer = EvaluateOnText(GetParam().expression, GetParam().resource, "2025-01-31T10:00:00.000Z");
  EXPECT_EQ(answer ? *answer : "error: " + answer.error().public_text.text, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, FhirPathCommand,
    testing::Values(
        CommandCase{"Code", kJson, "status", R"([{"type":"code","value":"final"}])"},
        CommandCase{"Xml", kXml, "Observation.status", R"([{"type":"code","value":"final"}])"},
        CommandCase{"Decimal", kJson, "value.value", R"([{"type":"decimal","value":80.50}])"},
        CommandCase{"Boolean", kJson, "component.value", R"([{"type":"boolean","value":true}])"},
        CommandCase{"NoValue", kJson, "effective", R"([{"type":"dateTime","value":null}])"},
        CommandCase{"Complex", kJson, "code", R"([{"type":"CodeableConcept","value":{"text":"Weight"}}])"},
        CommandCase{"Computed", kJson, "1 + 1 | 'a' | 2 'kg' | today()",
                    R"([{"type":"System.Integer","value":2},{"type":"System.String","value":"a"},)"
                    R"({"type":"System.Quantity","value":"2 'kg'"},{"type":"System.Date","value":"2025-01-31"}])"},
        CommandCase{"Empty", kJson, "note", "[]"},
        CommandCase{"BuiltInValueSet", kJson, "status.memberOf('http://hl7.org/fhir/ValueSet/observation-status')",
                    R"([{"type":"System.Boolean","value":true}])"},
        CommandCase{"DefinitionOfChoice", kJson, "value.elementDefinition().path",
                    R"([{"type":"string","value":"Observation.value[x]"}])"},
        CommandCase{"DefinitionOfInner", kJson, "component.code.elementDefinition().min",
                    R"([{"type":"unsignedInt","value":1}])"},
        CommandCase{"DefinitionOfDatatype", kJson, "code.text.elementDefinition().path",
                    R"([{"type":"string","value":"CodeableConcept.text"}])"},
        CommandCase{"DefinitionOfRoot", kJson, "elementDefinition().path",
                    R"([{"type":"string","value":"Observation"}])"},
        CommandCase{"Slice", kSliced,
                    "category.slice('http://hl7.org/fhir/StructureDefinition/vitalsigns', 'VSCat').coding.code",
                    R"([{"type":"code","value":"vital-signs"}])"},
        CommandCase{"Syntax", kJson, "status.", "error: FHIRPath, byte 7: name expected"},
        CommandCase{"Name", kJson, "status | nothing", "error: FHIRPath, byte 9: Observation has no element 'nothing'"},
        CommandCase{"Choice", kJson, "valueQuantity",
                    "error: FHIRPath, byte 0: a choice is named by its base: 'value'"},
        CommandCase{"Evaluation", kJson, "(1 | 2).single()", "error: FHIRPath: single() found several items (byte 8)"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(FhirPathCommand, Resource_ThatIsNone_IsRefused) {
  EXPECT_FALSE(EvaluateOnText("1", "", ""));
  EXPECT_FALSE(EvaluateOnText("1", "<a/>", ""));
  EXPECT_FALSE(EvaluateOnText("1", R"({"resourceType":"Nothing"})", ""));
}

}  // namespace
}  // namespace gateway::app
