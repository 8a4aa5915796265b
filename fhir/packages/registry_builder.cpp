#include "fhir/packages/registry_builder.hpp"

#include <deque>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/archive.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/packages/supplements.hpp"
#include "fhir/xml/reader.hpp"

namespace fhir::packages {
namespace {

constexpr std::size_t kPlainBytesMax = 4 * 1024;  // longer texts are kept compressed: few are ever asked for

bool IsXml(std::string_view text) {
  const std::size_t first = text.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  return first != std::string_view::npos && text[first] == '<';
}

}  // namespace

/// The texts of what was added, and their names, which the registry's rows point into.
struct RegistryBuilder::Texts final : TextStore {
  struct Entry {
    std::string type, url, version;
    std::string supplements, canonical;  // of a code system that supplements another: its url, and the own canonical
    std::string text;
    std::size_t packed_from = 0;  // bytes before compression; 0 when it is plain
  };
  std::deque<Entry> entries;

  Result<std::string> Text(std::size_t number) const override {
    const Entry& entry = entries[number];
    return entry.packed_from == 0 ? Result<std::string>(entry.text)
                                  : Decompress(entry.text, Compression::kGzip, entry.packed_from);
  }
};

RegistryBuilder::RegistryBuilder(const Registry& base, const PackageLimits& limits, const Limits& resource_limits)
    : base_(base), limits_(limits), resource_limits_(resource_limits), texts_(std::make_unique<Texts>()) {}

RegistryBuilder::~RegistryBuilder() = default;

Result<void> RegistryBuilder::AddResource(model::Document document) {
  const std::string_view url = document.root().ChildValue("url");
  if (url.empty()) {
    return Fail(ErrorCode::kInvalid, "a conformance resource needs a url");
  }
  auto& entry = texts_->entries.emplace_back(Texts::Entry{.type = std::string(document.type_name()),
                                                          .url = std::string(url),
                                                          .version = std::string(document.root().ChildValue("version")),
                                                          .text = {}});
  if (const std::string_view other = document.root().ChildValue("supplements"); !other.empty()) {
    entry.supplements = SplitCanonical(other).url;
    entry.canonical = entry.version.empty() ? entry.url : fmt::format("{}|{}", entry.url, entry.version);
  }
  document.RemoveAll(document.root(), "text");
  entry.text = json::WriteJson(document.root());
  if (entry.text.size() > kPlainBytesMax) {
    GW_ASSIGN(std::string packed, GzipCompress(entry.text, 1));
    entry.packed_from = entry.text.size();
    entry.text = std::move(packed);
  }
  rows_.push_back(
      {.name = {.type = entry.type, .url = entry.url, .version = entry.version}, .text = texts_->entries.size() - 1});
  if (!entry.supplements.empty()) {
    rows_.push_back({.name = {.type = kSupplementRow, .url = entry.supplements, .version = entry.canonical},
                     .text = texts_->entries.size() - 1});
  }
  return {};
}

/// Reads a resource of JSON or XML. Issues name the file it came from.
Result<void> RegistryBuilder::AddText(const File& file, IssueList& issues) {
  IssueList found(resource_limits_.issues_max);
  auto document = IsXml(file.text) ? xml::ReadXml(file.text, resource_limits_, found)
                                   : json::ReadJson(file.text, resource_limits_, found);
  if (!document) {
    return std::unexpected(std::move(document).error());
  }
  for (const Issue& issue : found.issues()) {
    issues.AddAt(issue.expression, Severity::kWarning, issue.type,
                 fmt::format("{}{}{}: {}", file.label, file.path.empty() ? "" : ": ", file.path, issue.text),
                 issue.offset);
  }
  if (!document->root().ChildValue("url").empty()) {
    return AddResource(*std::move(document));
  }
  for (const model::Node& entry : document->root().children()) {
    if (entry.name != "entry") {
      continue;
    }
    const model::Node* resource = entry.Child("resource");
    if (resource != nullptr && !resource->ChildValue("url").empty()) {
      GW_TRY(AddResource(model::Document::CloneResource(*resource)));
    }
  }
  return {};
}

std::unique_ptr<const Registry> RegistryBuilder::Build(IssueList& issues) {
  LoadDependencies(issues);
  packages_.clear();
  folders_.clear();
  return std::make_unique<const Registry>(&base_, std::exchange(rows_, {}),
                                          std::exchange(texts_, std::make_unique<Texts>()));
}

}  // namespace fhir::packages
