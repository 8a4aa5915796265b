// Why a patch was not applied. A patch is applied whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "fhir/base/error.hpp"

namespace fhir::patch {

enum class FailureKind : std::uint8_t {
  kMalformed,      ///< the patch itself is wrong: unknown operation, missing member, bad pointer or expression
  kPathNotFound,   ///< a path of it leads nowhere in this resource, or to several elements where one is meant
  kTestFailed,     ///< a test operation does not hold
  kResultInvalid,  ///< the resource would have an unknown element, a value of the wrong type, or too many of one
  kTooLarge,       ///< more operations, or a larger result, than the limits allow
};

struct Failure {
  FailureKind kind = FailureKind::kMalformed;
  std::optional<std::size_t> operation;  ///< index of the operation; none when the patch is wrong as a whole
  std::string path;                      ///< as the patch has it; it may hold values, so it is for the sender alone
  std::string text;                      ///< what was expected, without path or values
};

template <typename T>
using Patched = std::expected<T, Failure>;

inline std::unexpected<Failure> Refuse(FailureKind kind, std::string text) {
  return std::unexpected(Failure{kind, std::nullopt, {}, std::move(text)});
}

/// The failure as an error of the program: kMalformed, kTooLarge, and kInvalid for the others. Its text names the
/// operation by its index ("operation 2: …") and leaves the path out.
Error ToError(const Failure& failure);

/// How much a patch may do.
struct PatchLimits {
  std::size_t operations_max = 1'000;
  std::size_t result_bytes_max = 16u * 1024 * 1024;  ///< of JSON text, roughly; also bounds what copies may add
  /// JSON values that add, replace and copy make in all, for each MB begun of patch and document: a value takes far
  /// more memory than its text, which may be two bytes long.
  std::size_t values_made_per_megabyte_max = 100'000;
  std::size_t items_moved_max = 5'000'000;       ///< array items that insertions and removals push along, in all
  std::size_t elements_reached_max = 1'000'000;  ///< that the paths of a FHIRPath Patch lead to, in all
  std::size_t depth_max = 100;                   ///< nested objects and arrays of the result
};

}  // namespace fhir::patch
