#include "fhir/search/criterion_parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "fhir/search/query_text.hpp"

namespace fhir::search {
namespace {

/// Adds the parameter's name before what the value parser said.
std::unexpected<Error> InParameter(std::string_view name, Error error) {
  error.public_text.text = fmt::format("Search parameter '{}': {}", name, error.public_text.text);
  return std::unexpected(std::move(error));
}

class CriterionParser {
 public:
  explicit CriterionParser(const ValueContext& context) : context_(context) {}

  Result<Criterion> Parse(metadata::TypeId type, std::string_view name, std::string_view value, std::size_t depth) {
    if (depth > context_.options.chain_depth_max) {
      return Fail(ErrorCode::kTooCostly, fmt::format("Chains and _has may be nested at most {} levels deep.",
                                                     context_.options.chain_depth_max));
    }
    if (name.starts_with("_has:")) return ParseHas(type, name, value, depth);
    const std::size_t dot = name.find('.');
    if (dot != std::string_view::npos) return ParseChain(type, name.substr(0, dot), name.substr(dot + 1), value, depth);
    return ParsePlain(type, name, value);
  }

 private:
  const metadata::SearchParameter* Find(metadata::TypeId type, std::string_view code) const {
    if (const auto* const found = context_.definitions.FindSearchParameter(type, code)) return found;
    if (!context_.options.case_blind_names || code.empty()) return nullptr;
    // SAS writes Identifier= as published; only the first letter differs.
    std::string lower(code);
    if (lower[0] >= 'A' && lower[0] <= 'Z') lower[0] = static_cast<char>(lower[0] - 'A' + 'a');
    return context_.definitions.FindSearchParameter(type, lower);
  }

  Result<Criterion> ParseHas(metadata::TypeId type, std::string_view name, std::string_view value, std::size_t depth) {
    const std::string_view body = name.substr(5);
    const std::size_t first = body.find(':');
    const std::size_t second = first == std::string_view::npos ? first : body.find(':', first + 1);
    if (second == std::string_view::npos) {
      return Fail(ErrorCode::kInvalid, "_has is written _has:Type:reference:parameter.");
    }
    Has has;
    has.source_type = context_.definitions.FindType(body.substr(0, first));
    if (!context_.definitions.IsResource(has.source_type)) {
      return Fail(ErrorCode::kUnsupported, "_has names a type that is not a resource.");
    }
    const std::string_view code = body.substr(first + 1, second - first - 1);
    Criterion criterion;
    criterion.kind = CriterionKind::kHas;
    criterion.parameter = Find(has.source_type, code);
    if (criterion.parameter == nullptr) return UnknownParameterError(context_.definitions, has.source_type, code);
    if (criterion.parameter->type != metadata::SearchType::kReference || !MayRefer(*criterion.parameter, type)) {
      return Fail(ErrorCode::kInvalid, fmt::format("_has: '{}' of {} does not refer to {}.", code,
                                                   body.substr(0, first), context_.definitions.TypeName(type)));
    }
    GW_ASSIGN(Criterion nested, Parse(has.source_type, body.substr(second + 1), value, depth + 1));
    has.nested.push_back(std::move(nested));
    criterion.has = std::move(has);
    return criterion;
  }

  /// Whether the reference parameter may point at `type`; one without listed targets may point anywhere.
  bool MayRefer(const metadata::SearchParameter& parameter, metadata::TypeId type) const {
    return parameter.targets.empty() || std::ranges::any_of(parameter.targets, [&](metadata::TypeId target) {
             return context_.definitions.IsA(type, target);
           });
  }

  Result<Criterion> ParseChain(metadata::TypeId type, std::string_view head, std::string_view rest,
                               std::string_view value, std::size_t depth) {
    const std::size_t colon = head.find(':');
    const std::string_view code = head.substr(0, colon);
    Criterion criterion;
    criterion.kind = CriterionKind::kChain;
    criterion.parameter = Find(type, code);
    if (criterion.parameter == nullptr) return UnknownParameterError(context_.definitions, type, code);
    if (criterion.parameter->type != metadata::SearchType::kReference) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("Search parameter '{}' is no reference and cannot be chained.", code));
    }
    if (colon != std::string_view::npos) {
      const metadata::TypeId target = context_.definitions.FindType(head.substr(colon + 1));
      if (!context_.definitions.IsResource(target) || !MayRefer(*criterion.parameter, target)) {
        return Fail(ErrorCode::kInvalid, fmt::format("Search parameter '{}' does not refer to the type named.", code));
      }
      GW_ASSIGN(Criterion nested, Parse(target, rest, value, depth + 1));
      criterion.chain.emplace().target_types.push_back(target);
      criterion.chain->nested.push_back(std::move(nested));
      return criterion;
    }
    return ParseOpenChain(std::move(criterion), code, rest, value, depth);
  }

  /// Without a type: every target type that has the parameter. Types whose parameter is the same one share a chain:
  /// what follows from it does not depend on the type.
  Result<Criterion> ParseOpenChain(Criterion criterion, std::string_view code, std::string_view rest,
                                   std::string_view value, std::size_t depth) {
    Error last;
    std::vector<Chain> chains;
    for (const metadata::TypeId target : context_.definitions.ResourceTypes()) {
      if (!MayRefer(*criterion.parameter, target)) continue;
      if (++chains_tried_ > kChainsMax) {
        return Fail(ErrorCode::kTooCostly, fmt::format("The chain over '{}' meets too many types: name one.", code));
      }
      auto nested = Parse(target, rest, value, depth + 1);
      if (!nested) {
        if (nested.error().code != ErrorCode::kUnsupported) return nested;
        last = std::move(nested).error();
        continue;
      }
      const auto same = std::ranges::find_if(chains, [&](const Chain& chain) {
        const Criterion& other = chain.nested.front();
        return nested->kind == other.kind && nested->parameter->id == other.parameter->id &&
               (!nested->has || nested->has->source_type == other.has->source_type);
      });
      if (same != chains.end()) {
        same->target_types.push_back(target);
      } else {
        Chain& chain = chains.emplace_back();
        chain.target_types.push_back(target);
        chain.nested.push_back(*std::move(nested));
      }
    }
    if (chains.empty()) {
      if (last.public_text.text.empty())
        return Fail(ErrorCode::kUnsupported, fmt::format("'{}' has no target type.", code));
      return std::unexpected(std::move(last));
    }
    criterion.chain = std::move(chains.front());
    criterion.other_chains.assign(std::make_move_iterator(chains.begin() + 1), std::make_move_iterator(chains.end()));
    return criterion;
  }

  Result<Criterion> ParsePlain(metadata::TypeId type, std::string_view name, std::string_view value) {
    const std::size_t colon = name.find(':');
    const std::string_view code = name.substr(0, colon);
    const std::string_view modifier = colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
    Criterion criterion;
    criterion.parameter = Find(type, code);
    if (criterion.parameter == nullptr) return UnknownParameterError(context_.definitions, type, code);
    if (criterion.parameter->expression.empty() && code != "_id" && code != "_lastUpdated") {
      // Nothing is indexed for it: an empty answer would pass for "there is none".
      return Fail(ErrorCode::kUnsupported, fmt::format("The search parameter '{}' is not supported.", code));
    }
    if (modifier == "missing") {
      if (value != "true" && value != "false")
        return Fail(ErrorCode::kInvalid, "true or false is expected after :missing.");
      if (code == "_id" || code == "_lastUpdated")
        return Fail(ErrorCode::kUnsupported, ":missing: every resource has it.");
      criterion.kind = CriterionKind::kMissing;
      criterion.missing = value == "true";
      return criterion;
    }
    metadata::TypeId reference_type = metadata::kNoType;
    if (colon != std::string_view::npos) {
      if (criterion.parameter->type == metadata::SearchType::kReference) {
        reference_type = context_.definitions.FindType(modifier);
        if (!context_.definitions.IsResource(reference_type)) reference_type = metadata::kNoType;
      }
      if (reference_type == metadata::kNoType) {
        auto found = FindModifier(criterion.parameter->type, modifier);
        if (!found) return InParameter(code, std::move(found).error());
        criterion.modifier = *found;
      }
    }
    if (code == "_id") criterion.kind = CriterionKind::kId;
    if (code == "_lastUpdated") criterion.kind = CriterionKind::kLastUpdated;
    const std::vector<std::string_view> texts = SplitUnescaped(value, ',');
    if (texts.size() > context_.options.values_max) {
      return Fail(ErrorCode::kTooCostly,
                  fmt::format("Search parameter '{}' has more than {} values.", code, context_.options.values_max));
    }
    for (const std::string_view text : texts) {
      if (text.empty()) continue;
      auto parsed = ParseValue(context_, *criterion.parameter, criterion.modifier, reference_type, text);
      if (!parsed) return InParameter(code, std::move(parsed).error());
      criterion.values.push_back(*std::move(parsed));
    }
    if (criterion.values.empty())
      return Fail(ErrorCode::kInvalid, fmt::format("Search parameter '{}' has no value.", code));
    return criterion;
  }

  static constexpr std::size_t kChainsMax = 1000;
  const ValueContext& context_;
  std::size_t chains_tried_ = 0;
};

}  // namespace

std::unexpected<Error> UnknownParameterError(const metadata::Definitions& definitions, metadata::TypeId type,
                                             std::string_view name) {
  std::vector<std::string_view> known;
  for (const metadata::SearchParameter& parameter : definitions.SearchParameters(type)) known.push_back(parameter.code);
  for (const std::string_view word :
       {"_has", "_include", "_revinclude", "_sort", "_count", "_total", "_summary", "_elements"}) {
    known.push_back(word);
  }
  const std::vector<std::string_view> nearest = Nearest(name, known);
  constexpr std::size_t kNameBytesMax = 64;
  std::string text =
      fmt::format("{} has no search parameter '{}'.", definitions.TypeName(type), name.substr(0, kNameBytesMax));
  if (!nearest.empty()) text += fmt::format(" Nearest: {}.", fmt::join(nearest, ", "));
  return Fail(ErrorCode::kUnsupported, std::move(text));
}

Result<Criterion> ParseCriterion(const ValueContext& context, metadata::TypeId type, std::string_view name,
                                 std::string_view value) {
  return CriterionParser(context).Parse(type, name, value, 0);
}

}  // namespace fhir::search
