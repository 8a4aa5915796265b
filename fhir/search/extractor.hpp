// The search parameters of each type with their expressions compiled: built on first use of a type, shared by all
// threads.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "fhir/base/issue.hpp"
#include "fhir/fhirpath/expression.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"
#include "fhir/search/custom_parameters.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/types/index_context.hpp"

namespace fhir::search {

/// thread-safe. One per process and set of custom parameters is enough; it keeps about 30 compiled expressions per type
/// in use.
class Extractor {
 public:
  explicit Extractor(const metadata::Definitions& definitions = metadata::Definitions::R4(),
                     std::shared_ptr<const CustomParameters> custom = nullptr);

  /// As ExtractIndexValues. Cost: a walk of each parameter's path, and one allocation per text kept.
  IndexValues Extract(const model::Node& resource, const ExtractOptions& options, IssueList& issues);

 private:
  struct Plan {
    const metadata::SearchParameter* parameter;
    fhirpath::Expression expression;
    std::vector<fhirpath::Expression> components = {};  // of a composite, in order
    bool identifiers_only = false;                      // rows of other parameters answer its references
  };
  struct TypePlans {
    std::once_flag once;
    std::vector<Plan> plans;
    std::vector<std::string> failures;  // codes whose expression does not compile
    const metadata::SearchParameter* narrative = nullptr;
    const metadata::SearchParameter* content = nullptr;
  };
  const TypePlans& PlansOf(metadata::TypeId type);
  void AddPlan(metadata::TypeId type, const metadata::SearchParameter& parameter, TypePlans& plans);
  void ExtractComposite(const Plan& plan, const fhirpath::Item& part, const IndexContext& context,
                        const fhirpath::EvaluationContext& evaluation, IndexValues& out, IssueList& issues);

  const metadata::Definitions& definitions_;
  const std::shared_ptr<const CustomParameters> custom_;  // shared with its registry; null: none
  const ElementTypes types_;
  std::vector<std::unique_ptr<TypePlans>> by_type_;  // indexed by TypeId, filled in the constructor
};

/// As ExtractIndexValues of index_values.hpp, with the expressions compiled once.
IndexValues ExtractIndexValues(Extractor& extractor, const model::Node& resource, const ExtractOptions& options,
                               IssueList& issues);

}  // namespace fhir::search
