#include "gateway/app/commands/fhirpath.hpp"

#include <memory>
#include <optional>

#include "fhir/base/date_time.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/fhirpath/expression.hpp"
#include "fhir/fhirpath/services.hpp"
#include "fhir/json/element.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/coded_values.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/app/clock_and_ids.hpp"
#include "gateway/app/commands/command.hpp"
#include "gateway/app/commands/files.hpp"
#include "gateway/app/commands/packages.hpp"
#include "gateway/app/commands/resource_text.hpp"

namespace gateway::app {
namespace {

namespace fhirpath = fhir::fhirpath;

/// The ElementDefinition of the type that an element belongs to; null when the element is unknown to the definitions.
/// Source: https://hl7.org/fhir/R4/elementdefinition.html#path
const fhir::model::Node* DefinitionOf(const fhir::packages::Registry& registry, const fhir::model::Node& element) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  // A resource inside another one is defined by its own type, as the outermost is.
  const bool is_resource = definitions.IsResource(element.type);
  if (!is_resource && (element.row == nullptr || element.parent == nullptr)) {
    return nullptr;
  }
  std::string path(definitions.TypeName(is_resource ? element.type : element.parent->type));
  const std::string type = path.substr(0, path.find('.'));
  if (!is_resource) {
    path.append(".").append(definitions.Text(element.row->base_name));
    path += (element.row->flags & fhir::metadata::kElementChoice) != 0 ? "[x]" : "";
  }
  const fhir::model::Node* structure =
      registry.Find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/" + type);
  const fhir::model::Node* snapshot = structure == nullptr ? nullptr : structure->Child("snapshot");
  if (snapshot == nullptr) {
    return nullptr;
  }
  for (const fhir::model::Node& definition : snapshot->children()) {
    if (definition.ChildValue("path") == path) {
      return &definition;
    }
  }
  return nullptr;
}

/// The definitions of a registry. Nothing is looked up before an expression asks.
class RegistryServices : public fhirpath::Services {
 public:
  RegistryServices(const fhir::packages::Registry& registry, std::string_view now) : registry_(registry), now_(now) {}
  std::optional<bool> MemberOf(const fhir::model::Node& coded, std::string_view value_set) const override {
    return fhir::validation::IsMember(terminology_, coded, value_set);
  }
  std::optional<bool> MemberOf(std::string_view code, std::string_view value_set) const override {
    return fhir::validation::IsMember(terminology_, code, value_set);
  }
  std::optional<bool> Subsumes(const fhirpath::CodeRef& general, const fhirpath::CodeRef& special) const override {
    return fhir::validation::Subsumes(terminology_, general, special);
  }
  std::optional<bool> ConformsTo(const fhir::model::Node& element, std::string_view profile) const override {
    if (!registry_.Lookup("StructureDefinition", profile)) {
      return std::nullopt;
    }
    const std::string profiles[] = {std::string(profile)};
    fhir::validation::ValidatorOptions options;
    options.profiles = profiles;
    options.now = now_;
    fhir::IssueList issues;
    validator_.Validate(element, options, issues);
    return !issues.HasErrors();
  }
  const fhir::model::Node* ElementDefinition(const fhir::model::Node& element) const override {
    return DefinitionOf(registry_, element);
  }
  std::optional<bool> InSlice(const fhir::model::Node& element, std::string_view structure,
                              std::string_view name) const override {
    return validator_.InSlice(element, structure, name);
  }

 private:
  const fhir::packages::Registry& registry_;
  std::string_view now_;
  fhir::terminology::Terminology terminology_{registry_};
  fhir::validation::Validator validator_{registry_, terminology_};
};

void AppendItem(std::string& out, const fhirpath::Item& item) {
  out += out.size() > 1 ? ",{\"type\":" : "{\"type\":";
  fhir::json::AppendQuoted(out, fhirpath::ItemTypeName(item, fhir::metadata::Definitions::R4()));
  out += ",\"value\":";
  switch (item.kind) {
    case fhirpath::ItemKind::kNode:
      fhir::json::AppendElement(out, *item.node);
      break;
    case fhirpath::ItemKind::kBoolean:
    case fhirpath::ItemKind::kInteger:
    case fhirpath::ItemKind::kDecimal:
      out += fhirpath::ItemText(item);
      break;
    default:
      fhir::json::AppendQuoted(out, fhirpath::ItemText(item));
      break;
  }
  out += '}';
}

}  // namespace

fhir::Result<std::string> EvaluateOnText(std::string_view expression, std::string_view resource, std::string_view now,
                                         const fhir::packages::Registry& registry) {
  fhir::IssueList issues;
  GW_ASSIGN(const fhir::model::Document document, ReadResourceText(resource, {}, issues));
  GW_ASSIGN(const fhirpath::Expression compiled, fhirpath::CompileChecked(expression, document.root().type));
  const RegistryServices definitions(registry, now);
  fhirpath::EvaluationContext context;
  context.services = &definitions;
  context.now = now;
  GW_ASSIGN(const fhirpath::Collection items, fhirpath::Evaluate(compiled, context, document.root()));
  std::string out = "[";
  for (const fhirpath::Item& item : items) {
    AppendItem(out, item);
  }
  return out + "]";
}

ExitCode RunFhirPath(const Arguments& arguments) {
  if (arguments.operands().size() != 2) {
    return Usage("fhirpath", "an expression and one file are expected");
  }
  const auto packages = LoadPackages(arguments.Values("--package"));
  if (!packages) {
    return Report(packages.error());
  }
  const auto text = ReadWholeFile(arguments.operands()[1]);
  if (!text) {
    return Report(text.error());
  }
  const std::string now = fhir::FormatInstant(SystemClock().NowUs());
  const auto answer = EvaluateOnText(arguments.operands()[0], *text, now, *packages->registry);
  if (!answer) {
    return Report(answer.error());
  }
  if (const auto written = WriteOutput(*answer + '\n'), flushed = FlushOutput(); !written || !flushed) {
    return Report(written ? flushed.error() : written.error());
  }
  return packages->whole ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace gateway::app
