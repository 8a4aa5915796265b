// A FHIR search as a tree of typed criteria, free of SQL: made from a query string by query_parser, from policies by
// gateway/access, by hand in adapters; compiled to SQL in gateway/store/search_sql.
// Source: https://hl7.org/fhir/R4/search.html
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fhir/metadata/definitions.hpp"

namespace fhir::search {

class CustomParameters;  // custom_parameters.hpp

enum class Prefix : std::uint8_t { kEq, kNe, kGt, kLt, kGe, kLe, kSa, kEb, kAp };

enum class Modifier : std::uint8_t {
  kNone,
  kExact,
  kContains,
  kNot,
  kText,
  kIn,
  kNotIn,
  kAbove,
  kBelow,
  kOfType,
  kIdentifier,
  kMissing,
  kEquals,    ///< the whole string, case and accents aside: "eq" of _filter
  kEndsWith,  ///< "ew" of _filter
};

struct StringValue {
  std::string text;
};  ///< as sent; folding happens in one place, fhir/base/text
struct TokenValue {
  std::optional<std::string> system;  ///< unset: any system; "" : must have none ("|code")
  std::optional<std::string> code;    ///< unset: any code ("system|")
};
struct ReferenceValue {
  std::string type;  ///< "" when not said
  std::string id;    ///< logical id; "" for an absolute URL or canonical
  std::string url;   ///< absolute reference or urn, as sent
};
/// Half-open range [low, high) in microseconds since 1970-01-01T00:00:00Z.
struct DateValue {
  Prefix prefix = Prefix::kEq;
  std::int64_t low_us = 0;
  std::int64_t high_us = 0;
};
struct NumberValue {
  Prefix prefix = Prefix::kEq;
  std::string low;
  std::string high;
  std::string exact;
};  ///< decimal text
/// Without a unit, `number` decides; with one that UCUM knows, `base`; with another one, `number` and the unit as
/// given.
struct QuantityValue {
  NumberValue number;
  std::optional<std::string> system;
  std::optional<std::string> code;
  std::optional<NumberValue> base;  ///< the range in base units of UCUM
  std::string base_unit;            ///< with `base`
};
struct UriValue {
  std::string uri;
};
/// A place and how far from it: "near".
struct NearValue {
  double latitude = 0;
  double longitude = 0;
  double distance_m = 0;
};
using SimpleValue =
    std::variant<StringValue, TokenValue, ReferenceValue, DateValue, NumberValue, QuantityValue, UriValue, NearValue>;
/// "code$gt5": a value per component, all of which one part of the resource must meet.
struct CompositeValue {
  std::vector<SimpleValue> components;
};
using Value = std::variant<StringValue, TokenValue, ReferenceValue, DateValue, NumberValue, QuantityValue, UriValue,
                           NearValue, CompositeValue>;

struct Criterion;

/// "subject:Patient.name=x": resources referenced by `parameter` that meet the nested criteria.
struct Chain {
  std::vector<metadata::TypeId> target_types;
  std::vector<Criterion> nested;
};
/// "_has:Observation:patient:code=x": resources to which one of source_type refers by `parameter`.
struct Has {
  metadata::TypeId source_type = metadata::kNoType;
  std::vector<Criterion> nested;
};
/// "Patient/1/Observation", "Patient/1/*": resources that one of the compartment's parameters ties to it.
/// Source: https://hl7.org/fhir/R4/compartmentdefinition.html
struct Compartment {
  metadata::TypeId type = metadata::kNoType;
  std::string id;
};

enum class CriterionKind : std::uint8_t {
  kParameter,    ///< values of `parameter` under `modifier`
  kChain,        ///< chain
  kHas,          ///< has; `parameter` is the reference parameter on has.source_type
  kId,           ///< _id: values are TokenValue with code
  kLastUpdated,  ///< _lastUpdated: values are DateValue
  kMissing,      ///< parameter:missing=true|false
  kNever,        ///< matches nothing (e.g. an empty grant)
  kAll,          ///< all of `parts`
  kAny,          ///< one of `parts`
  kNone,         ///< none of `parts`
  kFullText,     ///< words of the narrative or of the content (`parameter`: _text, _content); values are StringValue
  kCompartment,  ///< compartment
};

/// One name=value of a query. Criteria are ANDed, the values within one are ORed.
struct Criterion {
  CriterionKind kind = CriterionKind::kParameter;
  const metadata::SearchParameter* parameter = nullptr;  ///< borrowed from the definitions, or from Query::custom
  Modifier modifier = Modifier::kNone;
  std::vector<Value> values;
  bool missing = false;
  std::optional<Chain> chain;
  /// Further chains over the same reference, for target types whose parameter of that name is another one
  /// ("subject.identifier" of Patient and of Group): the criterion holds when `chain` or one of these does.
  std::vector<Chain> other_chains;
  std::optional<Has> has;
  std::vector<Criterion> parts;
  std::optional<Compartment> compartment;
};

struct Include {
  metadata::TypeId source_type = metadata::kNoType;      ///< kNoType: any ("_revinclude=*", "_include:iterate=*")
  const metadata::SearchParameter* parameter = nullptr;  ///< null: all reference parameters ("*")
  metadata::TypeId target_type = metadata::kNoType;      ///< kNoType: any
  bool reverse = false;                                  ///< _revinclude
  bool iterate = false;
};

struct Sort {
  const metadata::SearchParameter* parameter = nullptr;
  bool descending = false;
};  ///< null: _lastUpdated

enum class Total : std::uint8_t { kNone, kEstimate, kAccurate };
enum class Summary : std::uint8_t { kFalse, kTrue, kText, kData, kCount };
/// _contained: which resources are searched, those that stand by themselves, those inside others, or both.
enum class Contained : std::uint8_t { kFalse, kTrue, kBoth };
/// _containedType: what is given where a contained resource matches, the one it stands in or itself.
enum class ContainedType : std::uint8_t { kContainer, kContained };

/// A search of one type, or of several: on the system or in a compartment.
struct Query {
  metadata::TypeId type = metadata::kNoType;
  /// With `type` unset: the types searched. Criteria are then those that all types share, and compartments.
  std::vector<metadata::TypeId> types;
  std::vector<Criterion> criteria;
  std::vector<Include> includes;
  std::vector<Sort> sort;
  std::optional<int> count;           ///< page size asked for; the store applies default and maximum
  std::optional<std::string> cursor;  ///< opaque; from a next link
  Total total = Total::kNone;
  bool total_asked = false;
  Summary summary = Summary::kFalse;
  std::vector<std::string> elements;
  /// The parameters that were used, normalised and percent-encoded, for the self link.
  std::string self;
  /// Shared with whoever knows the parameters: keeps what the criteria borrow of it. Null: they are all of the
  /// standard.
  std::shared_ptr<const CustomParameters> custom = nullptr;
  Contained contained = Contained::kFalse;
  ContainedType contained_type = ContainedType::kContainer;
};

}  // namespace fhir::search
