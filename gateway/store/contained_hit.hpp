// Contained resources as matches of a search: taken out of their containers.
#pragma once

#include "adapters/port/resource_store.hpp"
#include "fhir/base/error.hpp"
#include "fhir/base/limits.hpp"

namespace gateway::store {

/// `hit` has the name of a contained resource as id (fhir/search/contained.hpp) and its container's text. Makes it the
/// contained resource. False when the container has no such one: a release that knows no contained resources has
/// written it since. Cost: reads the container. Errors: kInternal for a text that cannot be read.
fhir::Result<bool> ShowContained(adapters::port::SearchHit& hit, const fhir::Limits& limits);

}  // namespace gateway::store
