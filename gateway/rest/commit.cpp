#include "gateway/rest/commit.hpp"

#include <optional>
#include <utility>

namespace gateway::rest {

namespace port = adapters::port;

fhir::Result<std::vector<port::Outcome>> Commit(Call& call, const std::function<fhir::Result<Changes>()>& make) {
  std::optional<Changes> changes;
  GW_ASSIGN(changes, make());
  return port::InTransaction(call.service.ports().units, call.actor, call.options().attempts_max,
                             [&](port::UnitOfWork& work) -> fhir::Result<std::vector<port::Outcome>> {
                               if (!changes) {
                                 call.issues = fhir::IssueList(call.options().limits.issues_max);
                                 GW_ASSIGN(changes, make());
                               }
                               return work.Apply(*std::exchange(changes, std::nullopt), call.issues);
                             });
}

fhir::Result<port::Outcome> CommitOne(Call& call, const std::function<fhir::Result<port::Change>()>& make) {
  auto outcomes = Commit(call, [&]() -> fhir::Result<Changes> {
    GW_ASSIGN(port::Change change, make());
    Changes changes;
    changes.push_back(std::move(change));
    return changes;
  });
  if (!outcomes) {
    return std::unexpected(std::move(outcomes).error());
  }
  if (outcomes->size() != 1) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"}, {"one change gave another number of outcomes"});
  }
  return std::move(outcomes->front());
}

}  // namespace gateway::rest
