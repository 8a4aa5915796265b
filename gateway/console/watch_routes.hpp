// The exchange with each partner, and alerts, over HTTP, for operators.
#pragma once

#include <vector>

#include "gateway/http/router/router.hpp"
#include "gateway/store/watch_store.hpp"

namespace gateway::console {

/// GET /console/partners            {"partners": [...], "destinations": [...]}: what each sent in the last day, what
/// waits
///                                  and since when, and how long it has been silent
/// GET /console/alerts?count=       {"alerts": [...]}: open ones first, then the newest
/// Only operators, and everybody in open mode; others get 403. `store` is borrowed.
std::vector<http::Route> WatchRoutes(store::WatchStore& store);

}  // namespace gateway::console
