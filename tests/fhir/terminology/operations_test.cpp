// $validate-code, $lookup, $subsumes and $translate.
#include "fhir/terminology/operations.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/json/writer.hpp"
#include "tests/fhir/terminology/toy.hpp"

namespace {

using fhir::ErrorCode;
using fhir::Result;
using fhir::model::Document;
using fhir::packages::Registry;
using fhir::terminology::Coding;
using fhir::terminology::SystemRule;
using fhir::terminology::Terminology;
using fhir::terminology::TranslateOptions;
using testing::HasSubstr;
using testing::Not;
using toy::kAnimals;
using toy::World;

constexpr std::string_view kAnimalSystem = "http://toy.example/animals";
constexpr std::string_view kMammals =
    R"({"resourceType":"ValueSet","url":"http://toy.example/mammals","status":"active",
  "compose":{"include":[{"system":"http://toy.example/animals",
    "filter":[{"property":"concept","op":"is-a","value":"mammal"}]}]}})";
constexpr std::string_view kMap = R"({"resourceType":"ConceptMap","url":"http://toy.example/map","status":"active",
  "sourceCanonical":"http://toy.example/mammals","targetUri":"http://toy.example/sounds","group":[
    {"source":"http://toy.example/animals","target":"http://toy.example/sound",
     "element":[{"code":"cat","target":[{"code":"meow","display":"Meow","equivalence":"equivalent"},
                                        {"code":"purr","equivalence":"narrower",
                                         "product":[{"property":"http://toy.example/mood","system":"http://toy.example/m","value":"happy"}]}]},
                {"code":"bat","target":[{"equivalence":"unmatched"}]},
                {"code":"mammal","target":[{"code":"meow","equivalence":"narrower"}]}],
     "unmapped":{"mode":"fixed","code":"silence","display":"Silence"}},
    {"source":"http://toy.example/animals","target":"http://toy.example/legs","element":[{"code":"bird","target":[{"code":"two","equivalence":"equal"}]}],
     "unmapped":{"mode":"other-map","url":"http://toy.example/other"}}]})";
constexpr std::string_view kOther =
    R"({"resourceType":"ConceptMap","url":"http://toy.example/other","status":"active","group":[
    {"source":"http://toy.example/animals","target":"http://toy.example/legs",
     "element":[{"code":"cat","target":[{"code":"four","equivalence":"equal"}]}],
     "unmapped":{"mode":"other-map","url":"http://toy.example/map"}}]})";

std::string Text(const Result<Document>& document) {
  return document ? fhir::json::WriteJson(document->root()) : document.error().public_text.text;
}

std::string ToySet(const std::vector<Coding>& codings, const fhir::terminology::ValidateOptions& options = {}) {
  const World world{kAnimals, kMammals};
  return Text(ValidateCodeParameters(world.terminology, "http://toy.example/mammals", codings, options));
}

TEST(ValidateCodeParameters, Answers) {
  EXPECT_EQ(
      ToySet({{.system = kAnimalSystem, .code = "cat"}}),
      R"({"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":true},{"name":"display","valueString":"Cat"}]})");
  EXPECT_EQ(ToySet({{.system = kAnimalSystem, .code = "bird"}}),
            R"({"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":false},)"
            R"({"name":"message","valueString":"coding: the code is not in http://toy.example/mammals"}]})");
  EXPECT_THAT(ToySet({{.system = kAnimalSystem, .code = "bird"}, {.system = kAnimalSystem, .code = "bat"}}),
              HasSubstr(R"("valueBoolean":true)"));
  EXPECT_THAT(
      ToySet({{.system = kAnimalSystem, .code = "cat", .display = "Dog"}}),
      HasSubstr(
          R"(false},{"name":"message","valueString":"coding: the display is not one of the code's; expected \"Cat\"")"));
  EXPECT_THAT(ToySet({{.system = kAnimalSystem, .version = "9", .code = "cat"}}),
              HasSubstr("the version is not loaded; checked against 2"));
  EXPECT_THAT(ToySet({{.code = "cat"}}), HasSubstr("false"));
  EXPECT_THAT(ToySet({{.code = "cat"}}, {.rule = SystemRule::kInfer}), HasSubstr("true"));
  EXPECT_THAT(ToySet({}), HasSubstr("expected a code"));
  const World world{kAnimals};
  EXPECT_FALSE(ValidateCodeParameters(world.terminology, "http://toy.example/none", {}));
}

TEST(ValidateInSystemParameters, Answers) {
  const World world{kAnimals};
  const auto answer = [&](const Coding& coding, bool abstract_allowed = true) {
    return Text(ValidateInSystemParameters(world.terminology, {coding}, {.abstract_allowed = abstract_allowed}));
  };
  EXPECT_THAT(answer({.system = kAnimalSystem, .code = "dodo"}), HasSubstr("the code is inactive"));
  EXPECT_THAT(answer({.system = kAnimalSystem, .code = "animal"}), HasSubstr("true"));
  EXPECT_THAT(answer({.system = kAnimalSystem, .code = "animal"}, false), HasSubstr("abstract"));
  EXPECT_THAT(answer({.system = "http://loinc.org", .code = "1-8"}), HasSubstr("http://loinc.org is not loaded"));
}

TEST(Lookup, GivesPropertiesFamilyAndDesignations) {
  const World world{kAnimals};
  EXPECT_EQ(
      Text(Lookup(world.terminology, {.system = kAnimalSystem, .code = "cat"})),
      R"({"resourceType":"Parameters","parameter":[{"name":"name","valueString":"Animals"},{"name":"version","valueString":"2"},)"
      R"({"name":"display","valueString":"Cat"},{"name":"designation","part":[{"name":"language","valueCode":"fr"},)"
      R"({"name":"value","valueString":"Chat"}]},{"name":"property","part":[{"name":"code","valueCode":"definition"},)"
      R"({"name":"value","valueString":"Sleeps"}]},{"name":"property","part":[{"name":"code","valueCode":"inactive"},)"
      R"({"name":"value","valueBoolean":false}]},{"name":"property","part":[{"name":"code","valueCode":"parent"},)"
      R"({"name":"value","valueCode":"mammal"},{"name":"description","valueString":"Mammal"}]},{"name":"property","part":)"
      R"([{"name":"code","valueCode":"legs"},{"name":"value","valueInteger":4}]}]})");
  const auto some = Text(Lookup(world.terminology, {.system = kAnimalSystem, .code = "mammal"},
                                {.display_language = "fr", .properties = {"child"}}));
  EXPECT_THAT(some, HasSubstr(R"({"name":"value","valueCode":"bat"})"));
  EXPECT_THAT(some, Not(HasSubstr("parent")));
  EXPECT_EQ(Lookup(world.terminology, {.system = kAnimalSystem, .code = "stone"}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Lookup(world.terminology, {.system = "http://toy.example/none", .code = "cat"}).error().code,
            ErrorCode::kNotFound);
}

TEST(Subsumes, EveryOutcome) {
  const World world{kAnimals};
  const auto outcome = [&](std::string_view a, std::string_view b) {
    const auto result = Subsumes(world.terminology, {.system = kAnimalSystem, .code = a}, {.code = b});
    return result ? std::string(Code(*result)) : result.error().public_text.text;
  };
  EXPECT_EQ(outcome("cat", "cat"), "equivalent");
  EXPECT_EQ(outcome("animal", "cat"), "subsumes");
  EXPECT_EQ(outcome("bat", "flyer"), "subsumed-by");
  EXPECT_EQ(outcome("cat", "flyer"), "not-subsumed");
  EXPECT_EQ(outcome("cat", "stone"), "the code is not in http://toy.example/animals");
  EXPECT_EQ(Subsumes(world.terminology, {.system = kAnimalSystem, .code = "cat"}, {.system = "http://x", .code = "cat"})
                .error()
                .code,
            ErrorCode::kInvalid);
  EXPECT_THAT(Text(SubsumesParameters(world.terminology, {.system = kAnimalSystem, .code = "cat"}, {.code = "cat"})),
              HasSubstr(R"({"name":"outcome","valueCode":"equivalent"})"));
}

/// The matches as "equivalence code", or the refusal.
std::string Translated(std::string_view system, std::string_view code, TranslateOptions options = {}) {
  const World world{kAnimals, kMap, kOther};
  options.concept_map = options.concept_map.empty() ? "http://toy.example/map" : options.concept_map;
  const auto document = Translate(world.terminology, {{.system = system, .code = code}}, options);
  if (!document) {
    return document.error().public_text.text;
  }
  std::string matches(document->root().FindValue("parameter.valueBoolean"));
  for (const auto& parameter : document->root().children()) {
    if (parameter.ChildValue("name") == "match") {
      matches += "; " + std::string(parameter.FindValue("part.valueCode"));
      for (const auto& part : parameter.children()) {
        matches += part.ChildValue("name") == "concept" ? " " + std::string(part.FindValue("valueCoding.code")) : "";
      }
    }
  }
  return matches;
}

TEST(Translate, ForwardReverseAndUnmapped) {
  EXPECT_EQ(Translated(kAnimalSystem, "cat"), "true; equivalent meow; narrower purr; equal four");
  EXPECT_EQ(Translated(kAnimalSystem, "cat", {.target_system = "http://toy.example/legs"}), "true; equal four");
  EXPECT_EQ(Translated(kAnimalSystem, "bat"), "false; unmatched");
  EXPECT_EQ(Translated(kAnimalSystem, "bird"), "true; equal two; wider silence");
  EXPECT_EQ(Translated("http://toy.example/none", "cat"), "false");
  EXPECT_EQ(Translated("http://toy.example/sound", "meow", {.reverse = true}), "true; equivalent cat; wider mammal");
  EXPECT_EQ(Translated(kAnimalSystem, "cat", {.source = "http://toy.example/birds"}), "false");
  EXPECT_EQ(Translated(kAnimalSystem, "cat", {.concept_map = "http://toy.example/gone"}),
            "the concept map http://toy.example/gone is not loaded");
}

TEST(Translate, MatchesAtTheLimit_AreGiven_AndNotPastIt) {
  EXPECT_EQ(Translated(kAnimalSystem, "cat", {.matches_max = 3}), "true; equivalent meow; narrower purr; equal four");
  EXPECT_EQ(Translated(kAnimalSystem, "cat", {.matches_max = 2}), "more than 2 mappings");
}

TEST(Translate, MapsOfR4) {
  const Terminology terminology(Registry::Core());
  const std::string all =
      Text(Translate(terminology, {{.system = "http://hl7.org/fhir/administrative-gender", .code = "male"}}, {}));
  EXPECT_THAT(all, HasSubstr(R"("system":"http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender","code":"M")"));
}

}  // namespace
