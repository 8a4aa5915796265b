#include "gateway/rest/operations/parameters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "fhir/base/date_time.hpp"
#include "gateway/rest/body.hpp"

namespace gateway::rest::operations {
namespace {

using fhir::model::Node;

struct KindRow {
  ParameterKind kind;
  std::string_view expected;  ///< for people
  std::vector<std::string_view> elements;
};

const KindRow& KindRowOf(ParameterKind kind) {
  static const std::vector<KindRow> kRows = {
      {ParameterKind::kText,
       "a text",
       {"valueString", "valueUri", "valueUrl", "valueCanonical", "valueCode", "valueId", "valueOid", "valueUuid",
        "valueMarkdown"}},
      {ParameterKind::kBoolean, "true or false", {"valueBoolean"}},
      {ParameterKind::kInteger, "an integer from 0", {"valueInteger", "valueUnsignedInt", "valuePositiveInt"}},
      {ParameterKind::kPositive, "an integer from 1", {"valueInteger", "valueUnsignedInt", "valuePositiveInt"}},
      {ParameterKind::kDecimal, "a decimal", {"valueDecimal", "valueInteger", "valuePositiveInt"}},
      {ParameterKind::kMoment, "a date or time", {"valueInstant", "valueDateTime", "valueDate"}},
      {ParameterKind::kCoding, "a Coding", {"valueCoding"}},
      {ParameterKind::kCodeableConcept, "a CodeableConcept", {"valueCodeableConcept"}},
      {ParameterKind::kPeriod, "a Period", {"valuePeriod"}},
      {ParameterKind::kMeta, "a Meta", {"valueMeta"}},
      {ParameterKind::kAttachment, "an Attachment", {"valueAttachment"}},
      {ParameterKind::kResource, "a resource", {"resource"}},
      {ParameterKind::kRefused, "nothing", {}},
  };
  return *std::ranges::find(kRows, kind, &KindRow::kind);
}

std::optional<std::int64_t> IntegerIn(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

bool IsDecimal(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// Whether the text of a primitive is what its kind says.
bool IsOfKind(ParameterKind kind, std::string_view text) {
  switch (kind) {
    case ParameterKind::kText:
      return true;
    case ParameterKind::kBoolean:
      return text == "true" || text == "false";
    case ParameterKind::kInteger:
      return IntegerIn(text).value_or(-1) >= 0;
    case ParameterKind::kPositive:
      return IntegerIn(text).value_or(0) >= 1;
    case ParameterKind::kDecimal:
      return IsDecimal(text);
    case ParameterKind::kMoment:
      return fhir::ParseDateTime(text).has_value();
    default:
      return false;
  }
}

bool IsPrimitive(ParameterKind kind) {
  return kind <= ParameterKind::kMoment;
}

/// A name as a client wrote it, when it can be one: anything else may be a value that went astray.
std::string Quoted(std::string_view name) {
  const bool plain = !name.empty() && name.size() <= 40 && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
  return plain ? fmt::format("\"{}\"", name) : std::string("of that name");
}

std::unexpected<fhir::Error> FailureAt(fhir::ErrorCode code, std::string text, std::string place) {
  auto failure = fhir::Fail(code, std::move(text));
  failure.error().expression = std::move(place);
  return failure;
}

std::string NamesOf(std::span<const ParameterRow> rows) {
  std::vector<std::string_view> names;
  for (const ParameterRow& row : rows) {
    if (row.kind != ParameterKind::kRefused) {
      names.push_back(row.name);
    }
  }
  return names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

const Parameters::Item* Parameters::FindItem(std::string_view name) const {
  const auto found = std::ranges::find_if(items_, [&](const Item& item) { return item.row->name == name; });
  return found == items_.end() ? nullptr : &*found;
}

fhir::Result<void> Parameters::Add(Call& call, std::span<const ParameterRow> rows, std::string_view name, Item item) {
  const auto row = std::ranges::find(rows, name, &ParameterRow::name);
  if (row == rows.end()) {
    std::string text = fmt::format("there is no parameter {}; expected: {}", Quoted(name), NamesOf(rows));
    if (call.preferences.lenient.value_or(false)) {
      call.issues.AddAt(std::move(item.place), fhir::Severity::kWarning, fhir::IssueType::kNotSupported,
                        std::move(text));
      return {};
    }
    return FailureAt(fhir::ErrorCode::kMalformed, std::move(text), std::move(item.place));
  }
  item.row = &*row;
  if (row->kind == ParameterKind::kRefused) {
    return FailureAt(fhir::ErrorCode::kUnsupported, fmt::format("the parameter \"{}\" is not supported", row->name),
                     std::move(item.place));
  }
  if (IsPrimitive(row->kind) ? !IsOfKind(row->kind, item.text) : item.node == nullptr) {
    return FailureAt(fhir::ErrorCode::kMalformed,
                     IsPrimitive(row->kind) || call.request.method == http::Method::kPost
                         ? fmt::format("the parameter \"{}\" must be {}", row->name, KindRowOf(row->kind).expected)
                         : fmt::format("the parameter \"{}\" is {}, which only the body of a POST can hold", row->name,
                                       KindRowOf(row->kind).expected),
                     std::move(item.place));
  }
  if (!row->repeats && FindItem(name) != nullptr) {
    return FailureAt(fhir::ErrorCode::kMalformed, fmt::format("the parameter \"{}\" may be given once", row->name),
                     std::move(item.place));
  }
  items_.push_back(std::move(item));
  return {};
}

fhir::Result<void> Parameters::AddNode(Call& call, std::span<const ParameterRow> rows, const Node& parameter,
                                       std::string place) {
  const std::string_view name = parameter.ChildValue("name");
  const auto row = std::ranges::find(rows, name, &ParameterRow::name);
  Item item{.row = nullptr, .text = {}, .node = nullptr, .place = place};
  if (row != rows.end() && row->kind != ParameterKind::kRefused) {
    const Node* value = nullptr;
    for (const std::string_view element : KindRowOf(row->kind).elements) {
      value = value != nullptr ? value : parameter.Child(element);
    }
    const bool other_type = value != nullptr && row->kind == ParameterKind::kResource && !row->resource_type.empty() &&
                            call.definitions().TypeName(value->type) != row->resource_type;
    if (value == nullptr || other_type) {
      return FailureAt(fhir::ErrorCode::kMalformed,
                       fmt::format("the parameter \"{}\" must be {}", row->name,
                                   row->resource_type.empty() ? KindRowOf(row->kind).expected
                                                              : fmt::format("a {}", row->resource_type)),
                       std::move(place));
    }
    item.node = value;
    item.text = value->value;
  }
  return Add(call, rows, name, std::move(item));
}

fhir::Result<void> Parameters::AddFromBody(Call& call, std::span<const ParameterRow> rows) {
  GW_ASSIGN(fhir::model::Document document, ReadResource(call));
  body_.emplace(std::move(document));
  const Node& root = body_->root();
  if (body_->type_name() != "Parameters") {
    const auto row = std::ranges::find_if(rows, [&](const ParameterRow& each) {
      return each.may_be_body && (each.resource_type.empty() || each.resource_type == body_->type_name());
    });
    if (row == rows.end()) {
      return FailureAt(fhir::ErrorCode::kMalformed, "the body must be a Parameters resource",
                       std::string(body_->type_name()));
    }
    return Add(call, rows, row->name,
               {.row = nullptr, .text = {}, .node = &root, .place = std::string(body_->type_name())});
  }
  std::size_t position = 0;
  for (const Node& child : root.children()) {
    if (child.name == "parameter") {
      GW_TRY(AddNode(call, rows, child, fmt::format("Parameters.parameter[{}]", position++)));
    }
  }
  return {};
}

fhir::Result<Parameters> Parameters::Read(Call& call, std::span<const ParameterRow> rows) {
  Parameters parameters;
  for (const auto& [name, value] : call.request.query) {
    if (name == "_format" || name == "_pretty" || value.empty()) {
      continue;
    }
    const std::string& text = parameters.texts_.emplace_back(value);
    GW_TRY(parameters.Add(call, rows, name, {.row = nullptr, .text = text, .node = nullptr, .place = {}}));
  }
  if (call.request.method == http::Method::kPost && !call.request.body.empty()) {
    GW_TRY(parameters.AddFromBody(call, rows));
  }
  for (const ParameterRow& row : rows) {
    if (row.required && !parameters.Has(row.name)) {
      return FailureAt(fhir::ErrorCode::kMalformed, fmt::format("the parameter \"{}\" is missing", row.name),
                       "Parameters.parameter");
    }
  }
  for (const Item& item : parameters.items_) {
    auto& names = call.audit.parameters;
    if (std::ranges::find(names, item.row->name) == names.end()) {
      names.emplace_back(item.row->name);
    }
  }
  return parameters;
}

std::string_view Parameters::Text(std::string_view name) const {
  const Item* item = FindItem(name);
  return item == nullptr ? std::string_view() : item->text;
}

std::vector<std::string_view> Parameters::Texts(std::string_view name) const {
  std::vector<std::string_view> texts;
  for (const Item& item : items_) {
    if (item.row->name == name) {
      texts.push_back(item.text);
    }
  }
  return texts;
}

bool Parameters::Flag(std::string_view name, bool otherwise) const {
  const Item* item = FindItem(name);
  return item == nullptr ? otherwise : item->text == "true";
}

std::optional<std::int64_t> Parameters::Number(std::string_view name) const {
  const Item* item = FindItem(name);
  return item == nullptr ? std::nullopt : IntegerIn(item->text);
}

const Node* Parameters::Element(std::string_view name) const {
  const Item* item = FindItem(name);
  return item == nullptr ? nullptr : item->node;
}

std::vector<const Node*> Parameters::Elements(std::string_view name) const {
  std::vector<const Node*> nodes;
  for (const Item& item : items_) {
    if (item.row->name == name) {
      nodes.push_back(item.node);
    }
  }
  return nodes;
}

std::string Parameters::Place(std::string_view name) const {
  const Item* item = FindItem(name);
  return item == nullptr ? std::string() : item->place;
}

std::unexpected<fhir::Error> Parameters::Refuse(fhir::ErrorCode code, std::string_view name, std::string text) const {
  return FailureAt(code, std::move(text), Place(name));
}

}  // namespace gateway::rest::operations
