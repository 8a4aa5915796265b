#include "fhir/search/parameter_criterion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <utility>

#include "fhir/base/date_time.hpp"
#include "fhir/search/criterion_parser.hpp"
#include "fhir/search/implied_systems.hpp"
#include "fhir/search/phonetic.hpp"
#include "fhir/search/query_text.hpp"
#include "fhir/search/types/composite.hpp"
#include "fhir/search/types/date.hpp"
#include "fhir/search/types/full_text.hpp"
#include "fhir/search/types/string.hpp"

namespace fhir::search {
namespace {

constexpr std::size_t kListedCodesMax = 50'000;

bool IsOfTerminology(Modifier modifier) {
  return modifier == Modifier::kIn || modifier == Modifier::kNotIn || modifier == Modifier::kAbove ||
         modifier == Modifier::kBelow;
}

/// "_list=12", "_list=List/12": what an entry of that list refers to.
Result<Criterion> ParseList(const ValueContext& context, std::string_view value) {
  std::string_view id = value;
  if (id.starts_with('$')) {
    return Fail(ErrorCode::kUnsupported,
                "_list: functional lists ($current-…) are not kept here; name a List by its id.");
  }
  if (id.starts_with("List/")) id.remove_prefix(5);
  Criterion criterion;
  criterion.kind = CriterionKind::kHas;
  const metadata::TypeId list = context.definitions.FindType("List");
  criterion.parameter = context.definitions.FindSearchParameter(list, "item");
  if (criterion.parameter == nullptr || id.empty() || id.find_first_of("/,|") != std::string_view::npos) {
    return Fail(ErrorCode::kInvalid, "_list: the id of one List is expected.");
  }
  Criterion by_id;
  by_id.kind = CriterionKind::kId;
  by_id.parameter = context.definitions.FindSearchParameter(list, "_id");
  by_id.values.push_back(TokenValue{std::nullopt, std::string(id)});
  criterion.has = Has{list, {std::move(by_id)}};
  return criterion;
}

/// The first instant of the day after `years` before `today`.
Result<std::int64_t> DayAfter(const DateTime& today, int years, const TimeZone& zone) {
  GW_ASSIGN(const DateTime then, AddMonths(today, std::int64_t{-12} * years));
  GW_ASSIGN(const DateTime next, AddDays(then, 1));
  return ToRange(next, zone).low_us;
}

/// The criterion "born in [low, high)", a range of whole days.
Criterion BornBetween(const metadata::SearchParameter& birthdate, std::int64_t low_us, std::int64_t high_us) {
  Criterion criterion;
  criterion.parameter = &birthdate;
  criterion.values.push_back(DateValue{Prefix::kEq, low_us, high_us});
  return criterion;
}

/// Patient?age=67: years completed today by those alive. The standard has no expression for it: it is a range of birth
/// dates that moves with the clock.
Result<Criterion> ParseAge(const ValueContext& context, metadata::TypeId type, std::string_view value) {
  const auto* const birthdate = context.definitions.FindSearchParameter(type, "birthdate");
  const auto* const deceased = context.definitions.FindSearchParameter(type, "deceased");
  if (birthdate == nullptr || deceased == nullptr || !context.options.now_us) {
    return Fail(ErrorCode::kUnsupported, "Search parameter 'age' is not supported here.");
  }
  Criterion any;
  any.kind = CriterionKind::kAny;
  const DateTime now = ToLocal(*context.options.now_us, context.zone);
  DateTime today;
  today.year = now.year;
  today.month = now.month;
  today.day = now.day;
  constexpr int kYearsMax = 200;
  for (std::string_view text : SplitUnescaped(value, ',')) {
    const Prefix prefix = TakePrefix(text);
    int years = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), years);
    if (error != std::errc() || end != text.data() + text.size() || years < 0 || years > kYearsMax) {
      return Fail(ErrorCode::kInvalid, "Search parameter 'age': a whole number of years is expected.");
    }
    // Of age n are those born after the day n + 1 years ago, and up to the day n years ago.
    int youngest = years;
    int oldest = years;
    switch (prefix) {
      case Prefix::kEq:
        break;
      case Prefix::kGt:
      case Prefix::kSa:
        youngest = years + 1;
        oldest = kYearsMax;
        break;
      case Prefix::kGe:
        oldest = kYearsMax;
        break;
      case Prefix::kLt:
      case Prefix::kEb:
        youngest = 0;
        oldest = years - 1;
        break;
      case Prefix::kLe:
        youngest = 0;
        break;
      case Prefix::kAp:
        youngest = years - years / 10;
        oldest = years + years / 10;
        break;
      case Prefix::kNe:
        return Fail(ErrorCode::kUnsupported, "Search parameter 'age': the prefix ne is not supported.");
    }
    GW_ASSIGN(const std::int64_t low_us, DayAfter(today, oldest + 1, context.zone));
    GW_ASSIGN(const std::int64_t high_us, DayAfter(today, youngest, context.zone));
    any.parts.push_back(BornBetween(*birthdate, low_us, high_us));
  }
  Criterion alive;
  alive.parameter = deceased;
  alive.values.push_back(TokenValue{std::nullopt, "false"});
  Criterion all;
  all.kind = CriterionKind::kAll;
  all.parts = {std::move(any), std::move(alive)};
  return all;
}

/// Each word must sound like a word of the name.
Result<Criterion> PhoneticCriterion(const Criterion& start, std::string_view text) {
  Criterion all;
  all.kind = CriterionKind::kAll;
  for (std::string& key : PhoneticKeys(text)) {
    Criterion word = start;
    word.modifier = Modifier::kEquals;
    word.values.push_back(StringValue{std::move(key)});
    all.parts.push_back(std::move(word));
  }
  if (all.parts.empty()) return Fail(ErrorCode::kInvalid, "a name is expected");
  return all;
}

Result<Criterion> ParsePhonetic(const Criterion& start, std::span<const std::string_view> texts) {
  Criterion any;
  any.kind = CriterionKind::kAny;
  for (const std::string_view text : texts) {
    if (text.empty()) continue;
    GW_ASSIGN(Criterion all, PhoneticCriterion(start, Unescape(text)));
    any.parts.push_back(std::move(all));
  }
  return any;
}

/// The tokens of "code$value" of a system that the component's elements imply, as they are indexed.
void AddImpliedComponents(const ValueContext& context, Criterion& criterion) {
  const auto components = metadata::ComponentsOf(*criterion.parameter);
  std::vector<Value> more;
  for (const Value& value : criterion.values) {
    const auto* const composite = std::get_if<CompositeValue>(&value);
    if (composite == nullptr) continue;
    for (std::size_t i = 0; i < components.size(); ++i) {
      const auto* const token = std::get_if<TokenValue>(&composite->components[i]);
      const auto* const own = context.definitions.FindSearchParameter(criterion.parameter->base, components[i].code);
      if (token == nullptr || own == nullptr || !token->system || token->system->empty()) continue;
      const auto systems = ImpliedSystems(context.definitions, own->expression);
      if (!std::ranges::binary_search(systems, std::string_view(*token->system))) continue;
      CompositeValue plain = *composite;
      plain.components[i] = TokenValue{"", token->code};
      more.emplace_back(std::move(plain));
    }
  }
  std::ranges::move(more, std::back_inserter(criterion.values));
}

}  // namespace

std::unexpected<Error> InParameter(std::string_view code, Error error) {
  error.public_text.text = fmt::format("Search parameter '{}': {}", code, error.public_text.text);
  return std::unexpected(std::move(error));
}

Result<std::vector<TokenValue>> ListCodes(const ValueContext& context, Modifier modifier, std::string_view text) {
  const CodeLists* const lists = context.options.code_lists;
  if (lists == nullptr) return Fail(ErrorCode::kUnsupported, "value sets and hierarchies of codes are not known here");
  Result<std::vector<TokenValue>> listed;
  if (modifier == Modifier::kIn || modifier == Modifier::kNotIn) {
    listed = lists->InValueSet(Unescape(text));
  } else {
    GW_ASSIGN(const TokenValue token, ParseToken(text));
    if (!token.system || token.system->empty() || !token.code) {
      return Fail(ErrorCode::kInvalid, "system|code is expected");
    }
    listed = modifier == Modifier::kBelow ? lists->Below(*token.system, *token.code)
                                          : lists->Above(*token.system, *token.code);
  }
  if (listed && listed->size() > kListedCodesMax) {
    return Fail(ErrorCode::kTooCostly, fmt::format("more than {} codes are meant", kListedCodesMax));
  }
  return listed;
}

void AddImpliedTokens(const ValueContext& context, Criterion& criterion) {
  if (criterion.parameter->type == metadata::SearchType::kComposite) return AddImpliedComponents(context, criterion);
  if (criterion.parameter->type != metadata::SearchType::kToken) return;
  std::vector<std::string_view> systems;
  std::vector<Value> more;
  for (const Value& value : criterion.values) {
    const auto* const token = std::get_if<TokenValue>(&value);
    if (token == nullptr || !token->system || token->system->empty()) continue;
    if (systems.empty()) systems = ImpliedSystems(context.definitions, criterion.parameter->expression);
    if (systems.empty()) return;
    if (std::ranges::binary_search(systems, std::string_view(*token->system))) {
      more.push_back(TokenValue{"", token->code});
    }
  }
  std::ranges::move(more, std::back_inserter(criterion.values));
}

Criterion MissingCriterion(Criterion criterion, bool missing) {
  if (criterion.kind == CriterionKind::kId || criterion.kind == CriterionKind::kLastUpdated) {
    criterion.kind = missing ? CriterionKind::kNever : CriterionKind::kAll;  // every resource has them
    return criterion;
  }
  criterion.kind = CriterionKind::kMissing;
  criterion.missing = missing;
  return criterion;
}

Result<Criterion> StartCriterion(const ValueContext& context, metadata::TypeId type, std::string_view code) {
  Criterion criterion;
  criterion.parameter = FindParameter(context, type, code);
  if (criterion.parameter == nullptr) return UnknownParameterError(context, type, code);
  const std::string_view type_name = context.definitions.TypeName(type);
  if (code == "_id") {
    criterion.kind = CriterionKind::kId;
  } else if (code == "_lastUpdated") {
    criterion.kind = CriterionKind::kLastUpdated;
  } else if (code == "_text" || code == "_content") {
    const auto& types = code == "_text" ? context.options.narrative_types : context.options.content_types;
    if (!NamesType(types, type_name)) {
      return Fail(ErrorCode::kUnsupported,
                  fmt::format("The search parameter '{}' is not indexed for {}: the setting search.{} names the types.",
                              code, type_name, code == "_text" ? "narrative_types" : "content_types"));
    }
    criterion.kind = CriterionKind::kFullText;
  } else if (code == "_query") {
    return Fail(ErrorCode::kUnsupported, "_query: no named query is known here.");
  } else if (criterion.parameter->expression.empty()) {
    return Fail(ErrorCode::kUnsupported, fmt::format("The search parameter '{}' is not supported.", code));
  }
  return criterion;
}

Result<Criterion> ParseParameter(const ValueContext& context, metadata::TypeId type, std::string_view name,
                                 std::string_view value) {
  if (name == "_list") return ParseList(context, value);
  const std::size_t colon = name.find(':');
  const std::string_view code = name.substr(0, colon);
  const std::string_view modifier = colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
  if (name == "age" && context.definitions.FindSearchParameter(type, "age") != nullptr) {
    return ParseAge(context, type, value);
  }
  GW_ASSIGN(Criterion criterion, StartCriterion(context, type, code));
  if (modifier == "missing") {
    if (value != "true" && value != "false")
      return Fail(ErrorCode::kInvalid, "true or false is expected after :missing.");
    return MissingCriterion(std::move(criterion), value == "true");
  }
  metadata::TypeId reference_type = metadata::kNoType;
  if (colon != std::string_view::npos) {
    if (criterion.parameter->type == metadata::SearchType::kReference) {
      reference_type = context.definitions.FindType(modifier);
      if (!context.definitions.IsResource(reference_type)) reference_type = metadata::kNoType;
    }
    if (reference_type == metadata::kNoType) {
      auto found = FindModifier(criterion.parameter->type, modifier);
      if (!found) return InParameter(code, std::move(found).error());
      criterion.modifier = *found;
    }
  }
  const std::vector<std::string_view> texts = SplitUnescaped(value, ',');
  if (texts.size() > context.options.values_max) {
    return Fail(ErrorCode::kTooCostly,
                fmt::format("Search parameter '{}' has more than {} values.", code, context.options.values_max));
  }
  if (criterion.kind == CriterionKind::kParameter && IsPhonetic(*criterion.parameter)) {
    if (criterion.modifier != Modifier::kNone) {
      return Fail(ErrorCode::kUnsupported, fmt::format("Search parameter '{}' has no modifier but :missing.", code));
    }
    auto sounding = ParsePhonetic(criterion, texts);
    if (!sounding) return InParameter(code, std::move(sounding).error());
    return sounding;
  }
  for (const std::string_view text : texts) {
    if (text.empty()) continue;
    if (IsOfTerminology(criterion.modifier) && criterion.parameter->type == metadata::SearchType::kToken) {
      auto listed = ListCodes(context, criterion.modifier, text);
      if (!listed) return InParameter(code, std::move(listed).error());
      std::ranges::move(*listed, std::back_inserter(criterion.values));
    } else {
      auto parsed = ParseValue(context, *criterion.parameter, criterion.modifier, reference_type, text);
      if (!parsed) return InParameter(code, std::move(parsed).error());
      criterion.values.push_back(*std::move(parsed));
    }
  }
  const bool listed = IsOfTerminology(criterion.modifier) && criterion.parameter->type == metadata::SearchType::kToken;
  if (criterion.values.empty() && !listed)
    return Fail(ErrorCode::kInvalid, fmt::format("Search parameter '{}' has no value.", code));
  if (listed) criterion.modifier = criterion.modifier == Modifier::kNotIn ? Modifier::kNot : Modifier::kNone;
  AddImpliedTokens(context, criterion);
  return criterion;
}

}  // namespace fhir::search
