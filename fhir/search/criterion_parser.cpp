#include "fhir/search/criterion_parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "fhir/search/filter_parser.hpp"
#include "fhir/search/parameter_criterion.hpp"
#include "fhir/search/query_text.hpp"

namespace fhir::search {
namespace {

/// The position of the bracket that closes the one at the beginning; quoted texts are passed over.
std::size_t ClosingBracket(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (quoted && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[at] == '[') {
      ++depth;
    } else if (!quoted && text[at] == ']' && --depth == 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

/// Finds what a name leads to, through chains and _has, and has a leaf read there: a parameter and its value, or a
/// comparison of _filter.
class PathParser {
 public:
  PathParser(const ValueContext& context, PathReaders::Reader leaf, PathReaders::Reader bracket)
      : context_(context), leaf_(std::move(leaf)), bracket_(std::move(bracket)) {}

  Result<Criterion> Parse(metadata::TypeId type, std::string_view name, std::size_t depth) {
    if (depth > context_.options.chain_depth_max) {
      return Fail(ErrorCode::kTooCostly, fmt::format("Chains and _has may be nested at most {} levels deep.",
                                                     context_.options.chain_depth_max));
    }
    if (name.starts_with("_has:")) return ParseHas(type, name, depth);
    const std::size_t end = name.find_first_of(".[");
    if (end == std::string_view::npos) return leaf_(type, name);
    std::string_view rest = name.substr(end);
    std::string_view filter;
    if (rest.starts_with('[')) {
      const std::size_t close = ClosingBracket(rest);
      if (!bracket_ || close == std::string_view::npos || !rest.substr(close + 1).starts_with('.')) {
        return Fail(ErrorCode::kInvalid, "A filter in brackets stands between a reference and a dot.");
      }
      filter = rest.substr(1, close - 1);
      rest.remove_prefix(close + 1);
    }
    return ParseChain(type, name.substr(0, end), {rest.substr(1), filter}, depth);
  }

 private:
  /// What follows the reference of a chain.
  struct Tail {
    std::string_view name;
    std::string_view filter;  ///< of the brackets; empty without
  };

  Result<Criterion> ParseHas(metadata::TypeId type, std::string_view name, std::size_t depth) {
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
    criterion.parameter = FindParameter(context_, has.source_type, code);
    if (criterion.parameter == nullptr) return UnknownParameterError(context_, has.source_type, code);
    if (criterion.parameter->type != metadata::SearchType::kReference || !MayRefer(*criterion.parameter, type)) {
      return Fail(ErrorCode::kInvalid, fmt::format("_has: '{}' of {} does not refer to {}.", code,
                                                   body.substr(0, first), context_.definitions.TypeName(type)));
    }
    GW_ASSIGN(Criterion nested, Parse(has.source_type, body.substr(second + 1), depth + 1));
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

  Result<std::vector<Criterion>> ParseTail(metadata::TypeId target, const Tail& tail, std::size_t depth) {
    std::vector<Criterion> nested;
    if (!tail.filter.empty()) {
      GW_ASSIGN(Criterion filter, bracket_(target, tail.filter));
      nested.push_back(std::move(filter));
    }
    GW_ASSIGN(Criterion last, Parse(target, tail.name, depth + 1));
    nested.push_back(std::move(last));
    return nested;
  }

  Result<Criterion> ParseChain(metadata::TypeId type, std::string_view head, const Tail& tail, std::size_t depth) {
    const std::size_t colon = head.find(':');
    const std::string_view code = head.substr(0, colon);
    Criterion criterion;
    criterion.kind = CriterionKind::kChain;
    criterion.parameter = FindParameter(context_, type, code);
    if (criterion.parameter == nullptr) return UnknownParameterError(context_, type, code);
    if (criterion.parameter->type != metadata::SearchType::kReference) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("Search parameter '{}' is no reference and cannot be chained.", code));
    }
    if (colon != std::string_view::npos) {
      const metadata::TypeId target = context_.definitions.FindType(head.substr(colon + 1));
      if (!context_.definitions.IsResource(target) || !MayRefer(*criterion.parameter, target)) {
        return Fail(ErrorCode::kInvalid, fmt::format("Search parameter '{}' does not refer to the type named.", code));
      }
      GW_ASSIGN(std::vector<Criterion> nested, ParseTail(target, tail, depth));
      criterion.chain.emplace().target_types.push_back(target);
      criterion.chain->nested = std::move(nested);
      return criterion;
    }
    return ParseOpenChain(std::move(criterion), code, tail, depth);
  }

  /// Whether two criteria that were read of the same text for two types are the same: by their parameter.
  static bool SameNested(std::span<const Criterion> left, std::span<const Criterion> right) {
    const Criterion& a = left.back();
    const Criterion& b = right.back();
    return left.size() == 1 && right.size() == 1 && a.kind == b.kind && a.parameter != nullptr &&
           b.parameter != nullptr && a.parameter->id == b.parameter->id &&
           (!a.has || a.has->source_type == b.has->source_type);
  }

  /// Without a type: every target type that has the parameter. Types whose parameter is the same one share a chain:
  /// what follows from it does not depend on the type.
  Result<Criterion> ParseOpenChain(Criterion criterion, std::string_view code, const Tail& tail, std::size_t depth) {
    Error last;
    std::vector<Chain> chains;
    for (const metadata::TypeId target : context_.definitions.ResourceTypes()) {
      if (!MayRefer(*criterion.parameter, target)) continue;
      if (++chains_tried_ > kChainsMax) {
        return Fail(ErrorCode::kTooCostly, fmt::format("The chain over '{}' meets too many types: name one.", code));
      }
      auto nested = ParseTail(target, tail, depth);
      if (!nested) {
        if (nested.error().code != ErrorCode::kUnsupported) return std::unexpected(std::move(nested).error());
        // What a type will have soon says more than what another one lacks.
        if (last.retry != Retry::kLater) last = std::move(nested).error();
        continue;
      }
      const auto same =
          std::ranges::find_if(chains, [&](const Chain& chain) { return SameNested(*nested, chain.nested); });
      if (same != chains.end()) {
        same->target_types.push_back(target);
      } else {
        Chain& chain = chains.emplace_back();
        chain.target_types.push_back(target);
        chain.nested = *std::move(nested);
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

  static constexpr std::size_t kChainsMax = 1000;
  const ValueContext& context_;
  const PathReaders::Reader leaf_;
  const PathReaders::Reader bracket_;
  std::size_t chains_tried_ = 0;
};

}  // namespace

std::unexpected<Error> UnknownParameterError(const ValueContext& context, metadata::TypeId type,
                                             std::string_view name) {
  const CustomParameters* const custom = context.options.custom.get();
  if (const auto* const found = custom == nullptr ? nullptr : custom->Find(type, name)) {
    auto awaited =
        Fail(ErrorCode::kUnsupported,
             fmt::format("The search parameter '{}' is being indexed, {} %: it can be searched by when that is done.",
                         name, custom->ByNumber(found->id)->percent));
    awaited.error().retry = Retry::kLater;
    return awaited;
  }
  std::vector<std::string_view> known;
  for (const metadata::SearchParameter& row : context.definitions.SearchParameters(type)) known.push_back(row.code);
  if (custom != nullptr) {
    for (const metadata::SearchParameter& row : custom->Of(type)) known.push_back(row.code);
  }
  for (const std::string_view word :
       {"_has", "_include", "_revinclude", "_sort", "_count", "_total", "_summary", "_elements", "_list"}) {
    known.push_back(word);
  }
  const std::vector<std::string_view> nearest = Nearest(name, known);
  constexpr std::size_t kNameBytesMax = 64;
  std::string text = fmt::format("{} has no search parameter '{}'.", context.definitions.TypeName(type),
                                 name.substr(0, kNameBytesMax));
  if (!nearest.empty()) text += fmt::format(" Nearest: {}.", fmt::join(nearest, ", "));
  return Fail(ErrorCode::kUnsupported, std::move(text));
}

const metadata::SearchParameter* FindParameter(const ValueContext& context, metadata::TypeId type,
                                               std::string_view code) {
  if (const auto* const found = context.definitions.FindSearchParameter(type, code)) return found;
  if (const CustomParameters* const custom = context.options.custom.get()) {
    const auto* const found = custom->Find(type, code);
    if (found != nullptr && custom->ByNumber(found->id)->usable) return found;
  }
  if (!context.options.case_blind_names || code.empty()) return nullptr;
  // SAS writes Identifier= as published; only the first letter differs.
  std::string lower(code);
  if (lower[0] >= 'A' && lower[0] <= 'Z') lower[0] = static_cast<char>(lower[0] - 'A' + 'a');
  return context.definitions.FindSearchParameter(type, lower);
}

Result<Criterion> ParseCriterion(const ValueContext& context, metadata::TypeId type, std::string_view name,
                                 std::string_view value) {
  if (name == "_filter") return ParseFilter(context, type, value);
  const auto leaf = [&](metadata::TypeId leaf_type, std::string_view leaf_name) -> Result<Criterion> {
    if (leaf_name == "_filter") return ParseFilter(context, leaf_type, value);
    return ParseParameter(context, leaf_type, leaf_name, value);
  };
  return PathParser(context, leaf, nullptr).Parse(type, name, 0);
}

Result<Criterion> ParsePath(const ValueContext& context, metadata::TypeId type, std::string_view path,
                            const PathReaders& readers) {
  return PathParser(context, readers.leaf, readers.bracket).Parse(type, path, 0);
}

}  // namespace fhir::search
