// What the bulk data export needs of its host: a plan of files made by a job, and the lines of one file. Files are read
// from the record as of the export's snapshot when they are asked for; there is no copy.
// Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/jobs.hpp"

namespace adapters::port {

/// The kind of job that plans an export.
inline constexpr std::string_view kExportJob = "export";

enum class ExportLevel : std::uint8_t { kSystem, kPatients, kGroup };

/// What was asked for.
struct ExportOrder {
  ExportLevel level = ExportLevel::kSystem;
  std::string group;                           ///< id, for kGroup
  std::vector<std::string> patients_left_out;  ///< ids of members of the group that do not count
  std::vector<fhir::metadata::TypeId> types;   ///< in the order of the files; none twice
  std::vector<std::string> filters;            ///< "Observation?code=…": of a type, any one of its filters must hold
  std::optional<std::int64_t> since_us;
  std::vector<std::string> elements;  ///< names of root elements; "Type.name" counts for that type alone
  std::string request;                ///< the URL, for the manifest
  bool token_needed = false;          ///< whether a file is given to whoever shows a token
};

struct ExportFile {
  int file = 0;
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  bool deletions = false;  ///< Bundles that say what was deleted, instead of resources
  std::int64_t rows = 0;
};

struct ExportManifest {
  std::int64_t transaction_us = 0;
  ExportOrder order;
  std::vector<ExportFile> files;
};

/// thread-safe.
class BulkExport {
 public:
  virtual ~BulkExport() = default;
  /// Errors: those of the filters: kMalformed, kUnsupported.
  virtual fhir::Result<NewJob> Plan(const Actor& actor, const ExportOrder& order) = 0;
  /// Of a job that is done; with `file`, of that one alone.
  virtual fhir::Result<ExportManifest> Manifest(const Job& job, std::optional<int> file = std::nullopt) = 0;
  /// Calls `line` for each resource (its JSON) or each deletion (its id), in order.
  /// Errors: kNotFound for a file that the manifest does not have; kGone when the rights of the party have changed
  /// since,
  ///         or the state is not kept any more; what `line` returns.
  virtual fhir::Result<void> ReadFile(const Actor& actor, const Job& job, int file,
                                      const std::function<fhir::Result<void>(std::string_view line)>& line) = 0;
};

}  // namespace adapters::port
