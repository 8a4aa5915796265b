#include "fhir/bundle/references.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"

namespace {

constexpr std::string_view kDocument =
    R"({"resourceType":"DocumentReference","text":{"status":"generated","div":"<div><a href=\"urn:uuid:1\">)"
    R"(urn:uuid:1</a><img src = 'urn:uuid:1'/><a href=\"urn:uuid:9\"/></div>"},)"
    R"("contained":[{"resourceType":"Encounter","id":"e","subject":{"reference":"urn:uuid:1"}}],)"
    R"("extension":[{"url":"urn:uuid:1","valueReference":{"reference":"urn:uuid:1"}},)"
    R"({"url":"http://x.test","valueUri":"urn:uuid:1"},{"url":"http://x.test","valueString":"urn:uuid:1"}],)"
    R"("subject":{"reference":"urn:uuid:1"},"author":[{"reference":"#e"},{"reference":"Practitioner/7"},{"display":"d"}],)"
    R"("content":[{"attachment":{"url":"urn:uuid:1"}}]})";

fhir::model::Document SampleDocument() {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(kDocument, fhir::Limits{}, issues);
  EXPECT_TRUE(document);
  EXPECT_TRUE(issues.empty());
  return std::move(*document);
}

TEST(References, Rewrite_ReplacesLinksEverywhereAndNothingElse) {
  auto document = SampleDocument();
  const std::size_t replaced = fhir::bundle::RewriteReferences(
      document, document.root(), [](std::string_view link) -> std::optional<std::string> {
        return link == "urn:uuid:1" ? std::optional<std::string>("Patient/p1") : std::nullopt;
      });
  EXPECT_EQ(replaced, 7u);
  EXPECT_EQ(fhir::json::WriteJson(document.root()),
            R"({"resourceType":"DocumentReference","text":{"status":"generated","div":"<div><a href=\"Patient/p1\">)"
            R"(urn:uuid:1</a><img src = 'Patient/p1'/><a href=\"urn:uuid:9\"/></div>"},)"
            R"("contained":[{"resourceType":"Encounter","id":"e","subject":{"reference":"Patient/p1"}}],)"
            R"("extension":[{"url":"urn:uuid:1","valueReference":{"reference":"Patient/p1"}},)"
            R"({"url":"http://x.test","valueUri":"Patient/p1"},{"url":"http://x.test","valueString":"urn:uuid:1"}],)"
            R"("subject":{"reference":"Patient/p1"},"author":[{"reference":"#e"},{"reference":"Practitioner/7"},)"
            R"({"display":"d"}],"content":[{"attachment":{"url":"Patient/p1"}}]})");
}

TEST(References, Rewrite_LooksUpEveryReferenceButContained) {
  auto document = SampleDocument();
  std::vector<std::string> seen;
  fhir::bundle::RewriteReferences(document, document.root(), [&](std::string_view link) -> std::optional<std::string> {
    seen.emplace_back(link);
    return std::nullopt;
  });
  EXPECT_EQ(std::count(seen.begin(), seen.end(), "Practitioner/7"), 1);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), "#e"), 0);
  EXPECT_EQ(fhir::json::WriteJson(document.root()), kDocument);
}

TEST(References, Collect_FindsAllInOrder) {
  const auto document = SampleDocument();
  const auto uses = fhir::bundle::CollectReferences(document.root());
  ASSERT_EQ(uses.size(), 4u);
  EXPECT_EQ(uses[0].node->parent->name, "contained");
  EXPECT_EQ(uses[2].node->name, "subject");
  EXPECT_EQ(uses[3].reference, "Practitioner/7");
}

}  // namespace
