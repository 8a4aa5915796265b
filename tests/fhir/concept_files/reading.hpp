// A text as a file of concepts, given in small pieces, and what was read of it as lines.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "fhir/concept_files/concept_file.hpp"

namespace fhir::concept_files {

class TextSource final : public ByteSource {
 public:
  TextSource(std::string text, std::size_t piece_bytes) : text_(std::move(text)), piece_bytes_(piece_bytes) {}
  Result<std::string_view> Next() override {
    const std::string_view piece = std::string_view(text_).substr(at_, piece_bytes_);
    at_ += piece.size();
    return piece;
  }

 private:
  const std::string text_;
  const std::size_t piece_bytes_;
  std::size_t at_ = 0;
};

/// "line code|display|definition ^parents vchildren name(type)=value @language:text", a concept a line; or the error.
inline std::string Read(const std::string& text, const FileOptions& options, std::size_t piece_bytes = 7,
                        json::Value* head = nullptr) {
  TextSource source(text, piece_bytes);
  std::string lines;
  const auto read = ReadConcepts(source, options, [&](const terminology::GivenConcept& given) -> Result<void> {
    lines += fmt::format("{} {}|{}|{}", given.line, given.code, given.display, given.definition);
    for (const auto parent : given.parents) {
      lines += fmt::format(" ^{}", parent);
    }
    for (const auto child : given.children) {
      lines += fmt::format(" v{}", child);
    }
    for (const auto& property : given.properties) {
      lines += fmt::format(" {}({})={}", property.name, property.type, property.value);
    }
    for (const auto& designation : given.designations) {
      lines += fmt::format(" @{}:{}", designation.language, designation.value);
    }
    lines += '\n';
    return {};
  });
  if (!read) {
    return std::string(Name(read.error().code)) + ": " + read.error().public_text.text;
  }
  if (head != nullptr) {
    *head = *read;
  }
  return lines;
}

}  // namespace fhir::concept_files
