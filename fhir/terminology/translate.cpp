// $translate.
#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/terminology/operations.hpp"
#include "fhir/terminology/parameters.hpp"

namespace fhir::terminology {
namespace {

constexpr std::size_t kOtherMapsMax = 8;  // maps that hand on to other maps

class Translator {
 public:
  Translator(const Terminology& terminology, const TranslateOptions& options)
      : terminology_(terminology), options_(options) {}

  /// Adds what one map says about one coding.
  void Try(std::string_view canonical, const Coding& coding) {
    const auto map = terminology_.FindConceptMap(canonical);
    if (map == nullptr || !Fits(options_.source, options_.reverse ? map->target() : map->source()) ||
        !Fits(options_.target, options_.reverse ? map->source() : map->target())) {
      return;
    }
    if (open_.size() == kOtherMapsMax || std::ranges::find(open_, map->url()) != open_.end()) {
      return;  // maps that hand on to each other in a circle have nothing more to say
    }
    open_.push_back(map->url());
    options_.reverse ? Reverse(*map, coding) : Forward(*map, coding);
    open_.pop_back();
  }

  bool too_many() const { return matches_ > options_.matches_max; }

  model::Document Answer() {
    if (matches_ == 0) {
      parameters_.Add("message", "valueString", "no mapping for the code was found");
    }
    model::Document document = parameters_.Take();
    // The result is the first parameter of the answer, and known last.
    ParametersBuilder whole;
    whole.Add("result", "valueBoolean", translated_ ? "true" : "false");
    model::Document answer = whole.Take();
    for (const model::Node& parameter : document.root().children()) {
      answer.CopyInto(answer.root(), "parameter", parameter);
    }
    return answer;
  }

 private:
  static bool Fits(std::string_view wanted, std::string_view present) {
    return wanted.empty() || packages::SplitCanonical(wanted).url == packages::SplitCanonical(present).url;
  }
  static bool IsVersion(std::string_view wanted, std::string_view present) {
    return wanted.empty() || present.empty() || wanted == present;
  }

  void Forward(const ConceptMap& map, const Coding& coding) {
    std::vector<bool> found(map.groups().size());
    map.ForSource(coding.code, [&](const ConceptMap::Mapping& mapping) {
      const auto& group = map.groups()[mapping.group];
      if (group.source == coding.system && IsVersion(coding.version, group.source_version)) {
        found[mapping.group] = true;
        AddMatch(map, mapping.equivalence,
                 {.system = group.target,
                  .version = group.target_version,
                  .code = mapping.target_code,
                  .display = mapping.target_display},
                 map.Products(mapping));
      }
    });
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!found[i] && map.groups()[i].source == coding.system) {
        AddUnmapped(map, map.groups()[i], coding);
      }
    }
  }

  void AddUnmapped(const ConceptMap& map, const ConceptMap::Group& group, const Coding& coding) {
    switch (group.unmapped) {
      case ConceptMap::Unmapped::kNone:
        return;
      case ConceptMap::Unmapped::kProvided:
        AddMatch(map, "equal", {.system = group.target, .version = {}, .code = coding.code, .display = coding.display},
                 {});
        return;
      case ConceptMap::Unmapped::kFixed:
        AddMatch(
            map, "wider",
            {.system = group.target, .version = {}, .code = group.unmapped_code, .display = group.unmapped_display},
            {});
        return;
      case ConceptMap::Unmapped::kOtherMap:
        Try(group.other_map, coding);
        return;
    }
  }

  void Reverse(const ConceptMap& map, const Coding& coding) {
    map.ForTarget(coding.code, [&](const ConceptMap::Mapping& mapping) {
      const auto& group = map.groups()[mapping.group];
      if (group.target == coding.system && IsVersion(coding.version, group.target_version)) {
        AddMatch(map, ReverseEquivalence(mapping.equivalence),
                 {.system = group.source,
                  .version = group.source_version,
                  .code = mapping.source_code,
                  .display = mapping.source_display},
                 {});
      }
    });
  }

  void AddMatch(const ConceptMap& map, std::string_view equivalence, const Coding& target,
                const std::vector<ConceptMap::Product>& products) {
    if ((!options_.target_system.empty() && options_.target_system != target.system) ||
        ++matches_ > options_.matches_max) {
      return;
    }
    translated_ = translated_ || (equivalence != "unmatched" && equivalence != "disjoint");
    model::Node& match = parameters_.Add("match");
    parameters_.AddPart(match, "equivalence", "valueCode", equivalence);
    if (!target.code.empty()) {
      parameters_.AddCodingPart(match, "concept", target);
    }
    for (const auto& product : products) {
      model::Node& part = parameters_.AddPart(match, "product");
      parameters_.AddPart(part, "element", "valueUri", product.property);
      parameters_.AddCodingPart(
          part, "concept",
          {.system = product.system, .version = {}, .code = product.value, .display = product.display});
    }
    parameters_.AddPart(match, "source", "valueUri", map.url());
  }

  const Terminology& terminology_;
  const TranslateOptions& options_;
  ParametersBuilder parameters_;
  std::vector<std::string_view> open_;  // urls of the maps that led here
  std::size_t matches_ = 0;
  bool translated_ = false;
};

}  // namespace

Result<model::Document> Translate(const Terminology& terminology, const std::vector<Coding>& codings,
                                  const TranslateOptions& options) {
  std::vector<std::string> maps;
  if (!options.concept_map.empty()) {
    if (terminology.FindConceptMap(options.concept_map) == nullptr) {
      return Fail(ErrorCode::kNotFound, fmt::format("the concept map {} is not loaded", options.concept_map));
    }
    maps.emplace_back(options.concept_map);
  } else {
    terminology.ForEachConceptMap([&](std::string_view canonical) { maps.emplace_back(canonical); });
  }
  Translator translator(terminology, options);
  for (const std::string& map : maps) {
    for (const Coding& coding : codings) {
      translator.Try(map, coding);
      if (translator.too_many()) {
        return Fail(ErrorCode::kTooCostly, fmt::format("more than {} mappings", options.matches_max));
      }
    }
  }
  return translator.Answer();
}

}  // namespace fhir::terminology
