// Tables concept_piece, concept_load and concept_page. schema/concepts.md explains their columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/concept_loads.hpp"
#include "gateway/store/pg/pool.hpp"

namespace gateway::store::concepts {

struct ConceptStoreOptions {
  std::int64_t waiting_bytes_max =
      1024LL * 1024 * 1024;  ///< pieces of one owner that wait; about, as they come at once
};

/// A load that is whole, for the sweep.
struct LoadOfUrl {
  std::string load;
  std::string url;
};

/// thread-safe. The pool is borrowed.
class ConceptStore final : public adapters::port::ConceptLoads {
 public:
  explicit ConceptStore(pg::Pool& pool, ConceptStoreOptions options = {}) : pool_(pool), options_(options) {}

  fhir::Result<void> WritePiece(const adapters::port::JobOwner& owner, std::string_view upload, int piece,
                                std::string_view bytes) override;
  fhir::Result<adapters::port::UploadedPieces> CountPieces(const adapters::port::JobOwner& owner,
                                                           std::string_view upload) override;
  fhir::Result<std::string> ReadPiece(const adapters::port::JobOwner& owner, std::string_view upload,
                                      int piece) override;
  fhir::Result<void> DropPieces(const adapters::port::JobOwner& owner, std::string_view upload) override;
  fhir::Result<void> WritePages(std::string_view load, std::uint32_t first,
                                std::span<const std::string> pages) override;
  fhir::Result<void> Finish(std::string_view load, const adapters::port::ConceptLoad& what) override;
  fhir::Result<void> Drop(std::string_view load) override;
  fhir::Result<adapters::port::ConceptLoad> ReadLoad(std::string_view load) override;
  fhir::Result<std::string> ReadPage(std::string_view load, std::uint32_t page) override;

  // For the sweep.
  fhir::Result<std::vector<LoadOfUrl>> Loads(std::int64_t older_than_ms);
  /// Notes whether a load is used; the loads that have been unused for that long.
  fhir::Result<void> NoteUse(std::string_view load, bool used);
  fhir::Result<std::vector<std::string>> Unused(std::int64_t for_ms);
  /// Pieces, and pages of loads that were never finished, that are older.
  fhir::Result<void> DropLeftOver(std::int64_t older_than_ms);

 private:
  fhir::Result<pg::Rows> Run(const pg::Statement& statement, const pg::Parameters& parameters);
  pg::Pool& pool_;
  const ConceptStoreOptions options_;
};

}  // namespace gateway::store::concepts
