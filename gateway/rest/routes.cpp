#include "gateway/rest/routes.hpp"

#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/operations/operations.hpp"

namespace gateway::rest {
namespace {

using http::Method;

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
};

}  // namespace

std::span<const RouteRow> RouteRows() {
  return kRouteRows;
}

}  // namespace gateway::rest
