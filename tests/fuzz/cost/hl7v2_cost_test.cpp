// What the worst messages of one megabyte cost the reader of HL7 v2.
#include <gtest/gtest.h>

#include "adapters/hospital/hl7v2/ack/ack.hpp"
#include "adapters/hospital/hl7v2/er7/message.hpp"
#include "adapters/hospital/hl7v2/mllp/framing.hpp"
#include "tests/fuzz/cost/shapes.hpp"

namespace {

namespace hl7 = adapters::hospital::hl7v2;
using fuzz::Repeated;

std::vector<fuzz::Shape> Messages() {
  const std::string msh = "MSH|^~\\&|A|B|C|D|20250131||ADT^A01|1|P|2.5\r";
  return {{"many segments", Repeated(msh, "ZZZ\r", "")},
          {"many fields", Repeated(msh + "PID", "|", "\r")},
          {"many small fields", Repeated(msh + "PID", "|a", "\r")},
          {"many repetitions", Repeated(msh + "PID|||", "~", "\r")},
          {"many components", Repeated(msh + "PID|||", "^", "\r")},
          {"many subcomponents", Repeated(msh + "PID|||", "&", "\r")},
          {"one value", Repeated(msh + "PID|||", "a", "\r")},
          {"one value of escapes", Repeated(msh + "PID|||", "\\T\\", "\r")},
          {"one value of open escapes", Repeated(msh + "PID|||", "\\", "\r")},
          {"one value of hexadecimal", Repeated(msh + "PID|||\\X", "41", "\\\r")},
          {"values of escapes", Repeated(msh + "PID", "|\\T\\", "\r")},
          {"one header", Repeated("MSH|^~\\&", "|", "\r")},
          {"characters of two bytes",
           Repeated("MSH|^~\\&|A|B|C|D|20250131||ADT^A01|1|P|2.5||||||UNICODE UTF-8\rPID|||", "\xC3\xA9", "\r")},
          {"line ends", Repeated(msh, "\r", "")}};
}

void ReadEveryCell(std::string_view text) {
  (void)hl7::ack::Build(hl7::er7::ReadHeader(text), {});
  const auto message = hl7::er7::Message::Parse(text, "8859/1");
  if (!message) {
    return;
  }
  message->ForEachCell([&](const adapters::mapping::Cell& cell) {
    for (int component = 0; component < 3; ++component) {
      (void)message->Text(cell, component, 1);
    }
  });
}

TEST(Hl7v2Cost, WorstMessages_StayWithinBounds) {
  fuzz::ExpectWithinCost(Messages(), ReadEveryCell, {.heap = fuzz::HeapBound::kInProportion});
}

TEST(Hl7v2Cost, WorstStreams_StayWithinBounds) {
  const std::vector<fuzz::Shape> streams = {{"starts", Repeated("", "\x0b", "")},
                                            {"empty frames", Repeated("", "\x0b\x1c\r", "")},
                                            {"one frame", Repeated("\x0b", "a", "\x1c\r")},
                                            {"no frame", Repeated("", "a", "")}};
  fuzz::ExpectWithinCost(streams, [](std::string_view bytes) {
    hl7::mllp::FrameReader reader(64u * 1024 * 1024);
    while (!bytes.empty()) {
      if (reader.Feed(bytes) != hl7::mllp::FrameReader::Event::kNeedMore) {
        (void)reader.TakeFrame();
      }
    }
  });
}

}  // namespace
