#include "adapters/mapping/outbound/outbound_map.hpp"

#include <fmt/format.h>

#include <utility>

namespace adapters::mapping::outbound {
namespace {

using fhir::fhirpath::Collection;
using fhir::fhirpath::EvaluationContext;
using fhir::fhirpath::Expression;
using fhir::model::Node;

/// Evaluates the rules of one file for one change.
class Evaluation {
 public:
  Evaluation(const OutboundInput& input, const std::vector<OutboundTable>& tables, std::string_view event = {})
      : input_(input),
        tables_(tables),
        nothing_(input.resource->type),
        message_(fhir::metadata::Definitions::R4().FindType("MessageHeader")) {
    message_.Add(message_.Add(message_.root(), "eventCoding"), "code", event);
    context_.variables["message"] = &message_.root();
    context_.resource = input.resource;
    context_.variables.insert(input.variables.begin(), input.variables.end());
    context_.variables["before"] = input.before != nullptr ? input.before : &nothing_.root();
    for (const char* name : {"patient", "encounter", "partner"}) {
      if (!context_.variables.contains(name)) {
        context_.variables[name] = &nothing_.root();
      }
    }
    context_.resolve = input.resolve;
    context_.now = input.now;
  }

  fhir::Result<bool> Holds(const std::optional<Expression>& when, const Node& focus) const {
    return when ? fhir::fhirpath::EvaluateBoolean(*when, context_, focus) : fhir::Result<bool>(true);
  }

  /// The nodes that an `each` goes over; the focus alone without one.
  fhir::Result<std::vector<const Node*>> Items(const std::optional<Expression>& each, const Node& focus) const {
    std::vector<const Node*> nodes;
    if (!each) {
      nodes.push_back(&focus);
      return nodes;
    }
    GW_ASSIGN(const Collection items, fhir::fhirpath::Evaluate(*each, context_, focus));
    nodes.reserve(items.size());
    for (const auto& item : items) {
      if (item.IsNode()) {
        nodes.push_back(item.node);
      }
    }
    return nodes;
  }

  fhir::Result<std::string> First(const Expression& expression, const Node& focus) const {
    GW_ASSIGN(const Collection items, fhir::fhirpath::Evaluate(expression, context_, focus));
    return items.empty() ? std::string() : fhir::fhirpath::ItemText(items.front());
  }

  fhir::Result<std::string> Value(const ValueRule& rule, const Node& focus, std::size_t number) const {
    if (rule.counts) {
      return fmt::format("{}", number);
    }
    if (!rule.fact.empty()) {
      const auto fact = input_.facts.find(rule.fact);
      return fact == input_.facts.end() ? std::string() : std::string(fact->second);
    }
    if (!rule.from) {
      return rule.literal;
    }
    auto text = First(*rule.from, focus);
    if (!text) {
      fhir::Error error = std::move(text).error();
      error.internal_text.text = fmt::format("{}: {}", rule.place, error.public_text.text);
      return std::unexpected(std::move(error));
    }
    if (rule.form == ValueForm::kTimestamp) {
      *text = text->empty() ? std::string() : input_.timestamp(*text);
    }
    if (rule.table >= 0 && !text->empty()) {
      const OutboundTable& table = tables_[static_cast<std::size_t>(rule.table)];
      const auto code = table.codes.find(*text);
      *text = code == table.codes.end() ? table.otherwise : code->second;
    }
    return text;
  }

  fhir::Result<Repetitions> Field(const FieldRule& rule, const Node& focus, std::size_t number) const {
    Repetitions repetitions;
    for (const RepetitionRule& one : rule.repetitions) {
      GW_ASSIGN(const std::vector<const Node*> items, Items(one.each, focus));
      for (const Node* item : items) {
        GW_ASSIGN(const bool holds, Holds(one.when, *item));
        if (!holds) {
          continue;
        }
        Components components;
        components.reserve(one.components.size());
        bool asked = false;  // for something that the resource may hold
        bool found = false;
        for (const ComponentRule& component : one.components) {
          Subcomponents parts;
          parts.reserve(component.size());
          for (const ValueRule& value : component) {
            GW_ASSIGN(std::string text, Value(value, *item, number));
            const bool constant = !value.from && value.fact.empty();
            asked = asked || !constant;
            found = found || (!constant && !text.empty());
            parts.push_back(std::move(text));
          }
          components.push_back(std::move(parts));
        }
        if (found || !asked) {  // constants say nothing beside what is not there
          repetitions.push_back(std::move(components));
        }
      }
    }
    return repetitions;
  }

 private:
  const OutboundInput& input_;
  const std::vector<OutboundTable>& tables_;
  fhir::model::Document nothing_;
  fhir::model::Document message_;
  EvaluationContext context_;
};

}  // namespace

fhir::Result<const EventRule*> OutboundMap::EventOf(const OutboundInput& input) const {
  const Evaluation run(input, tables_);
  for (const EventRule& rule : events_) {
    if (rule.on_delete != input.deleted) {
      continue;
    }
    GW_ASSIGN(const bool holds, run.Holds(rule.when, *input.resource));
    if (holds) {
      return &rule;
    }
  }
  return nullptr;
}

fhir::Result<std::string> OutboundMap::PatientOf(const OutboundInput& input) const {
  return Evaluation(input, tables_).First(*patient_, *input.resource);
}

fhir::Result<std::string> OutboundMap::EncounterOf(const OutboundInput& input) const {
  return encounter_ ? Evaluation(input, tables_).First(*encounter_, *input.resource)
                    : fhir::Result<std::string>(std::string());
}

fhir::Result<std::vector<Segment>> OutboundMap::Run(const OutboundInput& input, const EventRule& event) const {
  const Evaluation run(input, tables_, event.event);
  std::vector<Segment> segments;
  std::map<std::string_view, std::size_t> numbers;
  for (const SegmentRule& rule : segments_) {
    GW_ASSIGN(const std::vector<const fhir::model::Node*> items, run.Items(rule.each, *input.resource));
    for (const fhir::model::Node* item : items) {
      GW_ASSIGN(const bool holds, run.Holds(rule.when, *item));
      if (!holds) {
        continue;
      }
      Segment segment{.name = rule.name, .fields = {}};
      const std::size_t number = ++numbers[rule.name];
      for (const FieldRule& field : rule.fields) {
        GW_ASSIGN(Repetitions repetitions, run.Field(field, *item, number));
        if (!repetitions.empty()) {
          segment.fields.emplace(field.number, std::move(repetitions));
        }
      }
      segments.push_back(std::move(segment));
    }
  }
  return segments;
}

}  // namespace adapters::mapping::outbound
