#include "adapters/hospital/hl7v2/mllp/framing.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using adapters::hospital::hl7v2::mllp::Frame;
using adapters::hospital::hl7v2::mllp::FrameReader;

std::vector<std::string> FramesOf(FrameReader& reader, std::string_view stream, std::size_t slice) {
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < stream.size(); at += slice) {
    std::string_view bytes = stream.substr(at, slice);
    while (!bytes.empty()) {
      const auto event = reader.Feed(bytes);
      if (event != FrameReader::Event::kNeedMore) {
        frames.push_back((event == FrameReader::Event::kTooLarge ? "!" : "") + reader.TakeFrame());
      }
    }
  }
  return frames;
}

TEST(Framing, AnySlicing_GivesTheSameFrames) {
  const std::string stream = "\r\n" + Frame("one") + std::string(2, '\0') + Frame("t\x1Cwo") + "x" + Frame("");
  for (std::size_t slice = 1; slice <= stream.size(); ++slice) {
    FrameReader reader(100);
    EXPECT_EQ(FramesOf(reader, stream, slice), (std::vector<std::string>{"one", "t\x1Cwo", ""})) << slice;
    EXPECT_EQ(reader.skipped_bytes(), 5u);
    EXPECT_FALSE(reader.inside_frame());
  }
}

TEST(Framing, Limit_HoldsAtLimitAndReportsPastIt) {
  FrameReader reader(5);
  EXPECT_EQ(FramesOf(reader, Frame("12345") + Frame("123456") + Frame("ok"), 2),
            (std::vector<std::string>{"12345", "!123456", "ok"}));
}

TEST(Framing, JunkSinceTheLastFrame_IsCountedWithoutLineEnds) {
  FrameReader reader(100);
  FramesOf(reader, Frame("one") + "\r\n", 3);
  EXPECT_EQ(reader.junk_bytes(), 0u);
  FramesOf(reader, "GET / HTTP/1.1\r\n\r\n", 3);
  EXPECT_EQ(reader.junk_bytes(), 14u);
  FramesOf(reader, Frame("two"), 3);
  EXPECT_EQ(reader.junk_bytes(), 0u);
}

TEST(Framing, FrameWithoutEnd_KeepsItsHeadAlone) {
  FrameReader reader(10'000);
  std::string_view start = "\x0B";
  reader.Feed(start);
  for (int i = 0; i < 1000; ++i) {
    const std::string chunk(1000, 'x');
    std::string_view bytes = chunk;
    EXPECT_EQ(reader.Feed(bytes), FrameReader::Event::kNeedMore);
  }
  EXPECT_TRUE(reader.too_large());
  EXPECT_EQ(reader.TakeFrame().size(), FrameReader::kHeadBytes);
}

TEST(Framing, NewStartInsideFrame_AbandonsTheOld) {
  FrameReader reader(100);
  EXPECT_EQ(FramesOf(reader, "\x0Bhalf" + Frame("whole"), 3), (std::vector<std::string>{"whole"}));
  EXPECT_EQ(reader.abandoned_frames(), 1u);
}

}  // namespace
