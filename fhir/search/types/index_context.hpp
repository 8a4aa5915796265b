// What the search types share when they take values out of a resource.
#pragma once

#include <string_view>

#include "fhir/base/time_zone.hpp"
#include "fhir/fhirpath/collection.hpp"
#include "fhir/metadata/definitions.hpp"

namespace fhir::search {

/// Data types with rules of their own, looked up once.
struct ElementTypes {
  explicit ElementTypes(const metadata::Definitions& definitions);
  metadata::TypeId address, canonical, code, codeable_concept, coding, contact_point, date, date_time, extension,
      human_name, identifier, instant, money, period, quantity, range, reference, timing, uri;
};

struct IndexContext {
  const metadata::Definitions& definitions;
  const ElementTypes& types;
  const TimeZone& zone;       ///< for dates without an offset
  std::string_view base_url;  ///< references below it are local
};

/// The element of an item; of an Extension its value, since parameters on extensions mean the value.
/// Null for computed items.
const model::Node* ElementOf(const IndexContext& context, const fhirpath::Item& item);

}  // namespace fhir::search
