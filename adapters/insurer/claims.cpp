#include "adapters/insurer/claims.hpp"

#include <iterator>

#include "adapters/insurer/coverages.hpp"
#include "adapters/insurer/issued_claims.hpp"
#include "adapters/port/reference.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/json/reader.hpp"

namespace adapters::insurer {
namespace {

using fhir::model::Document;
using fhir::model::Node;

std::string ProviderOf(const Node& encounter) {
  const std::string_view practitioner = encounter.FindValue("participant.individual.reference");
  return std::string(practitioner.empty() ? encounter.FindValue("serviceProvider.reference") : practitioner);
}

fhir::Result<std::string> BirthDateOf(std::string_view patient_id, port::UnitOfWork& work) {
  GW_ASSIGN(const std::optional<port::StoredResource> stored,
            work.Read(fhir::metadata::Definitions::R4().FindType("Patient"), patient_id));
  if (!stored || stored->deleted) {
    return std::string();
  }
  fhir::IssueList issues;
  GW_ASSIGN(const Document patient, fhir::json::ReadJson(stored->body, {}, issues));
  return std::string(patient.root().ChildValue("birthDate"));
}

/// First coding of Encounter.type that the tariff prices.
const Node* ActCoding(const Node& encounter, const Tariff& tariff) {
  for (const Node& type : encounter.children()) {
    if (type.name != "type") {
      continue;
    }
    for (const Node& coding : type.children()) {
      if (coding.name == "coding" && coding.ChildValue("system") == tariff.code_system() &&
          tariff.Knows(coding.ChildValue("code"))) {
        return &coding;
      }
    }
  }
  return nullptr;
}

bool IsFinishedVisit(const Node* encounter) {
  return encounter != nullptr && encounter->ChildValue("status") == "finished" &&
         encounter->FindValue("class.code") == "VR";
}

}  // namespace

fhir::Result<std::optional<ClaimedVisit>> VisitClaims::PriceVisit(const port::Applied& applied,
                                                                  port::UnitOfWork& work) const {
  const Node& encounter = *applied.after;
  const port::LocalReference patient = port::SplitReference(encounter.FindValue("subject.reference"));
  const std::string_view start = encounter.FindValue("period.start");
  if (patient.type != "Patient" || start.empty()) {
    return std::nullopt;
  }
  GW_ASSIGN(const fhir::TimeZone* zone, fhir::TimeZone::Find(zone_));
  GW_ASSIGN(const fhir::DateTime started, fhir::ParseDateTime(start, fhir::DateForm::kRelaxed));
  if (started.precision < fhir::DatePrecision::kDay) {
    return std::nullopt;  // without its day an act has no price
  }
  for (const Tariff& tariff : tariffs_) {
    const Node* act = ActCoding(encounter, tariff);
    if (act == nullptr) {
      continue;
    }
    ClaimedVisit claimed;
    Visit& visit = claimed.visit;
    visit.day = fhir::FormatInstantIn(fhir::ToRange(started, *zone).low_us, *zone, 0).substr(0, 10);
    visit.provider = ProviderOf(encounter);
    GW_ASSIGN(const PayingCoverages paying, FindCoverages(patient.id, visit.day, work));
    GW_ASSIGN(const std::string birth_date, BirthDateOf(patient.id, work));
    if (!paying.amo || visit.provider.empty()) {
      continue;
    }
    const std::optional<Shares> shares = tariff.Price({.code = act->ChildValue("code"),
                                                       .date = visit.day,
                                                       .birth_date = birth_date,
                                                       .exemption = paying.amo->exemption});
    if (!shares) {
      continue;
    }
    visit.encounter = port::MakeReference("Encounter", applied.id);
    visit.patient = port::MakeReference("Patient", patient.id);
    visit.start = start;
    visit.end = encounter.FindValue("period.end");
    visit.act_system = act->ChildValue("system");
    visit.act_code = act->ChildValue("code");
    visit.shares = *shares;
    claimed.payers.push_back({.kind = "AMO", .coverage = *paying.amo, .benefit = shares->amo});
    if (paying.amc) {
      claimed.payers.push_back({.kind = "AMC", .coverage = *paying.amc, .benefit = shares->amc});
    }
    return claimed;
  }
  return std::nullopt;
}

fhir::Result<void> VisitClaims::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  const bool is_visit = IsFinishedVisit(applied.after);
  if (!is_visit && !IsFinishedVisit(applied.before)) {
    return {};
  }
  std::optional<ClaimedVisit> wanted;
  if (is_visit) {
    GW_ASSIGN(wanted, PriceVisit(applied, work));
  }
  GW_ASSIGN(const IssuedClaims issued, IssuedClaims::Find(port::MakeReference("Encounter", applied.id), work));
  if (wanted && issued.Equal(*wanted)) {
    return {};
  }
  GW_ASSIGN(std::vector<port::Change> changes, issued.Cancel(work));
  if (wanted) {
    GW_ASSIGN(const fhir::TimeZone* zone, fhir::TimeZone::Find(zone_));
    auto others = issued.Issue(*std::move(wanted), fhir::FormatInstantIn(work.now_us(), *zone, 0), work);
    changes.insert(changes.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  }
  if (changes.empty()) {
    return {};
  }
  fhir::IssueList issues;
  auto outcomes = work.Apply(std::move(changes), issues);
  return outcomes ? fhir::Result<void>() : std::unexpected(std::move(outcomes).error());
}

}  // namespace adapters::insurer
