#include "adapters/hospital/hl7v2/er7/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace adapters::hospital::hl7v2::er7 {
namespace {

constexpr std::size_t kSegmentFieldsMax = 65'535;  // what a cell's number of a field holds

/// Part `number` (1-based) of a text split by a delimiter; the whole text for part 1 when the delimiter does not exist.
std::string_view Part(std::string_view text, char delimiter, std::size_t number) {
  while (number > 1) {
    const auto at = delimiter == 0 ? std::string_view::npos : text.find(delimiter);
    if (at == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(at + 1);
    --number;
  }
  return delimiter == 0 ? text : text.substr(0, text.find(delimiter));
}

std::unexpected<Fault> Refuse(bool reject, Condition condition, std::string_view place, std::string text) {
  return std::unexpected(Fault{reject, condition, ParsePlace(place), std::move(text)});
}

bool LooksLikeUtf16(std::string_view raw) {
  const auto byte = [&](std::size_t i) { return i < raw.size() ? static_cast<unsigned char>(raw[i]) : 1u; };
  return (byte(0) == 0xFF && byte(1) == 0xFE) || (byte(0) == 0xFE && byte(1) == 0xFF) || byte(0) == 0 || byte(1) == 0;
}

bool NamesUtf16Or32(std::string_view name) {
  return name.find("UTF-16") != std::string_view::npos || name.find("UTF-32") != std::string_view::npos;
}

/// CR ends segments; a message without any CR uses LF. An LF beside a CR belongs to it.
template <typename Visit>
bool ForEachLine(std::string_view text, Visit&& visit) {
  const char end = text.find('\r') != std::string_view::npos ? '\r' : '\n';
  while (!text.empty()) {
    const auto at = text.find(end);
    std::string_view line = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    while (!line.empty() && line.front() == '\n') {
      line.remove_prefix(1);
    }
    while (!line.empty() && line.back() == '\n') {
      line.remove_suffix(1);
    }
    if (!line.empty() && !visit(line)) {
      return false;
    }
  }
  return true;
}

std::string_view SkipMark(std::string_view raw) {
  if (raw.starts_with("\xEF\xBB\xBF")) {
    raw.remove_prefix(3);
  }
  return raw;
}

bool IsSegmentName(std::string_view name) {
  return name.size() == 3 && std::all_of(name.begin(), name.end(),
                                         [](unsigned char c) { return std::isupper(c) != 0 || std::isdigit(c) != 0; });
}

}  // namespace

std::string PlainText(std::string_view text, std::size_t bytes_max) {
  std::string plain(text.substr(0, bytes_max));
  const bool unicode = text.size() <= bytes_max && fhir::ValidUtf8(text);
  for (char& character : plain) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7F || (byte > 0x7F && !unicode)) {
      character = '?';
    }
  }
  return plain;
}

Header ReadHeader(std::string_view raw) {
  Header header;
  raw = SkipMark(raw);
  if (raw.size() < 5 || !raw.starts_with("MSH")) {
    return header;
  }
  const std::string_view line = raw.substr(0, raw.find_first_of("\r\n"));
  if (line.size() < 5) {
    return header;
  }
  header.delimiters = Delimiters{line[3], 0, 0, 0, 0, 0};
  const std::string_view encoding = Part(line, line[3], 2);
  char* const slots[] = {&header.delimiters.component, &header.delimiters.repetition, &header.delimiters.escape,
                         &header.delimiters.subcomponent, &header.delimiters.truncation};
  for (std::size_t i = 0; i < encoding.size() && i < std::size(slots); ++i) {
    *slots[i] = encoding[i];
  }
  header.encoding_characters = std::string(encoding);
  const Delimiters& by = header.delimiters;
  const auto field = [&](std::size_t number) { return std::string(Part(line, by.field, number)); };
  header.sending_application = field(3);
  header.sending_facility = field(4);
  header.receiving_application = field(5);
  header.receiving_facility = field(6);
  header.time = field(7);
  const std::string type = field(9);
  header.code = std::string(Part(type, by.component, 1));
  header.trigger = std::string(by.component == 0 ? "" : Part(type, by.component, 2));
  header.structure = std::string(by.component == 0 ? "" : Part(type, by.component, 3));
  header.control_id = field(10);
  header.processing_id = std::string(Part(field(11), by.component, 1));
  header.version = field(12);
  header.version_id = std::string(Part(header.version, by.component, 1));
  header.accept_ack = field(15);
  header.application_ack = field(16);
  header.country = field(17);
  header.charset_name = std::string(Part(field(18), by.repetition, 1));
  header.readable = true;
  return header;
}

std::expected<Message, Fault> Message::Parse(std::string_view raw, std::string_view charset_default,
                                             const ParseLimits& limits) {
  if (raw.size() > limits.message_bytes_max) {
    return Refuse(true, Condition::kInternal, "MSH", fmt::format("more than {} bytes", limits.message_bytes_max));
  }
  if (LooksLikeUtf16(raw)) {
    return Refuse(true, Condition::kTableValueNotFound, "MSH-18", "UTF-16 and UTF-32 are not accepted");
  }
  raw = SkipMark(raw);
  Message message;
  message.header_ = ReadHeader(raw);
  const Header& header = message.header_;
  if (!header.readable) {
    return Refuse(true, Condition::kSegmentSequence, "MSH", "the message does not begin with an MSH segment");
  }
  if (header.encoding_characters.empty() || header.encoding_characters.size() > 5) {
    return Refuse(true, Condition::kDataType, "MSH-2", "1 to 5 encoding characters are expected");
  }
  const std::string all = std::string(1, header.delimiters.field) + header.encoding_characters;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool usable = std::ispunct(static_cast<unsigned char>(all[i])) != 0;
    if (!usable || all.find(all[i], i + 1) != std::string::npos) {
      return Refuse(true, Condition::kDataType, "MSH-2", "delimiters must be different punctuation characters");
    }
  }
  if (NamesUtf16Or32(header.charset_name)) {
    return Refuse(true, Condition::kTableValueNotFound, "MSH-18", "UTF-16 and UTF-32 are not accepted");
  }
  const auto charset = fhir::FindCharset(header.charset_name.empty() ? charset_default : header.charset_name);
  if (!charset) {
    return Refuse(true, Condition::kTableValueNotFound, "MSH-18", "the character set is not supported");
  }
  message.charset_ = *charset;
  auto text = fhir::ToUtf8(raw, *charset);
  if (!text) {
    return Refuse(false, Condition::kDataType, "MSH-18",
                  "bytes that are invalid in the declared character set: " + text.error().public_text.text);
  }
  message.text_ = std::make_unique<std::string>(*std::move(text));

  std::expected<void, Fault> outcome;
  const char field_delimiter = header.delimiters.field;
  ForEachLine(*message.text_, [&](std::string_view line) {
    const auto number = message.segments_.size() + 1;
    if (number > limits.segments_max) {
      outcome = Refuse(true, Condition::kInternal, "MSH", fmt::format("more than {} segments", limits.segments_max));
      return false;
    }
    Segment segment;
    segment.name = line.substr(0, 3);
    if (!IsSegmentName(segment.name) || (line.size() > 3 && line[3] != field_delimiter)) {
      outcome = Refuse(false, Condition::kSegmentSequence, "MSH", fmt::format("line {} is not a segment", number));
      return false;
    }
    if (segment.name == "MSH" && number > 1) {
      outcome =
          Refuse(false, Condition::kSegmentSequence, "MSH", fmt::format("line {} begins a second message", number));
      return false;
    }
    segment.group = mapping::PackGroup(segment.name);
    segment.first_field = static_cast<std::uint32_t>(message.fields_.size());
    std::string_view rest = line.substr(std::min<std::size_t>(line.size(), 4));
    if (number == 1) {
      message.fields_.push_back(line.substr(3, 1));
    }
    while (line.size() > 3) {
      const auto at = rest.find(field_delimiter);
      message.fields_.push_back(rest.substr(0, at));
      if (message.fields_.size() > limits.fields_max) {
        outcome = Refuse(true, Condition::kInternal, "MSH", fmt::format("more than {} fields", limits.fields_max));
        return false;
      }
      if (message.fields_.size() - segment.first_field > kSegmentFieldsMax) {
        outcome = Refuse(true, Condition::kInternal, std::string(segment.name),
                         fmt::format("more than {} fields in one segment", kSegmentFieldsMax));
        return false;
      }
      const bool repeats = number > 1 && header.delimiters.repetition != 0;
      if (repeats && static_cast<std::size_t>(std::count(message.fields_.back().begin(), message.fields_.back().end(),
                                                         header.delimiters.repetition)) >= limits.repetitions_max) {
        outcome = Refuse(true, Condition::kInternal, std::string(segment.name),
                         fmt::format("more than {} repetitions of one field", limits.repetitions_max));
        return false;
      }
      if (at == std::string_view::npos) {
        break;
      }
      rest.remove_prefix(at + 1);
    }
    segment.fields = static_cast<std::uint32_t>(message.fields_.size()) - segment.first_field;
    auto& positions = message.by_group_[segment.group];
    segment.occurrence = static_cast<std::uint16_t>(positions.size());
    positions.push_back(static_cast<std::uint32_t>(message.segments_.size()));
    message.segments_.push_back(segment);
    return true;
  });
  if (!outcome) {
    return std::unexpected(std::move(outcome).error());
  }
  return message;
}

const Message::Segment* Message::Find(std::uint32_t group, std::uint16_t occurrence) const {
  const auto found = by_group_.find(group);
  return found == by_group_.end() || occurrence >= found->second.size() ? nullptr
                                                                        : &segments_[found->second[occurrence]];
}

std::string_view Message::Field(const Segment& segment, std::uint16_t field) const {
  return field == 0 || field > segment.fields ? std::string_view{} : fields_[segment.first_field + field - 1u];
}

std::string_view Message::Get(std::string_view address_text) const {
  const auto address = mapping::ParseAddress(address_text);
  if (!address || address->field == 0) {
    return {};
  }
  const mapping::Cell cell{address->group, static_cast<std::uint16_t>(std::max<int>(address->occurrence, 1) - 1),
                           address->field, static_cast<std::uint16_t>(std::max<int>(address->repetition, 1) - 1)};
  return Text(cell, address->component, address->subcomponent);
}

std::size_t Message::Groups(std::uint32_t group) const {
  const auto found = by_group_.find(group);
  return found == by_group_.end() ? 0 : found->second.size();
}

std::size_t Message::Position(std::uint32_t group, std::uint16_t occurrence) const {
  const Segment* segment = Find(group, occurrence);
  return segment == nullptr ? segments_.size() : static_cast<std::size_t>(segment - segments_.data());
}

std::size_t Message::Repetitions(std::uint32_t group, std::uint16_t occurrence, std::uint16_t field) const {
  const Segment* segment = Find(group, occurrence);
  const std::string_view text = segment == nullptr ? std::string_view{} : Field(*segment, field);
  if (text.empty()) {
    return 0;
  }
  const bool splits = header_.delimiters.repetition != 0 && segment != segments_.data();
  return splits ? 1u + static_cast<std::size_t>(std::count(text.begin(), text.end(), header_.delimiters.repetition))
                : 1u;
}

std::string_view Message::Raw(const mapping::Cell& cell) const {
  const Segment* segment = Find(cell.group, cell.occurrence);
  if (segment == nullptr) {
    return {};
  }
  const std::string_view field = Field(*segment, cell.field);
  if (segment == segments_.data() && cell.field <= 2) {
    return cell.repetition == 0 ? field : std::string_view{};
  }
  return Part(field, header_.delimiters.repetition, cell.repetition + 1u);
}

std::string_view Message::Text(const mapping::Cell& cell, int component, int subcomponent) const {
  const std::string_view repetition = Raw(cell);
  const bool delimiters = cell.group == mapping::PackGroup("MSH") && cell.field <= 2;
  if (repetition.empty() || repetition == "\"\"" || delimiters) {
    return delimiters ? repetition : std::string_view{};
  }
  std::string_view part =
      Part(repetition, header_.delimiters.component, static_cast<std::size_t>(std::max(component, 1)));
  part = Part(part, header_.delimiters.subcomponent, static_cast<std::size_t>(std::max(subcomponent, 1)));
  if (part == "\"\"") {
    return {};
  }
  if (header_.delimiters.escape == 0 || part.find(header_.delimiters.escape) == std::string_view::npos) {
    return part;
  }
  return decoded_.emplace_back(Unescape(part, header_.delimiters, charset_));
}

bool Message::IsNull(const mapping::Cell& cell) const {
  return Raw(cell) == "\"\"";
}

void Message::ForEachCell(const std::function<void(const mapping::Cell&)>& visit) const {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    for (std::uint32_t number = i == 0 ? 3 : 1; number <= segment.fields; ++number) {
      const auto field = static_cast<std::uint16_t>(number);
      mapping::Cell cell{segment.group, segment.occurrence, field, 0};
      const auto repetitions = Repetitions(segment.group, segment.occurrence, field);
      for (std::size_t repetition = 0; repetition < repetitions; ++repetition) {
        cell.repetition = static_cast<std::uint16_t>(repetition);
        const auto raw = Raw(cell);
        const bool says = std::any_of(raw.begin(), raw.end(), [&](char c) {
          return c != header_.delimiters.component && c != header_.delimiters.subcomponent && c != ' ';
        });
        if (says) {
          visit(cell);
        }
      }
    }
  }
}

}  // namespace adapters::hospital::hl7v2::er7
