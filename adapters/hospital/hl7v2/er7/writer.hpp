// Writes ER7 with the standard delimiters. Values are escaped; text is UTF-8 until Encode.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "adapters/hospital/hl7v2/er7/escape.hpp"

namespace adapters::hospital::hl7v2::er7 {

/// One segment, field by field from field 1. Trailing empty fields are not written.
class SegmentWriter {
 public:
  explicit SegmentWriter(std::string_view name, const Delimiters& delimiters = {})
      : delimiters_(delimiters), text_(name) {}

  /// Sets a field; fields are written in ascending order. The value is one component, escaped.
  SegmentWriter& Set(int field, std::string_view value);
  /// Components of one repetition, each escaped; trailing empty ones are not written.
  SegmentWriter& Set(int field, std::initializer_list<std::string_view> components);
  /// Another repetition of the field set last.
  SegmentWriter& Repeat(std::initializer_list<std::string_view> components);
  /// A field that already is ER7.
  SegmentWriter& SetRaw(int field, std::string_view er7);
  /// "CHU&990000010&N" out of three parts: subcomponents, escaped. For use with SetRaw.
  static std::string Subcomponents(std::initializer_list<std::string_view> parts, const Delimiters& delimiters = {});
  static std::string Components(std::initializer_list<std::string_view> parts, const Delimiters& delimiters = {});

  /// The segment with its CR.
  std::string Finish() const { return text_ + '\r'; }

 private:
  void MoveTo(int field);
  Delimiters delimiters_;
  std::string text_;
  int field_ = 0;
};

/// MSH-18's name of a character set, as French senders write it: "8859/15", "UNICODE UTF-8".
std::string_view CharsetName(fhir::Charset charset);

/// UTF-8 text in the character set of the partner. A character that the set lacks becomes its unaccented or ASCII
/// likeness, else '?': an outgoing message is never held back by one character.
/// Cost: one conversion; slow path per character only when it fails.
std::string Encode(std::string_view utf8, fhir::Charset charset);

}  // namespace adapters::hospital::hl7v2::er7
