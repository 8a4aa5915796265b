#include "adapters/insurer/claims.hpp"

#include <optional>

#include <fmt/format.h>

#include "adapters/insurer/coverages.hpp"
#include "adapters/port/reference.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/model/data_types.hpp"
#include "fhir/search/query_parser.hpp"

namespace adapters::insurer {
namespace {

using fhir::model::AddConcept;
using fhir::model::AddIdentifier;
using fhir::model::AddMoney;
using fhir::model::AddReference;
using fhir::model::Document;
using fhir::model::Node;

constexpr std::string_view kKeySystem = "https://passerelle.example/fhir/identifier/claim";
constexpr std::string_view kAdjudication = "http://terminology.hl7.org/CodeSystem/adjudication";
constexpr std::string_view kOwnAdjudication = "https://passerelle.example/fhir/CodeSystem/adjudication";
constexpr std::string_view kCurrency = "EUR";

/// Everything the six resources say alike.
struct Visit {
  std::string encounter;  ///< "Encounter/<id>"
  std::string patient;
  std::string provider;  ///< practitioner, else the organisation
  std::string day;       ///< of the act
  std::string start;
  std::string end;
  std::string created;
  std::string act_system;
  std::string act_code;
  Shares shares;
};

/// One payer's side of the visit.
struct Payer {
  std::string_view kind;  ///< "AMO" | "AMC"
  CoverageView coverage;
  Money benefit;
  std::string claim_url;  ///< urn:uuid of this payer's Claim, ClaimResponse
  std::string response_url;
};

fhir::metadata::TypeId TypeOf(std::string_view name) {
  return fhir::metadata::Definitions::R4().FindType(name);
}

std::string KeyOf(const Visit& visit, const Payer& payer) {
  return fmt::format("{}/{}", visit.encounter, payer.kind);
}

void AddAmount(Document& document, Node& parent, std::string_view element, std::string_view system,
               std::string_view code, Money amount) {
  Node& row = document.Add(parent, element);
  AddConcept(document, row, "category", {.system = system, .code = code});
  AddMoney(document, row, "amount", amount.Text(), kCurrency);
}

/// How the benefit comes about: what was submitted, what is left to others, what this payer gives.
void AddAdjudications(Document& document, Node& item, const Visit& visit, const Payer& payer) {
  const Shares& shares = visit.shares;
  AddAmount(document, item, "adjudication", kAdjudication, "submitted", shares.price);
  if (payer.kind == "AMO") {
    Node& percent = document.Add(item, "adjudication");
    AddConcept(document, percent, "category", {.system = kAdjudication, .code = "eligpercent"});
    document.Add(percent, "value", std::to_string(shares.amo_percent));
    AddAmount(document, item, "adjudication", kAdjudication, "eligible", shares.amo_gross);
    AddAmount(document, item, "adjudication", kAdjudication, "deductible", shares.flat_participation);
    AddAmount(document, item, "adjudication", kAdjudication, "copay", shares.price - shares.amo_gross);
  } else {
    AddAmount(document, item, "adjudication", kAdjudication, "eligible", shares.amc);
  }
  AddAmount(document, item, "adjudication", kAdjudication, "benefit", payer.benefit);
}

/// The elements that Claim, ClaimResponse and ExplanationOfBenefit share, in the names they share.
Document Begin(std::string_view type, const Visit& visit, const Payer& payer) {
  Document document(TypeOf(type));
  Node& root = document.root();
  AddIdentifier(document, root, "identifier", kKeySystem, KeyOf(visit, payer));
  document.Add(root, "status", "active");
  AddConcept(document, root, "type",
             {.system = "http://terminology.hl7.org/CodeSystem/claim-type", .code = "professional"});
  document.Add(root, "use", "predetermination");
  AddReference(document, root, "patient", visit.patient);
  document.Add(root, "created", visit.created);
  AddReference(document, root, "insurer", payer.coverage.payor);
  return document;
}

void AddBillablePeriod(Document& document, const Visit& visit) {
  Node& period = document.Add(document.root(), "billablePeriod");
  document.Add(period, "start", visit.start);
  if (!visit.end.empty()) {
    document.Add(period, "end", visit.end);
  }
}

Node& AddItem(Document& document, const Visit& visit) {
  Node& item = document.Add(document.root(), "item");
  document.Add(item, "sequence", "1");
  AddConcept(document, item, "productOrService", {.system = visit.act_system, .code = visit.act_code});
  document.Add(item, "servicedDate", visit.day);
  AddMoney(document, item, "unitPrice", visit.shares.price.Text(), kCurrency);
  AddMoney(document, item, "net", visit.shares.price.Text(), kCurrency);
  AddReference(document, item, "encounter", visit.encounter);
  return item;
}

void AddInsurance(Document& document, int sequence, bool focal, std::string_view coverage, std::string_view response) {
  Node& insurance = document.Add(document.root(), "insurance");
  document.Add(insurance, "sequence", std::to_string(sequence));
  document.Add(insurance, "focal", focal ? "true" : "false");
  AddReference(document, insurance, "coverage", coverage);
  if (!response.empty()) {
    AddReference(document, insurance, "claimResponse", response);
  }
}

/// Claim and ClaimResponse list the payer before this one with its answer, then this one.
void AddInsuranceChain(Document& document, const Payer& payer, const Payer* before) {
  if (before != nullptr) {
    AddInsurance(document, 1, false, before->coverage.reference, before->response_url);
  }
  AddInsurance(document, before != nullptr ? 2 : 1, true, payer.coverage.reference, "");
}

Document MakeClaim(const Visit& visit, const Payer& payer, const Payer* before) {
  Document claim = Begin("Claim", visit, payer);
  AddBillablePeriod(claim, visit);
  AddReference(claim, claim.root(), "provider", visit.provider);
  AddConcept(claim, claim.root(), "priority",
             {.system = "http://terminology.hl7.org/CodeSystem/processpriority", .code = "normal"});
  AddInsuranceChain(claim, payer, before);
  AddItem(claim, visit);
  AddMoney(claim, claim.root(), "total", visit.shares.price.Text(), kCurrency);
  return claim;
}

Document MakeResponse(const Visit& visit, const Payer& payer, const Payer* before) {
  Document response = Begin("ClaimResponse", visit, payer);
  AddReference(response, response.root(), "request", payer.claim_url);
  response.Add(response.root(), "outcome", "complete");
  AddInsuranceChain(response, payer, before);
  Node& item = response.Add(response.root(), "item");
  response.Add(item, "itemSequence", "1");
  AddAdjudications(response, item, visit, payer);
  AddAmount(response, response.root(), "total", kAdjudication, "submitted", visit.shares.price);
  AddAmount(response, response.root(), "total", kAdjudication, "benefit", payer.benefit);
  return response;
}

Document MakeBenefit(const Visit& visit, const Payer& payer, const Payer* before) {
  Document benefit = Begin("ExplanationOfBenefit", visit, payer);
  AddBillablePeriod(benefit, visit);
  AddReference(benefit, benefit.root(), "provider", visit.provider);
  if (before != nullptr) {
    Node& related = benefit.Add(benefit.root(), "related");
    AddReference(benefit, related, "claim", before->claim_url);
    AddConcept(benefit, related, "relationship",
               {.system = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship", .code = "prior"});
  }
  AddReference(benefit, benefit.root(), "claim", payer.claim_url);
  AddReference(benefit, benefit.root(), "claimResponse", payer.response_url);
  benefit.Add(benefit.root(), "outcome", "complete");
  Node& insurance = benefit.Add(benefit.root(), "insurance");
  benefit.Add(insurance, "focal", "true");
  AddReference(benefit, insurance, "coverage", payer.coverage.reference);
  Node& item = AddItem(benefit, visit);
  AddAdjudications(benefit, item, visit, payer);
  AddAmount(benefit, benefit.root(), "total", kAdjudication, "submitted", visit.shares.price);
  AddAmount(benefit, benefit.root(), "total", kAdjudication, "benefit", payer.benefit);
  AddAmount(benefit, benefit.root(), "total", kOwnAdjudication, "patient-share", visit.shares.patient);
  return benefit;
}

port::Change Keyed(Document document, const std::string& key, std::string full_url) {
  port::Change change;
  change.verb = port::Verb::kCreate;
  change.type = document.root().type;
  change.condition = fhir::search::ByIdentifier(change.type, kKeySystem, key);
  change.resource.emplace(std::move(document));
  change.full_url = std::move(full_url);
  return change;
}

void AddPayer(std::vector<port::Change>& changes, const Visit& visit, const Payer& payer, const Payer* before,
              port::UnitOfWork& work) {
  const std::string key = KeyOf(visit, payer);
  changes.push_back(Keyed(MakeClaim(visit, payer, before), key, payer.claim_url));
  changes.push_back(Keyed(MakeResponse(visit, payer, before), key, payer.response_url));
  changes.push_back(Keyed(MakeBenefit(visit, payer, before), key, "urn:uuid:" + work.NewId()));
}

std::string ProviderOf(const Node& encounter) {
  const std::string_view practitioner = encounter.FindValue("participant.individual.reference");
  return std::string(practitioner.empty() ? encounter.FindValue("serviceProvider.reference") : practitioner);
}

fhir::Result<std::string> BirthDateOf(std::string_view patient_id, port::UnitOfWork& work) {
  GW_ASSIGN(const std::optional<port::StoredResource> stored, work.Read(TypeOf("Patient"), patient_id));
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

fhir::Result<void> VisitClaims::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  if (!IsFinishedVisit(applied.after) || IsFinishedVisit(applied.before)) {
    return {};
  }
  const Node& encounter = *applied.after;
  const port::LocalReference patient = port::SplitReference(encounter.FindValue("subject.reference"));
  const std::string_view start = encounter.FindValue("period.start");
  for (const Tariff& tariff : tariffs_) {
    const Node* act = ActCoding(encounter, tariff);
    if (act == nullptr || patient.type != "Patient" || start.empty()) {
      continue;
    }
    GW_ASSIGN(const fhir::TimeZone* zone, fhir::TimeZone::Find(zone_));
    GW_ASSIGN(const fhir::DateTime started, fhir::ParseDateTime(start, fhir::DateForm::kRelaxed));
    if (started.precision < fhir::DatePrecision::kDay) {
      continue;  // without its day an act has no price
    }
    Visit visit;
    visit.day = fhir::FormatInstantIn(fhir::ToRange(started, *zone).low_us, *zone, 0).substr(0, 10);
    GW_ASSIGN(const PayingCoverages paying, FindCoverages(patient.id, visit.day, work));
    GW_ASSIGN(const std::string birth_date, BirthDateOf(patient.id, work));
    visit.provider = ProviderOf(encounter);
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
    visit.created = fhir::FormatInstantIn(work.now_us(), *zone, 0);
    visit.act_system = act->ChildValue("system");
    visit.act_code = act->ChildValue("code");
    visit.shares = *shares;

    const Payer amo{"AMO", *paying.amo, shares->amo, "urn:uuid:" + work.NewId(), "urn:uuid:" + work.NewId()};
    std::vector<port::Change> changes;
    AddPayer(changes, visit, amo, nullptr, work);
    if (paying.amc) {
      const Payer amc{"AMC", *paying.amc, shares->amc, "urn:uuid:" + work.NewId(), "urn:uuid:" + work.NewId()};
      AddPayer(changes, visit, amc, &amo, work);
    }
    fhir::IssueList issues;
    auto outcomes = work.Apply(std::move(changes), issues);
    if (!outcomes) {
      return std::unexpected(std::move(outcomes).error());
    }
  }
  return {};
}

}  // namespace adapters::insurer
