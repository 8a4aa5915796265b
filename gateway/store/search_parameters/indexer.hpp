// Brings search parameters that came into force to use: makes their rows of the resources that were there before, in
// small transactions, until all have been visited. Also takes away the rows of those that left.
//
// What holds (registry.hpp says why):
// - A pass begins after all transactions that may have written by an older set of parameters have ended.
// - From then on, every transaction that writes a resource writes the rows of the parameter, or is repeated.
// - A visit locks the resource and makes its rows exact; what is created after the pass began has them from the start.
// So rows of a parameter are complete when its pass has come to the end, whatever was written meanwhile and wherever.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/search/extractor.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/store_options.hpp"

namespace gateway::store::search_parameters {

struct IndexerOptions {
  int resources_max = 100;      ///< visited in one transaction
  int ids_max = 5'000;          ///< whose rows go in one transaction, of a parameter that left
  int leave_after_ms = 60'000;  ///< from the end of a parameter to that of its rows: searches under way still read them
};

struct IndexerStep {
  std::int64_t resources = 0;
  bool more = false;  ///< there is work that can be done at once
};

/// thread-compatible. Any number may run, on one node or several: a parameter is worked on by one at a time. Parameters
/// that stand at the same place go on together, and those behind catch up first. What is borrowed must outlive it.
class Indexer {
 public:
  Indexer(pg::Pool& pool, const StoreOptions& options, IndexerOptions limits = {});

  /// One bounded piece of work: some parameters, over one part of one resource type, in one transaction that also notes
  /// how far they came. Broken off, it is as if it had not been. Errors: those of statements.
  fhir::Result<IndexerStep> Step();

 private:
  struct Task;
  struct Group;
  fhir::Result<IndexerStep> Advance(bool leaving);
  fhir::search::Extractor& ExtractorOf(const Group& group);

  pg::Pool& pool_;
  const StoreOptions& options_;
  const IndexerOptions limits_;
  std::vector<std::uint16_t> extracted_;  // the parameters of extractor_
  std::unique_ptr<fhir::search::Extractor> extractor_;
};

}  // namespace gateway::store::search_parameters
