#include "gateway/rest/commit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/rest/body.hpp"

namespace gateway::rest {

namespace port = adapters::port;

namespace {

constexpr std::size_t kRepeatKeyCharsMax = 255;

fhir::Result<std::vector<port::Outcome>> Apply(const Call& call, port::UnitOfWork& work, std::string_view key,
                                               Changes changes, fhir::IssueList& issues) {
  if (key.empty()) {
    return work.Apply(std::move(changes), issues);
  }
  const http::Request& request = call.request;
  const std::string query = ConditionText(request);
  std::vector<std::string_view> parts = {http::Name(request.method),
                                         request.path,
                                         query,
                                         request.headers.Get("If-None-Exist").value_or(""),
                                         request.headers.Get("If-Match").value_or(""),
                                         request.body};
  if (const auto none_match = request.headers.Get("If-None-Match")) {
    parts.push_back(*none_match);
  }
  // Each entry of a batch is a write of its own. The limit of a key's length is one of the party's own part.
  const std::string own_key = request.place.empty() ? std::string(key) : fmt::format("{}/{}", key, request.place);
  return work.ApplyOnce({.key = own_key, .request = parts}, std::move(changes), issues);
}

/// The transaction recorded what it changed. What it left as it was, and the answer shows all the same, is a
/// disclosure.
void NoteUnchanged(Call& call, const std::vector<port::Outcome>& outcomes) {
  bool changed = false;
  for (const port::Outcome& outcome : outcomes) {
    if (outcome.effect != port::Effect::kUnchanged && !outcome.replayed) {
      changed = true;
      continue;
    }
    call.audit_after = true;
    if (!outcome.resource.id.empty()) {
      call.audit.entities.push_back({outcome.resource.type, outcome.resource.id, outcome.resource.version});
    }
  }
  if (!changed && call.audit.action != 'E') {
    call.audit.action = 'R';
  }
}

}  // namespace

fhir::Result<std::string_view> ReadRepeatKey(const http::Request& request) {
  const auto field = request.headers.Get("Idempotency-Key");
  if (!field) {
    return std::string_view();
  }
  std::string_view key = *field;
  if (key.size() >= 2 && key.starts_with('"') && key.ends_with('"')) {
    key = key.substr(1, key.size() - 2);
  }
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (key.empty() || key.size() > kRepeatKeyCharsMax || !printable) {
    return fhir::Fail(fhir::ErrorCode::kMalformed,
                      fmt::format("Idempotency-Key must be 1 to {} visible characters", kRepeatKeyCharsMax));
  }
  return key;
}

fhir::Result<std::vector<port::Outcome>> Commit(Call& call, const std::function<fhir::Result<Changes>()>& make) {
  GW_ASSIGN(const std::string_view key, ReadRepeatKey(call.request));
  std::optional<Changes> changes;
  GW_ASSIGN(changes, make());
  auto outcomes =
      port::InTransaction(call.service.ports().units, call.actor, call.options().attempts_max,
                          [&](port::UnitOfWork& work) -> fhir::Result<std::vector<port::Outcome>> {
                            if (!changes) {
                              call.issues = fhir::IssueList(call.options().limits.issues_max);
                              GW_ASSIGN(changes, make());
                            }
                            return Apply(call, work, key, *std::exchange(changes, std::nullopt), call.issues);
                          });
  if (outcomes) {
    NoteUnchanged(call, *outcomes);
  }
  return outcomes;
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
