// Patients that were merged: one that replaces another (Patient.link) stands for both in what is searched by it. What
// may be seen is decided by grants as ever; this only asks for more.
// Source: https://hl7.org/fhir/R4/patient.html#links
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "gateway/store/pg/connection.hpp"
#include "gateway/store/search_sql/patient_links.hpp"
#include "gateway/store/search_sql/snapshot.hpp"

namespace gateway::store {

bool IsPatient(fhir::metadata::TypeId type);

/// The patients that the query asks by, so that there may be something to follow. Unset: by none.
std::optional<search_sql::NamedPatients> PatientsAsked(const fhir::search::Query& query);

/// The patients that this one replaces, by its own links or by theirs, over several steps; itself not among them. Only
/// links of patients that the actor may read count. `as_of`: the state to ask; null: the current one.
/// Cost: one statement, which finds nothing where nobody was merged; one more per step.
/// Errors: kTooCostly past 1,000 patients.
fhir::Result<std::vector<std::string>> ReplacedPatients(pg::Connection& connection,
                                                        const adapters::port::Grants& grants, std::string_view id,
                                                        const search_sql::Snapshot* as_of);

/// The query with the replaced patients beside those that its references, its compartments and the chains through
/// patients name. What is found by the values of patients themselves (Patient?…, _has) stays as it is.
/// Cost: as ReplacedPatients, for all references together; one statement more for each chain.
fhir::Result<fhir::search::Query> FollowPatientLinks(pg::Connection& connection, const adapters::port::Grants& grants,
                                                     fhir::search::Query query, const search_sql::Snapshot* as_of);

}  // namespace gateway::store
