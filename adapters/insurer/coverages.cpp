#include "adapters/insurer/coverages.hpp"

#include <utility>

#include "adapters/port/reference.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/search/query_parser.hpp"

namespace adapters::insurer {
namespace {

constexpr std::size_t kCoveragesMax = 50;

/// A period bound may be as short as a year: it is compared at its own precision.
bool InForce(const fhir::model::Node& coverage, std::string_view day) {
  const std::string_view start = coverage.FindValue("period.start").substr(0, 10);
  const std::string_view end = coverage.FindValue("period.end").substr(0, 10);
  return (start.empty() || start <= day.substr(0, start.size())) && (end.empty() || day.substr(0, end.size()) <= end);
}

CoverageView View(const fhir::model::Node& coverage) {
  CoverageView view;
  view.reference = port::MakeReference("Coverage", coverage.ChildValue("id"));
  view.payor = coverage.FindValue("payor.reference");
  view.exemption = coverage.FindValue("costToBeneficiary.exception.type.coding.code");
  return view;
}

}  // namespace

fhir::Result<PayingCoverages> FindCoverages(std::string_view patient_id, std::string_view day, port::UnitOfWork& work) {
  const fhir::metadata::TypeId type = fhir::metadata::Definitions::R4().FindType("Coverage");
  GW_ASSIGN(const fhir::search::Query query,
            fhir::search::ParseConditional(
                type, "status=active&beneficiary=" + port::MakeReference("Patient", patient_id), {}));
  GW_ASSIGN(const std::vector<port::StoredResource> found, work.Search(query, kCoveragesMax));
  PayingCoverages paying;
  for (const port::StoredResource& stored : found) {
    fhir::IssueList issues;
    GW_ASSIGN(const fhir::model::Document document, fhir::json::ReadJson(stored.body, {}, issues));
    const fhir::model::Node& coverage = document.root();
    if (!InForce(coverage, day)) {
      continue;
    }
    const std::string_view code = coverage.FindValue("type.coding.code");
    if (code == "PUBLICPOL" && !paying.amo) {
      paying.amo = View(coverage);
    } else if (code == "EHCPOL" && !paying.amc) {
      paying.amc = View(coverage);
    }
  }
  return paying;
}

}  // namespace adapters::insurer
