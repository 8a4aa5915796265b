// What travels in one request: the entries of a file that go to the server together, and the key by which a repeat of
// them is recognised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"

namespace gateway::app {

/// The SHA-256 of all texts so far, in order: it names an entry by all that stands before it in its file, so that
/// neither the file's name nor lines added to its end change it. thread-compatible.
class KeyChain {
 public:
  /// Takes the next entry in and returns its digest of 32 bytes. Errors: kInternal.
  fhir::Result<std::string> Next(std::string_view text);

 private:
  std::string digest_;
};

struct LoadItem {
  std::string entry;       ///< an entry of a Bundle as JSON, with its request
  std::size_t number = 0;  ///< of the entry from 0, or of the line from 1
  std::string type;        ///< of its resource, for people
  std::string digest;      ///< KeyChain's
};

enum class GroupKind : std::uint8_t {
  kWhole,  ///< a transaction as its file has it: all or nothing
  kUnit,   ///< a transaction for speed: when it is refused, its items are tried one by one
  kBatch,  ///< entries of a batch: each has a status of its own
};

struct LoadGroup {
  GroupKind kind = GroupKind::kUnit;
  std::string file;
  bool lines = false;           ///< items are lines of the file, not entries
  std::string body;             ///< kWhole: the Bundle
  std::size_t entries = 0;      ///< kWhole: of the body
  std::string digest;           ///< kWhole: of the body
  std::vector<LoadItem> items;  ///< of the other kinds

  std::size_t size() const { return kind == GroupKind::kWhole ? entries : items.size(); }
};

/// The Bundle to send: a transaction, or a batch for kBatch.
std::string BundleOf(const LoadGroup& group);

/// The Idempotency-Key: 64 hexadecimal digits that depend on the items alone. Errors: kInternal.
fhir::Result<std::string> KeyOf(const LoadGroup& group);

/// The group of the same kind with one of its items.
LoadGroup SingleOf(const LoadGroup& group, std::size_t position);

/// "FILE: entry 3 (Observation)", "FILE:12 (Patient)", or "FILE" for a whole.
std::string PlaceOf(const LoadGroup& group, std::size_t position);

}  // namespace gateway::app
