// A large code system answers as a small one of the same concepts does.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "fhir/terminology/filter.hpp"
#include "fhir/terminology/large_system_writer.hpp"
#include "fhir/terminology/skeleton_bytes.hpp"
#include "tests/fhir/terminology/toy.hpp"

namespace fhir::terminology {
namespace {

/// Pages as bytes; counts how often one is asked for.
class KeptPages final : public ConceptPages {
 public:
  std::shared_ptr<const ConceptPage> Page(std::uint32_t number, std::uint32_t concepts) const override {
    ++asked;
    const auto found = bytes.find(number);
    auto page = found == bytes.end() ? Result<std::shared_ptr<const ConceptPage>>(Fail(ErrorCode::kNotFound, "no page"))
                                     : ReadPage(found->second, number * kPageConcepts);
    return page && (*page)->concepts.size() == concepts ? *page : BlankPage(number * kPageConcepts, concepts);
  }
  std::map<std::uint32_t, std::string> bytes;
  mutable int asked = 0;
};

/// Concept i has the code "ci", its parent is i / 10; every third is inactive; some have a property and a designation.
constexpr std::uint32_t kCount = 1'300;  // two pages and a part

struct Made {
  std::shared_ptr<KeptPages> pages = std::make_shared<KeptPages>();
  std::unique_ptr<LargeSystemWriter> writer;
  Made() {
    writer = std::make_unique<LargeSystemWriter>(
        kCount, [kept = pages](std::uint32_t number, const ConceptPage& page) -> Result<void> {
          kept->bytes[number] = WritePage(page);
          return {};
        });
  }
};

Result<void> AddOne(LargeSystemWriter& writer, std::uint32_t i) {
  const std::string code = fmt::format("c{}", i);
  const std::string display = fmt::format("Concept {}", i);
  const std::string parent = fmt::format("c{}", i / 10);
  const std::string_view parents[] = {parent};
  const ConceptProperty properties[] = {
      {.name = "inactive", .type = "valueBoolean", .value = i % 3 == 0 ? "true" : "false"},
      {.name = "colour", .type = "valueString", .value = i % 2 == 0 ? "red" : "blue"}};
  const ConceptDesignation designations[] = {{.language = "fr", .use_system = {}, .use = {}, .value = "notion"}};
  return writer.Add({.code = code,
                     .display = display,
                     .definition = {},
                     .parents = i == 0 ? std::span<const std::string_view>() : std::span(parents),
                     .children = {},
                     .properties = properties,
                     .designations = i == 7 ? std::span(designations) : std::span<const ConceptDesignation>(),
                     .line = i + 1});
}

CodeSystem LargeOne(std::shared_ptr<KeptPages>& pages) {
  Made made;
  // From the end: parents come after their children.
  for (std::uint32_t i = kCount; i-- > 0;) {
    EXPECT_TRUE(AddOne(*made.writer, i));
  }
  const auto skeleton = made.writer->Finish();
  EXPECT_TRUE(skeleton);
  const auto again = ReadSkeleton(WriteSkeleton(*skeleton));
  EXPECT_TRUE(again);
  pages = made.pages;
  auto system = CodeSystem::Large(
      {.url = "urn:large", .version = "1", .name = "Large", .properties = {"inactive", "colour"}}, *again, made.pages);
  EXPECT_TRUE(system);
  return *std::move(system);
}

std::vector<std::string> Chosen(const CodeSystem& system, const Filter& filter) {
  std::vector<bool> selected(system.size(), true);
  EXPECT_EQ(ApplyFilter(system, filter, selected), Gap::kNone) << filter.property << filter.op;
  std::vector<std::string> codes;
  for (CodeSystem::Position i = 0; i < system.size(); ++i) {
    if (selected[i]) {
      codes.emplace_back(system.At(i)->code);
    }
  }
  std::ranges::sort(codes);
  return codes;
}

/// The same concepts in a resource.
CodeSystem SmallOne() {
  std::string text = R"({"resourceType":"CodeSystem","url":"urn:large","content":"complete","concept":[)";
  for (std::uint32_t i = 0; i < kCount; ++i) {
    text += fmt::format(
        R"({}{{"code":"c{}","display":"Concept {}","property":[{{"code":"inactive","valueBoolean":{}}},{{"code":"colour","valueString":"{}"}}{}]}})",
        i == 0 ? "" : ",", i, i, i % 3 == 0, i % 2 == 0 ? "red" : "blue",
        i == 0 ? "" : fmt::format(R"(,{{"code":"parent","valueCode":"c{}"}})", i / 10));
  }
  auto system = CodeSystem::Compile(toy::Read(text + "]}").root());
  EXPECT_TRUE(system);
  return *std::move(system);
}

TEST(LargeSystem, EveryFilter_ChoosesWhatItDoesInASmallOne) {
  std::shared_ptr<KeptPages> pages;
  const CodeSystem large = LargeOne(pages);
  const CodeSystem small = SmallOne();
  ASSERT_EQ(large.size(), kCount);
  for (const Filter& filter : std::initializer_list<Filter>{{"concept", "is-a", "c12"},
                                                            {"concept", "descendent-of", "c1"},
                                                            {"concept", "is-not-a", "c1"},
                                                            {"concept", "generalizes", "c1234"},
                                                            {"parent", "=", "c5"},
                                                            {"parent", "in", "c5, c6,none"},
                                                            {"parent", "not-in", "c5,c6"},
                                                            {"parent", "exists", "true"},
                                                            {"parent", "exists", "false"},
                                                            {"parent", "regex", "c1[0-9]"},
                                                            {"inactive", "=", "true"},
                                                            {"colour", "=", "red"},
                                                            {"code", "regex", "c[0-9]5"},
                                                            {"display", "=", "Concept 77"}}) {
    EXPECT_EQ(Chosen(large, filter), Chosen(small, filter)) << filter.property << " " << filter.op;
    EXPECT_FALSE(Chosen(large, filter).empty()) << filter.property << " " << filter.op;
  }
}

TEST(LargeSystem, Code_IsFoundByOnePage) {
  std::shared_ptr<KeptPages> pages;
  const CodeSystem large = LargeOne(pages);
  pages->asked = 0;
  const ConceptRef found = large.Find("c7");
  ASSERT_TRUE(found);
  EXPECT_EQ(pages->asked, 1);
  EXPECT_EQ(found->display, "Concept 7");
  EXPECT_EQ(large.Designations(*found)[0].value, "notion");
  EXPECT_TRUE(large.IsA(*found, *large.Find("c0")));
  EXPECT_FALSE(large.IsA(*found, *large.Find("c8")));
  pages->asked = 0;
  EXPECT_FALSE(large.Find("c1300"));
  EXPECT_FALSE(large.Find(""));
  EXPECT_LE(pages->asked, 1);  // a hash may be another code's
  EXPECT_TRUE(large.HasProperty("colour"));
  EXPECT_FALSE(large.HasProperty("taste"));
}

TEST(LargeSystem, PageThatIsNotThere_IsBlankAndHoldsNoCode) {
  std::shared_ptr<KeptPages> pages;
  const CodeSystem large = LargeOne(pages);
  pages->bytes.clear();
  EXPECT_FALSE(large.Find("c7"));
  EXPECT_EQ(large.At(kCount - 1)->code, "");
}

TEST(LargeSystemWriter, WhatIsWrong_IsToldWithItsLine) {
  const auto write = [](const std::vector<std::pair<std::string_view, std::string_view>>& concepts) -> std::string {
    Made made;
    std::int64_t line = 10;
    for (const auto& [code, parent] : concepts) {
      const std::string_view parents[] = {parent};
      const auto added =
          made.writer->Add({.code = code,
                            .display = {},
                            .definition = {},
                            .parents = parent.empty() ? std::span<const std::string_view>() : std::span(parents),
                            .children = {},
                            .properties = {},
                            .designations = {},
                            .line = ++line});
      if (!added) {
        return added.error().public_text.text;
      }
    }
    const auto done = made.writer->Finish();
    return done ? "well" : done.error().public_text.text;
  };
  EXPECT_EQ(write({{"a", ""}, {"b", "a"}}), "well");
  EXPECT_EQ(write({}), "there is no concept in it");
  EXPECT_EQ(write({{"a", ""}, {"", ""}}), "line 12: expected a code of 1 to 1024 bytes");
  EXPECT_EQ(write({{"a", ""}, {"b", ""}, {"a", ""}}), "line 13: the code a is already that of line 11");
  EXPECT_EQ(write({{"a", "z"}}), "line 11: the code z, named as a parent there, is not in the file");
  EXPECT_EQ(write({{"r", ""}, {"a", "b"}, {"b", "a"}}), "line 12: the hierarchy has a circle here");
  EXPECT_EQ(write({{"a", "a"}}), "line 11: the hierarchy has a circle here");
}

TEST(LargeSystemWriter, Concepts_AreAtMostSoMany) {
  Made made;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(AddOne(*made.writer, i));
  }
  const auto refused = AddOne(*made.writer, kCount);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
}

TEST(ReadPage, EveryCutOrChangedByte_IsRefusedOrReadWithinItsBounds) {
  std::shared_ptr<KeptPages> pages;
  LargeOne(pages);
  const std::string& bytes = pages->bytes.at(2);
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    EXPECT_FALSE(ReadPage(bytes.substr(0, i), 0)) << i;
    std::string changed = bytes;
    changed[i] = static_cast<char>(0xFF);
    if (const auto page = ReadPage(changed, 0)) {
      EXPECT_LE((*page)->concepts.size(), kPageConcepts);
    }
  }
}

TEST(ReadSkeleton, WhatContradictsItself_IsRefused) {
  EXPECT_FALSE(ReadSkeleton(""));
  EXPECT_FALSE(ReadSkeleton("PSK1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
  const auto pages = std::make_shared<KeptPages>();
  EXPECT_TRUE(CodeSystem::Large({}, {.hashes = {1, 2}, .first_parent = {0, 0, 1}, .parents = {0}}, pages));
  EXPECT_FALSE(CodeSystem::Large({}, {.hashes = {1, 2}, .first_parent = {0, 0, 1}, .parents = {2}}, pages));
  EXPECT_FALSE(CodeSystem::Large({}, {.hashes = {1, 2}, .first_parent = {0, 2, 1}, .parents = {0}}, pages));
  EXPECT_FALSE(CodeSystem::Large({}, {.hashes = {1, 2}, .first_parent = {0, 0}, .parents = {}}, pages));
}

}  // namespace
}  // namespace fhir::terminology
