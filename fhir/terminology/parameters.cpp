#include "fhir/terminology/parameters.hpp"

#include "fhir/metadata/definitions.hpp"

namespace fhir::terminology {

ParametersBuilder::ParametersBuilder() : document_(metadata::Definitions::R4().FindType("Parameters")) {}

model::Node& ParametersBuilder::Named(model::Node& parent, std::string_view element, std::string_view name) {
  model::Node& node = document_.Add(parent, element);
  document_.Add(node, "name", name);
  return node;
}

void ParametersBuilder::AddCodingPart(model::Node& parameter, std::string_view name, const Coding& coding) {
  model::Node& value = document_.Add(AddPart(parameter, name), "valueCoding");
  const std::pair<std::string_view, std::string_view> fields[] = {
      {"system", coding.system}, {"version", coding.version}, {"code", coding.code}, {"display", coding.display}};
  for (const auto& [field, text] : fields) {
    if (!text.empty()) {
      document_.Add(value, field, text);
    }
  }
}

}  // namespace fhir::terminology
