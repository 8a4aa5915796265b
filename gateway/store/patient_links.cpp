#include "gateway/store/patient_links.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "fhir/json/value.hpp"
#include "gateway/store/search_sql/bind.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store {
namespace {

using adapters::port::Grants;
using fhir::metadata::Definitions;
using fhir::metadata::TypeId;
using fhir::search::Criterion;
using fhir::search::CriterionKind;
using fhir::search::ReferenceValue;
using search_sql::Snapshot;

constexpr std::string_view kPatientReference = "Patient/";
constexpr int kStepsMax = 8;  // A replaces B, which had replaced C, …
constexpr std::size_t kPatientsMax = 1000;
constexpr fhir::json::ValueLimits kBodyLimits{.bytes_max = 64u * 1024 * 1024, .depth_max = 100};  // of what is stored

TypeId PatientType() {
  static const TypeId kPatient = Definitions::R4().FindType("Patient");
  return kPatient;
}

std::unexpected<fhir::Error> TooManyPatients() {
  return fhir::Fail(fhir::ErrorCode::kTooCostly, "Too many merged patients match: narrow the search.");
}

bool MayBePatient(const Criterion& criterion, const ReferenceValue& value) {
  if (value.id.empty()) {
    return false;
  }
  const auto& targets = criterion.parameter->targets;
  return value.type.empty() ? std::ranges::find(targets, PatientType()) != targets.end() : value.type == "Patient";
}

bool IsReference(const Criterion& criterion) {
  using fhir::search::Modifier;
  return criterion.kind == CriterionKind::kParameter && criterion.parameter != nullptr &&
         criterion.parameter->type == fhir::metadata::SearchType::kReference &&
         (criterion.modifier == Modifier::kNone || criterion.modifier == Modifier::kNot);
}

std::vector<std::string> PatientsNamed(const Criterion& criterion) {
  std::vector<std::string> ids;
  for (const auto& any : criterion.values) {
    const auto* value = std::get_if<ReferenceValue>(&any);
    if (value != nullptr && MayBePatient(criterion, *value)) {
      ids.push_back(value->id);
    }
  }
  return ids;
}

bool ThroughPatients(const fhir::search::Chain& chain) {
  return std::ranges::find(chain.target_types, PatientType()) != chain.target_types.end();
}

/// Calls `visit` with each criterion that asks for what refers to patients: references, chains and compartments. What
/// is asked of patients themselves is not entered.
template <typename Criteria, typename Visit>
fhir::Result<void> VisitByPatient(Criteria& criteria, TypeId type, const Visit& visit) {
  for (auto& criterion : criteria) {
    if (criterion.kind == CriterionKind::kAll || criterion.kind == CriterionKind::kAny ||
        criterion.kind == CriterionKind::kNone) {
      GW_TRY(VisitByPatient(criterion.parts, type, visit));
    } else if (criterion.kind == CriterionKind::kHas && criterion.has) {
      GW_TRY(VisitByPatient(criterion.has->nested, criterion.has->source_type, visit));
    } else if (criterion.kind == CriterionKind::kCompartment && criterion.compartment) {
      if (criterion.compartment->type == PatientType()) {
        GW_TRY(visit(criterion));
      }
    } else if (type == PatientType()) {
      continue;  // Patient.link and the like are about the patient's own record
    } else if (IsReference(criterion)) {
      if (!PatientsNamed(criterion).empty()) {
        GW_TRY(visit(criterion));
      }
    } else if (criterion.kind == CriterionKind::kChain && criterion.chain) {
      bool through = false;
      const auto enter = [&](auto& chain) -> fhir::Result<void> {
        if (ThroughPatients(chain)) {
          through = true;
          return {};
        }
        return VisitByPatient(chain.nested, fhir::metadata::kNoType, visit);
      };
      GW_TRY(enter(*criterion.chain));
      for (auto& other : criterion.other_chains) {
        GW_TRY(enter(other));
      }
      if (through) {
        GW_TRY(visit(criterion));
      }
    }
  }
  return {};
}

/// Who replaces whom, as far as it has been asked.
class LinkGraph {
 public:
  LinkGraph(pg::Connection& connection, const Grants& grants, const Snapshot* as_of)
      : connection_(connection), grants_(grants), as_of_(as_of) {}

  fhir::Result<void> Load(std::vector<std::string> ids) {
    for (int step = 0; step < kStepsMax; ++step) {
      std::erase_if(ids, [&](const std::string& id) { return !known_.insert(id).second; });
      if (ids.empty()) {
        return {};
      }
      if (known_.size() > kPatientsMax) {
        return TooManyPatients();
      }
      GW_ASSIGN(ids, LoadStep(std::move(ids)));
    }
    return {};
  }

  /// What `ids` replace, but for themselves.
  std::vector<std::string> ReplacedBy(const std::vector<std::string>& ids) const {
    std::set<std::string> reached(ids.begin(), ids.end());
    std::vector<std::string> found = ids;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto edges = replaced_.find(found[i]);
      if (edges == replaced_.end()) {
        continue;
      }
      for (const std::string& id : edges->second) {
        if (reached.insert(id).second) {
          found.push_back(id);
        }
      }
    }
    found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(ids.size()));
    return found;
  }

  /// Patients that have a link, or that one leads to, among those that a chain asks for.
  fhir::Result<std::vector<std::string>> Linked(const std::vector<Criterion>& criteria) {
    search_sql::SqlText sql(as_of_);
    search_sql::Compiler compiler(sql, grants_);
    sql << "SELECT r.id";
    search_sql::AppendResources(sql, search_sql::Walk::kByResource);
    sql << " WHERE r.type = " << TypeCode(PatientType());
    search_sql::AppendResourcesCount(sql, search_sql::Walk::kByResource);
    // Asked of each patient: no index has the links of all.
    sql << " AND (EXISTS (SELECT 1";
    search_sql::AppendPatientLinks(sql, "f");
    sql << " AND f.id = r.id OFFSET 0) OR EXISTS (SELECT 1";
    search_sql::AppendPatientLinks(sql, "f");
    sql << " AND f.target = r.id OFFSET 0))";
    const search_sql::Scope scope{.alias = "r", .type = PatientType(), .versions = true};
    GW_TRY(compiler.AppendCriteria(scope, criteria));
    GW_TRY(compiler.AppendGranted(scope, adapters::port::kSearch));
    GW_TRY(compiler.AppendGranted(scope, adapters::port::kRead));
    (sql << " LIMIT ").Bind(static_cast<std::int64_t>(kPatientsMax) + 1);
    GW_ASSIGN(const auto rows, Run("linked_patients", std::move(sql)));
    if (rows.size() > static_cast<int>(kPatientsMax)) {
      return TooManyPatients();
    }
    std::vector<std::string> ids;
    ids.reserve(static_cast<std::size_t>(rows.size()));
    for (int i = 0; i < rows.size(); ++i) {
      ids.push_back(rows[i].String(0));
    }
    return ids;
  }

 private:
  fhir::Result<pg::Rows> Run(std::string_view name, search_sql::SqlText&& sql) {
    const auto values = sql.TakeValues();
    return connection_.ExecuteAdHoc(name, sql.TakeText(), search_sql::Bound(values), pg::Plan::kKept);
  }

  // What the patients' links say, and those of others to them. Returns whom the patients replace.
  fhir::Result<std::vector<std::string>> LoadStep(std::vector<std::string> ids) {
    std::set<std::string> asked(ids.begin(), ids.end());
    search_sql::SqlText sql(as_of_);
    search_sql::Compiler compiler(sql, grants_);
    const auto state = search_sql::StateAlias(sql, search_sql::Walk::kByResource);
    for (auto& id : ids) {
      id = search_sql::EqualityText(id);
    }
    sql << "SELECT r.id, " << state << ".body";
    search_sql::AppendResources(sql, search_sql::Walk::kByResource);
    sql << " WHERE r.type = " << TypeCode(PatientType());
    search_sql::AppendResourcesCount(sql, search_sql::Walk::kByResource);
    sql << " AND r.id IN (SELECT f.id";
    search_sql::AppendPatientLinks(sql, "f");
    (sql << " AND f.id = ANY (").Bind(ids) << ") UNION ALL SELECT f.id";
    search_sql::AppendPatientLinks(sql, "f");
    (sql << " AND f.target = ANY (").Bind(std::move(ids)) << "))";
    GW_TRY(compiler.AppendGranted({.alias = "r", .type = PatientType(), .versions = true}, adapters::port::kRead));
    (sql << " LIMIT ").Bind(static_cast<std::int64_t>(kPatientsMax) + 1);
    GW_ASSIGN(const auto rows, Run("patient_links", std::move(sql)));
    if (rows.size() > static_cast<int>(kPatientsMax)) {
      return TooManyPatients();
    }
    std::vector<std::string> next;
    for (int i = 0; i < rows.size(); ++i) {
      const std::string id = rows[i].String(0);
      const auto body = fhir::json::ReadValue(rows[i].Text(1), kBodyLimits);
      const fhir::json::Value* const links = body ? body->Find("link") : nullptr;
      if (links == nullptr) {
        continue;
      }
      for (const auto& link : links->items()) {
        const fhir::json::Value* const other = link.Find("other");
        std::string_view target = other == nullptr ? std::string_view() : other->FindText("reference");
        if (!target.starts_with(kPatientReference)) {
          continue;
        }
        target.remove_prefix(kPatientReference.size());
        target = target.substr(0, target.find('/'));
        const std::string_view type = link.FindText("type");
        if (type == "replaces" && asked.contains(id)) {
          replaced_[id].emplace(target);
          next.emplace_back(target);
        } else if (type == "replaced-by" && asked.contains(std::string(target))) {
          replaced_[std::string(target)].insert(id);
          next.push_back(id);
        }
      }
    }
    return next;
  }

  pg::Connection& connection_;
  const Grants& grants_;
  const Snapshot* as_of_;
  std::set<std::string> known_;
  std::map<std::string, std::set<std::string>> replaced_;
};

ReferenceValue PatientReference(std::string id) {
  return ReferenceValue{.type = "Patient", .id = std::move(id), .url = {}};
}

Criterion AnyOf(std::vector<Criterion> parts) {
  Criterion any;
  any.kind = CriterionKind::kAny;
  any.parts = std::move(parts);
  return any;
}

Criterion WithCompartments(Criterion criterion, std::vector<std::string> ids) {
  std::vector<Criterion> parts;
  for (auto& id : ids) {
    Criterion another = criterion;
    another.compartment->id = std::move(id);
    parts.push_back(std::move(another));
  }
  parts.insert(parts.begin(), std::move(criterion));
  return AnyOf(std::move(parts));
}

Criterion OrReferring(Criterion chain, std::vector<std::string> ids) {
  Criterion reference;
  reference.parameter = chain.parameter;
  for (auto& id : ids) {
    reference.values.emplace_back(PatientReference(std::move(id)));
  }
  std::vector<Criterion> parts;
  parts.push_back(std::move(chain));
  parts.push_back(std::move(reference));
  return AnyOf(std::move(parts));
}

}  // namespace

bool IsPatient(TypeId type) {
  return type == PatientType();
}

std::optional<search_sql::NamedPatients> PatientsAsked(const fhir::search::Query& query) {
  std::optional<search_sql::NamedPatients> patients;
  const auto note = [&](const Criterion& criterion) -> fhir::Result<void> {
    auto& named = patients ? *patients : patients.emplace();
    if (criterion.kind == CriterionKind::kCompartment) {
      named.ids.push_back(criterion.compartment->id);
    } else if (criterion.kind == CriterionKind::kParameter) {
      std::ranges::move(PatientsNamed(criterion), std::back_inserter(named.ids));
    } else {
      named.any = true;
    }
    return {};
  };
  return VisitByPatient(query.criteria, query.type, note) ? patients : std::nullopt;
}

fhir::Result<std::vector<std::string>> ReplacedPatients(pg::Connection& connection, const Grants& grants,
                                                        std::string_view id, const Snapshot* as_of) {
  LinkGraph graph(connection, grants, as_of);
  const std::vector<std::string> ids{std::string(id)};
  GW_TRY(graph.Load(ids));
  return graph.ReplacedBy(ids);
}

fhir::Result<fhir::search::Query> FollowPatientLinks(pg::Connection& connection, const Grants& grants,
                                                     fhir::search::Query query, const Snapshot* as_of) {
  LinkGraph graph(connection, grants, as_of);
  std::vector<std::string> named;
  std::map<const Criterion*, std::vector<std::string>> by_criterion;
  const auto collect = [&](const Criterion& criterion) -> fhir::Result<void> {
    std::vector<std::string> ids;
    if (criterion.kind == CriterionKind::kCompartment) {
      ids.push_back(criterion.compartment->id);
    } else if (criterion.kind == CriterionKind::kParameter) {
      ids = PatientsNamed(criterion);
    } else {
      const auto add = [&](const fhir::search::Chain& chain) -> fhir::Result<void> {
        if (ThroughPatients(chain)) {
          GW_ASSIGN(auto linked, graph.Linked(chain.nested));
          std::move(linked.begin(), linked.end(), std::back_inserter(ids));
        }
        return {};
      };
      GW_TRY(add(*criterion.chain));
      for (const auto& other : criterion.other_chains) {
        GW_TRY(add(other));
      }
    }
    named.insert(named.end(), ids.begin(), ids.end());
    by_criterion.emplace(&criterion, std::move(ids));
    return {};
  };
  GW_TRY(VisitByPatient(std::as_const(query.criteria), query.type, collect));
  GW_TRY(graph.Load(std::move(named)));
  const auto extend = [&](Criterion& criterion) -> fhir::Result<void> {
    std::vector<std::string> replaced = graph.ReplacedBy(by_criterion.at(&criterion));
    if (replaced.empty()) {
      return {};
    }
    if (criterion.kind == CriterionKind::kCompartment) {
      criterion = WithCompartments(std::move(criterion), std::move(replaced));
    } else if (criterion.kind == CriterionKind::kParameter) {
      for (auto& id : replaced) {
        criterion.values.emplace_back(PatientReference(std::move(id)));
      }
    } else {
      criterion = OrReferring(std::move(criterion), std::move(replaced));
    }
    return {};
  };
  GW_TRY(VisitByPatient(query.criteria, query.type, extend));
  return query;
}

}  // namespace gateway::store
