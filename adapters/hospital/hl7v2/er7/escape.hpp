// Escape sequences of the ER7 encoding, decoded in one pass: what an escape yields is never looked at again.
// Source: HL7 v2.5.1, section 2.7 "Use of escape sequences in text fields".
#pragma once

#include <string>
#include <string_view>

#include "fhir/base/text.hpp"

namespace adapters::hospital::hl7v2::er7 {

/// The characters of MSH-1 and MSH-2 as sent; 0 when MSH-2 is too short to say one, which then does not exist.
struct Delimiters {
  char field = '|';
  char component = '^';
  char repetition = '~';
  char escape = '\\';
  char subcomponent = '&';
  char truncation = 0;
};

/// Shape:  `text` is UTF-8. \F\ \S\ \T\ \R\ \E\ \P\ give delimiters, \X..\ bytes of `charset`, \.br\ and \.sp\ a line
///         end; \H\ \N\ vanish; an unknown or unclosed sequence stays as it is.
/// Cost:   one pass.
std::string Unescape(std::string_view text, const Delimiters& delimiters, fhir::Charset charset);

/// The inverse for one value: delimiters, the escape character and line ends are escaped.
std::string Escape(std::string_view text, const Delimiters& delimiters);

}  // namespace adapters::hospital::hl7v2::er7
