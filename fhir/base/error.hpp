// The expected failures of this program as values: one closed list of codes, and two texts that cannot be mixed up.
//
// A data problem (bad resource, bad segment) is not an Error: it goes to an IssueList (issue.hpp) and work goes on.
// Namespaces equal folders, with one exception: fhir/base is namespace fhir itself, since every line of the code uses
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace fhir {

/// Why an operation failed. Adding a value: extend kAllErrorCodes and Name() here, then the tables
/// gateway/rest/error_status.cpp (HTTP status), fhir/operation_outcome/issue_type.cpp (IssueType) and
/// adapters/hospital/hl7v2/ack/error_ack.cpp (acknowledgement code); a test of each fails until its row is there.
enum class ErrorCode : std::uint8_t {
  kMalformed,         ///< the bytes are not what they claim to be (JSON, XML, ER7, query syntax)
  kInvalid,           ///< well-formed, but against the rules of the standard or a profile
  kNotFound,          ///< no such resource, route or key
  kGone,              ///< was there, deleted
  kConflict,          ///< lost a race or collides with existing state (slot taken, duplicate key)
  kVersionConflict,   ///< If-Match or If-None-Match does not hold
  kMultipleMatches,   ///< a conditional reference or verb matches more than one resource
  kUnauthenticated,   ///< no or unknown credentials
  kForbidden,         ///< known, but not allowed
  kUnsupported,       ///< a feature, parameter, type or version that is not supported
  kNotAcceptable,     ///< no representation the client accepts
  kUnsupportedMedia,  ///< the body's media type is not understood
  kTooLarge,          ///< a limit on size, depth or count is exceeded
  kTooCostly,         ///< refused because of its cost
  kTimeout,           ///< a deadline passed
  kUnavailable,       ///< a dependency (database, peer) is away; trying again later may help
  kPeerRefused,       ///< the other side answered, and said no for good
  kConfiguration,     ///< a setting, mapping, policy or tariff is wrong
  kInternal,          ///< a bug or an unforeseen library failure
};

inline constexpr ErrorCode kAllErrorCodes[] = {
    ErrorCode::kMalformed,   ErrorCode::kInvalid,         ErrorCode::kNotFound,        ErrorCode::kGone,
    ErrorCode::kConflict,    ErrorCode::kVersionConflict, ErrorCode::kMultipleMatches, ErrorCode::kUnauthenticated,
    ErrorCode::kForbidden,   ErrorCode::kUnsupported,     ErrorCode::kNotAcceptable,   ErrorCode::kUnsupportedMedia,
    ErrorCode::kTooLarge,    ErrorCode::kTooCostly,       ErrorCode::kTimeout,         ErrorCode::kUnavailable,
    ErrorCode::kPeerRefused, ErrorCode::kConfiguration,   ErrorCode::kInternal,
};

/// The code's name in logs and metrics, e.g. "version-conflict".
std::string_view Name(ErrorCode code);

/// Whether the same attempt may succeed later. The outbox and the database layer decide by this, never by text.
enum class Retry : std::uint8_t { kNever, kLater };

/// Text that may leave the program: no value of a patient, no SQL, no file path of the server.
struct PublicText {
  std::string text;
};

/// Text for the operator's log: may name SQL states, paths and peers, still no value of a patient.
struct InternalText {
  std::string text;
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  PublicText public_text;
  InternalText internal_text;
  Retry retry = Retry::kNever;
  /// FHIRPath of the element that caused it, when one did; e.g. "Bundle.entry[3].resource.status".
  std::string expression;
  /// Byte offset in the text that was read, when the failure has one; see source_position.hpp for line and column.
  std::optional<std::size_t> offset = {};
};

template <typename T>
using Result = std::expected<T, Error>;

/// Shorthand for the common case: a failure whose public text says all there is to say.
inline std::unexpected<Error> Fail(ErrorCode code, std::string public_text) {
  return std::unexpected(Error{.code = code, .public_text = {std::move(public_text)}});
}

/// A failure with a detail for the log alone.
inline std::unexpected<Error> Fail(ErrorCode code, PublicText public_text, InternalText internal_text,
                                   Retry retry = Retry::kNever) {
  return std::unexpected(Error{code, std::move(public_text), std::move(internal_text), retry, {}});
}

}  // namespace fhir

/// Returns the error of a Result from the enclosing function, or goes on.
/// Use: GW_TRY(store.Write(x));
#define GW_TRY(expression)                                   \
  do {                                                       \
    if (auto gw_result_ = (expression); !gw_result_) {       \
      return std::unexpected(std::move(gw_result_).error()); \
    }                                                        \
  } while (false)

#define GW_CONCAT_INNER_(a, b) a##b
#define GW_CONCAT_(a, b) GW_CONCAT_INNER_(a, b)

/// Declares or assigns a value from a Result, or returns its error.
/// Use: GW_ASSIGN(auto page, store.Search(query));
#define GW_ASSIGN(target, expression) GW_ASSIGN_(GW_CONCAT_(gw_assign_, __LINE__), target, expression)
#define GW_ASSIGN_(temporary, target, expression)         \
  auto temporary = (expression);                          \
  if (!temporary) {                                       \
    return std::unexpected(std::move(temporary).error()); \
  }                                                       \
  target = *std::move(temporary)
