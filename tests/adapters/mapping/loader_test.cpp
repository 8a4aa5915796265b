#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "adapters/mapping/compiled_map.hpp"
#include "adapters/mapping/condition.hpp"

namespace {

using adapters::mapping::CompiledMap;
using adapters::mapping::ParseAddress;
using adapters::mapping::ParseCondition;

constexpr std::string_view kLoaderGroups[] = {"MSH", "PID"};
constexpr adapters::mapping::FunctionRow kLoaderFunctions[] = {{"to_date", nullptr, "date"}};
constexpr adapters::mapping::Vocabulary kLoaderVocabulary{kLoaderFunctions, kLoaderGroups};

std::string LoadWith(std::string_view rule) {
  const std::string yaml = std::string(R"(name: x
types: [ADT]
versions: ["2.5"]
processing_ids: [P]
tables: {gender: {codes: {F: female}}}
resources:
  - name: patient
    type: Patient
    rules:
)") + "      - " + std::string(rule) +
                           "\nmessages: {A01: [patient]}\n";
  const auto map = CompiledMap::Load(yaml, "x.yaml", kLoaderVocabulary);
  return map ? "" : map.error().public_text.text;
}

TEST(RuleFile, RightRules_Load) {
  EXPECT_EQ(LoadWith("{from: PID-7, to: birthDate, using: to_date}"), "");
  EXPECT_EQ(LoadWith("{from: PID-8, to: gender, table: gender}"), "");
  EXPECT_EQ(LoadWith("{from: 'PID-3[5=PI].1', to: identifier.value, when: PID-3.5 = PI and ZBE-1 exists}"), "");
}

TEST(RuleFile, WrongRules_AreRefusedWithFileLineAndReason) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"{from: PID-7, to: birthDay}", "Patient has no element 'birthDay'"},
      {"{from: PID-7, to: name.givenName}", "HumanName has no element 'givenName'"},
      {"{from: PID-7, to: birthDate, using: to_dat}", "unknown function 'to_dat'"},
      {"{from: PID-7, to: gender, using: to_date}", "makes date, not code"},
      {"{from: PID-8, to: gender, table: sex}", "unknown table 'sex'"},
      {"{from: PIX-8, to: gender}", "unknown segment 'PIX'"},
      {"{from: PID8, to: gender}", "not a field address"},
      {"{from: PID-8, to: gender, wen: x}", "unknown key 'wen'"},
      {"{from: PID-8, to: gender, when: PID-8 like F}", "not a condition"},
      {"{from: PID-3, to: managingOrganization, reference: clinic}", "no resource 'clinic'"},
      {"{to: gender}", "nothing fills this element"},
      {"{from: PID-3, to: identifier}", "needs 'using'"},
      {"{to: identifier, value: x}", "not a primitive type"},
      {"{from: PID-8, to: gender, key: true}", "rules that make an Identifier"},
      {"{from: PID-8, to: gender", "x.yaml:"},
  };
  for (const auto& [rule, reason] : kCases) {
    const auto text = LoadWith(rule);
    EXPECT_THAT(text, testing::HasSubstr(std::string(reason))) << rule;
    EXPECT_THAT(text, testing::StartsWith("x.yaml:1")) << rule;
  }
}

TEST(RuleFile, SettledAndRemove_AreReadOrRefusedWithTheirReason) {
  const auto load = [](std::string_view extra) {
    const auto map = CompiledMap::Load(
        fmt::format("name: x\ntypes: [ADT]\nversions: []\nprocessing_ids: []\nresources:\n"
                    "  - name: e\n    type: Encounter\n{}\n    rules: [{{to: status, value: planned}}]\n"
                    "messages: {{A01: [e]}}\n",
                    extra),
        "x.yaml", kLoaderVocabulary);
    return map ? std::string("loaded") : map.error().public_text.text;
  };
  EXPECT_EQ(load("    settled: [{when: MSH-9.2 = A01, element: status, values: [finished]}]"), "loaded");
  EXPECT_EQ(load("    remove: [{when: MSH-9.2 = A13, elements: [period.end], identifier_types: [X]}]"), "loaded");
  EXPECT_EQ(load("    join: {location: {by: 'http://x', order: period.start}}\n    remove: [{items: [location]}]"),
            "loaded");
  constexpr std::pair<std::string_view, std::string_view> kCases[] = {
      {"    settled: [{element: period, values: [x]}]", "'period' is not a primitive element of Encounter"},
      {"    settled: [{element: status}]", "settled needs 'element' and 'values'"},
      {"    settled: {element: status}", "settled is a list, for verb: merge"},
      {"    verb: create\n    settled: [{element: status, values: [x]}]", "settled is a list, for verb: merge"},
      {"    remove: [{elements: [period.stop]}]", "Period has no element 'stop'"},
      {"    remove: [{when: MSH-9.2 = A13}]", "remove needs 'elements', 'identifier_types' or 'items'"},
      {"    remove: [{items: [location]}]", "'location' is not a list of 'join'"},
      {"    join: {location: {order: period.start}}", "'by' is missing"},
      {"    join: {location: {by: 'http://x', order: period.begin}}", "Period has no element 'begin'"},
      {"    remove: [{element: [period]}]", "unknown key 'element'"},
  };
  for (const auto& [extra, reason] : kCases) {
    EXPECT_THAT(load(extra), testing::HasSubstr(std::string(reason))) << extra;
  }
}

TEST(RuleFile, Complete_NamesFieldsOfKnownSegments) {
  const auto load = [](std::string_view complete) {
    const auto map = CompiledMap::Load(
        fmt::format("name: x\ntypes: [ADT]\nversions: []\nprocessing_ids: []\ncomplete: {}\nresources:\n"
                    "  - name: e\n    type: Encounter\n    rules: [{{to: status, value: planned}}]\n"
                    "messages: {{A01: [e]}}\n",
                    complete),
        "x.yaml", kLoaderVocabulary);
    return map ? std::string("loaded") : map.error().public_text.text;
  };
  EXPECT_EQ(load("[PID-3]"), "loaded");
  EXPECT_THAT(load("[PIX-3]"), testing::HasSubstr("x.yaml:5: unknown segment 'PIX'"));
  EXPECT_THAT(load("[PID3]"), testing::HasSubstr("x.yaml:5: 'PID3' is not a field address"));
}

TEST(RuleFile, Within_NamesKnownSegments) {
  const auto load = [](std::string_view within) {
    const auto map = CompiledMap::Load(
        fmt::format("name: x\ntypes: [ADT]\nversions: []\nprocessing_ids: []\nwithin: {}\nresources:\n"
                    "  - name: e\n    type: Encounter\n    rules: [{{to: status, value: planned}}]\n"
                    "messages: {{A01: [e]}}\n",
                    within),
        "x.yaml", kLoaderVocabulary);
    return map ? std::string("loaded") : map.error().public_text.text;
  };
  EXPECT_EQ(load("{PID: MSH, ZBE: [PID, MSH]}"), "loaded");
  EXPECT_THAT(load("{PID: PIX}"), testing::HasSubstr("x.yaml:5: unknown segment 'PIX'"));
  EXPECT_THAT(load("{PID-3: MSH}"), testing::HasSubstr("x.yaml:5: within speaks of segments"));
  EXPECT_THAT(load("{PID: [MSH, PID]}"), testing::HasSubstr("x.yaml:5: a segment belongs to one of another name"));
  EXPECT_THAT(load("[PID]"), testing::HasSubstr("x.yaml:5: within must map"));
}

TEST(RuleFile, Join_ByTheItem_AndRemovalOfAnItem_AreReadOrRefused) {
  const auto load = [](std::string_view extra) {
    const auto map =
        CompiledMap::Load(fmt::format("name: x\ntypes: [ADT]\nversions: []\nprocessing_ids: []\nresources:\n"
                                      "  - name: p\n    type: Patient\n{}\n    rules: [{{to: gender, value: female}}]\n"
                                      "messages: {{A01: [p]}}\n",
                                      extra),
                          "x.yaml", kLoaderVocabulary);
    return map ? std::string("loaded") : map.error().public_text.text;
  };
  EXPECT_EQ(load("    join: {link: item}\n    remove: [{elements: ['link[type=replaced-by]']}]"), "loaded");
  constexpr std::pair<std::string_view, std::string_view> kCases[] = {
      {"    remove: [{elements: ['link[kind=x]']}]", "Patient.link has no element 'kind'"},
      {"    remove: [{elements: ['gender[x=y]']}]", "'gender' is not a list of Patient"},
      {"    remove: [{elements: ['link[type]']}]", "is not LIST[CHILD=VALUE]"},
      {"    remove: [{elements: ['link[type=]']}]", "is not LIST[CHILD=VALUE]"},
      {"    required: true", "'required' needs 'each'"},
      {"    twins: fault", "twins: fault needs 'find_by: identifier'"},
  };
  for (const auto& [extra, reason] : kCases) {
    EXPECT_THAT(load(extra), testing::HasSubstr(std::string(reason))) << extra;
  }
}

/// Loads "x.yaml" of the files; what they include is found among them by its name.
std::string LoadAmong(const std::map<std::string, std::string>& files) {
  const auto read = [&](const std::string&, const std::string& path) -> fhir::Result<adapters::mapping::IncludedFile> {
    const auto found = files.find(path);
    if (found == files.end()) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, "the file cannot be read");
    }
    return adapters::mapping::IncludedFile{path, found->second};
  };
  const auto map = CompiledMap::Load(files.at("x.yaml"), "x.yaml", kLoaderVocabulary, read);
  return map ? "loaded" : map.error().public_text.text;
}

constexpr const char* kIncluding =
    "name: x\ntypes: [ADT]\nversions: []\nprocessing_ids: []\ninclude: [a.yaml, b.yaml]\nresources:\n"
    "  - name: e\n    type: Encounter\n    rules:\n      - {to: status, value: planned}\n"
    "      - {to: subject, reference: p}\n      - {from: PID-8, to: class.code, table: t}\nmessages: {A01: [p, e]}\n";
constexpr const char* kIncludedResource =
    "resources:\n  - name: p\n    type: Patient\n    rules: [{to: gender, value: female}]\n";
constexpr const char* kIncludedTable = "tables:\n  t: {codes: {A: b}}\n";

TEST(RuleFile, Include_BringsTablesAndResources_OnceEach) {
  EXPECT_EQ(LoadAmong({{"x.yaml", kIncluding}, {"a.yaml", kIncludedResource}, {"b.yaml", kIncludedTable}}), "loaded");
  EXPECT_EQ(LoadAmong({{"x.yaml", kIncluding},
                       {"a.yaml", std::string("include: [b.yaml]\n") + kIncludedResource},
                       {"b.yaml", kIncludedTable}}),
            "loaded")
      << "b.yaml is named twice and read once";
}

TEST(RuleFile, Include_RefusalsNameTheFileAndLineOfTheIncludedOne) {
  const auto with = [](const std::string& a, const std::string& b) {
    return LoadAmong({{"x.yaml", kIncluding}, {"a.yaml", a}, {"b.yaml", b}});
  };
  EXPECT_THAT(with("resources:\n  - name: p\n    type: Patent\n    rules: []\n", kIncludedTable),
              testing::StartsWith("a.yaml:3: 'Patent' is not a FHIR resource type"));
  EXPECT_THAT(with(kIncludedResource, "tables:\n  t: {kodes: {}}\n"), testing::StartsWith("b.yaml:2: unknown key"));
  EXPECT_THAT(with(kIncludedResource, "tables: {"), testing::StartsWith("b.yaml:1: "));
  EXPECT_THAT(with(kIncludedResource, "messages: {}\n"), testing::StartsWith("b.yaml:1: unknown key 'messages'"));
  EXPECT_THAT(with(std::string("include: [b.yaml]\n") + kIncludedResource, "include: [a.yaml]\n"),
              testing::StartsWith("b.yaml:1: 'a.yaml' includes itself"));
  EXPECT_THAT(with("include: [x.yaml]\n", kIncludedTable), testing::StartsWith("a.yaml:1: 'x.yaml' includes itself"));
  EXPECT_THAT(with("include: [c.yaml]\n", kIncludedTable),
              testing::StartsWith("a.yaml:1: 'c.yaml': the file cannot be read"));
  EXPECT_THAT(with(kIncludedResource, std::string(kIncludedTable) + kIncludedResource),
              testing::StartsWith("b.yaml:4: resource 'p' is there twice"));
  EXPECT_THAT(LoadAmong({{"x.yaml", kIncluding}, {"a.yaml", kIncludedResource}, {"b.yaml", "include: [a.yaml]\n"}}),
              testing::StartsWith("x.yaml:12: unknown table 't'"))
      << "the rule is in the file that includes";
}

TEST(RuleFile, Twins_AreNumberedOnlyWhereADigestTellsThemApart) {
  const auto load = [](std::string_view extra) {
    const auto map =
        CompiledMap::Load(fmt::format("name: x\ntypes: [ADT]\nversions: []\nprocessing_ids: []\nresources:\n"
                                      "  - name: e\n    type: Encounter\n    twins: numbered\n{}"
                                      "    rules: [{{to: status, value: planned}}]\nmessages: {{A01: [e]}}\n",
                                      extra),
                          "x.yaml", kLoaderVocabulary);
    return map ? std::string("loaded") : map.error().public_text.text;
  };
  EXPECT_EQ(load("    id_from: [PID-3]\n"), "loaded");
  EXPECT_THAT(load("    id_from: [PID-3]\n    key_as: f\n"), testing::HasSubstr("key_as needs key_from"));
  EXPECT_THAT(load(""), testing::HasSubstr("x.yaml:8: twins needs id_from or key_from"));
}

TEST(Address, Texts_AreReadOrRefused) {
  const auto address = ParseAddress("PID[2]-3[4].5.6");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->occurrence, 2);
  EXPECT_EQ(address->repetition, 4);
  EXPECT_EQ(address->component, 5);
  EXPECT_EQ(address->subcomponent, 6);
  EXPECT_EQ(ParseAddress("PID-3[5=PI].1")->select_value, "PI");
  for (const auto* text : {"", "PID-", "PID-0", "PID-3[", "PID-3[5=]", "PID-3.", "PID-3x", "PI-3", "PID-3[0]"}) {
    EXPECT_FALSE(ParseAddress(text)) << text;
  }
}

TEST(Condition, Texts_AreReadOrRefused) {
  EXPECT_EQ(ParseCondition("PID-8 = F|M and PID-3 exists")->size(), 2u);
  for (const auto* text : {"", "PID-8", "PID-8 =", "PID-8 = F|", "PID = F", "PID-8 = F G", "PID-8 = F and"}) {
    EXPECT_FALSE(ParseCondition(text)) << text;
  }
}

}  // namespace
