#include "fhir/bundle/slim_bundle.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/issue.hpp"
#include "fhir/json/parts.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"

namespace fhir::bundle {
namespace {

using json::JsonMember;

/// Objects and arrays around a resource: the Bundle, its entries, the entry.
constexpr std::size_t kDepthOfResource = 3;

/// nullopt unless nothing at all is wrong.
std::optional<model::Document> ReadFaultless(std::string_view text, const Limits& limits) {
  IssueList issues(1);
  auto document = json::ReadJson(text, limits, issues);
  if (!document || !issues.empty()) {
    return std::nullopt;
  }
  return *std::move(document);
}

/// A patch is read where it stands: it is small, and taken for what it says.
bool IsPatch(const std::vector<JsonMember>& entry) {
  return json::FindJson(entry, "request").find("\"PATCH\"") != std::string_view::npos;
}

void AppendMember(std::string& out, const JsonMember& member) {
  out += out.back() == '{' ? "" : ",";
  fmt::format_to(std::back_inserter(out), "\"{}\":{}", member.name, member.value);
}

class Slimmer {
 public:
  explicit Slimmer(const Limits& limits) : limits_(limits), of_resources_(limits) {
    of_resources_.depth_max -= std::min(kDepthOfResource, limits.depth_max);
  }

  bool AddEntry(std::string_view text) {
    const auto members = json::JsonMembers(text);
    if (!members) {
      return false;
    }
    const bool patch = IsPatch(*members);
    slim_ += slim_.back() == '[' ? "{" : ",{";
    resources_.emplace_back();
    for (const JsonMember& member : *members) {
      if (member.name != "resource" || patch) {
        AppendMember(slim_, member);
      } else if (!resources_.back().empty() || !AddStub(member.value)) {
        return false;
      }
    }
    slim_ += '}';
    return true;
  }

  bool AddMember(const JsonMember& member) {
    if (member.name != "entry") {
      AppendMember(slim_, member);
      return true;
    }
    const auto entries = json::JsonElements(member.value);
    if (!entries || entries->empty() || entries->size() > limits_.entries_max || !resources_.empty()) {
      return false;
    }
    resources_.reserve(entries->size());
    AppendMember(slim_, {"entry", "["});
    for (const std::string_view entry : *entries) {
      if (!AddEntry(entry)) {
        return false;
      }
    }
    slim_ += ']';
    return true;
  }

  std::optional<SlimBundle> Finish() {
    slim_ += '}';
    auto tree = ReadFaultless(slim_, limits_);
    if (!tree || resources_.empty()) {
      return std::nullopt;
    }
    return SlimBundle{*std::move(tree), std::move(resources_)};
  }

 private:
  bool AddStub(std::string_view text) {
    const auto resource = ReadFaultless(text, of_resources_);
    if (!resource) {
      return false;
    }
    resources_.back() = text;
    slim_ += slim_.back() == '{' ? "" : ",";
    fmt::format_to(std::back_inserter(slim_), R"("resource":{{"resourceType":"{}")", resource->type_name());
    if (!resource->id().empty()) {
      slim_ += ",\"id\":";
      json::AppendQuoted(slim_, resource->id());
    }
    slim_ += '}';
    return true;
  }

  const Limits& limits_;
  Limits of_resources_;
  std::string slim_ = "{";
  std::vector<std::string_view> resources_;
};

}  // namespace

std::optional<SlimBundle> ReadSlimBundle(std::string_view text, const Limits& limits) {
  const auto members = json::JsonMembers(text);
  if (!members || text.size() > limits.body_bytes_max) {
    return std::nullopt;
  }
  Slimmer slimmer(limits);
  for (const JsonMember& member : *members) {
    if (!slimmer.AddMember(member)) {
      return std::nullopt;
    }
  }
  return slimmer.Finish();
}

}  // namespace fhir::bundle
