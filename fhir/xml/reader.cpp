#include "fhir/xml/reader.hpp"

#include <limits>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/text.hpp"
#include "fhir/xml/errors.hpp"
#include "fhir/xml/tag_index.hpp"
#include "fhir/xml/tree_builder.hpp"
#include "fhir/xml/xerces_parser.hpp"

namespace fhir::xml {
namespace {

constexpr std::size_t kNarrativeDepthMax = 100;
constexpr std::size_t kAttributesMax = 64;  // of one tag; the parser compares each with all

}  // namespace

Result<model::Document> ReadXml(std::string_view text, const Limits& limits, IssueList& issues) {
  const std::size_t bytes_max = std::min<std::size_t>(limits.body_bytes_max, std::numeric_limits<std::uint32_t>::max());
  if (text.size() > bytes_max) {
    return Fail(ErrorCode::kTooLarge, fmt::format("the text is larger than {} bytes", bytes_max));
  }
  if (const auto invalid = FirstInvalidUtf8(text)) {
    return std::unexpected(MalformedAt("UTF-8 is expected", text, *invalid));
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return std::unexpected(MalformedAt("a NUL byte", text, nul));
  }
  // An element has a level in JSON or is a value in one; a narrative stands below, and a resource in its slot.
  GW_ASSIGN(const auto spans, IndexTags(text, {.depth_max = limits.depth_max * 2 + kNarrativeDepthMax,
                                               .attributes_max = kAttributesMax}));
  TreeBuilder builder(text, spans, limits, issues);
  GW_TRY(Parse(text, spans, builder));
  if (auto error = CheckTail(text, spans)) {
    return std::unexpected(*std::move(error));
  }
  return builder.Finish();
}

}  // namespace fhir::xml
