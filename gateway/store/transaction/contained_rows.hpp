// What contained resources are found by. Each has index rows like a resource of its own, under the negative number of
// its type and its name (fhir/search/contained.hpp), so that no search for other resources meets them, and a row of
// contained_resource, which a search for them walks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "fhir/search/extractor.hpp"
#include "gateway/store/transaction/index_rows.hpp"
#include "gateway/store/transaction/session.hpp"

namespace gateway::store::transaction {

/// Negative type number and name.
using ContainedKey = std::pair<std::int16_t, std::string>;

/// Of all containers that one transaction writes, or repairs. thread-compatible. The extractor and what Note is given
/// are borrowed, the latter for the call alone. Costs nothing, statements included, where nothing is contained.
class ContainedRows {
 public:
  ContainedRows(fhir::search::Extractor& extractor, fhir::search::ExtractOptions options, fhir::IssueList& issues);
  ContainedRows(const ContainedRows&) = delete;
  ContainedRows& operator=(const ContainedRows&) = delete;

  /// A container as it was and as it will be; null: it is not there.
  void Note(std::int16_t type, std::string_view id, const fhir::model::Node* before, const fhir::model::Node* after);
  /// Contained resources that rows tell of: those that no container noted has any more are to go.
  void NoteStored(std::span<const ContainedKey> stored);
  /// Appends the changes of index rows, which point into this object.
  void AddTo(std::vector<IndexChange>& changes);
  /// Closes and adds rows of contained_resource. Cost: at most an UPDATE and an INSERT; not waited for.
  void Write(Session& session) const;
  /// Makes the rows of contained_resource that these containers have what was noted of them. Cost: one statement; not
  /// waited for.
  void Repair(Session& session, std::span<const std::pair<std::int16_t, std::string>> containers) const;

 private:
  struct Resource {
    std::int16_t container_type = 0;
    std::string container_id;
    std::optional<fhir::search::IndexValues> before;
    std::optional<fhir::search::IndexValues> after;
    bool was = false;
  };
  void NoteEach(std::int16_t type, std::string_view id, const fhir::model::Node& container, bool stays, bool is_after);

  fhir::search::Extractor& extractor_;
  fhir::search::ExtractOptions options_;
  fhir::IssueList& issues_;
  std::map<ContainedKey, Resource> resources_;
};

/// What rows tell of the contained resources of these containers: with `closed`, also of those that pages of a walk
/// still show. Cost: one round trip.
fhir::Result<std::vector<ContainedKey>> ReadContained(Session& session,
                                                      std::span<const std::pair<std::int16_t, std::string>> containers,
                                                      bool closed);

}  // namespace gateway::store::transaction
