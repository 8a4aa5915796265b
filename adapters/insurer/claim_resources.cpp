#include "adapters/insurer/claim_resources.hpp"

#include "fhir/model/data_types.hpp"

namespace adapters::insurer {
namespace {

using fhir::model::AddConcept;
using fhir::model::AddIdentifier;
using fhir::model::AddMoney;
using fhir::model::AddReference;
using fhir::model::Document;
using fhir::model::Node;

constexpr std::string_view kAdjudication = "http://terminology.hl7.org/CodeSystem/adjudication";
constexpr std::string_view kOwnAdjudication = "https://passerelle.example/fhir/CodeSystem/adjudication";
constexpr std::string_view kRelationship = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship";
constexpr std::string_view kCurrency = "EUR";

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
  Document document(fhir::metadata::Definitions::R4().FindType(type));
  Node& root = document.root();
  AddIdentifier(document, root, "identifier", kClaimKeySystem, payer.key);
  document.Add(root, "status", "active");
  AddConcept(document, root, "type",
             {.system = "http://terminology.hl7.org/CodeSystem/claim-type", .code = "professional"});
  document.Add(root, "use", "predetermination");
  AddReference(document, root, "patient", visit.patient);
  document.Add(root, "created", payer.created);
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

void AddRelated(Document& document, std::string_view claim) {
  Node& related = document.Add(document.root(), "related");
  AddReference(document, related, "claim", claim);
  AddConcept(document, related, "relationship", {.system = kRelationship, .code = "prior"});
}

}  // namespace

Document MakeClaim(const Visit& visit, const Payer& payer, const Payer* before) {
  Document claim = Begin("Claim", visit, payer);
  AddBillablePeriod(claim, visit);
  AddReference(claim, claim.root(), "provider", visit.provider);
  AddConcept(claim, claim.root(), "priority",
             {.system = "http://terminology.hl7.org/CodeSystem/processpriority", .code = "normal"});
  if (!payer.prior_claim.empty()) {
    AddRelated(claim, payer.prior_claim);
  }
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
    AddRelated(benefit, before->claim_url);
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

}  // namespace adapters::insurer
