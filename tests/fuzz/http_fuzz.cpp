#include "tests/fuzz/http_fuzz.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "gateway/http/target.hpp"
#include "gateway/http/wire/chunked.hpp"
#include "gateway/http/wire/head.hpp"

namespace fuzz {
namespace {

namespace wire = gateway::http::wire;

constexpr wire::HeadLimits kHeadLimits{.request_line_bytes_max = 256, .header_bytes_max = 512, .header_count_max = 8};
constexpr std::size_t kHttpBodyMax = 1000;

void RequireHttp(bool holds, const char* what) {
  if (!holds) {
    std::fputs(what, stderr);
    std::abort();
  }
}

void CheckRefusal(const wire::Refusal& refusal) {
  RequireHttp(refusal.status >= 400 && refusal.status <= 599 && !refusal.text.empty(), "a refusal without a reason\n");
}

/// What a scanner says at last when the bytes arrive `slice` at a time: the head's size, 0, or -1 for a refusal. Which
/// fault of several is met first, and so the status, may depend on the slicing.
long HeadSize(std::string_view bytes, std::size_t slice) {
  wire::HeadScanner scanner(kHeadLimits);
  for (std::size_t end = slice; end < bytes.size() + slice; end += slice) {
    const auto size = scanner.Scan(bytes.substr(0, end));
    if (!size) {
      CheckRefusal(size.error());
      return -1;
    }
    if (*size != 0) return static_cast<long>(*size);
  }
  return 0;
}

bool Inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void CheckHead(std::string_view bytes) {
  wire::Head head;
  if (const auto refusal = wire::ParseHead(bytes, head)) {
    CheckRefusal(*refusal);
    return;
  }
  RequireHttp(Inside(head.target, bytes), "the target lies elsewhere\n");
  RequireHttp(!(head.chunked && head.content_length), "two lengths of one body\n");
  for (const auto& [name, value] : head.fields) {
    RequireHttp(!name.empty() && Inside(name, bytes) && Inside(value, bytes), "a field lies elsewhere\n");
    RequireHttp(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
                "a field has a line end\n");
  }
  const auto target = gateway::http::ParseTarget(head.target);
  if (!target) return;
  RequireHttp(target->path.starts_with('/') && (target->path + "/").find("/../") == std::string::npos,
              "a path leaves the root\n");
  for (const auto& [name, value] : target->query) {
    const auto again = gateway::http::PercentDecode(gateway::http::PercentEncode(value), true);
    RequireHttp(again && *again == value, "a value does not come back\n");
  }
}

struct Decoded {
  bool refused = false;
  bool done = false;
  std::string body;
  std::size_t used = 0;
  bool operator==(const Decoded&) const = default;
};

Decoded Decode(std::string_view bytes, std::size_t slice) {
  wire::ChunkedDecoder decoder(kHttpBodyMax);
  Decoded out;
  for (std::size_t end = slice; end < bytes.size() + slice && !decoder.done(); end += slice) {
    const std::string_view arrived = bytes.substr(0, end);
    const auto used = decoder.Decode(arrived.substr(out.used), out.body);
    if (!used) {
      CheckRefusal(used.error());
      return {.refused = true, .done = false, .body = "", .used = 0};
    }
    RequireHttp(*used <= arrived.size() - out.used, "more used than given\n");
    out.used += *used;
    RequireHttp(out.body.size() <= kHttpBodyMax, "a body past its limit\n");
  }
  out.done = decoder.done();
  return out;
}

}  // namespace

void TryHttp(std::string_view bytes) {
  const long size = HeadSize(bytes, bytes.size() + 1);
  RequireHttp(size == HeadSize(bytes, 1), "slicing changes the head\n");
  if (size > 0) {
    CheckHead(bytes.substr(0, static_cast<std::size_t>(size)));
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  RequireHttp(Decode(bytes, bytes.size() + 1) == Decode(bytes, 1), "slicing changes the body\n");
}

}  // namespace fuzz
