// Builds Parameters resources: the form in which operations answer.
// Source: https://hl7.org/fhir/R4/parameters.html
#pragma once

#include <string_view>
#include <utility>

#include "fhir/model/document.hpp"
#include "fhir/terminology/terminology.hpp"

namespace fhir::terminology {

/// Adds parameters in the order of the calls. thread-compatible.
class ParametersBuilder {
 public:
  ParametersBuilder();

  /// A parameter without a value yet: for parts, or for a value of several elements.
  model::Node& Add(std::string_view name) { return Named(document_.root(), "parameter", name); }
  model::Node& AddPart(model::Node& parameter, std::string_view name) { return Named(parameter, "part", name); }
  /// A parameter with a primitive value; `element` is value[x]'s name in JSON: "valueBoolean".
  void Add(std::string_view name, std::string_view element, std::string_view value) {
    document_.Add(Add(name), element, value);
  }
  void AddPart(model::Node& parameter, std::string_view name, std::string_view element, std::string_view value) {
    document_.Add(AddPart(parameter, name), element, value);
  }
  void AddCodingPart(model::Node& parameter, std::string_view name, const Coding& coding);

  model::Document Take() { return std::move(document_); }

 private:
  model::Node& Named(model::Node& parent, std::string_view element, std::string_view name);
  model::Document document_;
};

}  // namespace fhir::terminology
