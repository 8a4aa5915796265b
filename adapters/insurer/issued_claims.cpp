#include "adapters/insurer/issued_claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "adapters/port/reference.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/search/query_parser.hpp"

namespace adapters::insurer {
namespace {

using fhir::model::Document;

constexpr std::size_t kIssuedMax = 1000;  // corrections of one visit

fhir::metadata::TypeId ClaimType(std::string_view name) {
  return fhir::metadata::Definitions::R4().FindType(name);
}

/// "Encounter/<id>/AMO" for the first claim of a payer, "Encounter/<id>/AMO/2" for the one that replaces it.
std::string ClaimKey(std::string_view encounter, std::string_view kind, int number) {
  return number == 1 ? fmt::format("{}/{}", encounter, kind) : fmt::format("{}/{}/{}", encounter, kind, number);
}

/// Kind and number out of a key; an empty kind for a key that is none of this visit's.
std::pair<std::string, int> ReadKey(std::string_view key, std::string_view encounter) {
  if (!key.starts_with(encounter) || key.size() <= encounter.size() || key[encounter.size()] != '/') {
    return {};
  }
  key.remove_prefix(encounter.size() + 1);
  const std::size_t slash = key.find('/');
  int number = 1;
  if (slash != std::string_view::npos) {
    std::from_chars(key.data() + slash + 1, key.data() + key.size(), number);
  }
  return {std::string(key.substr(0, slash)), number};
}

struct Found {
  std::string id;
  Document document;
};

fhir::Result<std::vector<Found>> SearchOwn(std::string_view type_name, const std::string& criteria,
                                           port::UnitOfWork& work) {
  GW_ASSIGN(const fhir::search::Query query,
            fhir::search::ParseConditional(ClaimType(type_name),
                                           fmt::format("{}&identifier={}|", criteria, kClaimKeySystem), {}));
  GW_ASSIGN(const std::vector<port::StoredResource> stored, work.Search(query, kIssuedMax));
  std::vector<Found> found;
  found.reserve(stored.size());
  for (const port::StoredResource& resource : stored) {
    fhir::IssueList issues;
    GW_ASSIGN(Document document, fhir::json::ReadJson(resource.body, {}, issues));
    found.push_back({resource.id, std::move(document)});
  }
  return found;
}

port::Change Cancelled(std::string_view type_name, std::string_view id) {
  port::Change change;
  change.verb = port::Verb::kMerge;
  change.type = ClaimType(type_name);
  change.id = id;
  change.resource.emplace(change.type);
  change.resource->Add(change.resource->root(), "status", "cancelled");
  return change;
}

/// A create that finds the resource of the same key instead, when there is one.
port::Change KeyedClaim(Document document, const std::string& key, std::string full_url) {
  port::Change change;
  change.verb = port::Verb::kCreate;
  change.type = document.root().type;
  change.condition = fhir::search::ByIdentifier(change.type, kClaimKeySystem, key);
  change.resource.emplace(std::move(document));
  change.full_url = std::move(full_url);
  return change;
}

}  // namespace

fhir::Result<IssuedClaims> IssuedClaims::Find(std::string_view encounter, port::UnitOfWork& work) {
  const std::string criteria = fmt::format("encounter={}", encounter);
  GW_ASSIGN(const std::vector<Found> claims, SearchOwn("Claim", criteria, work));
  IssuedClaims issued;
  if (claims.empty()) {
    return issued;
  }
  GW_ASSIGN(std::vector<Found> benefits, SearchOwn("ExplanationOfBenefit", criteria, work));
  for (const Found& claim : claims) {
    const std::string_view key = claim.document.root().FindValue("identifier.value");
    auto [kind, number] = ReadKey(key, encounter);
    if (kind.empty()) {
      continue;
    }
    IssuedClaim one{std::move(kind), number, claim.document.root().ChildValue("status") == "active", claim.id, {}, {}};
    const auto benefit = std::find_if(benefits.begin(), benefits.end(), [&](const Found& candidate) {
      return candidate.document.root().FindValue("identifier.value") == key;
    });
    if (benefit != benefits.end()) {
      one.benefit_id = benefit->id;
      one.benefit = std::move(benefit->document);
      one.benefit->RemoveAll(one.benefit->root(), "id");  // what the store adds
      one.benefit->RemoveAll(one.benefit->root(), "meta");
    }
    issued.claims_.push_back(std::move(one));
  }
  return issued;
}

const IssuedClaim* IssuedClaims::Last(std::string_view kind) const {
  const IssuedClaim* last = nullptr;
  for (const IssuedClaim& claim : claims_) {
    if (claim.kind == kind && (last == nullptr || claim.number > last->number)) {
      last = &claim;
    }
  }
  return last;
}

bool IssuedClaims::Equal(const ClaimedVisit& wanted) const {
  const auto active = std::count_if(claims_.begin(), claims_.end(), [](const IssuedClaim& c) { return c.active; });
  if (static_cast<std::size_t>(active) != wanted.payers.size()) {
    return false;
  }
  // What an ExplanationOfBenefit tells is all that the visit decides: it is made once more under the names of the
  // stored one.
  std::vector<Payer> payers = wanted.payers;
  for (std::size_t i = 0; i < payers.size(); ++i) {
    const IssuedClaim* const last = Last(payers[i].kind);
    if (last == nullptr || !last->active || !last->benefit) {
      return false;
    }
    const fhir::model::Node& stored = last->benefit->root();
    payers[i].key = stored.FindValue("identifier.value");
    payers[i].created = stored.ChildValue("created");
    payers[i].claim_url = port::MakeReference("Claim", last->claim_id);
    payers[i].response_url = stored.FindValue("claimResponse.reference");
    const Document again = MakeBenefit(wanted.visit, payers[i], i == 0 ? nullptr : &payers[i - 1]);
    if (fhir::json::WriteJson(again.root()) != fhir::json::WriteJson(stored)) {
      return false;
    }
  }
  return true;
}

fhir::Result<std::vector<port::Change>> IssuedClaims::Cancel(port::UnitOfWork& work) const {
  std::vector<port::Change> changes;
  std::string requests;
  for (const IssuedClaim& claim : claims_) {
    if (!claim.active) {
      continue;
    }
    changes.push_back(Cancelled("Claim", claim.claim_id));
    if (claim.benefit && claim.benefit->root().ChildValue("status") == "active") {
      changes.push_back(Cancelled("ExplanationOfBenefit", claim.benefit_id));
    }
    requests += fmt::format("{}Claim/{}", requests.empty() ? "" : ",", claim.claim_id);
  }
  if (!requests.empty()) {
    GW_ASSIGN(const std::vector<Found> responses,
              SearchOwn("ClaimResponse", fmt::format("status=active&request={}", requests), work));
    for (const Found& response : responses) {
      changes.push_back(Cancelled("ClaimResponse", response.id));
    }
  }
  return changes;
}

std::vector<port::Change> IssuedClaims::Issue(ClaimedVisit wanted, std::string_view created,
                                              port::UnitOfWork& work) const {
  std::vector<port::Change> changes;
  const Payer* before = nullptr;
  for (Payer& payer : wanted.payers) {
    const IssuedClaim* const last = Last(payer.kind);
    payer.key = ClaimKey(wanted.visit.encounter, payer.kind, last == nullptr ? 1 : last->number + 1);
    payer.created = created;
    payer.claim_url = "urn:uuid:" + work.NewUuid();
    payer.response_url = "urn:uuid:" + work.NewUuid();
    payer.prior_claim = last == nullptr ? std::string() : port::MakeReference("Claim", last->claim_id);
    changes.push_back(KeyedClaim(MakeClaim(wanted.visit, payer, before), payer.key, payer.claim_url));
    changes.push_back(KeyedClaim(MakeResponse(wanted.visit, payer, before), payer.key, payer.response_url));
    changes.push_back(KeyedClaim(MakeBenefit(wanted.visit, payer, before), payer.key, "urn:uuid:" + work.NewUuid()));
    before = &payer;
  }
  return changes;
}

}  // namespace adapters::insurer
