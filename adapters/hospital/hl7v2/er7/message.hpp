// One HL7 v2 message in ER7: a flat list of segments, in order, unknown ones included. Grouping is nobody's business
// here, so that an unexpected segment cannot shift the rest.
// Source: HL7 v2.5.1, chapter 2.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/hospital/hl7v2/er7/escape.hpp"
#include "adapters/hospital/hl7v2/er7/fault.hpp"
#include "adapters/mapping/source.hpp"

namespace adapters::hospital::hl7v2::er7 {

struct ParseLimits {
  std::size_t message_bytes_max = 64u * 1024 * 1024;
  std::size_t segments_max = 20'000;
  std::size_t fields_max = 500'000;     ///< over all segments
  std::size_t repetitions_max = 1'000;  ///< of one field
};

/// The first segment, as far as it can be read when the rest cannot: enough to answer. Values are as sent, undecoded.
struct Header {
  Delimiters delimiters;
  std::string encoding_characters = "^~\\&";
  std::string sending_application, sending_facility, receiving_application, receiving_facility;
  std::string time;                      ///< MSH-7
  std::string code, trigger, structure;  ///< MSH-9
  std::string control_id;                ///< MSH-10
  std::string processing_id;             ///< MSH-11.1
  std::string version;                   ///< MSH-12, all components
  std::string version_id;                ///< MSH-12.1
  std::string accept_ack;                ///< MSH-15
  std::string application_ack;           ///< MSH-16
  std::string country;                   ///< MSH-17
  std::string charset_name;              ///< MSH-18, first repetition
  bool readable = false;                 ///< there was an MSH segment with delimiters
};

constexpr std::size_t kControlIdBytesMax = 199;  // MSH-10, HL7 v2.7 and later

/// `text` as a journal and an acknowledgement can hold it: bytes other than printable ASCII become '?', except that
/// valid UTF-8 stays; cut to `bytes_max`. A usable text comes back as it is.
std::string PlainText(std::string_view text, std::size_t bytes_max);

/// Reads MSH without converting or looking at anything else. Never fails: unreadable parts stay empty.
Header ReadHeader(std::string_view raw);

/// Owns the text; every view points into it. Movable. thread-compatible.
class Message : public mapping::Source {
 public:
  /// Shape:  `raw` is the frame's content; segments end with CR, or LF or CRLF when the message has no lone CR.
  ///         The character set is MSH-18's (first repetition), else `charset_default`.
  /// Cost:   one conversion and one pass.
  /// Errors: a Fault; reject for UTF-16/32, an unknown character set and limits, AE for invalid bytes and bad syntax.
  static std::expected<Message, Fault> Parse(std::string_view raw, std::string_view charset_default,
                                             const ParseLimits& limits = {});

  const Header& header() const { return header_; }
  fhir::Charset charset() const { return charset_; }

  struct Segment {
    std::string_view name;
    std::uint32_t group = 0;
    std::uint16_t occurrence = 0;  ///< among the segments of its name, 0-based
    std::uint32_t first_field = 0;
    std::uint32_t fields = 0;
  };
  const std::vector<Segment>& segments() const { return segments_; }

  /// A value by people's address, e.g. "PID-3[2].4.1", decoded; empty when absent, null or not an address.
  std::string_view Get(std::string_view address) const;

  // mapping::Source
  std::size_t Groups(std::uint32_t group) const override;
  std::size_t Position(std::uint32_t group, std::uint16_t occurrence) const override;
  std::size_t Repetitions(std::uint32_t group, std::uint16_t occurrence, std::uint16_t field) const override;
  std::string_view Text(const mapping::Cell& cell, int component, int subcomponent) const override;
  bool IsNull(const mapping::Cell& cell) const override;
  void ForEachCell(const std::function<void(const mapping::Cell&)>& visit) const override;

  /// One repetition as sent, escapes and delimiters included; for large values, without a copy.
  std::string_view Raw(const mapping::Cell& cell) const;

 private:
  Message() = default;
  const Segment* Find(std::uint32_t group, std::uint16_t occurrence) const;
  std::string_view Field(const Segment& segment, std::uint16_t field) const;

  std::unique_ptr<std::string> text_;
  Header header_;
  fhir::Charset charset_ = fhir::Charset::kUtf8;
  std::vector<Segment> segments_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> by_group_;  // positions in segments_
  std::vector<std::string_view> fields_;
  // Decoded values that differ from the text; a deque, so that views stay valid. Grows with reading.
  mutable std::deque<std::string> decoded_;
};

}  // namespace adapters::hospital::hl7v2::er7
