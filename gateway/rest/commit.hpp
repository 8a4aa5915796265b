// Changes in one transaction, tried again after a deadlock.
#pragma once

#include <functional>
#include <vector>

#include "adapters/port/unit_of_work.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest {

/// The Idempotency-Key of a request, without the quotes of a structured field; empty when there is none.
/// Errors: kMalformed for one that is not 1 to 255 visible characters.
/// Source: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
fhir::Result<std::string_view> ReadRepeatKey(const http::Request& request);

using Changes = std::vector<adapters::port::Change>;

/// Applies what `make` returns and commits; once for an Idempotency-Key, whose repeats get the outcomes of the first.
/// `make` is asked once before the transaction begins, and again for each further attempt, since changes are consumed.
fhir::Result<std::vector<adapters::port::Outcome>> Commit(Call& call,
                                                          const std::function<fhir::Result<Changes>()>& make);

/// For one change: its outcome. Errors keep the place they name.
fhir::Result<adapters::port::Outcome> CommitOne(Call& call,
                                                const std::function<fhir::Result<adapters::port::Change>()>& make);

}  // namespace gateway::rest
