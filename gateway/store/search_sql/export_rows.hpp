// Statements of an export: the resources of one type as of a snapshot, in the order of their ids, in stretches that
// depend on nothing but their ends; and what was deleted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "gateway/store/search_sql/page.hpp"

namespace gateway::store::search_sql {

/// Which resources of a type are exported.
struct ExportedRows {
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  std::vector<fhir::search::Criterion> criteria;  ///< ANDed
  std::optional<std::int64_t> since_us;           ///< changed at or after
  /// Those in the compartment of a patient; of `group`, when it is set: of a patient who is its member.
  bool of_patients = false;
  std::string group;
  std::vector<std::string> patients_left_out;  ///< members of the group that do not count
};

enum ExportColumn : int { kExportId, kExportBytes };

/// Id and size of the rows after `after`, at most `rows_max`.
fhir::Result<SearchStatement> CompileExportSizes(const ExportedRows& rows, const adapters::port::Grants& grants,
                                                 const Snapshot& as_of, std::string_view after, std::int64_t rows_max);

/// One column: the bodies of the rows after `after`, up to `last`.
fhir::Result<SearchStatement> CompileExportBodies(const ExportedRows& rows, const adapters::port::Grants& grants,
                                                  const Snapshot& as_of, std::string_view after, std::string_view last);

/// Ids of resources that were deleted since, after `after` and at most `rows_max`; up to `last` when it is not empty.
/// Only for types whose resources are all granted: of a deleted one nobody knows whether it was.
SearchStatement CompileExportDeletions(fhir::metadata::TypeId type, std::int64_t since_us, const Snapshot& as_of,
                                       std::string_view after, std::string_view last, std::int64_t rows_max);

/// Whether every resource of the type may be read.
bool GrantedWhole(const adapters::port::Grants& grants, fhir::metadata::TypeId type);

/// Digest of what is exported and of the rights it is exported by, whatever the snapshot.
fhir::Result<std::string> ExportFingerprint(const ExportedRows& rows, const adapters::port::Grants& grants);

/// Whether resources of the type can be in a patient's compartment.
bool IsOfPatients(fhir::metadata::TypeId type);

}  // namespace gateway::store::search_sql
