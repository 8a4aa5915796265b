#include "gateway/store/pg/sqlstate.hpp"

namespace gateway::store::pg {
namespace {

using fhir::ErrorCode;
using fhir::Retry;

// More exact rows before their class.
constexpr SqlstateMeaning kMeanings[] = {
    {"40001", ErrorCode::kConflict, Retry::kLater, "The change met another one made at the same time."},
    {"40P01", ErrorCode::kConflict, Retry::kLater, "The change met another one made at the same time."},
    {"55P03", ErrorCode::kConflict, Retry::kLater, "The change met another one made at the same time."},
    {"23505", ErrorCode::kConflict, Retry::kNever, "The change collides with what is stored."},
    {"23P01", ErrorCode::kConflict, Retry::kNever, "The change collides with what is stored."},
    {"57014", ErrorCode::kTimeout, Retry::kNever, "The database took too long."},
    {"25P03", ErrorCode::kTimeout, Retry::kLater, "The transaction was left idle for too long."},
    // A connection that leads to a standby: the pool makes a new one, which finds the primary.
    {"25006", ErrorCode::kUnavailable, Retry::kLater, "The database cannot be written to at the moment."},
    {"57P", ErrorCode::kUnavailable, Retry::kLater, "The database is not available."},
    {"08", ErrorCode::kUnavailable, Retry::kLater, "The database is not available."},
    {"53", ErrorCode::kUnavailable, Retry::kLater, "The database is out of resources."},
    {"58", ErrorCode::kUnavailable, Retry::kLater, "The database is not available."},
    {"28", ErrorCode::kUnavailable, Retry::kLater, "The database refuses the connection."},
    {"3D000", ErrorCode::kUnavailable, Retry::kLater, "The database is not available."},
    {"22021", ErrorCode::kInvalid, Retry::kNever, "A text contains a character that cannot be stored."},
    {"22P05", ErrorCode::kInvalid, Retry::kNever, "A text contains a character that cannot be stored."},
    {"54", ErrorCode::kTooLarge, Retry::kNever, "The change is beyond a limit of the database."},
};
constexpr SqlstateMeaning kBroken = {"", ErrorCode::kUnavailable, Retry::kLater, "The database is not available."};
constexpr SqlstateMeaning kUnknown = {"", ErrorCode::kInternal, Retry::kNever, "The database failed."};

}  // namespace

const SqlstateMeaning& MeaningOf(std::string_view sqlstate) {
  if (sqlstate.empty()) {
    return kBroken;
  }
  for (const SqlstateMeaning& meaning : kMeanings) {
    if (sqlstate.starts_with(meaning.prefix)) {
      return meaning;
    }
  }
  return kUnknown;
}

}  // namespace gateway::store::pg
