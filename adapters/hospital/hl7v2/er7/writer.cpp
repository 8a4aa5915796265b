#include "adapters/hospital/hl7v2/er7/writer.hpp"

#include <algorithm>

namespace adapters::hospital::hl7v2::er7 {
namespace {

std::string Joined(std::initializer_list<std::string_view> parts, char delimiter, const Delimiters& delimiters) {
  std::string text;
  std::size_t used = parts.size();
  while (used > 0 && std::data(parts)[used - 1].empty()) {
    --used;
  }
  for (std::size_t i = 0; i < used; ++i) {
    if (i > 0) {
      text += delimiter;
    }
    text += Escape(std::data(parts)[i], delimiters);
  }
  return text;
}

std::size_t SequenceBytes(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

}  // namespace

void SegmentWriter::MoveTo(int field) {
  while (field_ < field) {
    text_ += delimiters_.field;
    ++field_;
  }
}

SegmentWriter& SegmentWriter::Set(int field, std::string_view value) {
  return value.empty() ? *this : SetRaw(field, Escape(value, delimiters_));
}

SegmentWriter& SegmentWriter::Set(int field, std::initializer_list<std::string_view> components) {
  return SetRaw(field, Components(components, delimiters_));
}

SegmentWriter& SegmentWriter::Repeat(std::initializer_list<std::string_view> components) {
  if (!text_.empty() && text_.back() != delimiters_.field) {
    text_ += delimiters_.repetition;
  }
  text_ += Components(components, delimiters_);
  return *this;
}

SegmentWriter& SegmentWriter::SetRaw(int field, std::string_view er7) {
  if (!er7.empty()) {
    MoveTo(field);
    text_ += er7;
  }
  return *this;
}

std::string SegmentWriter::Components(std::initializer_list<std::string_view> parts, const Delimiters& delimiters) {
  return Joined(parts, delimiters.component, delimiters);
}

std::string SegmentWriter::Subcomponents(std::initializer_list<std::string_view> parts, const Delimiters& delimiters) {
  return Joined(parts, delimiters.subcomponent, delimiters);
}

std::string_view CharsetName(fhir::Charset charset) {
  switch (charset) {
    case fhir::Charset::kAscii:
      return "ASCII";
    case fhir::Charset::kLatin1:
      return "8859/1";
    case fhir::Charset::kLatin2:
      return "8859/2";
    case fhir::Charset::kLatin3:
      return "8859/3";
    case fhir::Charset::kLatin4:
      return "8859/4";
    case fhir::Charset::kCyrillic:
      return "8859/5";
    case fhir::Charset::kArabic:
      return "8859/6";
    case fhir::Charset::kGreek:
      return "8859/7";
    case fhir::Charset::kHebrew:
      return "8859/8";
    case fhir::Charset::kLatin5:
      return "8859/9";
    case fhir::Charset::kLatin9:
      return "8859/15";
    default:
      return "UNICODE UTF-8";
  }
}

std::string Encode(std::string_view utf8, fhir::Charset charset) {
  if (auto whole = fhir::FromUtf8(utf8, charset)) {
    return *std::move(whole);
  }
  std::string bytes;
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t length = std::min(SequenceBytes(static_cast<unsigned char>(utf8[at])), utf8.size() - at);
    const std::string_view character = utf8.substr(at, length);
    at += length;
    auto encoded = fhir::FromUtf8(character, charset);
    if (!encoded) {
      encoded = fhir::FromUtf8(fhir::Fold(character), charset);
    }
    bytes += encoded && !encoded->empty() ? *encoded : "?";
  }
  return bytes;
}

}  // namespace adapters::hospital::hl7v2::er7
