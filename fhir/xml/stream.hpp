// XML of any vocabulary as events, read from a stream of bytes: for files that need not fit into memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"

namespace fhir::xml {

/// The next bytes, good until the next call; empty at the end.
using NextBytes = std::function<Result<std::string_view>()>;

/// Gets the events in the order of the text. An error ends the reading and is handed on.
class StreamHandler {
 public:
  using Attributes = std::vector<std::pair<std::string, std::string>>;
  virtual ~StreamHandler() = default;
  /// Names without their prefix. `line` is where the tag ends, from 1.
  virtual Result<void> Start(std::string_view name, const Attributes& attributes, std::int64_t line) = 0;
  virtual Result<void> End(std::string_view name) = 0;
  /// A stretch of character data; one text may come in several.
  virtual Result<void> Text(std::string_view text) = 0;
};

/// Nothing outside of the stream is read: a document type is passed over, and no entity but those of XML is known.
/// Memory: a piece of the stream, and the names of the open elements.
/// Errors: kInvalid with the line for what is no XML, kTooLarge for elements nested past 256; those of `next` and of
/// the
///         handler; kInternal for a failure of the library.
Result<void> ReadStream(const NextBytes& next, StreamHandler& handler);

}  // namespace fhir::xml
