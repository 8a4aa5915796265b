#include "fhir/search/match.hpp"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "fhir/search/answering_rows.hpp"
#include "fhir/search/types/composite.hpp"
#include "fhir/search/types/date.hpp"
#include "fhir/search/types/near.hpp"
#include "fhir/search/types/number.hpp"
#include "fhir/search/types/quantity.hpp"
#include "fhir/search/types/reference.hpp"
#include "fhir/search/types/string.hpp"
#include "fhir/search/types/token.hpp"
#include "fhir/search/types/uri.hpp"

namespace fhir::search {
namespace {

/// Tells rows that answer a criterion's parameter.
class Answering {
 public:
  Answering(const Criterion& criterion, metadata::SearchType of)
      : rows_(RowsAnswering(criterion.parameter->base, criterion.parameter->id, of)) {}

  bool operator()(const auto& row) const { return OfParameter(row.parameter); }
  bool operator()(const ReferenceIndex& row) const {
    if (!OfParameter(row.parameter) || rows_.target == metadata::kNoType) return OfParameter(row.parameter);
    const std::string_view target = metadata::Definitions::R4().TypeName(rows_.target);
    return row.id.empty() ? UrlNamesType(row.url, target) : row.type == target;
  }

 private:
  bool OfParameter(std::uint16_t parameter) const {
    return std::ranges::find(rows_.parameters, parameter) != rows_.parameters.end();
  }

  AnsweringRows rows_;
};

/// Whether a row that answers the criterion's parameter meets one of its values.
template <typename ValueType, typename Row, typename Test>
bool AnyRow(const std::vector<Row>& rows, const Criterion& criterion, Test test) {
  constexpr bool kTokens = std::is_same_v<Row, TokenIndex>;
  const Answering answers(criterion, kTokens ? metadata::SearchType::kToken : criterion.parameter->type);
  return std::ranges::any_of(rows, [&](const Row& row) {
    return answers(row) && std::ranges::any_of(criterion.values, [&](const Value& value) {
             const auto* const typed = std::get_if<ValueType>(&value);
             return typed != nullptr && test(row, *typed);
           });
  });
}

bool AnyComposite(const Criterion& criterion, const IndexValues& values) {
  const auto components = metadata::ComponentsOf(*criterion.parameter);
  return AnyRow<CompositeValue>(values.composites, criterion, [&](const auto& row, const auto& value) {
    return CompositeMatches(row, components, value);
  });
}

bool AnyValueMatches(const Criterion& criterion, const IndexValues& values) {
  const Modifier modifier = criterion.modifier;
  switch (criterion.parameter->type) {
    case metadata::SearchType::kString:
      return AnyRow<StringValue>(values.strings, criterion, [&](const auto& row, const auto& value) {
        return StringMatches(row, modifier, value);
      });
    case metadata::SearchType::kToken:
      if (modifier == Modifier::kText) {
        return AnyRow<StringValue>(values.tokens, criterion,
                                   [](const auto& row, const auto& value) { return TokenTextMatches(row, value); });
      }
      return AnyRow<TokenValue>(values.tokens, criterion,
                                [&](const auto& row, const auto& value) { return TokenMatches(row, modifier, value); });
    case metadata::SearchType::kReference:
      if (modifier == Modifier::kIdentifier) {
        return AnyRow<TokenValue>(values.tokens, criterion, [&](const auto& row, const auto& value) {
          return TokenMatches(row, modifier, value);
        });
      }
      return AnyRow<ReferenceValue>(values.references, criterion,
                                    [](const auto& row, const auto& value) { return ReferenceMatches(row, value); });
    case metadata::SearchType::kDate:
      return AnyRow<DateValue>(values.dates, criterion, [](const auto& row, const auto& value) {
        return DateMatches(row.low_us, row.high_us, value);
      });
    case metadata::SearchType::kNumber:
      return AnyRow<NumberValue>(values.numbers, criterion, [](const auto& row, const auto& value) {
        return NumberMatches(row.low, row.high, value);
      });
    case metadata::SearchType::kQuantity:
      return AnyRow<QuantityValue>(values.quantities, criterion,
                                   [](const auto& row, const auto& value) { return QuantityMatches(row, value); });
    case metadata::SearchType::kUri:
      return AnyRow<UriValue>(values.uris, criterion,
                              [&](const auto& row, const auto& value) { return UriMatches(row, modifier, value); });
    case metadata::SearchType::kComposite:
      return AnyComposite(criterion, values);
    case metadata::SearchType::kSpecial:
      return AnyRow<NearValue>(values.positions, criterion,
                               [](const auto& row, const auto& value) { return NearMatches(row, value); });
  }
  return false;
}

bool HasAnyRow(const Criterion& criterion, const IndexValues& values) {
  const auto has = [&](const auto& rows) {
    return std::ranges::any_of(rows, Answering(criterion, criterion.parameter->type));
  };
  switch (criterion.parameter->type) {
    case metadata::SearchType::kString:
      return has(values.strings);
    case metadata::SearchType::kToken:
      return has(values.tokens);
    case metadata::SearchType::kReference:
      return has(values.references) || has(values.tokens);  // a reference may have an identifier alone
    case metadata::SearchType::kDate:
      return has(values.dates);
    case metadata::SearchType::kNumber:
      return has(values.numbers);
    case metadata::SearchType::kQuantity:
      return has(values.quantities);
    case metadata::SearchType::kUri:
      return has(values.uris);
    case metadata::SearchType::kComposite:
      return has(values.composites);
    case metadata::SearchType::kSpecial:
      return has(values.positions);
  }
  return false;
}

bool InCompartment(const Compartment& compartment, const IndexValues& values, const MatchSubject& subject) {
  const metadata::Definitions& r4 = metadata::Definitions::R4();
  // The resource that the compartment is named after is in it.
  if (subject.type == compartment.type && subject.id == compartment.id) return true;
  for (const std::string_view code : r4.CompartmentParameters(compartment.type, subject.type)) {
    const metadata::SearchParameter* const parameter = r4.FindSearchParameter(subject.type, code);
    if (parameter == nullptr) continue;
    const auto rows = RowsAnswering(subject.type, parameter->id, metadata::SearchType::kReference);
    if (std::ranges::any_of(values.references, [&](const ReferenceIndex& row) {
          return std::ranges::find(rows.parameters, row.parameter) != rows.parameters.end() &&
                 row.id == compartment.id && row.type == r4.TypeName(compartment.type);
        })) {
      return true;
    }
  }
  return false;
}

bool Holds(const Criterion& criterion, const IndexValues& values, const MatchSubject& subject) {
  switch (criterion.kind) {
    case CriterionKind::kParameter:
      return criterion.parameter != nullptr &&
             AnyValueMatches(criterion, values) != (criterion.modifier == Modifier::kNot);
    case CriterionKind::kMissing:
      return criterion.parameter != nullptr && HasAnyRow(criterion, values) != criterion.missing;
    case CriterionKind::kId: {
      const bool any = std::ranges::any_of(criterion.values, [&](const Value& value) {
        const auto* const token = std::get_if<TokenValue>(&value);
        return token != nullptr && token->code == subject.id;
      });
      return any != (criterion.modifier == Modifier::kNot);
    }
    case CriterionKind::kLastUpdated:
      return std::ranges::any_of(criterion.values, [&](const Value& value) {
        const auto* const date = std::get_if<DateValue>(&value);
        return date != nullptr && DateMatches(subject.last_updated_us, subject.last_updated_us + 1, *date);
      });
    case CriterionKind::kAll:
      return Matches(criterion.parts, values, subject);
    case CriterionKind::kAny:
      return std::ranges::any_of(criterion.parts, [&](const Criterion& part) { return Holds(part, values, subject); });
    case CriterionKind::kNone:
      return std::ranges::none_of(criterion.parts, [&](const Criterion& part) { return Holds(part, values, subject); });
    case CriterionKind::kCompartment:
      return criterion.compartment && InCompartment(*criterion.compartment, values, subject);
    case CriterionKind::kChain:
    case CriterionKind::kHas:
    case CriterionKind::kFullText:
    case CriterionKind::kNever:
      return false;
  }
  return false;
}

}  // namespace

bool CanMatchAlone(std::span<const Criterion> criteria) {
  return std::ranges::all_of(criteria, [](const Criterion& criterion) {
    return criterion.kind != CriterionKind::kChain && criterion.kind != CriterionKind::kHas &&
           criterion.kind != CriterionKind::kFullText && CanMatchAlone(criterion.parts);
  });
}

bool Matches(std::span<const Criterion> criteria, const IndexValues& values, const MatchSubject& subject) {
  return std::ranges::all_of(criteria, [&](const Criterion& criterion) { return Holds(criterion, values, subject); });
}

}  // namespace fhir::search
