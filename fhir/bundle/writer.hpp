// Writes Bundles around resources that are JSON bytes already: bodies are spliced in, never parsed.
// Source: https://hl7.org/fhir/R4/bundle.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fhir::bundle {

enum class BundleType : std::uint8_t {
  kSearchset,
  kHistory,
  kTransaction,
  kBatch,
  kTransactionResponse,
  kBatchResponse,
  kCollection,
  kDocument,
};
std::string_view Code(BundleType type);

enum class SearchMode : std::uint8_t { kNone, kMatch, kInclude, kOutcome };

struct Link {
  std::string_view relation;  ///< "self", "next" …
  std::string_view url;
};

/// What stands before the entries.
struct BundleHead {
  BundleType type = BundleType::kSearchset;
  std::string_view id;          ///< left out when empty
  std::string_view identifier;  ///< a URI (urn:uuid:…), which documents need; left out when empty
  std::string_view timestamp;   ///< an instant; left out when empty
  std::optional<std::int64_t> total;
  std::vector<Link> links;
};

/// One entry; empty parts are left out. All texts are borrowed for the call.
struct EntryOut {
  std::string_view full_url;
  std::string_view resource;  ///< compact JSON bytes
  SearchMode mode = SearchMode::kNone;
  std::string_view score;           ///< with a mode: search.score, a decimal
  std::string_view match_grade;     ///< with a mode: how sure a match of patients is
  std::string_view request_method;  ///< with request_url: history and requests
  std::string_view request_url;
  std::string_view if_none_exist;
  std::string_view response_status;  ///< "201 Created"
  std::string_view response_location;
  std::string_view response_etag;  ///< W/"2"
  std::string_view response_last_modified;
  std::string_view response_outcome;  ///< JSON bytes of an OperationOutcome
};

/// Builds one Bundle as text. thread-compatible.
class BundleWriter {
 public:
  /// `bytes_expected` reserves memory for the whole text.
  explicit BundleWriter(const BundleHead& head, std::size_t bytes_expected = 4096);
  void Add(const EntryOut& entry);
  std::size_t bytes() const { return out_.size(); }
  /// Ends the Bundle and gives its text away. Call once.
  std::string Finish() &&;

 private:
  std::string out_;
  bool has_entries_ = false;
};

}  // namespace fhir::bundle
