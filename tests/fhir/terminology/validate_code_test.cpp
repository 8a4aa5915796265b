// Is a code in a value set: every kind of include, exclude, import and filter, and why there may be no answer.
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/fhir/terminology/toy.hpp"

namespace {

using fhir::packages::Registry;
using fhir::terminology::Answer;
using fhir::terminology::Gap;
using fhir::terminology::SystemRule;
using fhir::terminology::Terminology;
using fhir::terminology::Verdict;
using toy::kAnimals;
using toy::World;

constexpr std::string_view kSystem = "http://toy.example/animals";
constexpr std::string_view kSet = "http://toy.example/set";

std::string ValueSet(std::string_view compose, std::string_view url = kSet) {
  return fmt::format(R"({{"resourceType":"ValueSet","url":"{}","status":"active","compose":{}}})", url, compose);
}

/// The codes of the animals that are in the set, in order, with "?" behind those that cannot be decided.
std::string Members(std::string_view compose) {
  const std::string set = ValueSet(compose);
  const World world{kAnimals, set};
  std::string members;
  for (const auto* code : {"animal", "mammal", "cat", "bat", "bird", "dodo", "flyer", "stone"}) {
    const Answer answer = world.terminology.ValidateCode(kSet, {.system = kSystem, .code = code});
    if (answer.verdict != Verdict::kNotMember) {
      members += (members.empty() ? "" : " ") + std::string(code) + (answer.verdict == Verdict::kMember ? "" : "?");
    }
  }
  return members;
}

std::string Filtered(std::string_view property, std::string_view op, std::string_view value) {
  return Members(
      fmt::format(R"({{"include":[{{"system":"{}","filter":[{{"property":"{}","op":"{}","value":"{}"}}]}}]}})", kSystem,
                  property, op, value));
}

TEST(ValidateCode, Filters) {
  EXPECT_EQ(Filtered("concept", "is-a", "mammal"), "mammal cat bat");
  EXPECT_EQ(Filtered("concept", "descendent-of", "mammal"), "cat bat");
  EXPECT_EQ(Filtered("concept", "is-a", "flyer"), "bat bird dodo flyer");
  EXPECT_EQ(Filtered("concept", "is-not-a", "flyer"), "animal mammal cat");
  EXPECT_EQ(Filtered("concept", "generalizes", "bat"), "animal mammal bat flyer");
  EXPECT_EQ(Filtered("code", "regex", ".at"), "cat bat");
  EXPECT_EQ(Filtered("display", "regex", "[BC].*"), "cat bat bird");
  EXPECT_EQ(Filtered("concept", "in", "cat, dodo"), "cat dodo");
  EXPECT_EQ(Filtered("concept", "not-in", "cat,dodo,animal"), "mammal bat bird flyer");
  EXPECT_EQ(Filtered("legs", "=", "2"), "bat dodo");
  EXPECT_EQ(Filtered("legs", "exists", "true"), "cat bat dodo");
  EXPECT_EQ(Filtered("legs", "exists", "false"), "animal mammal bird flyer");
  EXPECT_EQ(Filtered("parent", "=", "flyer"), "bat bird");
  EXPECT_EQ(Filtered("inactive", "=", "true"), "dodo");
}

TEST(ValidateCode, FiltersThatMakeNoSense_AreUndecidable) {
  const std::string all = "animal? mammal? cat? bat? bird? dodo? flyer? stone?";
  EXPECT_EQ(Filtered("concept", "is-a", "stone"), all);
  EXPECT_EQ(Filtered("colour", "=", "red"), all);
  EXPECT_EQ(Filtered("concept", "looks-like", "cat"), all);
  EXPECT_EQ(Filtered("code", "regex", "("), all);
}

TEST(ValidateCode, IncludesExcludesImports) {
  EXPECT_EQ(Members(R"({"include":[{"system":"http://toy.example/animals"}]})"),
            "animal mammal cat bat bird dodo flyer");
  EXPECT_EQ(
      Members(R"({"include":[{"system":"http://toy.example/animals","concept":[{"code":"cat"},{"code":"stone"}]}]})"),
      "cat");  // a code that the system does not have is in no value set
  EXPECT_EQ(Members(R"({"include":[{"system":"http://toy.example/animals","version":"1",
                        "concept":[{"code":"cat"},{"code":"stone"}]}]})"),
            "cat stone");  // which version 2, that is loaded, cannot tell of version 1
  EXPECT_EQ(Members(R"({"include":[{"system":"http://toy.example/animals"}],
                        "exclude":[{"system":"http://toy.example/animals","concept":[{"code":"cat"}]}]})"),
            "animal mammal bat bird dodo flyer");
  EXPECT_EQ(Members(R"({"inactive":false,"include":[{"system":"http://toy.example/animals"}]})"),
            "animal mammal cat bat bird flyer");
  EXPECT_EQ(Members(R"({"include":[{"system":"http://toy.example/other"}]})"), "");
  EXPECT_EQ(Members(R"({"include":[{"valueSet":["http://toy.example/nowhere"]}]})"),
            "animal? mammal? cat? bat? bird? dodo? flyer? stone?");
}

TEST(ValidateCode, SeveralImports_AllMustHaveTheCode) {
  const std::string mammals = ValueSet(
      R"({"include":[{"system":"http://toy.example/animals","filter":[{"property":"concept","op":"is-a","value":"mammal"}]}]})",
      "http://toy.example/mammals");
  const std::string flyers = ValueSet(
      R"({"include":[{"system":"http://toy.example/animals","filter":[{"property":"concept","op":"is-a","value":"flyer"}]}]})",
      "http://toy.example/flyers");
  const std::string both =
      ValueSet(R"({"include":[{"valueSet":["http://toy.example/mammals","http://toy.example/flyers"]}]})");
  const World world{kAnimals, mammals, flyers, both};
  EXPECT_EQ(world.terminology.ValidateCode(kSet, {.system = kSystem, .code = "bat"}).verdict, Verdict::kMember);
  EXPECT_EQ(world.terminology.ValidateCode(kSet, {.system = kSystem, .code = "cat"}).verdict, Verdict::kNotMember);
  const Answer inferred = world.terminology.ValidateCode(kSet, {.code = "bat"}, SystemRule::kInfer);
  EXPECT_EQ(inferred.verdict, Verdict::kMember);
  EXPECT_EQ(inferred.found.system, kSystem);
}

TEST(ValidateCode, CircleOfImports_EndsWithoutAnAnswer) {
  const std::string a = ValueSet(R"({"include":[{"valueSet":["http://toy.example/b"]}]})", "http://toy.example/a");
  const std::string b = ValueSet(R"({"include":[{"valueSet":["http://toy.example/a"]},
      {"system":"http://toy.example/animals","concept":[{"code":"cat"}]}]})",
                                 "http://toy.example/b");
  const World world{kAnimals, a, b};
  EXPECT_EQ(world.terminology.ValidateCode("http://toy.example/a", {.system = kSystem, .code = "cat"}).verdict,
            Verdict::kMember);
  const Answer answer = world.terminology.ValidateCode("http://toy.example/a", {.system = kSystem, .code = "bat"});
  EXPECT_EQ(answer.verdict, Verdict::kUndecidable);
  EXPECT_EQ(answer.why, "http://toy.example/a");
}

TEST(ValidateCode, ChainOfImports_AtTheLimit_IsFollowed_AndNotPastIt) {
  for (const std::size_t depth : {3U, 2U}) {
    const std::string a = ValueSet(R"({"include":[{"valueSet":["http://toy.example/b"]}]})", "http://toy.example/a");
    const std::string b = ValueSet(R"({"include":[{"valueSet":["http://toy.example/c"]}]})", "http://toy.example/b");
    const std::string c = ValueSet(R"({"include":[{"system":"http://toy.example/animals"}]})", "http://toy.example/c");
    const World world({kAnimals, a, b, c}, {.imports_depth_max = depth});
    EXPECT_EQ(world.terminology.ValidateCode("http://toy.example/a", {.system = kSystem, .code = "cat"}).verdict,
              depth == 3 ? Verdict::kMember : Verdict::kUndecidable);
  }
}

TEST(ValidateCode, AnswersTellWhatIsMissing) {
  const std::string set =
      ValueSet(R"({"include":[{"system":"http://loinc.org"},{"system":"http://toy.example/animals"}]})");
  const World world{kAnimals, set};
  EXPECT_EQ(world.terminology.ValidateCode("http://toy.example/none", {.code = "x"}).verdict,
            Verdict::kUnknownValueSet);
  const Answer loinc = world.terminology.ValidateCode(kSet, {.system = "http://loinc.org", .code = "1-8"});
  EXPECT_EQ(loinc.verdict, Verdict::kUnknownCodeSystem);
  EXPECT_EQ(loinc.why, "http://loinc.org");
  EXPECT_EQ(world.terminology.ValidateCode(kSet, {.system = kSystem, .code = "stone"}).verdict, Verdict::kNotMember);
  EXPECT_EQ(world.terminology.ValidateCode(kSet, {.code = "cat"}).verdict, Verdict::kNotMember);
  EXPECT_EQ(world.terminology.ValidateCode(kSet, {.code = "cat"}, SystemRule::kInfer).verdict, Verdict::kMember);
}

TEST(ValidateCode, DisplayVersionInactiveAbstract) {
  const World world{kAnimals};
  const auto answer = [&](std::string_view code, std::string_view display, std::string_view version = {}) {
    return world.terminology.ValidateInCodeSystem(
        {.system = kSystem, .version = version, .code = code, .display = display});
  };
  EXPECT_FALSE(answer("cat", "Cat").display_differs);
  EXPECT_FALSE(answer("cat", " cAT ").display_differs);
  EXPECT_FALSE(answer("cat", "Chat").display_differs);
  EXPECT_TRUE(answer("cat", "Dog").display_differs);
  EXPECT_EQ(answer("cat", "Dog").found.display, "Cat");
  EXPECT_TRUE(answer("dodo", "").found.inactive);
  EXPECT_TRUE(answer("animal", "").found.abstract);
  EXPECT_FALSE(answer("cat", "", "2").version_unknown);
  EXPECT_TRUE(answer("cat", "", "3").version_unknown);
  EXPECT_EQ(answer("Cat", "").verdict, Verdict::kNotMember);
}

TEST(ValidateCode, CaseInsensitiveSystem_TakesAnyCase) {
  const World world{
      R"({"resourceType":"CodeSystem","url":"http://toy.example/loose","status":"active","content":"complete",
          "caseSensitive":false,"concept":[{"code":"Abc"}]})",
      ValueSet(R"({"include":[{"system":"http://toy.example/loose","concept":[{"code":"Abc"}]}]})")};
  const Answer answer = world.terminology.ValidateInCodeSystem({.system = "http://toy.example/loose", .code = "aBC"});
  EXPECT_EQ(answer.verdict, Verdict::kMember);
  EXPECT_EQ(answer.found.code, "Abc");
  EXPECT_EQ(world.terminology.ValidateCode(kSet, {.system = "http://toy.example/loose", .code = "aBC"}).verdict,
            Verdict::kMember);
}

TEST(ValidateCode, FragmentOfASystem_DecidesOnlyWhatItHas) {
  const World world{
      R"({"resourceType":"CodeSystem","url":"http://toy.example/part","status":"active","content":"fragment",
          "concept":[{"code":"a"}]})"};
  EXPECT_EQ(world.terminology.ValidateInCodeSystem({.system = "http://toy.example/part", .code = "a"}).verdict,
            Verdict::kMember);
  EXPECT_EQ(world.terminology.ValidateInCodeSystem({.system = "http://toy.example/part", .code = "b"}).verdict,
            Verdict::kUnknownCodeSystem);
}

TEST(ValidateCode, SystemsOfR4) {
  const Terminology terminology(Registry::Core());
  const auto verdict = [&](std::string_view set, std::string_view system, std::string_view code) {
    return terminology
        .ValidateCode("http://hl7.org/fhir/ValueSet/" + std::string(set), {.system = system, .code = code})
        .verdict;
  };
  EXPECT_EQ(verdict("administrative-gender", "http://hl7.org/fhir/administrative-gender", "male"), Verdict::kMember);
  EXPECT_EQ(verdict("administrative-gender", "http://hl7.org/fhir/administrative-gender", "M"), Verdict::kNotMember);
  EXPECT_EQ(verdict("languages", "urn:ietf:bcp:47", "fr"), Verdict::kMember);
  EXPECT_EQ(verdict("all-languages", "urn:ietf:bcp:47", "oc-FR"), Verdict::kMember);
  EXPECT_EQ(verdict("all-languages", "urn:ietf:bcp:47", "?"), Verdict::kNotMember);
  EXPECT_EQ(verdict("mimetypes", "urn:ietf:bcp:13", "text/plain"), Verdict::kMember);
  EXPECT_EQ(verdict("ucum-units", "http://unitsofmeasure.org", "mg/dL"), Verdict::kMember);
  EXPECT_EQ(verdict("currencies", "urn:iso:std:iso:4217", "EUR"), Verdict::kMember);
  EXPECT_EQ(verdict("currencies", "urn:iso:std:iso:4217", "EURO"), Verdict::kNotMember);
  EXPECT_EQ(verdict("jurisdiction", "urn:iso:std:iso:3166", "FR"), Verdict::kMember);
  EXPECT_EQ(verdict("jurisdiction", "urn:iso:std:iso:3166", "FRA"), Verdict::kUnknownCodeSystem);
  EXPECT_EQ(verdict("observation-codes", "http://loinc.org", "8867-4"), Verdict::kUnknownCodeSystem);
  EXPECT_EQ(verdict("v3-ActEncounterCode", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "VR"),
            Verdict::kUnknownValueSet);
  const Answer act = terminology.ValidateCode(
      "http://terminology.hl7.org/ValueSet/v3-ActEncounterCode",
      {.system = "http://terminology.hl7.org/CodeSystem/v3-ActCode", .code = "VR", .display = "virtual"});
  EXPECT_EQ(act.verdict, Verdict::kMember);
  EXPECT_FALSE(act.display_differs);
  const Answer body = terminology.ValidateCode("http://hl7.org/fhir/ValueSet/substance-code",
                                               {.system = "http://snomed.info/sct", .code = "0"});
  EXPECT_NE(body.verdict, Verdict::kMember);
}

TEST(ValidateCode, SmallCache_ForgetsAndCompilesAgain) {
  const Terminology terminology(Registry::Core(), {.cache_bytes_max = 4096});
  for (int i = 0; i < 3; ++i) {
    for (const auto* set : {"administrative-gender", "observation-status", "languages", "request-intent"}) {
      EXPECT_NE(terminology.FindValueSet(std::string("http://hl7.org/fhir/ValueSet/") + set), nullptr);
    }
  }
}

TEST(ValidateCode, PackageLoadedAtRunTime_BringsItsValueSet) {
  fhir::packages::RegistryBuilder builder;
  fhir::IssueList issues;
  ASSERT_TRUE(builder.LoadPath(std::string(GW_SOURCE_DIR) + "/tests/data/packages/toy", issues));
  const auto registry = builder.Build(issues);
  const Terminology terminology(*registry);
  const auto verdict = [&](std::string_view code) {
    return terminology.ValidateCode("http://toy.example/fhir/ValueSet/toy-blue", {.code = code}, SystemRule::kInfer)
        .verdict;
  };
  EXPECT_EQ(verdict("navy"), Verdict::kMember);
  EXPECT_EQ(verdict("red"), Verdict::kNotMember);
  EXPECT_EQ(terminology
                .ValidateCode("http://hl7.org/fhir/ValueSet/administrative-gender",
                              {.system = "http://hl7.org/fhir/administrative-gender", .code = "male"})
                .verdict,
            Verdict::kMember);
}

}  // namespace
