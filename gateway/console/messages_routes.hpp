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

/// GET  /console/messages?state=&partner=&type=&control_id=&error_code=&error_place=&from=&to=&before=&count=
///                                        a page, newest first; from and to are FHIR instants or dates (UTC)
/// POST /console/messages/_search         the same as a form, with patient=system|value and text= besides: a patient's
///                                        data stands in no URL. A search for a text answers within some seconds, with
///                                        "go_on_before" when it has not looked at everything
/// GET  /console/messages/_check          counts, and whether received = committed + parked + refused + waiting …
/// GET  /console/messages/{id}            one, without its bytes;  ?raw=1 adds them as base64
/// POST /console/messages/{id}/replay     puts it back to work
/// POST /console/messages/{id}/discard    says that it will never be applied, and lets others go
/// GET  /console/outbox?state=&destination=&before=&count=
/// POST /console/outbox/{id}/replay
/// Only operators, and everybody in open mode; others get 403. JSON; errors are OperationOutcomes.
std::vector<http::Route> MessagesRoutes(MessagesPorts ports);

}  // namespace gateway::console
