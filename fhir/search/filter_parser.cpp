#include "fhir/search/filter_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir/json/value.hpp"
#include "fhir/search/criterion_parser.hpp"
#include "fhir/search/parameter_criterion.hpp"
#include "fhir/search/phonetic.hpp"
#include "fhir/search/types/string.hpp"

namespace fhir::search {
namespace {

using metadata::SearchType;

enum class Operator : std::uint8_t {
  kEq,
  kNe,
  kCo,
  kSw,
  kEw,
  kGt,
  kLt,
  kGe,
  kLe,
  kAp,
  kSa,
  kEb,
  kPr,
  kPo,
  kSs,
  kSb,
  kIn,
  kNi,
  kRe,
};

constexpr std::pair<std::string_view, Operator> kOperators[] = {
    {"eq", Operator::kEq}, {"ne", Operator::kNe}, {"co", Operator::kCo}, {"sw", Operator::kSw}, {"ew", Operator::kEw},
    {"gt", Operator::kGt}, {"lt", Operator::kLt}, {"ge", Operator::kGe}, {"le", Operator::kLe}, {"ap", Operator::kAp},
    {"sa", Operator::kSa}, {"eb", Operator::kEb}, {"pr", Operator::kPr}, {"po", Operator::kPo}, {"ss", Operator::kSs},
    {"sb", Operator::kSb}, {"in", Operator::kIn}, {"ni", Operator::kNi}, {"re", Operator::kRe},
};

std::string_view NameOf(Operator wanted) {
  for (const auto& [name, value] : kOperators) {
    if (value == wanted) return name;
  }
  return {};
}

/// The operators that are prefixes of dates, numbers and quantities.
std::optional<std::string_view> PrefixOf(Operator comparison) {
  switch (comparison) {
    case Operator::kEq:
    case Operator::kGt:
    case Operator::kLt:
    case Operator::kGe:
    case Operator::kLe:
    case Operator::kAp:
    case Operator::kSa:
    case Operator::kEb:
      return NameOf(comparison);
    default:
      return std::nullopt;
  }
}

std::unexpected<Error> NotForType(std::string_view code, Operator comparison) {
  return InParameter(code,
                     Error{.code = ErrorCode::kInvalid,
                           .public_text = {fmt::format("the operator {} of _filter is not for parameters of this type",
                                                       NameOf(comparison))}});
}

/// What a text must not be cut or read at in a value that is whole.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == ',') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

/// "path operator value" on the type that the path leads to.
class Comparison {
 public:
  Comparison(const ValueContext& context, Operator comparison, std::string_view value)
      : context_(context), operator_(comparison), value_(value) {}

  Result<Criterion> Read(metadata::TypeId type, std::string_view name) const {
    GW_ASSIGN(Criterion start, StartCriterion(context_, type, name));
    if (operator_ == Operator::kPr) return Present(std::move(start));
    if (operator_ == Operator::kNe) return Unequal(start);
    return Positive(std::move(start), operator_);
  }

 private:
  Result<Criterion> Present(Criterion start) const {
    if (value_ != "true" && value_ != "false") {
      return Fail(ErrorCode::kInvalid, "true or false is expected after pr in _filter.");
    }
    return MissingCriterion(std::move(start), value_ == "false");
  }

  Result<Criterion> Unequal(const Criterion& start) const {
    GW_ASSIGN(Criterion equal, Positive(start, Operator::kEq));
    Criterion none;
    none.kind = CriterionKind::kNone;
    none.parts.push_back(std::move(equal));
    Criterion all;
    all.kind = CriterionKind::kAll;
    all.parts = {MissingCriterion(start, false), std::move(none)};
    return all;
  }

  Result<Criterion> Positive(Criterion criterion, Operator comparison) const {
    const std::string_view code = criterion.parameter->code;
    if (criterion.kind == CriterionKind::kFullText) {
      if (comparison != Operator::kCo) return NotForType(code, comparison);
      criterion.values.emplace_back(StringValue{std::string(value_)});
      return criterion;
    }
    switch (criterion.parameter->type) {
      case SearchType::kString:
        return String(std::move(criterion), comparison);
      case SearchType::kToken:
        return Token(std::move(criterion), comparison);
      case SearchType::kReference:
        if (comparison != Operator::kEq && comparison != Operator::kRe) return NotForType(code, comparison);
        return Parsed(std::move(criterion), Escaped(value_));
      case SearchType::kUri:
        return Uri(std::move(criterion), comparison);
      case SearchType::kDate:
        return Date(std::move(criterion), comparison);
      case SearchType::kNumber:
      case SearchType::kQuantity: {
        const auto prefix = PrefixOf(comparison);
        if (!prefix) return NotForType(code, comparison);
        return Parsed(std::move(criterion), std::string(*prefix) + Escaped(value_));
      }
      case SearchType::kComposite:
      case SearchType::kSpecial:
        if (comparison != Operator::kEq) return NotForType(code, comparison);
        return Parsed(std::move(criterion), std::string(value_));
    }
    return NotForType(code, comparison);
  }

  /// The criterion with `text` as its one value, read as in a query.
  Result<Criterion> Parsed(Criterion criterion, std::string_view text) const {
    auto value = ParseValue(context_, *criterion.parameter, criterion.modifier, metadata::kNoType, text);
    if (!value) return InParameter(criterion.parameter->code, std::move(value).error());
    criterion.values.push_back(*std::move(value));
    AddImpliedTokens(context_, criterion);
    return criterion;
  }

  Result<Criterion> String(Criterion criterion, Operator comparison) const {
    if (IsPhonetic(*criterion.parameter)) {
      if (comparison != Operator::kEq) return NotForType(criterion.parameter->code, comparison);
      return ParseParameter(context_, criterion.parameter->base, criterion.parameter->code, Escaped(value_));
    }
    switch (comparison) {
      case Operator::kEq:
        criterion.modifier = Modifier::kEquals;
        break;
      case Operator::kCo:
        criterion.modifier = Modifier::kContains;
        break;
      case Operator::kSw:
        criterion.modifier = Modifier::kNone;
        break;
      case Operator::kEw:
        criterion.modifier = Modifier::kEndsWith;
        break;
      default:
        return NotForType(criterion.parameter->code, comparison);
    }
    criterion.values.emplace_back(StringValue{std::string(value_)});
    return criterion;
  }

  Result<Criterion> Token(Criterion criterion, Operator comparison) const {
    Modifier listed = Modifier::kNone;
    switch (comparison) {
      case Operator::kEq:
        return Parsed(std::move(criterion), Escaped(value_));
      case Operator::kSs:
        listed = Modifier::kBelow;
        break;
      case Operator::kSb:
        listed = Modifier::kAbove;
        break;
      case Operator::kIn:
      case Operator::kNi:
        listed = Modifier::kIn;
        break;
      default:
        return NotForType(criterion.parameter->code, comparison);
    }
    auto codes = ListCodes(context_, listed, Escaped(value_));
    if (!codes) return InParameter(criterion.parameter->code, std::move(codes).error());
    std::ranges::move(*codes, std::back_inserter(criterion.values));
    if (comparison == Operator::kNi) criterion.modifier = Modifier::kNot;
    AddImpliedTokens(context_, criterion);
    return criterion;
  }

  Result<Criterion> Uri(Criterion criterion, Operator comparison) const {
    switch (comparison) {
      case Operator::kEq:
        break;
      case Operator::kSw:
      case Operator::kSs:
        criterion.modifier = Modifier::kBelow;
        break;
      case Operator::kSb:
        criterion.modifier = Modifier::kAbove;
        break;
      default:
        return NotForType(criterion.parameter->code, comparison);
    }
    return Parsed(std::move(criterion), Escaped(value_));
  }

  Result<Criterion> Date(Criterion criterion, Operator comparison) const {
    if (comparison != Operator::kPo) {
      const auto prefix = PrefixOf(comparison);
      if (!prefix) return NotForType(criterion.parameter->code, comparison);
      return Parsed(std::move(criterion), std::string(*prefix) + std::string(value_));
    }
    GW_ASSIGN(Criterion overlapping, Parsed(std::move(criterion), value_));
    // ap is an overlap with a widened range; po with the range itself.
    for (Value& value : overlapping.values) std::get<DateValue>(value).prefix = Prefix::kAp;
    return overlapping;
  }

  const ValueContext& context_;
  const Operator operator_;
  const std::string_view value_;
};

class FilterParser {
 public:
  static constexpr std::size_t kWorkMax = 1000;

  /// `work` counts the comparisons read, also those of brackets, which are read once for each type that a reference
  /// may lead to.
  FilterParser(const ValueContext& context, metadata::TypeId type, std::string_view text, std::size_t& work)
      : context_(context), type_(type), text_(text), work_(work) {}

  Result<Criterion> ParseAll(std::size_t depth) {
    GW_ASSIGN(Criterion filter, ParseOr(depth));
    SkipBlanks();
    if (at_ != text_.size()) return Expected("and, or, or the end");
    return filter;
  }

 private:
  Result<Criterion> ParseOr(std::size_t depth) { return ParseList(CriterionKind::kAny, "or", depth); }

  /// Terms with one word between them; for "or" the terms are lists of "and".
  Result<Criterion> ParseList(CriterionKind kind, std::string_view word, std::size_t depth) {
    Criterion list;
    list.kind = kind;
    do {
      if (kind == CriterionKind::kAny) {
        GW_ASSIGN(Criterion part, ParseList(CriterionKind::kAll, "and", depth));
        list.parts.push_back(std::move(part));
      } else {
        GW_ASSIGN(Criterion part, ParseTerm(depth));
        list.parts.push_back(std::move(part));
      }
    } while (TakeWord(word));
    if (list.parts.size() > 1) return list;
    Criterion only = std::move(list.parts.front());
    return only;
  }

  Result<Criterion> ParseTerm(std::size_t depth) {
    if (depth >= context_.options.filter_depth_max) {
      return Fail(ErrorCode::kTooCostly,
                  fmt::format("_filter: at most {} parentheses one in another.", context_.options.filter_depth_max));
    }
    SkipBlanks();
    const std::size_t before = at_;
    const bool negated = TakeWord("not");
    SkipBlanks();
    if (Next() == '(') {
      ++at_;
      GW_ASSIGN(Criterion inner, ParseOr(depth + 1));
      SkipBlanks();
      if (Next() != ')') return Expected(")");
      ++at_;
      if (!negated) return inner;
      Criterion none;
      none.kind = CriterionKind::kNone;
      none.parts.push_back(std::move(inner));
      return none;
    }
    at_ = before;
    return ParseComparison(depth);
  }

  Result<Criterion> ParseComparison(std::size_t depth) {
    if (++comparisons_ > context_.options.criteria_max || ++work_ > kWorkMax) {
      return Fail(ErrorCode::kTooCostly,
                  fmt::format("_filter: at most {} comparisons, and those in brackets for at most {} types together.",
                              context_.options.criteria_max, kWorkMax));
    }
    const std::string_view path = TakePath();
    if (path.empty()) return Expected("a search parameter");
    SkipBlanks();
    const std::string_view word = text_.substr(at_, std::min<std::size_t>(2, text_.size() - at_));
    const auto* const found = std::ranges::find_if(kOperators, [&](const auto& row) { return row.first == word; });
    if (found == std::end(kOperators) || at_ + 2 >= text_.size() || text_[at_ + 2] != ' ') {
      return Expected("an operator (eq, ne, co …) and a value");
    }
    at_ += 2;
    SkipBlanks();
    GW_ASSIGN(const std::string value, TakeValue());
    const Comparison comparison(context_, found->second, value);
    const PathReaders readers{
        .leaf = [&](metadata::TypeId type, std::string_view name) { return comparison.Read(type, name); },
        .bracket =
            [&](metadata::TypeId type, std::string_view filter) {
              FilterParser nested(context_, type, filter, work_);
              nested.comparisons_ = comparisons_;
              return nested.ParseAll(depth + 1);
            },
    };
    return ParsePath(context_, type_, path, readers);
  }

  /// Up to the next blank that stands outside brackets.
  std::string_view TakePath() {
    const std::size_t start = at_;
    int brackets = 0;
    bool quoted = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quoted && c == '\\') {
        ++at_;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && c == '[') {
        ++brackets;
      } else if (!quoted && c == ']') {
        --brackets;
      } else if (!quoted && brackets <= 0 && (c == ' ' || c == '(' || c == ')')) {
        break;
      }
    }
    at_ = std::min(at_, text_.size());
    return text_.substr(start, at_ - start);
  }

  Result<std::string> TakeValue() {
    const std::size_t start = at_;
    if (Next() != '"') {
      while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != ')' && text_[at_] != ']') ++at_;
      if (at_ == start) return Expected("a value");
      return std::string(text_.substr(start, at_ - start));
    }
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    if (at_ >= text_.size()) return Expected("the quotation mark that ends the value");
    ++at_;
    const auto value = json::ReadValue(text_.substr(start, at_ - start));
    if (!value || !value->IsString()) return Expected("a string as JSON writes it");
    return std::string(value->text());
  }

  /// Takes a word that ends at a blank or a parenthesis.
  bool TakeWord(std::string_view word) {
    const std::size_t before = at_;
    SkipBlanks();
    if (text_.substr(at_).starts_with(word)) {
      const std::size_t end = at_ + word.size();
      if (end < text_.size() && (text_[end] == ' ' || text_[end] == '(')) {
        at_ = end;
        return true;
      }
    }
    at_ = before;
    return false;
  }

  char Next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipBlanks() {
    while (Next() == ' ') ++at_;
  }
  std::unexpected<Error> Expected(std::string_view what) const {
    return Fail(ErrorCode::kInvalid, fmt::format("_filter: {} is expected at byte {}.", what, at_));
  }

  const ValueContext& context_;
  const metadata::TypeId type_;
  const std::string_view text_;
  std::size_t& work_;
  std::size_t at_ = 0;
  std::size_t comparisons_ = 0;
};

}  // namespace

Result<Criterion> ParseFilter(const ValueContext& context, metadata::TypeId type, std::string_view text) {
  std::size_t work = 0;
  return FilterParser(context, type, text, work).ParseAll(0);
}

}  // namespace fhir::search
