#include "tests/fuzz/hl7v2_fuzz.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "adapters/hospital/hl7v2/ack/ack.hpp"
#include "adapters/hospital/hl7v2/er7/message.hpp"
#include "adapters/hospital/hl7v2/mllp/framing.hpp"

namespace fuzz {
namespace {

namespace hl7 = adapters::hospital::hl7v2;

std::vector<std::string> Frames(std::string_view stream, std::size_t slice) {
  hl7::mllp::FrameReader reader(512);
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < stream.size(); at += slice) {
    std::string_view bytes = stream.substr(at, slice);
    while (!bytes.empty()) {
      if (reader.Feed(bytes) != hl7::mllp::FrameReader::Event::kNeedMore) {
        frames.push_back(reader.TakeFrame().substr(0, 512));
      }
    }
  }
  return frames;
}

void RequireHl7(bool holds, const char* what) {
  if (!holds) {
    std::fputs(what, stderr);
    std::abort();
  }
}

}  // namespace

void TryHl7v2(std::string_view bytes) {
  RequireHl7(Frames(bytes, 1) == Frames(bytes, bytes.size() + 1), "slicing changes the frames\n");
  const auto answer = hl7::ack::Build(hl7::er7::ReadHeader(bytes), {});
  RequireHl7(!answer.empty(), "no answer\n");
  const auto message = hl7::er7::Message::Parse(bytes, "8859/1", {.message_bytes_max = 1024 * 1024});
  if (!message) {
    RequireHl7(!message.error().text.empty(), "a refusal without a text\n");
    return;
  }
  message->ForEachCell([&](const adapters::mapping::Cell& cell) {
    for (int component = 0; component < 3; ++component) {
      const std::string text(message->Text(cell, component, 1));
      const auto& by = message->header().delimiters;
      // NUL is no character of a FHIR string: its escape stays as it is written.
      if (by.escape != 0 && by.subcomponent != 0 && text.find('\0') == std::string::npos) {
        RequireHl7(hl7::er7::Unescape(hl7::er7::Escape(text, by), by, fhir::Charset::kUtf8) == text,
                   "an escaped value does not come back\n");
      }
    }
  });
}

}  // namespace fuzz
