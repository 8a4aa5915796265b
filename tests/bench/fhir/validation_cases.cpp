#include <cstdlib>
#include <memory>

#include "fhir/json/reader.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"
#include "tests/bench/fhir/bench_case.hpp"

namespace bench {
namespace {

/// The resources of the bundles, each by itself, and what validates them.
struct Validation {
  explicit Validation(const Corpus& corpus)
      : terminology(fhir::packages::Registry::Core()), validator(fhir::packages::Registry::Core(), terminology) {
    for (const std::string& text : corpus.json) {
      fhir::IssueList issues;
      auto document = fhir::json::ReadJson(text, {.body_bytes_max = text.size()}, issues);
      if (!document) {
        std::abort();
      }
      for (const fhir::model::Node& entry : document->root().children()) {
        if (const fhir::model::Node* resource = entry.Child("resource")) {
          resources.push_back(fhir::model::Document::CloneResource(*resource));
        }
      }
    }
  }

  fhir::terminology::Terminology terminology;
  fhir::validation::Validator validator;
  std::vector<fhir::model::Document> resources;
};

}  // namespace

std::vector<BenchCase> ValidationCases(const Corpus& corpus) {
  auto validation = std::make_shared<std::unique_ptr<Validation>>();
  const auto validate = [&corpus, validation] {
    if (*validation == nullptr) {
      *validation = std::make_unique<Validation>(corpus);
    }
    fhir::validation::ValidatorOptions options;
    options.unknown_extension = fhir::Severity::kInformation;  // those of the packages that are not loaded here
    for (const fhir::model::Document& resource : (*validation)->resources) {
      fhir::IssueList issues;
      (*validation)->validator.Validate(resource.root(), options, issues);
    }
    return static_cast<double>((*validation)->resources.size());
  };
  return {
      {.name = "validate", .unit = "resources/s", .input = corpus.name, .work = validate, .rate_min = 10'000},
  };
}

}  // namespace bench
