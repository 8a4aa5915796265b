#include "gateway/rest/routes.hpp"

#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/operations/operations.hpp"

namespace gateway::rest {
namespace {

using http::Method;

/// The standard has no such operations.
constexpr std::string_view kExpunge = "https://passerelle.example/fhir/OperationDefinition/expunge";
constexpr std::string_view kReindex = "https://passerelle.example/fhir/OperationDefinition/reindex";
constexpr std::string_view kUploadCodeSystem =
    "https://passerelle.example/fhir/OperationDefinition/upload-external-code-system";
constexpr std::string_view kImport = "https://passerelle.example/fhir/OperationDefinition/import";

/// Canonicals of the standard's OperationDefinitions begin with it.
#define GW_BULK(name) "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/" name
#define GW_OPERATION(name) "http://hl7.org/fhir/OperationDefinition/" name

constexpr RouteRow kRouteRows[] = {
    {Method::kGet, "/metadata", "capabilities", Capabilities, AuditTime::kNever, 'R'},
    {Method::kPost, "", "transaction", Transaction, AuditTime::kInTransaction, 'E'},
    {Method::kGet, "/_history", "history-system", HistorySystem, AuditTime::kAfter, 'R'},

    {Method::kGet, "", "search-system", SearchSystem, AuditTime::kAfter, 'E'},
    {Method::kPost, "/_search", "search-system", SearchSystem, AuditTime::kAfter, 'E'},

    {Method::kGet, "/{type}", "search-type", SearchWithinType, AuditTime::kAfter, 'E'},
    {Method::kPost, "/{type}/_search", "search-type", SearchWithinType, AuditTime::kAfter, 'E'},
    {Method::kPost, "/{type}", "create", Create, AuditTime::kInTransaction, 'C'},
    {Method::kPut, "/{type}", "update", UpdateConditional, AuditTime::kInTransaction, 'U'},
    {Method::kPatch, "/{type}", "patch", PatchConditional, AuditTime::kInTransaction, 'U'},
    {Method::kDelete, "/{type}", "delete", DeleteConditional, AuditTime::kInTransaction, 'D'},
    {Method::kGet, "/{type}/_history", "history-type", HistoryType, AuditTime::kAfter, 'R'},

    {Method::kGet, "/{type}/{id}", "read", Read, AuditTime::kAfter, 'R'},
    {Method::kPut, "/{type}/{id}", "update", Update, AuditTime::kInTransaction, 'U'},
    {Method::kPatch, "/{type}/{id}", "patch", Patch, AuditTime::kInTransaction, 'U'},
    {Method::kDelete, "/{type}/{id}", "delete", Delete, AuditTime::kInTransaction, 'D'},
    {Method::kGet, "/{type}/{id}/{member}", "search-type", SearchCompartment, AuditTime::kAfter, 'E'},
    {Method::kGet, "/{type}/{id}/_history", "history-instance", HistoryInstance, AuditTime::kAfter, 'R'},
    {Method::kGet, "/{type}/{id}/_history/{version}", "vread", VersionRead, AuditTime::kAfter, 'R'},

    {Method::kPost, "/{type}/$validate", "operation", operations::Validate, AuditTime::kNever, 'E'},
    {Method::kPost, "/{type}/{id}/$validate", "operation", operations::Validate, AuditTime::kAfter, 'E'},
    {Method::kGet, "/{type}/{id}/$validate", "operation", operations::Validate, AuditTime::kAfter, 'E'},

    {Method::kGet, "/ValueSet/$expand", "operation", operations::Expand, AuditTime::kNever, 'E',
     GW_OPERATION("ValueSet-expand")},
    {Method::kPost, "/ValueSet/$expand", "operation", operations::Expand, AuditTime::kNever, 'E',
     GW_OPERATION("ValueSet-expand")},
    {Method::kGet, "/ValueSet/{id}/$expand", "operation", operations::Expand, AuditTime::kAfter, 'E',
     GW_OPERATION("ValueSet-expand")},
    {Method::kPost, "/ValueSet/{id}/$expand", "operation", operations::Expand, AuditTime::kAfter, 'E',
     GW_OPERATION("ValueSet-expand")},
    {Method::kGet, "/ValueSet/$validate-code", "operation", operations::ValidateCodeInValueSet, AuditTime::kNever, 'E',
     GW_OPERATION("ValueSet-validate-code")},
    {Method::kPost, "/ValueSet/$validate-code", "operation", operations::ValidateCodeInValueSet, AuditTime::kNever, 'E',
     GW_OPERATION("ValueSet-validate-code")},
    {Method::kGet, "/ValueSet/{id}/$validate-code", "operation", operations::ValidateCodeInValueSet, AuditTime::kAfter,
     'E', GW_OPERATION("ValueSet-validate-code")},
    {Method::kPost, "/ValueSet/{id}/$validate-code", "operation", operations::ValidateCodeInValueSet, AuditTime::kAfter,
     'E', GW_OPERATION("ValueSet-validate-code")},
    {Method::kGet, "/CodeSystem/$validate-code", "operation", operations::ValidateCodeInCodeSystem, AuditTime::kNever,
     'E', GW_OPERATION("CodeSystem-validate-code")},
    {Method::kPost, "/CodeSystem/$validate-code", "operation", operations::ValidateCodeInCodeSystem, AuditTime::kNever,
     'E', GW_OPERATION("CodeSystem-validate-code")},
    {Method::kGet, "/CodeSystem/{id}/$validate-code", "operation", operations::ValidateCodeInCodeSystem,
     AuditTime::kAfter, 'E', GW_OPERATION("CodeSystem-validate-code")},
    {Method::kPost, "/CodeSystem/{id}/$validate-code", "operation", operations::ValidateCodeInCodeSystem,
     AuditTime::kAfter, 'E', GW_OPERATION("CodeSystem-validate-code")},
    {Method::kGet, "/CodeSystem/$lookup", "operation", operations::Lookup, AuditTime::kNever, 'E',
     GW_OPERATION("CodeSystem-lookup")},
    {Method::kPost, "/CodeSystem/$lookup", "operation", operations::Lookup, AuditTime::kNever, 'E',
     GW_OPERATION("CodeSystem-lookup")},
    {Method::kGet, "/CodeSystem/$subsumes", "operation", operations::Subsumes, AuditTime::kNever, 'E',
     GW_OPERATION("CodeSystem-subsumes")},
    {Method::kPost, "/CodeSystem/$subsumes", "operation", operations::Subsumes, AuditTime::kNever, 'E',
     GW_OPERATION("CodeSystem-subsumes")},
    {Method::kGet, "/CodeSystem/{id}/$subsumes", "operation", operations::Subsumes, AuditTime::kAfter, 'E',
     GW_OPERATION("CodeSystem-subsumes")},
    {Method::kPost, "/CodeSystem/{id}/$subsumes", "operation", operations::Subsumes, AuditTime::kAfter, 'E',
     GW_OPERATION("CodeSystem-subsumes")},
    {Method::kPost, "/CodeSystem/$upload-external-code-system", "operation", operations::UploadCodeSystem,
     AuditTime::kAfter, 'E', kUploadCodeSystem},
    {Method::kGet, "/ConceptMap/$translate", "operation", operations::Translate, AuditTime::kNever, 'E',
     GW_OPERATION("ConceptMap-translate")},
    {Method::kPost, "/ConceptMap/$translate", "operation", operations::Translate, AuditTime::kNever, 'E',
     GW_OPERATION("ConceptMap-translate")},
    {Method::kGet, "/ConceptMap/{id}/$translate", "operation", operations::Translate, AuditTime::kAfter, 'E',
     GW_OPERATION("ConceptMap-translate")},
    {Method::kPost, "/ConceptMap/{id}/$translate", "operation", operations::Translate, AuditTime::kAfter, 'E',
     GW_OPERATION("ConceptMap-translate")},

    {Method::kGet, "/$meta", "operation", operations::Meta, AuditTime::kNever, 'R', GW_OPERATION("Resource-meta")},
    {Method::kPost, "/$meta", "operation", operations::Meta, AuditTime::kNever, 'R', GW_OPERATION("Resource-meta")},
    {Method::kGet, "/{type}/$meta", "operation", operations::Meta, AuditTime::kNever, 'R',
     GW_OPERATION("Resource-meta")},
    {Method::kPost, "/{type}/$meta", "operation", operations::Meta, AuditTime::kNever, 'R',
     GW_OPERATION("Resource-meta")},
    {Method::kGet, "/{type}/{id}/$meta", "operation", operations::Meta, AuditTime::kAfter, 'R',
     GW_OPERATION("Resource-meta")},
    {Method::kPost, "/{type}/{id}/$meta", "operation", operations::Meta, AuditTime::kAfter, 'R',
     GW_OPERATION("Resource-meta")},
    {Method::kGet, "/{type}/{id}/_history/{version}/$meta", "operation", operations::Meta, AuditTime::kAfter, 'R',
     GW_OPERATION("Resource-meta")},
    {Method::kPost, "/{type}/{id}/$meta-add", "operation", operations::MetaAdd, AuditTime::kInTransaction, 'U',
     GW_OPERATION("Resource-meta-add")},
    {Method::kPost, "/{type}/{id}/$meta-delete", "operation", operations::MetaDelete, AuditTime::kInTransaction, 'U',
     GW_OPERATION("Resource-meta-delete")},

    {Method::kGet, "/Patient/$everything", "operation", operations::EverythingOfPatient, AuditTime::kAfter, 'R',
     GW_OPERATION("Patient-everything")},
    {Method::kPost, "/Patient/$everything", "operation", operations::EverythingOfPatient, AuditTime::kAfter, 'R',
     GW_OPERATION("Patient-everything")},
    {Method::kGet, "/Patient/{id}/$everything", "operation", operations::EverythingOfPatient, AuditTime::kAfter, 'R',
     GW_OPERATION("Patient-everything")},
    {Method::kPost, "/Patient/{id}/$everything", "operation", operations::EverythingOfPatient, AuditTime::kAfter, 'R',
     GW_OPERATION("Patient-everything")},
    {Method::kGet, "/Encounter/{id}/$everything", "operation", operations::EverythingOfEncounter, AuditTime::kAfter,
     'R', GW_OPERATION("Encounter-everything")},
    {Method::kPost, "/Encounter/{id}/$everything", "operation", operations::EverythingOfEncounter, AuditTime::kAfter,
     'R', GW_OPERATION("Encounter-everything")},
    {Method::kGet, "/Observation/$lastn", "operation", operations::Lastn, AuditTime::kAfter, 'R',
     GW_OPERATION("Observation-lastn")},
    {Method::kPost, "/Observation/$lastn", "operation", operations::Lastn, AuditTime::kAfter, 'R',
     GW_OPERATION("Observation-lastn")},
    {Method::kGet, "/Observation/$stats", "operation", operations::Stats, AuditTime::kAfter, 'R',
     GW_OPERATION("Observation-stats")},
    {Method::kPost, "/Observation/$stats", "operation", operations::Stats, AuditTime::kAfter, 'R',
     GW_OPERATION("Observation-stats")},
    {Method::kGet, "/Composition/{id}/$document", "operation", operations::DocumentOfComposition, AuditTime::kAfter,
     'R', GW_OPERATION("Composition-document")},
    {Method::kPost, "/Composition/{id}/$document", "operation", operations::DocumentOfComposition,
     AuditTime::kInTransaction, 'E', GW_OPERATION("Composition-document")},
    {Method::kPost, "/Patient/$match", "operation", operations::MatchPatient, AuditTime::kAfter, 'R',
     GW_OPERATION("Patient-match")},

    {Method::kGet, "/$export", "operation", operations::ExportSystem, AuditTime::kAfter, 'E', GW_BULK("export")},
    {Method::kPost, "/$export", "operation", operations::ExportSystem, AuditTime::kAfter, 'E', GW_BULK("export")},
    {Method::kGet, "/Patient/$export", "operation", operations::ExportPatients, AuditTime::kAfter, 'E',
     GW_BULK("patient-export")},
    {Method::kPost, "/Patient/$export", "operation", operations::ExportPatients, AuditTime::kAfter, 'E',
     GW_BULK("patient-export")},
    {Method::kGet, "/Group/{id}/$export", "operation", operations::ExportGroup, AuditTime::kAfter, 'E',
     GW_BULK("group-export")},
    {Method::kPost, "/Group/{id}/$export", "operation", operations::ExportGroup, AuditTime::kAfter, 'E',
     GW_BULK("group-export")},
    {Method::kPost, "/$import", "operation", operations::Import, AuditTime::kAfter, 'E', kImport},
    {Method::kGet, "/_job/{job}", "operation", JobStatus, AuditTime::kNever, 'R'},
    {Method::kDelete, "/_job/{job}", "operation", JobCancel, AuditTime::kNever, 'D'},
    {Method::kGet, "/_job/{job}/{file}", "operation", JobFile, AuditTime::kAfter, 'R'},

    {Method::kPost, "/$expunge", "operation", operations::Expunge, AuditTime::kInTransaction, 'D', kExpunge},
    {Method::kPost, "/{type}/$expunge", "operation", operations::Expunge, AuditTime::kInTransaction, 'D', kExpunge},
    {Method::kPost, "/{type}/{id}/$expunge", "operation", operations::Expunge, AuditTime::kInTransaction, 'D',
     kExpunge},
    {Method::kPost, "/{type}/{id}/_history/{version}/$expunge", "operation", operations::Expunge,
     AuditTime::kInTransaction, 'D', kExpunge},

    {Method::kPost, "/$reindex", "operation", operations::Reindex, AuditTime::kAfter, 'E', kReindex},
    {Method::kPost, "/{type}/$reindex", "operation", operations::Reindex, AuditTime::kAfter, 'E', kReindex},
    {Method::kPost, "/{type}/{id}/$reindex", "operation", operations::Reindex, AuditTime::kAfter, 'E', kReindex},
};

#undef GW_OPERATION
#undef GW_BULK

}  // namespace

std::span<const RouteRow> RouteRows() {
  return kRouteRows;
}

std::string_view TypeNameOf(const RouteRow& row) {
  if (!row.pattern.starts_with('/')) {
    return {};
  }
  const std::string_view first = row.pattern.substr(1, row.pattern.find('/', 1) - 1);
  return !first.empty() && first.front() >= 'A' && first.front() <= 'Z' ? first : std::string_view();
}

std::string_view OperationOf(const RouteRow& row) {
  const std::size_t at = row.pattern.rfind("/$");
  return at == std::string_view::npos ? std::string_view() : row.pattern.substr(at + 1);
}

}  // namespace gateway::rest
