// A file of its own, built by g++ alone: rapidjson/document.h does not compile with clang 19.
#include <rapidjson/document.h>

#include <cstdlib>

#include "tests/bench/floors/parse_floors.hpp"

namespace bench {

std::size_t ParseJsonDom(std::string_view text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  if (document.HasParseError() || !document.IsObject()) {
    std::abort();
  }
  return document.MemberCount();
}

}  // namespace bench
