// The journal and the outbox over HTTP, for operators and for `passerelle messages --server`.
#pragma once

#include <functional>
#include <vector>

#include "adapters/port/journal.hpp"
#include "gateway/http/router/router.hpp"
#include "gateway/store/outbox_store.hpp"

namespace gateway::console {

struct MessagesPorts {
  adapters::port::Journal& journal;  ///< borrowed, as the outbox
  store::OutboxStore& outbox;
  std::function<void()> wake;  ///< after a replay: the workers look at once
};

/// GET  /console/messages?state=&partner=&type=&control_id=&before=&count=   a page, newest first
/// GET  /console/messages/{id}            one, without its bytes;  ?raw=1 adds them as base64
/// POST /console/messages/{id}/replay     puts it back to work
/// GET  /console/outbox?state=&destination=&before=&count=
/// POST /console/outbox/{id}/replay
/// Only operators, and everybody in open mode; others get 403. JSON; errors are OperationOutcomes.
std::vector<http::Route> MessagesRoutes(MessagesPorts ports);

}  // namespace gateway::console
