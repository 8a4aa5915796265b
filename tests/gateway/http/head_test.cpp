#include "gateway/http/wire/head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gateway::http::wire {
namespace {

using std::string_literals::operator""s;

/// 0 when accepted, else the status of the refusal; -1 when bytes are missing.
int ReadAs(std::string_view bytes, HeadLimits limits = {}) {
  HeadScanner scanner(limits);
  const auto scanned = scanner.Scan(bytes);
  if (!scanned) {
    return scanned.error().status;
  }
  if (*scanned == 0) {
    return -1;
  }
  Head head;
  const auto refusal = ParseHead(bytes.substr(0, *scanned), head);
  return refusal ? refusal->status : 0;
}

struct HeadCase {
  const char* name;
  std::string bytes;
  int status;
};

TEST(RequestHead, SmugglingTable_EachCase_IsAnsweredAsListed) {
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const HeadCase cases[] = {
      {"plain", get + "\r\n", 0},
      {"absolute form, same host", "GET http://a/x HTTP/1.1\r\nHost: A\r\n\r\n", 0},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
      {"obs-text in a value", get + "X: \xC3\xA9\r\n\r\n", 0},
      {"bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"bare LF in one line", get + "X: b\n\r\n", 400},
      {"bare LF as the end", get + "\n", 400},
      {"folded line", get + "X: b\r\n c\r\n\r\n", 400},
      {"folded with a tab", get + "X: b\r\n\tc\r\n\r\n", 400},
      {"length and chunked", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"chunked and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
      {"two lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
      {"the same length twice", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
      {"a list of lengths", post + "Content-Length: 3, 3\r\n\r\n", 400},
      {"plus", post + "Content-Length: +3\r\n\r\n", 400},
      {"minus", post + "Content-Length: -3\r\n\r\n", 400},
      {"hexadecimal", post + "Content-Length: 0x3\r\n\r\n", 400},
      {"blank inside", post + "Content-Length: 3 4\r\n\r\n", 400},
      {"empty length", post + "Content-Length:\r\n\r\n", 400},
      {"length past 64 bits", post + "Content-Length: 18446744073709551619\r\n\r\n", 413},
      {"xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"chunked, gzip", post + "Transfer-Encoding: chunked, gzip\r\n\r\n", 501},
      {"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"chunked twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"vertical tab before chunked", post + "Transfer-Encoding: \vchunked\r\n\r\n", 400},
      {"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"space before the colon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\n", 400},
      {"empty name", get + ": b\r\n\r\n", 400},
      {"no colon", get + "X\r\n\r\n", 400},
      {"NUL in a value", get + "X: a\0b\r\n\r\n"s, 400},
      {"NUL in a name", get + "X\0: b\r\n\r\n"s, 400},
      {"control in a value", get + "X: a\x01\r\n\r\n", 400},
      {"CR in a value", get + "X: a\rb\r\n\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", get + "Host: a\r\n\r\n", 400},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"absolute form, other host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"authority form", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"target with a space", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"target with 8 bits", "GET /\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"target with a fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"tab for space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"leading empty line", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"other expectation", post + "Expect: tea\r\n\r\n", 417},
  };
  for (const HeadCase& c : cases) {
    EXPECT_EQ(ReadAs(c.bytes), c.status) << c.name;
  }
}

TEST(RequestHead, ByteByByte_AnyPrefix_AsksForMore) {
  const std::string bytes = "PUT /fhir/Patient/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
  HeadScanner scanner({});
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    ASSERT_EQ(scanner.Scan(std::string_view(bytes).substr(0, size)), 0u) << size;
  }
  ASSERT_EQ(scanner.Scan(bytes), bytes.size());
  Head head;
  ASSERT_FALSE(ParseHead(bytes, head));
  EXPECT_EQ(head.method, Method::kPut);
  EXPECT_EQ(head.target, "/fhir/Patient/1");
  EXPECT_EQ(head.content_length, 3u);
  EXPECT_TRUE(head.keep_alive);
}

TEST(RequestHead, Connection_CloseInAList_EndsKeepAlive) {
  Head head;
  ASSERT_FALSE(ParseHead("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", head));
  EXPECT_FALSE(head.keep_alive);
  ASSERT_FALSE(ParseHead("GET / HTTP/1.0\r\n\r\n", head));
  EXPECT_FALSE(head.keep_alive);
}

TEST(RequestHead, Limits_AtAndPastEach_AcceptedThenRefused) {
  const HeadLimits limits{.request_line_bytes_max = 100, .header_bytes_max = 200, .header_count_max = 3};
  const auto line = [](std::size_t bytes) { return "GET /" + std::string(bytes - 14, 'a') + " HTTP/1.1\r\n"; };
  EXPECT_EQ(ReadAs(line(100) + "Host: a\r\n\r\n", limits), 0);
  EXPECT_EQ(ReadAs(line(101) + "Host: a\r\n\r\n", limits), 414);
  EXPECT_EQ(ReadAs(std::string(102, 'G'), limits), -1);
  EXPECT_EQ(ReadAs(std::string(103, 'G'), limits), 414);

  const auto fields = [](std::size_t bytes) { return "Host: a\r\nX: " + std::string(bytes - 9 - 5, 'x') + "\r\n"; };
  EXPECT_EQ(ReadAs(line(20) + fields(200) + "\r\n", limits), 0);
  EXPECT_EQ(ReadAs(line(20) + fields(201) + "\r\n", limits), 431);
  EXPECT_EQ(ReadAs(line(20) + std::string(203, 'x'), limits), 431);

  EXPECT_EQ(ReadAs(line(20) + "Host: a\r\nA: 1\r\nB: 2\r\n\r\n", limits), 0);
  EXPECT_EQ(ReadAs(line(20) + "Host: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits), 431);
}

}  // namespace
}  // namespace gateway::http::wire
