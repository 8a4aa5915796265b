// A page of a compartment with what its resources refer to outside of it: the statement of $everything.
//
// A resource is in a compartment when it refers to the compartment's own resource by one of the search parameters that
// the definitions name for its type. What it refers to comes along when its type has no place in the compartment:
// practitioners, organizations, medications, locations; never somebody else's record. What a party may not read leads
// nowhere: a practitioner is found through the resources that the party sees, and through no others.
#pragma once

#include <cstdint>

#include "adapters/port/resource_views.hpp"
#include "gateway/store/search_sql/page.hpp"

namespace gateway::store::search_sql {

/// Columns of CompileCompartment's rows. `place` and the id are the keys of the page's last row.
enum CompartmentColumn : int {
  kCompartmentType,
  kCompartmentId,
  kCompartmentVersion,
  kCompartmentLastUpdated,
  kCompartmentBody,
  kCompartmentOutside,
  kCompartmentPlace,
  kCompartmentSnapshot,  ///< as kPageSnapshot
};

/// The compartment's own resource first, then by type and id.
/// Errors: kMalformed for a position of another query; kUnsupported for a type that has no compartment.
fhir::Result<SearchStatement> CompileCompartment(const adapters::port::CompartmentQuery& query,
                                                 const adapters::port::Grants& grants, int rows_max,
                                                 const PagePlace& place = {});

/// What the cursors of the compartment's pages are bound to.
fhir::Result<std::string> CompartmentFingerprint(const adapters::port::CompartmentQuery& query,
                                                 const adapters::port::Grants& grants);

/// Type and id of the resources that are in this compartment and in no other one of its kind, at most `rows_max`.
fhir::Result<SearchStatement> CompileOwnMembers(const adapters::port::CompartmentQuery& query,
                                                const adapters::port::Grants& grants, std::int64_t rows_max);

/// The place of a row of CompileCompartment.
Position CompartmentPosition(std::int64_t place, std::string_view id);

}  // namespace gateway::store::search_sql
