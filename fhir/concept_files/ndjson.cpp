#include "fhir/concept_files/ndjson.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace fhir::concept_files {
namespace {

using json::Value;

constexpr std::size_t kLineBytesMax = 16u * 1024 * 1024;
constexpr std::size_t kNestingMax = 64;  // of concepts; each is two levels of JSON
constexpr std::string_view kMeaningBase = "http://hl7.org/fhir/concept-properties#";

std::unexpected<Error> RefuseNdjson(std::int64_t line, std::string_view text) {
  return Fail(ErrorCode::kInvalid, fmt::format("line {}: {}", line, text));
}

class NdjsonConcepts {
 public:
  NdjsonConcepts(ByteSource& source, const ConceptSink& sink) : source_(source), sink_(sink) {}

  Result<Value> Run() {
    while (true) {
      GW_ASSIGN(const std::string_view piece, source_.Next());
      if (piece.empty()) {
        break;
      }
      GW_TRY(TakePiece(piece));
    }
    GW_TRY(TakeLine());
    return std::move(head_);
  }

 private:
  Result<void> TakePiece(std::string_view piece) {
    while (!piece.empty()) {
      const std::size_t end = piece.find('\n');
      line_ += piece.substr(0, end);
      if (line_.size() > kLineBytesMax) {
        return Fail(ErrorCode::kTooLarge, fmt::format("line {}: more than {} bytes", number_, kLineBytesMax));
      }
      if (end == std::string_view::npos) {
        break;
      }
      GW_TRY(TakeLine());
      line_.clear();
      ++number_;
      piece.remove_prefix(end + 1);
    }
    return {};
  }

  Result<void> TakeLine() {
    if (line_.find_first_not_of(" \t\r") == std::string::npos) {
      return {};
    }
    auto value = json::ReadValue(line_, {.bytes_max = kLineBytesMax, .depth_max = 2 * kNestingMax + 8});
    if (!value) {
      return RefuseNdjson(number_, fmt::format("no JSON object: {}", value.error().public_text.text));
    }
    if (value->FindText("resourceType") == "CodeSystem") {
      return TakeResource(*std::move(value));
    }
    if (!value->IsObject() || value->Find("resourceType") != nullptr || value->Find("code") == nullptr) {
      return RefuseNdjson(number_, "expected a CodeSystem, or a concept with its code");
    }
    return Give(*value, {}, 0);
  }

  Result<void> TakeResource(Value resource) {
    Value concepts = Value::Array();
    Value head = Value::Object();
    for (json::Member& member : resource.members()) {
      if (member.name == "concept") {
        concepts = std::move(member.value);
      } else {
        head.Set(member.name, std::move(member.value));
      }
    }
    if (!headed_) {
      headed_ = true;
      ReadMeanings(head);
      head_ = std::move(head);
    } else if (head.FindText("url") != head_.FindText("url")) {
      return RefuseNdjson(number_, "another code system than that of the first line");
    }
    for (const Value& each : concepts.items()) {
      GW_TRY(Give(each, {}, 0));
    }
    return {};
  }

  /// A property of the standard's meaning may go by another name: its uri tells.
  void ReadMeanings(const Value& head) {
    const Value* declared = head.Find("property");
    for (const Value& each : declared != nullptr ? declared->items() : std::vector<Value>()) {
      const std::string_view uri = each.FindText("uri");
      if (uri.starts_with(kMeaningBase)) {
        meanings_[std::string(each.FindText("code"))] = uri.substr(kMeaningBase.size());
      }
    }
  }

  std::string_view MeaningOf(std::string_view property) const {
    const auto found = meanings_.find(property);
    return found == meanings_.end() ? property : std::string_view(found->second);
  }

  Result<void> Give(const Value& value, std::string_view parent, std::size_t depth) {
    if (depth == kNestingMax) {
      return RefuseNdjson(number_, "concepts nested too deeply");
    }
    if (!value.IsObject()) {
      return RefuseNdjson(number_, "a concept is an object");
    }
    std::vector<std::string_view> parents;
    std::vector<std::string_view> children;
    std::vector<terminology::ConceptProperty> properties;
    std::vector<terminology::ConceptDesignation> designations;
    if (!parent.empty()) {
      parents.push_back(parent);
    }
    const auto each_of = [&](std::string_view name, const auto& visit) {
      if (const Value* list = value.Find(name)) {
        std::ranges::for_each(list->items(), visit);
      }
    };
    each_of("property", [&](const Value& property) {
      const terminology::ConceptProperty read = ReadProperty(property);
      const std::string_view meaning = MeaningOf(read.name);
      if (meaning == "parent" || meaning == "subsumedBy") {
        parents.push_back(read.value);
      } else if (meaning == "child") {
        children.push_back(read.value);
      } else {
        properties.push_back(read);
      }
    });
    each_of("designation", [&](const Value& designation) {
      const Value* use = designation.Find("use");
      designations.push_back({.language = designation.FindText("language"),
                              .use_system = use == nullptr ? std::string_view() : use->FindText("system"),
                              .use = use == nullptr ? std::string_view() : use->FindText("code"),
                              .value = designation.FindText("value")});
    });
    const std::string_view code = value.FindText("code");
    GW_TRY(sink_({.code = code,
                  .display = value.FindText("display"),
                  .definition = value.FindText("definition"),
                  .parents = parents,
                  .children = children,
                  .properties = properties,
                  .designations = designations,
                  .line = number_}));
    if (const Value* nested = value.Find("concept")) {
      for (const Value& each : nested->items()) {
        GW_TRY(Give(each, code, depth + 1));
      }
    }
    return {};
  }

  static terminology::ConceptProperty ReadProperty(const Value& property) {
    terminology::ConceptProperty read{.name = property.FindText("code"), .type = {}, .value = {}};
    for (const json::Member& member : property.members()) {
      if (member.name == "valueCoding") {
        read.value = member.value.FindText("code");
      } else if (member.name.starts_with("value")) {
        read.type = member.name;
        read.value = member.value.AsBoolean() ? (*member.value.AsBoolean() ? "true" : "false")
                                              : std::string_view(member.value.text());
      }
    }
    return read;
  }

  ByteSource& source_;
  const ConceptSink& sink_;
  std::string line_;
  std::int64_t number_ = 1;
  bool headed_ = false;
  Value head_ = Value::Object();
  std::map<std::string, std::string, std::less<>> meanings_;  // of declared properties, by code
};

}  // namespace

Result<Value> ReadNdjsonConcepts(ByteSource& source, const ConceptSink& sink) {
  return NdjsonConcepts(source, sink).Run();
}

}  // namespace fhir::concept_files
