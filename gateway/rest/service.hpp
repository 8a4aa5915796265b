// The FHIR REST API as one object: what it needs is given to its constructor, what it offers are routes.
// Source: https://hl7.org/fhir/R4/http.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/audit.hpp"
#include "adapters/port/bulk_export.hpp"
#include "adapters/port/concept_loads.hpp"
#include "adapters/port/erasure.hpp"
#include "adapters/port/jobs.hpp"
#include "adapters/port/ports.hpp"
#include "adapters/port/reindexing.hpp"
#include "adapters/port/resource_store.hpp"
#include "adapters/port/resource_views.hpp"
#include "adapters/port/search_parameters.hpp"
#include "adapters/port/terminology_source.hpp"
#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/metadata/definitions.hpp"
#include "gateway/http/message.hpp"
#include "gateway/http/router/router.hpp"

namespace fhir::validation {
class Validator;
}

namespace gateway::rest {

/// CapabilityStatement.rest.resource.conditionalDelete.
enum class ConditionalDelete : std::uint8_t { kNotSupported, kSingle, kMultiple };

/// A profile this server knows, besides those of R4.
struct ProfileOfType {
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  std::string canonical;
};

struct RestOptions {
  std::string base_url = "http://127.0.0.1:8080/fhir";  ///< as clients see it, without a trailing slash
  std::string base_path = "/fhir";                      ///< where the routes stand on this server
  std::string zone = "Europe/Paris";                    ///< for query values without an offset
  std::string software_version = "0.1.0";
  std::string started;  ///< an instant: CapabilityStatement.date
  fhir::Limits limits;
  /// Types whose searchsets carry a total without being asked, exact up to 1,000: booking editors rely on it (SAS).
  std::vector<std::string> total_always = {"Schedule", "Slot"};
  bool unknown_parameters_ignored = false;  ///< without Prefer: handling
  /// Types whose narratives and contents are indexed, as the store has them; "*" means all.
  std::vector<std::string> narrative_types = {"*"};
  std::vector<std::string> content_types = {};
  bool update_create = true;  ///< a PUT to an id that never was creates the resource
  bool conditional_create = true;
  bool conditional_update = true;
  ConditionalDelete conditional_delete = ConditionalDelete::kSingle;
  std::size_t conditional_delete_max = 100;  ///< resources that one conditional delete may delete, where several may be
  std::vector<std::string> guides;           ///< CapabilityStatement.implementationGuide
  std::vector<ProfileOfType> profiles;       ///< CapabilityStatement.rest.resource.supportedProfile
  bool expunge_by_type = false;              ///< $expunge of a type or of the system
  int retry_after_s = 5;                     ///< on 503
  std::int64_t job_lifetime_ms = 21'600'000;  ///< how long what came of a job can be had
  std::vector<std::string> import_sources;    ///< beginnings of the URLs that $import may read
  int attempts_max = 5;                       ///< of one write, after deadlocks
};

/// What operations need besides. An operation whose port is null answers that this server does not support it.
struct OperationPorts {
  adapters::port::ResourceViews* views = nullptr;
  adapters::port::TerminologySource* terminology = nullptr;
  adapters::port::IdSource* ids = nullptr;
  adapters::port::Eraser* eraser = nullptr;
  adapters::port::SearchParameterSource* search_parameters = nullptr;  ///< null: those of the standard alone
  adapters::port::Jobs* jobs = nullptr;
  adapters::port::BulkExport* exports = nullptr;
  adapters::port::Reindexing* reindexing = nullptr;
  adapters::port::JobFiles* job_files = nullptr;
  adapters::port::ConceptLoads* concept_loads = nullptr;
};

/// All references are borrowed and must outlive the service.
struct RestPorts {
  const fhir::metadata::Definitions& definitions;
  adapters::port::ResourceStore& store;
  adapters::port::UnitOfWorkFactory& units;
  adapters::port::AuditTrail* audit = nullptr;             ///< null: reads and refusals are not recorded
  const fhir::validation::Validator* validator = nullptr;  ///< of $validate; null: structure and closed lists alone
  const adapters::port::Clock* clock = nullptr;            ///< for constraints that ask for the time; null: unchecked
  OperationPorts operations = {};
};

/// A statement about this server, as it is sent.
struct Statement {
  std::string json;
  std::string etag;
  std::int64_t changed_us = 0;  ///< since when it has been so, as far as that is known
};

struct RouteRow;

/// thread-safe once made.
class Service {
 public:
  /// Errors: kConfiguration for a base path that makes no routes.
  static fhir::Result<std::shared_ptr<Service>> Create(RestPorts ports, RestOptions options);

  /// The rows to put into the server's router. The routes keep the service alive.
  static std::vector<http::Route> Routes(const std::shared_ptr<const Service>& service);

  /// Finds the row for a request below base_path and runs it, as the server's router would: for entries of a batch.
  http::Response Dispatch(http::Request& request) const;
  /// The row that Dispatch would run; null when there is none. `path` begins with the base path.
  const RouteRow* FindRow(http::Method method, std::string_view path) const;

  const RestPorts& ports() const { return ports_; }
  const RestOptions& options() const { return options_; }
  /// With the search parameters in force, or, where the database cannot be asked, those that this node knows. Shared
  /// with the next caller until they change. Cost: that of SearchParameterSource::Current; a few milliseconds after a
  /// change.
  std::shared_ptr<const Statement> capability_statement() const;
  /// For the other modes of /metadata; made when first asked for. Null without a validator, whose definitions they
  /// list.
  const Statement* normative_statement() const;
  const Statement* terminology_capabilities() const;
  /// RestOptions::started in microseconds since 1970 UTC; 0 when it is not set.
  std::int64_t started_us() const { return started_us_; }

 private:
  Service(RestPorts ports, RestOptions options);
  http::Response Run(const RouteRow& row, http::Request& request) const;

  RestPorts ports_;
  RestOptions options_;
  std::shared_ptr<const Statement> standard_statement_;  // of the standard's search parameters alone
  std::int64_t started_us_ = 0;
  struct LateStatement {
    std::once_flag made;
    Statement statement;
  };
  mutable std::mutex current_mutex_;
  mutable std::shared_ptr<const Statement> current_statement_;  // guarded by current_mutex_
  mutable std::int64_t current_version_ = 0;                    // guarded by current_mutex_; of the search parameters
  mutable LateStatement normative_;
  mutable LateStatement terminology_;
  std::optional<http::Router> router_;
};

/// Body of errors made before a route was found, for http::RouteWith and the middleware.
std::string ErrorBody(int status, fhir::ErrorCode code, std::string_view text);

}  // namespace gateway::rest
