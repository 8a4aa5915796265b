#include "gateway/http/wire/chunked.hpp"

#include <gtest/gtest.h>

namespace gateway::http::wire {
namespace {

/// The decoded body, "(more)" behind it when unfinished, or the status of the refusal; `step` bytes arrive at a time.
std::string DecodeBy(std::string_view bytes, std::size_t step, std::size_t body_bytes_max = 1'000) {
  ChunkedDecoder decoder(body_bytes_max);
  std::string body;
  std::string pending;
  for (std::size_t at = 0; at < bytes.size() && !decoder.done(); at += step) {
    pending.append(bytes.substr(at, step));
    const auto used = decoder.Decode(pending, body);
    if (!used) {
      return std::to_string(used.error().status);
    }
    pending.erase(0, *used);
  }
  return decoder.done() ? body : body + "(more)";
}

TEST(ChunkedBody, Table_WholeAndByteByByte_DecodesAsListed) {
  const std::pair<std::string, std::string> cases[] = {
      {"3\r\nabc\r\n0\r\n\r\n", "abc"},
      {"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"},
      {"003\r\nabc\r\n000\r\n\r\n", "abc"},
      {"3;a=b\r\nabc\r\n0;c\r\n\r\n", "abc"},
      {"3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", "abc"},
      {"0\r\n\r\n", ""},
      {"3\r\nab", "ab(more)"},
      {"3\r\nabc\r\n0\r\n", "abc(more)"},
      {"3\nabc\r\n0\r\n\r\n", "400"},
      {"3;a\nb\r\nabc\r\n0\r\n\r\n", "400"},
      {"3 \r\nabc\r\n0\r\n\r\n", "400"},
      {"3 ;a\r\nabc\r\n0\r\n\r\n", "400"},
      {"0x3\r\nabc\r\n0\r\n\r\n", "400"},
      {"+3\r\nabc\r\n0\r\n\r\n", "400"},
      {"\r\nabc\r\n0\r\n\r\n", "400"},
      {"3\r\nabcX\r\n0\r\n\r\n", "400"},
      {"3\r\nabc0\r\n\r\n", "400"},
      {"3\r\nabc\n0\r\n\r\n", "400"},
      {"10000000000000003\r\nabc\r\n", "400"},
      {"3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n", "400"},
      {"3\r\nabc\r\n0\r\nTransfer-Encoding: x\r\n\r\n", "400"},
      {"3\r\nabc\r\n0\r\n folded\r\n\r\n", "400"},
      {"3\r\nabc\r\n0\r\nX : 1\r\n\r\n", "400"},
  };
  for (const auto& [bytes, expected] : cases) {
    EXPECT_EQ(DecodeBy(bytes, bytes.size()), expected) << bytes;
    EXPECT_EQ(DecodeBy(bytes, 1), expected) << bytes;
  }
}

TEST(ChunkedBody, BodyLimit_AtAndPast_AcceptedThenRefused) {
  EXPECT_EQ(DecodeBy("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 100, 5), "abcde");
  EXPECT_EQ(DecodeBy("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 100, 4), "413");
  EXPECT_EQ(DecodeBy("fffffffffffffff\r\n", 100, 5), "413");
}

TEST(ChunkedBody, LongLines_PastTheirLimit_AreRefused) {
  const std::string extension = "1;" + std::string(1'020, 'x');
  EXPECT_EQ(DecodeBy(extension + "\r\na\r\n0\r\n\r\n", 100'000), "a");
  EXPECT_EQ(DecodeBy(extension + "xxx\r\na\r\n0\r\n\r\n", 100'000), "400");
  std::string many;
  for (int i = 0; i < 17; ++i) {
    many += extension + "\r\na\r\n";
  }
  EXPECT_EQ(DecodeBy(many, 100'000), "400");
}

}  // namespace
}  // namespace gateway::http::wire
