#include "fhir/search/query_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "fhir/base/text.hpp"
#include "fhir/search/criterion_parser.hpp"
#include "fhir/search/query_text.hpp"

namespace fhir::search {
namespace {

constexpr std::size_t kSortKeysMax = 10;
constexpr std::size_t kElementsMax = 100;

class QueryParser {
 public:
  QueryParser(const ValueContext& context, metadata::TypeId type, IssueList& warnings)
      : context_(context), warnings_(warnings), parameters_of_(type) {
    query_.type = type;
    query_.custom = context.options.custom;
  }
  /// Of several types, whose parameters are those of `parameters_of`.
  QueryParser(const ValueContext& context, std::vector<metadata::TypeId> types, metadata::TypeId parameters_of,
              IssueList& warnings)
      : context_(context), warnings_(warnings), parameters_of_(parameters_of) {
    query_.types = std::move(types);
    query_.custom = context.options.custom;
  }

  Result<Query> Run(std::span<const NameValue> parameters) {
    const ParseOptions& options = context_.options;
    if (parameters.size() > options.criteria_max) {
      return Fail(ErrorCode::kTooCostly, fmt::format("A query may have at most {} parameters.", options.criteria_max));
    }
    for (const auto& [name, value] : parameters) {
      if (value.size() > options.value_bytes_max) {
        return Fail(ErrorCode::kTooLarge,
                    fmt::format("A parameter's value may have at most {} bytes.", options.value_bytes_max));
      }
      if (name == "_format" || name == "_pretty" || value.empty()) continue;
      const Result<void> taken = Take(name, value);
      if (!taken) {
        if (taken.error().code != ErrorCode::kUnsupported || options.unknown == UnknownParameter::kStrict) {
          return std::unexpected(taken.error());
        }
        warnings_.Add(Severity::kWarning, IssueType::kNotSupported, taken.error().public_text.text);
        continue;
      }
      if (name == "_cursor") continue;  // the store writes its own into the links
      if (!query_.self.empty()) query_.self.push_back('&');
      query_.self += PercentEncode(name) + "=" + PercentEncode(value);
    }
    GW_TRY(CheckContained());
    return std::move(query_);
  }

 private:
  Result<void> Take(std::string_view name, std::string_view value) {
    if (name == "_count") return Count(value);
    if (name == "_sort") return SortKeys(value);
    if (name == "_total") return TotalMode(value);
    if (name == "_summary") return SummaryMode(value);
    if (name == "_elements") return Elements(value);
    if (name == "_cursor") {
      query_.cursor = value;
      return {};
    }
    const std::string_view head = name.substr(0, name.find(':'));
    if (head == "_include" || head == "_revinclude") return TakeInclude(name, head == "_revinclude", value);
    if (name == "_contained") return ContainedMode(value);
    if (name == "_containedType") return ContainedTypeMode(value);
    if (name == "_type") {
      if (query_.type == metadata::kNoType) return {};  // taken before
      return Fail(ErrorCode::kUnsupported, "_type is for a search over several types: the address names one.");
    }
    GW_ASSIGN(Criterion criterion, ParseCriterion(context_, parameters_of_, name, value));
    query_.criteria.push_back(std::move(criterion));
    return {};
  }

  Result<void> Count(std::string_view value) {
    int count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (error != std::errc() || end != value.data() + value.size() || count < 0) {
      return Fail(ErrorCode::kInvalid, "Search parameter '_count': a whole number from 0 is expected.");
    }
    query_.count = count;
    return {};
  }

  Result<void> SortKeys(std::string_view value) {
    for (std::string_view key : SplitUnescaped(value, ',')) {
      Sort sort;
      sort.descending = key.starts_with('-');
      if (sort.descending) key.remove_prefix(1);
      if (key != "_lastUpdated") {
        sort.parameter = FindParameter(context_, parameters_of_, key);
        if (sort.parameter == nullptr) return UnknownParameterError(context_, parameters_of_, key);
        if (sort.parameter->type == metadata::SearchType::kComposite ||
            sort.parameter->type == metadata::SearchType::kSpecial || sort.parameter->expression.empty()) {
          return Fail(ErrorCode::kUnsupported, fmt::format("Search parameter '_sort': '{}' has no order.", key));
        }
      }
      if (query_.sort.size() == kSortKeysMax) {
        return Fail(ErrorCode::kTooCostly, fmt::format("Search parameter '_sort': at most {} keys.", kSortKeysMax));
      }
      query_.sort.push_back(sort);
    }
    return {};
  }

  Result<void> TotalMode(std::string_view value) {
    query_.total_asked = true;
    if (value == "none")
      query_.total = Total::kNone;
    else if (value == "estimate")
      query_.total = Total::kEstimate;
    else if (value == "accurate")
      query_.total = Total::kAccurate;
    else
      return Fail(ErrorCode::kInvalid, "Search parameter '_total': none, estimate or accurate is expected.");
    return {};
  }

  Result<void> SummaryMode(std::string_view value) {
    if (value == "false")
      query_.summary = Summary::kFalse;
    else if (value == "true")
      query_.summary = Summary::kTrue;
    else if (value == "text")
      query_.summary = Summary::kText;
    else if (value == "data")
      query_.summary = Summary::kData;
    else if (value == "count")
      query_.summary = Summary::kCount;
    else
      return Fail(ErrorCode::kInvalid, "Search parameter '_summary': true, false, text, data or count is expected.");
    return {};
  }

  /// Source: https://hl7.org/fhir/R4/search.html#contained
  Result<void> ContainedMode(std::string_view value) {
    if (value == "false")
      query_.contained = Contained::kFalse;
    else if (value == "true")
      query_.contained = Contained::kTrue;
    else if (value == "both")
      query_.contained = Contained::kBoth;
    else
      return Fail(ErrorCode::kInvalid, "Search parameter '_contained': true, false or both is expected.");
    return {};
  }

  Result<void> CheckContained() const {
    if (query_.contained != Contained::kFalse && UsesCustomParameters(query_)) {
      return Fail(
          ErrorCode::kUnsupported,
          "Search parameter '_contained': contained resources are searched by the standard's parameters alone.");
    }
    return {};
  }

  Result<void> ContainedTypeMode(std::string_view value) {
    if (value == "container")
      query_.contained_type = ContainedType::kContainer;
    else if (value == "contained")
      query_.contained_type = ContainedType::kContained;
    else
      return Fail(ErrorCode::kInvalid, "Search parameter '_containedType': container or contained is expected.");
    return {};
  }

  Result<void> Elements(std::string_view value) {
    for (const std::string_view name : SplitUnescaped(value, ',')) {
      if (name.empty()) continue;
      if (query_.elements.size() == kElementsMax) {
        return Fail(ErrorCode::kTooCostly,
                    fmt::format("Search parameter '_elements': at most {} names.", kElementsMax));
      }
      query_.elements.emplace_back(name);
    }
    return {};
  }

  /// "_include=Slot:schedule", "_include:iterate=Schedule:actor:Practitioner", "_include=*", "_revinclude=Slot:*"
  Result<void> TakeInclude(std::string_view name, bool reverse, std::string_view value) {
    Include include;
    include.reverse = reverse;
    if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) {
      const std::string_view modifier = name.substr(colon + 1);
      if (modifier != "iterate" && modifier != "recurse") {
        return Fail(ErrorCode::kUnsupported,
                    fmt::format("Search parameter '{}': the modifier is iterate.", name.substr(0, colon)));
      }
      include.iterate = true;
    }
    if (value == "*") {
      // Of what refers to a match, any type may; of what a match refers to, the matches' own type decides at first.
      include.source_type = reverse || include.iterate ? metadata::kNoType : query_.type;
      return AddInclude(include);
    }
    const std::vector<std::string_view> parts = SplitUnescaped(value, ':');
    const std::string_view shown = reverse ? "_revinclude" : "_include";
    if (parts.size() < 2 || parts.size() > 3) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("Search parameter '{}': Type:parameter or Type:parameter:Target is expected.", shown));
    }
    include.source_type = context_.definitions.FindType(parts[0]);
    if (!context_.definitions.IsResource(include.source_type)) {
      return Fail(ErrorCode::kUnsupported, fmt::format("Search parameter '{}': the type is not a resource.", shown));
    }
    if (parts[1] != "*") {
      include.parameter = FindParameter(context_, include.source_type, parts[1]);
      if (include.parameter == nullptr) {
        return UnknownParameterError(context_, include.source_type, parts[1]);
      }
      if (include.parameter->type != metadata::SearchType::kReference) {
        return Fail(ErrorCode::kInvalid, fmt::format("Search parameter '{}': '{}' is no reference.", shown, parts[1]));
      }
    }
    if (parts.size() == 3 && !parts[2].empty()) {
      include.target_type = context_.definitions.FindType(parts[2]);
      if (!context_.definitions.IsResource(include.target_type)) {
        return Fail(ErrorCode::kUnsupported,
                    fmt::format("Search parameter '{}': the target is not a resource.", shown));
      }
    }
    return AddInclude(include);
  }

  Result<void> AddInclude(const Include& include) {
    query_.includes.push_back(include);
    return {};
  }

  const ValueContext& context_;
  IssueList& warnings_;
  const metadata::TypeId parameters_of_;
  Query query_;
};

/// The types that "_type" picks, all when it is not given. "_type" may stand more than once: what all of them name.
Result<std::vector<metadata::TypeId>> PickTypes(const metadata::Definitions& definitions,
                                                std::span<const metadata::TypeId> types,
                                                std::span<const NameValue> parameters) {
  std::vector<metadata::TypeId> picked(types.begin(), types.end());
  for (const auto& [name, value] : parameters) {
    if (name != "_type" || value.empty()) continue;
    std::vector<metadata::TypeId> named;
    for (const std::string_view text : SplitUnescaped(value, ',')) {
      const metadata::TypeId type = definitions.FindType(text);
      if (std::ranges::find(types, type) == types.end()) {
        return Fail(ErrorCode::kUnsupported, "Search parameter '_type': a type named is not one that can be searched.");
      }
      named.push_back(type);
    }
    std::erase_if(picked, [&](metadata::TypeId type) { return std::ranges::find(named, type) == named.end(); });
  }
  return picked;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> PercentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      out.push_back(' ');
    } else if (text[at] != '%') {
      out.push_back(text[at]);
    } else {
      const int high = at + 1 < text.size() ? HexDigit(text[at + 1]) : -1;
      const int low = at + 2 < text.size() ? HexDigit(text[at + 2]) : -1;
      if (high < 0 || low < 0)
        return Fail(ErrorCode::kMalformed, "The query has a '%' without two hexadecimal digits.");
      out.push_back(static_cast<char>(high * 16 + low));
      at += 2;
    }
  }
  if (!ValidUtf8(out)) return Fail(ErrorCode::kMalformed, "The query is not UTF-8.");
  return out;
}

}  // namespace

Result<Query> ParseQuery(metadata::TypeId type, std::span<const NameValue> parameters, const ParseOptions& options,
                         IssueList& warnings) {
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  if (!definitions.IsResource(type)) return Fail(ErrorCode::kUnsupported, "Only resource types can be searched.");
  GW_ASSIGN(const TimeZone* const zone, TimeZone::Find(options.zone));
  const ValueContext context{definitions, options, *zone};
  return QueryParser(context, type, warnings).Run(parameters);
}

Result<Query> ParseSystemQuery(std::span<const metadata::TypeId> types, std::span<const NameValue> parameters,
                               const ParseOptions& options, IssueList& warnings) {
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  GW_ASSIGN(const TimeZone* const zone, TimeZone::Find(options.zone));
  const ValueContext context{definitions, options, *zone};
  GW_ASSIGN(std::vector<metadata::TypeId> picked, PickTypes(definitions, types, parameters));
  const metadata::TypeId domain = definitions.FindType("DomainResource");
  const bool all_domain =
      std::ranges::all_of(picked, [&](metadata::TypeId type) { return definitions.IsA(type, domain); });
  const metadata::TypeId common = all_domain ? domain : definitions.FindType("Resource");
  return QueryParser(context, std::move(picked), common, warnings).Run(parameters);
}

Result<Query> ParseConditional(metadata::TypeId type, std::string_view query_text, const ParseOptions& options) {
  if (query_text.starts_with('?')) query_text.remove_prefix(1);
  GW_ASSIGN(const std::vector<NameValue> parameters, SplitQueryText(query_text));
  ParseOptions strict = options;
  strict.unknown = UnknownParameter::kStrict;
  IssueList warnings;
  GW_ASSIGN(Query query, ParseQuery(type, parameters, strict, warnings));
  const bool results_asked = !query.includes.empty() || !query.sort.empty() || query.count || query.cursor ||
                             query.total_asked || query.summary != Summary::kFalse || !query.elements.empty() ||
                             query.contained != Contained::kFalse;
  if (results_asked) return Fail(ErrorCode::kInvalid, "A conditional query has criteria alone.");
  if (query.criteria.empty()) return Fail(ErrorCode::kInvalid, "A conditional query needs a criterion.");
  return query;
}

Query ByIdentifier(metadata::TypeId type, std::string_view system, std::string_view value) {
  Query query;
  query.type = type;
  Criterion criterion;
  criterion.parameter = metadata::Definitions::R4().FindSearchParameter(type, "identifier");
  if (criterion.parameter == nullptr) criterion.kind = CriterionKind::kNever;  // a type without identifiers
  criterion.values.push_back(TokenValue{std::string(system), std::string(value)});
  query.criteria.push_back(std::move(criterion));
  query.count = 2;
  return query;
}

Result<std::vector<NameValue>> SplitQueryText(std::string_view query_text) {
  std::vector<NameValue> out;
  while (!query_text.empty()) {
    const std::size_t end = std::min(query_text.find('&'), query_text.size());
    const std::string_view pair = query_text.substr(0, end);
    query_text.remove_prefix(std::min(end + 1, query_text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    GW_ASSIGN(std::string name, PercentDecode(pair.substr(0, equals)));
    GW_ASSIGN(std::string value, PercentDecode(pair.substr(std::min(equals + 1, pair.size()))));
    out.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

}  // namespace fhir::search
