// JSON Patch: add, remove, replace, move, copy and test on JSON, and through it on resources.
// Source: RFC 6902; https://hl7.org/fhir/R4/http.html#patch
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/limits.hpp"
#include "fhir/json/value.hpp"
#include "fhir/model/document.hpp"
#include "fhir/patch/failure.hpp"
#include "fhir/patch/json_pointer.hpp"

namespace fhir::patch {

enum class JsonOperation : std::uint8_t { kAdd, kRemove, kReplace, kMove, kCopy, kTest };

/// One operation, checked as far as it can be without a document.
struct JsonStep {
  JsonOperation operation = JsonOperation::kTest;
  Pointer path;
  Pointer from;       ///< of move and copy
  json::Value value;  ///< of add, replace and test
};

/// A patch read once. thread-safe once made.
struct JsonPatch {
  std::vector<JsonStep> steps;
  std::vector<std::string> path_texts;  ///< as written, for failures
  std::size_t text_bytes = 0;           ///< of the patch document
};

/// Reads a patch document: an array of operations; members it does not know are ignored, as the RFC says.
/// Errors: kMalformed with the operation, kTooLarge.
Patched<JsonPatch> ReadJsonPatch(std::string_view text, const PatchLimits& limits = {});

/// Applies the operations in order to any JSON value. `document` is left in an unknown state by a failure: callers keep
/// what they had. Numbers keep their text; a test compares them by value.
/// Cost:   O(size of the document) per operation at worst.
/// Errors: kPathNotFound, kTestFailed, kTooLarge (what copies add is counted, before it is made).
std::expected<void, Failure> ApplyJsonPatch(const JsonPatch& patch, json::Value& document,
                                            const PatchLimits& limits = {});
/// The same with the first `steps` operations alone.
std::expected<void, Failure> ApplyFirstSteps(const JsonPatch& patch, std::size_t steps, json::Value& document,
                                             const PatchLimits& limits);

/// Applies a patch to a resource, whichever format it came in: through its JSON form, in which paths are written. An
/// array or object that a removal left empty goes as well, since FHIR has none.
/// Shape:  the result is a new document; `resource` is not changed.
/// Errors: as above, and kResultInvalid when the result is no resource of FHIR: an unknown element, a JSON value of the
///         wrong type, an array where one value stands or the other way round. What must be present, values and
///         bindings are the validator's business; an unchanged id or type is the caller's.
Patched<model::Document> PatchResource(const model::Node& resource, const JsonPatch& patch, const Limits& limits,
                                       const PatchLimits& patch_limits = {});

}  // namespace fhir::patch
