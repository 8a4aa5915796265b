// Extended operations. One file each; a row in routes.cpp makes one reachable, CapabilityStatement lists it from there.
// Source: https://hl7.org/fhir/R4/operations.html
#pragma once

#include "gateway/rest/call.hpp"

namespace gateway::rest::operations {

/// [type]/$validate and [type]/[id]/$validate: the resource itself, or Parameters with it as `resource`, with `mode`
/// and `profile` there or in the query; without one, the stored resource of that id. Answers 200 and an
/// OperationOutcome. create, update and delete are tried in a transaction that is not committed. Source:
/// https://hl7.org/fhir/R4/resource-operation-validate.html
fhir::Result<http::Response> Validate(Call& call);

/// ValueSet/$expand, by url, inline, or of a stored one.
fhir::Result<http::Response> Expand(Call& call);
/// $validate-code of ValueSet and of CodeSystem.
fhir::Result<http::Response> ValidateCodeInValueSet(Call& call);
fhir::Result<http::Response> ValidateCodeInCodeSystem(Call& call);
/// CodeSystem/$lookup and CodeSystem/$subsumes.
fhir::Result<http::Response> Lookup(Call& call);
fhir::Result<http::Response> Subsumes(Call& call);
/// ConceptMap/$translate.
fhir::Result<http::Response> Translate(Call& call);

/// $meta of the system, a type, a resource or a version; $meta-add and $meta-delete of a resource.
fhir::Result<http::Response> Meta(Call& call);
fhir::Result<http::Response> MetaAdd(Call& call);
fhir::Result<http::Response> MetaDelete(Call& call);

/// A compartment and what it refers to, page by page.
fhir::Result<http::Response> EverythingOfPatient(Call& call);
fhir::Result<http::Response> EverythingOfEncounter(Call& call);

/// Observation/$lastn: the most recent observations of each kind.
fhir::Result<http::Response> Lastn(Call& call);
/// Observation/$stats: statistics over measurements.
fhir::Result<http::Response> Stats(Call& call);

/// Composition/$document: a document Bundle, stored when asked for.
fhir::Result<http::Response> DocumentOfComposition(Call& call);

/// $expunge: rows go for good; of a patient with all that is about it alone.
fhir::Result<http::Response> Expunge(Call& call);

/// $export: many resources as files of NDJSON, planned in the background.
fhir::Result<http::Response> ExportSystem(Call& call);
fhir::Result<http::Response> ExportPatients(Call& call);
fhir::Result<http::Response> ExportGroup(Call& call);

/// $reindex: of a resource, or as a job.
fhir::Result<http::Response> Reindex(Call& call);

/// $import: files of NDJSON, fetched and loaded in the background.
fhir::Result<http::Response> Import(Call& call);

/// CodeSystem/$upload-external-code-system: a file of concepts, read in the background.
fhir::Result<http::Response> UploadCodeSystem(Call& call);

/// Patient/$match: who of the record a patient may be.
fhir::Result<http::Response> MatchPatient(Call& call);

}  // namespace gateway::rest::operations
