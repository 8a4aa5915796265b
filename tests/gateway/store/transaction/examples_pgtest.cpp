// Every official example of HL7, stored and read back.
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "fhir/json/writer.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

class Examples : public StoreTest {};

std::string WithoutServerMeta(fhir::model::Document& document) {
  if (auto* meta = document.root().Child("meta")) {
    document.RemoveAll(*meta, "versionId");
    document.RemoveAll(*meta, "lastUpdated");
    if (meta->first_child == nullptr) {
      document.Remove(*meta);
    }
  }
  return fhir::json::WriteStored(document.root(), {.id = document.id(), .version = 1, .last_updated = "x"});
}

TEST_F(Examples, StoredAndReadBack_AreTheSameBytes) {
  const std::filesystem::path folder =
      std::filesystem::path(GW_SOURCE_DIR) / "fhir/definitions/node_modules/hl7.fhir.r4.examples";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "the npm packages are not installed";
  }
  gateway::store::StoreOptions options;
  // The examples break rules here and there; whether they do is for the validation's own tests.
  options.validation.bindings = fhir::validation::Checking::kOff;
  options.validation.references = fhir::validation::Checking::kOff;
  Reopen(options);
  std::map<std::string, int> stored_by_type;
  int refused = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".json" || file.file_size() > 300'000) {
      continue;
    }
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    fhir::IssueList issues;
    auto document = fhir::json::ReadJson(text.str(), {}, issues);
    if (!document || issues.HasErrors() || document->id().empty()) {
      continue;
    }
    const std::string id(document->id());
    const std::string expected = WithoutServerMeta(*document);
    port::Change change;
    change.verb = port::Verb::kUpdate;
    change.type = document->root().type;
    change.id = id;
    change.resource = *std::move(document);
    std::vector<port::Change> changes;
    const auto type = change.type;
    changes.push_back(std::move(change));
    const auto outcomes = TryApply(std::move(changes));
    if (!outcomes) {
      EXPECT_EQ(outcomes.error().code, fhir::ErrorCode::kInvalid)
          << file.path().filename() << " " << outcomes.error().internal_text.text;
      ++refused;
      continue;
    }
    const auto read = store_->Read(System(), type, id);
    ASSERT_TRUE(read) << file.path().filename();
    auto again = Parse(read->body);
    EXPECT_EQ(WithoutServerMeta(again), expected) << file.path().filename();
    ++stored_by_type[std::string(fhir::metadata::Definitions::R4().TypeName(type))];
  }
  int stored = 0;
  for (const auto& [type, count] : stored_by_type) {
    stored += count;
  }
  EXPECT_GT(stored, 3000);
  EXPECT_LT(refused, 100);
  EXPECT_GE(stored_by_type.size(), 139u);
}

}  // namespace
}  // namespace tests::store
