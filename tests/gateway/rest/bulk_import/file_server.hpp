// A server of files in memory, with ranges and entity tags, that an import can be given in place of the network.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "gateway/rest/bulk_import/line_source.hpp"

namespace tests::rest {

class FileServer {
 public:
  std::map<std::string, std::string, std::less<>> files;  // by URL
  bool ranges = true;
  int status = 0;    // answered to everything, unless 0
  int requests = 0;  // so far

  /// Borrows this object.
  gateway::rest::bulk_import::Fetch fetch() {
    return [this](const gateway::http::ClientRequest& request) { return Answer(request); };
  }

 private:
  fhir::Result<gateway::http::ClientResponse> Answer(const gateway::http::ClientRequest& request) {
    ++requests;
    gateway::http::ClientResponse response;
    const auto found = files.find(request.url);
    response.status = status != 0 ? status : found == files.end() ? 404 : 200;
    if (response.status != 200) {
      return response;
    }
    const std::string& text = found->second;
    response.headers.Add("ETag", fmt::format("\"{}\"", std::hash<std::string>()(text)));
    const std::string range(request.headers.Get("Range").value_or(""));
    if (!ranges || !range.starts_with("bytes=")) {
      response.body = text;
      return response;
    }
    std::size_t from = 0;
    std::size_t to = 0;
    const char* const begin = range.data() + std::string_view("bytes=").size();
    const char* const end = range.data() + range.size();
    const auto first = std::from_chars(begin, end, from);
    std::from_chars(first.ptr + 1, end, to);
    if (from >= text.size()) {
      response.status = 416;
      return response;
    }
    response.status = 206;
    response.body = text.substr(from, to - from + 1);
    response.headers.Add("Content-Range",
                         fmt::format("bytes {}-{}/{}", from, from + response.body.size() - 1, text.size()));
    return response;
  }
};

}  // namespace tests::rest
