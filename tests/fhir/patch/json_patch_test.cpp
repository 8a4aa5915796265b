#include "fhir/patch/json_patch.hpp"

#include <gtest/gtest.h>

#include "tests/fhir/patch/patch_cases.hpp"

namespace {

TEST(JsonPatch, CaseFile_GivesTheExpectedResourceOrFailure) {
  const auto cases = patch_test::ReadCases(GW_SOURCE_DIR "/tests/data/patch/json_patch.json");
  EXPECT_GT(cases.items().size(), 40U);
  for (const auto& one : cases.items()) {
    const auto document = patch_test::ReadResource(*one.Find("doc"));
    const auto patch = fhir::patch::ReadJsonPatch(fhir::json::WriteValue(*one.Find("patch")));
    if (!patch) {
      ASSERT_NE(one.Find("error"), nullptr) << one.FindText("comment") << ": " << patch.error().text;
      patch_test::ExpectFailure(patch.error(), *one.Find("error"), one.FindText("comment"));
      continue;
    }
    patch_test::ExpectOutcome(one, fhir::patch::PatchResource(document.root(), *patch, {}), document);
  }
}

TEST(JsonPatch, TextThatIsNoJson_IsMalformedWithoutOperation) {
  for (const char* text : {"", "nonsense", "[", "[{\"op\":\"add\",\"op\":\"remove\",\"path\":\"\"}]", "null", "7"}) {
    const auto patch = fhir::patch::ReadJsonPatch(text);
    ASSERT_FALSE(patch) << text;
    EXPECT_EQ(patch.error().kind, fhir::patch::FailureKind::kMalformed) << text;
    EXPECT_FALSE(patch.error().operation) << text;
  }
}

TEST(JsonPatch, FailureAsError_NamesTheOperationAndNoPath) {
  using fhir::patch::Failure;
  using fhir::patch::FailureKind;
  const auto error =
      fhir::patch::ToError(Failure{FailureKind::kTestFailed, 3, "/name/0/text", "another value is there"});
  EXPECT_EQ(error.code, fhir::ErrorCode::kInvalid);
  EXPECT_EQ(error.public_text.text, "operation 3: another value is there");
  EXPECT_EQ(fhir::patch::ToError({FailureKind::kMalformed, {}, {}, "x"}).code, fhir::ErrorCode::kMalformed);
  EXPECT_EQ(fhir::patch::ToError({FailureKind::kTooLarge, {}, {}, "x"}).code, fhir::ErrorCode::kTooLarge);
}

}  // namespace
