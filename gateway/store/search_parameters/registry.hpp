// The search parameters in use beside those of the standard, as this node knows them: read from the database when their
// version has changed there, and kept with the extractor that writes their index rows.
//
// A node may be late to learn of a change. What it writes meanwhile would lack rows, so each transaction that writes
// index rows checks, as its last statement, that the version it worked by is still in force, and is repeated with the
// new one when it is not. A transaction that passes has taken its id before that change was committed. Whoever fills
// the index for a parameter (indexer.hpp) waits until all transactions with such ids have ended, and then meets every
// resource that was written without it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "adapters/port/search_parameters.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/extractor.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/pg/rows.hpp"

namespace gateway::store::search_parameters {

/// What a transaction works by, from its begin to its end.
struct InForce {
  std::shared_ptr<const fhir::search::CustomParameters> parameters;
  std::shared_ptr<fhir::search::Extractor> extractor;  ///< shared by all transactions of one version
};

/// Column of kSelectParameter's rows on.
inline constexpr const char* kParameterColumns =
    "p.number, p.url, p.origin, p.code, p.name, p.type, p.expression, p.bases, p.targets, p.state = 'usable',"
    " CASE WHEN p.total > 0 THEN least(99, p.done * 100 / p.total) ELSE 0 END, p.components";
inline constexpr int kParameterColumnCount = 12;
/// A parameter out of those columns, the first of which is `column`.
fhir::search::CustomParameter ReadParameter(const pg::Row& row, int column);
/// What stands in p.components: type, code and expression of one after another.
std::vector<std::string> ComponentTexts(const std::vector<fhir::search::ComponentDefinition>& components);

/// thread-safe. The pool must outlive it.
class Registry final : public adapters::port::SearchParameterSource {
 public:
  explicit Registry(pg::Pool& pool);

  std::shared_ptr<const fhir::search::CustomParameters> Known() override;
  fhir::Result<std::shared_ptr<const fhir::search::CustomParameters>> Current() override;

  /// Cost: none, but for the first time and after Outdated. Errors: those of statements.
  fhir::Result<InForce> ForWriting();
  /// A transaction found another version in force than this node knows.
  void Outdated() { outdated_ = true; }

 private:
  InForce Held();
  fhir::Result<void> Load(pg::Connection& connection);

  pg::Pool& pool_;
  std::mutex loading_;  // one thread asks the database, the others wait for it
  std::mutex mutex_;
  InForce held_;                      // guarded by mutex_
  std::atomic<bool> outdated_{true};  // nothing has been loaded, or another version was met
};

}  // namespace gateway::store::search_parameters
