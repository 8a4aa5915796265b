// Code systems that add designations and properties to another one's concepts.
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/json/writer.hpp"
#include "fhir/terminology/operations.hpp"
#include "tests/fhir/terminology/toy.hpp"

namespace {

using fhir::terminology::Coding;
using fhir::terminology::Verdict;
using testing::HasSubstr;
using testing::Not;
using toy::kAnimals;
using toy::World;

constexpr std::string_view kSupplementedSystem = "http://toy.example/animals";
constexpr std::string_view kSupplement = R"({"resourceType":"CodeSystem","url":"http://toy.example/animals-de",
  "version":"1","language":"de","status":"active","content":"supplement","supplements":"http://toy.example/animals",
  "property":[{"code":"cry","type":"string"},{"code":"gone","uri":"http://hl7.org/fhir/concept-properties#inactive","type":"boolean"}],
  "concept":[{"code":"mammal","concept":[{"code":"cat","display":"Hauskatze","designation":[{"language":"de","value":"Katze"}],
    "property":[{"code":"cry","valueString":"miau"},{"code":"gone","valueBoolean":true},{"code":"parent","valueCode":"bird"}]}]},
    {"code":"dog","display":"Hund"}]})";
constexpr std::string_view kOfVersion1 = R"({"resourceType":"CodeSystem","url":"http://toy.example/animals-old",
  "status":"active","content":"supplement","supplements":"http://toy.example/animals|1",
  "concept":[{"code":"cat","designation":[{"value":"Felis"}]}]})";
constexpr std::string_view kOfVersion2 = R"({"resourceType":"CodeSystem","url":"http://toy.example/animals-new",
  "status":"active","content":"supplement","supplements":"http://toy.example/animals|2",
  "concept":[{"code":"cat","designation":[{"value":"Felis catus"}]}]})";
constexpr std::string_view kNeedsSupplement =
    R"({"resourceType":"ValueSet","url":"http://toy.example/vs","status":"active",
  "extension":[{"url":"http://hl7.org/fhir/StructureDefinition/valueset-supplement",
    "valueCanonical":"http://toy.example/animals-de"}],
  "compose":{"include":[{"system":"http://toy.example/animals"}]}})";

std::string Lookup(const World& world, std::string_view code) {
  const auto answer = fhir::terminology::Lookup(world.terminology, {.system = kSupplementedSystem, .code = code});
  return answer ? fhir::json::WriteJson(answer->root()) : answer.error().public_text.text;
}

bool DisplayDiffers(const World& world, std::string_view display) {
  const auto answer = world.terminology.ValidateInCodeSystem(
      {.system = kSupplementedSystem, .version = {}, .code = "cat", .display = display});
  EXPECT_EQ(answer.verdict, Verdict::kMember);
  return answer.display_differs;
}

TEST(Supplement, Lookup_GivesItsDesignationsAndProperties) {
  const World world{kAnimals, kSupplement};
  const std::string cat = Lookup(world, "cat");
  EXPECT_THAT(cat, HasSubstr(R"({"name":"display","valueString":"Cat"})"));
  EXPECT_THAT(cat, HasSubstr("Chat"));
  EXPECT_THAT(cat, HasSubstr("Katze"));
  EXPECT_THAT(cat, HasSubstr("Hauskatze"));
  EXPECT_THAT(cat, HasSubstr("miau"));
  EXPECT_THAT(Lookup(World{kAnimals}, "cat"), Not(HasSubstr("Katze")));
}

TEST(Supplement, DisplayCheck_TakesItsTexts) {
  const World world{kAnimals, kSupplement};
  EXPECT_FALSE(DisplayDiffers(world, "Katze"));
  EXPECT_FALSE(DisplayDiffers(world, "hauskatze"));
  EXPECT_FALSE(DisplayDiffers(world, "Cat"));
  EXPECT_TRUE(DisplayDiffers(world, "Hund"));
  EXPECT_TRUE(DisplayDiffers(World{kAnimals}, "Katze"));
}

TEST(Supplement, MeaningOfTheSystem_StaysAsItIs) {
  const World world{kAnimals, kSupplement};
  EXPECT_EQ(world.terminology
                .ValidateInCodeSystem({.system = kSupplementedSystem, .version = {}, .code = "dog", .display = {}})
                .verdict,
            Verdict::kNotMember);
  EXPECT_FALSE(world.terminology
                   .ValidateInCodeSystem({.system = kSupplementedSystem, .version = {}, .code = "cat", .display = {}})
                   .found.inactive);
  EXPECT_EQ(fhir::terminology::Subsumes(world.terminology,
                                        {.system = kSupplementedSystem, .version = {}, .code = "bird", .display = {}},
                                        {.system = kSupplementedSystem, .version = {}, .code = "cat", .display = {}}),
            fhir::terminology::Subsumption::kNotSubsumed);
}

TEST(Supplement, ForAnotherVersion_IsLeftOut) {
  const World world{kAnimals, kOfVersion1, kOfVersion2};
  EXPECT_TRUE(DisplayDiffers(world, "Felis"));
  EXPECT_FALSE(DisplayDiffers(world, "Felis catus"));
}

TEST(Supplement, ThatAValueSetNeeds_MustBeLoaded) {
  const Coding cat{.system = kSupplementedSystem, .version = {}, .code = "cat", .display = "Katze"};
  const World with{kAnimals, kSupplement, kNeedsSupplement};
  const auto answer = with.terminology.ValidateCode("http://toy.example/vs", cat);
  EXPECT_EQ(answer.verdict, Verdict::kMember);
  EXPECT_FALSE(answer.display_differs);
  const World without{kAnimals, kNeedsSupplement};
  const auto unknown = without.terminology.ValidateCode("http://toy.example/vs", cat);
  EXPECT_EQ(unknown.verdict, Verdict::kUnknownCodeSystem);
  EXPECT_EQ(unknown.why, "http://toy.example/animals-de");
}

}  // namespace
