#include "fhir/xml/errors.hpp"

#include <utility>

#include <fmt/format.h>

#include "fhir/base/source_position.hpp"

namespace fhir::xml {
namespace {

std::string Placed(std::string_view problem, std::string_view text, std::size_t offset) {
  const SourcePosition position = PositionOf(text, offset);
  return fmt::format("{} at line {}, column {}, byte {}", problem, position.line, position.column, offset);
}

}  // namespace

Error MalformedAt(std::string_view problem, std::string_view text, std::size_t offset) {
  return Error{.code = ErrorCode::kMalformed,
               .public_text = {"not valid XML: " + Placed(problem, text, offset)},
               .offset = offset};
}

Error TooLargeAt(std::string_view problem, std::string_view text, std::size_t offset, std::string expression) {
  return Error{.code = ErrorCode::kTooLarge,
               .public_text = {Placed(problem, text, offset)},
               .expression = std::move(expression),
               .offset = offset};
}

}  // namespace fhir::xml
