#include "fhir/packages/registry_builder.hpp"

#include <cstddef>
#include <utility>

#include "fhir/json/writer.hpp"

namespace fhir::packages {
namespace {

class OwnTexts final : public TextStore {
 public:
  template <typename Names>
  OwnTexts(Names names, std::vector<std::string> texts)
      : names_(std::make_shared<const Names>(std::move(names))), texts_(std::move(texts)) {}
  Result<std::string> Text(std::size_t number) const override { return texts_[number]; }

 private:
  std::shared_ptr<const void> names_;  // alone here: the registry's rows point into the names
  std::vector<std::string> texts_;
};

}  // namespace

Result<void> RegistryBuilder::AddResource(model::Document document) {
  const std::string_view url = document.root().ChildValue("url");
  if (url.empty()) {
    return Fail(ErrorCode::kInvalid, "a conformance resource needs a url");
  }
  names_.push_back({.type = std::string(document.type_name()),
                    .url = std::string(url),
                    .version = std::string(document.root().ChildValue("version"))});
  document.RemoveAll(document.root(), "text");
  texts_.push_back(json::WriteJson(document.root()));
  return {};
}

std::unique_ptr<const Registry> RegistryBuilder::Build([[maybe_unused]] IssueList& issues) {
  std::vector<Registry::Row> rows;
  rows.reserve(names_.size());
  for (const Names& names : names_) {
    rows.push_back({.name = {.type = names.type, .url = names.url, .version = names.version}, .text = rows.size()});
  }
  auto texts = std::make_unique<OwnTexts>(std::exchange(names_, {}), std::exchange(texts_, {}));
  return std::make_unique<const Registry>(&base_, std::move(rows), std::move(texts));
}

}  // namespace fhir::packages
