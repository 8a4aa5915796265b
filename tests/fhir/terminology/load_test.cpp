// Many codes, many threads, costly patterns: what is shared stays shared, and what is bounded stays bounded.
#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/terminology/operations.hpp"
#include "fhir/terminology/value_set_compiler.hpp"
#include "tests/fhir/terminology/toy.hpp"

namespace {

using fhir::packages::Registry;
using fhir::terminology::Gap;
using fhir::terminology::Terminology;
using fhir::terminology::Verdict;
using toy::World;

constexpr std::size_t kManyCodes = 100'000;

/// A code system of that many codes in a chain, each the parent of the next: as deep as it is long.
std::string Chain(std::size_t count) {
  std::string json =
      R"({"resourceType":"CodeSystem","url":"http://toy.example/many","status":"active","content":"complete",
      "property":[{"code":"parent","type":"code"}],"concept":[)";
  for (std::size_t i = 0; i < count; ++i) {
    json += fmt::format(R"({}{{"code":"c{}","property":[{{"code":"parent","valueCode":"c{}"}}]}})", i == 0 ? "" : ",",
                        i, i == 0 ? 0 : i - 1);
  }
  return json + "]}";
}

TEST(LargeCodeSystem, IsShared_AndCostsNoCopyPerUse) {
  const std::string chain = Chain(kManyCodes);
  const World world{
      chain,
      R"({"resourceType":"ValueSet","url":"http://toy.example/all","status":"active",
                        "compose":{"include":[{"system":"http://toy.example/many"}]}})",
      R"({"resourceType":"ValueSet","url":"http://toy.example/lower","status":"active","compose":{"include":[
                        {"system":"http://toy.example/many","filter":[{"property":"concept","op":"is-a","value":"c50000"}]}]}})"};
  const auto all = world.terminology.FindValueSet("http://toy.example/all");
  const auto lower = world.terminology.FindValueSet("http://toy.example/lower");
  ASSERT_TRUE(all != nullptr && lower != nullptr);
  EXPECT_EQ(all->OnlyWholeSystem()->code_system, lower->OnlyWholeSystem()->code_system);
  EXPECT_LT(all->bytes(), 2'000U);
  EXPECT_LT(lower->bytes(), kManyCodes / 8 + 2'000U);
  for (std::size_t i = 0; i < kManyCodes; ++i) {
    const std::string code = fmt::format("c{}", i);
    ASSERT_EQ(world.terminology.ValidateCode(lower, {.system = "http://toy.example/many", .code = code}).verdict,
              i < 50'000 ? Verdict::kNotMember : Verdict::kMember);
  }
  EXPECT_TRUE(Expand(world.terminology, "http://toy.example/all", {.codes_max = kManyCodes}));
  EXPECT_FALSE(Expand(world.terminology, "http://toy.example/all", {.codes_max = kManyCodes - 1}));
  EXPECT_EQ(Subsumes(world.terminology, {.system = "http://toy.example/many", .code = "c0"}, {.code = "c99999"}),
            fhir::terminology::Subsumption::kSubsumes);
}

/// A value set of so many includes, all of one code each, and with an exclude.
std::string ValueSetOfParts(std::size_t includes) {
  std::string json =
      R"({"resourceType":"ValueSet","url":"http://toy.example/parts","status":"active","compose":{"include":[)";
  for (std::size_t i = 0; i < includes; ++i) {
    json +=
        fmt::format(R"({}{{"system":"http://toy.example/many","concept":[{{"code":"c{}"}}]}})", i == 0 ? "" : ",", i);
  }
  return json + R"(],"exclude":[{"system":"http://toy.example/many","concept":[{"code":"c0"}]}]}})";
}

TEST(PartsOfAValueSet, AreLimited) {
  const std::string chain = Chain(fhir::terminology::kPartsMax);
  const World at_limit{chain, ValueSetOfParts(fhir::terminology::kPartsMax - 1)};
  EXPECT_TRUE(Expand(at_limit.terminology, "http://toy.example/parts", {}));
  EXPECT_EQ(
      at_limit.terminology.ValidateCode("http://toy.example/parts", {.system = "http://toy.example/many", .code = "c1"})
          .verdict,
      Verdict::kMember);
  const World past_limit{chain, ValueSetOfParts(fhir::terminology::kPartsMax)};
  const auto refused = Expand(past_limit.terminology, "http://toy.example/parts", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, fhir::ErrorCode::kTooCostly);
  EXPECT_EQ(past_limit.terminology
                .ValidateCode("http://toy.example/parts", {.system = "http://toy.example/many", .code = "c1"})
                .verdict,
            Verdict::kUndecidable);
}

TEST(WalkOverAValueSet, CountsWhatComesAgain) {
  const World world{Chain(10),
                    R"({"resourceType":"ValueSet","url":"http://toy.example/thrice","status":"active","compose":{
                        "include":[{"system":"http://toy.example/many"},{"system":"http://toy.example/many"},
                                   {"system":"http://toy.example/many","concept":[{"code":"c1"}]}]}})",
                    R"({"resourceType":"ValueSet","url":"http://toy.example/import","status":"active","compose":{
                        "include":[{"valueSet":["http://toy.example/thrice"]}]}})"};
  const auto walk = [&](std::string_view url, std::size_t offers_max) {
    std::size_t members = 0;
    const bool whole =
        world.terminology.FindValueSet(url)->ForEach([&](const auto&) { return ++members > 0; }, offers_max);
    return std::pair(whole, members);
  };
  EXPECT_EQ(walk("http://toy.example/thrice", 21), std::pair(true, std::size_t{10}));
  EXPECT_EQ(walk("http://toy.example/thrice", 20), std::pair(false, std::size_t{10}));
  EXPECT_EQ(walk("http://toy.example/import", 31), std::pair(true, std::size_t{10}));
  EXPECT_EQ(walk("http://toy.example/import", 30), std::pair(false, std::size_t{10}));
}

TEST(CostlyPattern, InAFilter_IsGivenUp) {
  const std::string code(60, 'a');
  const World world{
      fmt::format(R"({{"resourceType":"CodeSystem","url":"http://toy.example/a","status":"active","content":"complete",
                        "concept":[{{"code":"{}"}}]}})",
                  code),
      R"({"resourceType":"ValueSet","url":"http://toy.example/x","status":"active","compose":{"include":[
                        {"system":"http://toy.example/a","filter":[{"property":"code","op":"regex","value":"(a|aa|a.)*b"}]}]}})"};
  const auto answer =
      world.terminology.ValidateCode("http://toy.example/x", {.system = "http://toy.example/a", .code = code});
  EXPECT_EQ(answer.verdict, Verdict::kUndecidable);
  EXPECT_EQ(answer.gap, Gap::kCost);
}

TEST(ManyThreads, OnASmallCache_GetTheSameAnswers) {
  const Terminology terminology(Registry::Core(), {.cache_bytes_max = 64 * 1024});
  std::atomic<int> members = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        for (const auto* set :
             {"administrative-gender", "observation-status", "languages", "encounter-status", "request-intent"}) {
          const std::string canonical = std::string("http://hl7.org/fhir/ValueSet/") + set;
          const auto value_set = terminology.FindValueSet(canonical);
          EXPECT_TRUE(value_set->ForEach([&](const fhir::terminology::Found& found) {
            const auto answer = terminology.ValidateCode(canonical, {.system = found.system, .code = found.code});
            members += answer.verdict == Verdict::kMember ? 1 : 0;
            return false;
          }));
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(members, 4 * 20 * 5);
}

}  // namespace
