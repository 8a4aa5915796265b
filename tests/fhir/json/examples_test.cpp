// Every official R4 example is read without a complaint and written back to the same JSON value tree, digit for digit.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/json/value.hpp"
#include "fhir/json/writer.hpp"

namespace {

using fhir::json::Member;
using fhir::json::Value;

constexpr fhir::json::ValueLimits kExampleLimits{.bytes_max = 64u * 1024 * 1024, .depth_max = 100};

std::string FileText(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// The tree with members in name order, as text: equal for equal JSON values.
void AppendSorted(std::string& out, const Value& value) {
  if (value.IsArray()) {
    for (const Value& item : value.items()) {
      out += "[";
      AppendSorted(out, item);
    }
    out += "]";
    return;
  }
  if (!value.IsObject()) {
    out += fhir::json::WriteValue(value);
    return;
  }
  std::vector<const Member*> members;
  for (const Member& member : value.members()) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const Member* a, const Member* b) { return a->name < b->name; });
  for (const Member* member : members) {
    out += "{" + member->name + ":";
    AppendSorted(out, member->value);
  }
  out += "}";
}

std::string SortedText(std::string_view json) {
  const auto value = fhir::json::ReadValue(json, kExampleLimits);
  std::string out = value ? "" : "unreadable: " + value.error().public_text.text;
  if (value) {
    AppendSorted(out, *value);
  }
  return out;
}

TEST(JsonExamples, EveryOfficialResource_ReadAndWritten_IsTheSameValue) {
  const std::filesystem::path folder =
      std::filesystem::path(GW_SOURCE_DIR) / "fhir/definitions/node_modules/hl7.fhir.r4.examples";
  std::size_t resources = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json") {
      continue;
    }
    const std::string text = FileText(entry.path());
    if (text.find("\"resourceType\"") == std::string::npos) {
      continue;
    }
    fhir::IssueList issues;
    const auto document = fhir::json::ReadJson(text, fhir::Limits{}, issues);
    ASSERT_TRUE(document) << name << ": " << document.error().public_text.text;
    for (const fhir::Issue& issue : issues.issues()) {
      ADD_FAILURE() << name << ": " << issue.expression << ": " << issue.text << " at " << issue.offset.value_or(0);
    }
    EXPECT_TRUE(SortedText(text) == SortedText(fhir::json::WriteJson(document->root()))) << name;
    if (resources % 20 == 0) {  // indentation is the same for every type, so a share of them is enough
      const std::string pretty = fhir::json::WriteJson(document->root(), {.pretty = true});
      EXPECT_TRUE(SortedText(text) == SortedText(pretty)) << name << " (pretty)";
    }
    ++resources;
  }
  EXPECT_GT(resources, 4000u) << "the examples package is not installed";
}

}  // namespace
