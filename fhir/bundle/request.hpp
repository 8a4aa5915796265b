// Reads transaction and batch Bundles into entries, with errors that name the entry.
// Source: https://hl7.org/fhir/R4/http.html#transaction
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"

namespace fhir::bundle {

enum class HttpVerb : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete };
std::string_view Code(HttpVerb verb);

/// One entry's request. Views live as long as the Bundle's document.
struct RequestEntry {
  HttpVerb verb = HttpVerb::kGet;
  std::string_view url;  ///< as sent, without a leading slash: "Patient", "Patient/1", "Patient?identifier=…"
  std::string_view full_url;
  std::string_view if_none_exist;
  std::string_view if_match;
  std::string_view if_none_match;
  std::string_view if_modified_since;
  const model::Node* resource = nullptr;
  std::string_view
      resource_text;           ///< the resource as JSON, where `resource` has its type and id alone (slim_bundle.hpp)
  std::string place;           ///< "Bundle.entry[3]"
  std::optional<Error> error;  ///< batch only: what is wrong with this entry
};

struct RequestBundle {
  bool transaction = false;  ///< else batch
  std::vector<RequestEntry> entries;
};

/// Checks the Bundle's type and every entry: request, verb, url, resource where the verb needs one, ids that agree,
/// fullUrls and targets that are not repeated.
/// Errors: kInvalid or kUnsupported with `expression`; kTooLarge past limits.entries_max. In a batch an entry's own
///         error goes to its `error` and the rest stands.
Result<RequestBundle> ReadRequestBundle(const model::Node& bundle, const Limits& limits);

/// Positions of the entries in the order the standard wants them done: DELETE, POST, PUT and PATCH, GET and HEAD; in
/// document order within each.
std::vector<std::size_t> ProcessingOrder(std::span<const RequestEntry> entries);

}  // namespace fhir::bundle
