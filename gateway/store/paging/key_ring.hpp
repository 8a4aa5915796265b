// The keys that seal cursors: one current, and those before it, by which links given out earlier are still read.
//
// They come from a file that all nodes have, or from the database, where the first node makes one and housekeeping adds
// the next. A node that meets a key it does not know looks there, so that a link is good on every node at once.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/store/paging/cipher.hpp"
#include "gateway/store/pg/pool.hpp"

namespace gateway::store::paging {

/// thread-safe.
class KeyRing {
 public:
  /// Keys that never change; the first is the current one. Not empty.
  explicit KeyRing(std::vector<CipherKey> keys);

  /// Keys of a file: one a line, 64 hexadecimal digits; the first is the current one. Blank lines and those that begin
  /// with '#' are passed over. Errors: kConfiguration.
  static fhir::Result<std::vector<CipherKey>> ParseKeys(std::string_view text);

  /// Keys of the database; makes the first one. The pool must outlive the ring.
  static fhir::Result<std::unique_ptr<KeyRing>> OfDatabase(pg::Pool& pool);

  CipherKey Current() const;
  /// Looks into the database for a key it does not know, at most once in a second.
  std::optional<CipherKey> Find(const KeyId& id);

  /// Makes a new current key when the newest is older than `rotation_ms`, and forgets those out of use for a month:
  /// until then a link that is too old is known as such. Nothing to do for keys of a file. Several nodes may call it at
  /// once. Returns whether a key was made. Errors: those of statements.
  fhir::Result<bool> Rotate(std::int64_t rotation_ms);

 private:
  explicit KeyRing(pg::Pool& pool) : pool_(&pool) {}
  fhir::Result<void> Load();

  pg::Pool* pool_ = nullptr;  // null: keys of a file
  mutable std::mutex mutex_;
  std::vector<CipherKey> keys_;    // guarded by mutex_; the current one first
  std::int64_t looked_at_us_ = 0;  // guarded by mutex_; steady clock
};

}  // namespace gateway::store::paging
