// The case files of tests/data/patch: {comment, doc, …, expected | error: {kind, operation, path}}.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/value.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/patch/failure.hpp"

namespace patch_test {

inline fhir::json::Value ReadCases(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto cases = fhir::json::ReadValue(text);
  EXPECT_TRUE(cases && cases->IsArray()) << path;
  return cases ? *std::move(cases) : fhir::json::Value::Array();
}

inline fhir::model::Document ReadResource(const fhir::json::Value& value) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(fhir::json::WriteValue(value), {}, issues);
  EXPECT_TRUE(document && issues.empty()) << fhir::json::WriteValue(value);
  return document ? *std::move(document) : fhir::model::Document(0);
}

inline std::string_view KindName(fhir::patch::FailureKind kind) {
  using fhir::patch::FailureKind;
  switch (kind) {
    case FailureKind::kMalformed:
      return "malformed";
    case FailureKind::kPathNotFound:
      return "path";
    case FailureKind::kTestFailed:
      return "test";
    case FailureKind::kResultInvalid:
      return "result";
    case FailureKind::kTooLarge:
      return "large";
  }
  return {};
}

inline void ExpectFailure(const fhir::patch::Failure& failure, const fhir::json::Value& expected,
                          std::string_view comment) {
  EXPECT_EQ(KindName(failure.kind), expected.FindText("kind")) << comment << ": " << failure.text;
  const fhir::json::Value* operation = expected.Find("operation");
  ASSERT_EQ(failure.operation.has_value(), operation != nullptr) << comment;
  if (operation != nullptr) {
    EXPECT_EQ(static_cast<std::int64_t>(*failure.operation), *operation->AsInteger()) << comment;
    EXPECT_EQ(failure.path, expected.FindText("path")) << comment;
  }
  EXPECT_FALSE(failure.text.empty()) << comment;
  EXPECT_FALSE(fhir::patch::ToError(failure).public_text.text.empty()) << comment;
}

/// A resource made or refused, against what the case expects; `before` must be as it was.
inline void ExpectOutcome(const fhir::json::Value& one, const fhir::patch::Patched<fhir::model::Document>& result,
                          const fhir::model::Document& before) {
  const std::string comment(one.FindText("comment"));
  EXPECT_EQ(fhir::json::WriteJson(before.root()), fhir::json::WriteJson(ReadResource(*one.Find("doc")).root()))
      << comment;
  const fhir::json::Value* expected = one.Find("expected");
  if (expected == nullptr) {
    ASSERT_FALSE(result) << comment;
    ExpectFailure(result.error(), *one.Find("error"), comment);
    return;
  }
  ASSERT_TRUE(result) << comment << ": " << result.error().text;
  // Written forms: decimals keep their text. Elements added by JSON stand in the order of the patch.
  EXPECT_EQ(fhir::json::WriteJson(result->root()), fhir::json::WriteJson(ReadResource(*expected).root())) << comment;
}

}  // namespace patch_test
