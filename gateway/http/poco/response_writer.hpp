// Turns a Response into bytes.
#pragma once

#include <string>
#include <string_view>

#include "gateway/http/message.hpp"

namespace gateway::http::poco {

struct ResponseFraming {
  bool head_only = false;  ///< answer to HEAD: the length of the body, not the body
  bool keep_alive = true;
};

/// Whether status and method allow a body to be sent.
bool SendsBody(int status, const ResponseFraming& framing);

/// Writes status line, Date, the response's fields, Content-Length and Connection to `out` (cleared first). The framing
/// fields are this function's own: a handler's are left out, as is any field with a character that a field cannot hold.
void WriteHead(const Response& response, const ResponseFraming& framing, std::string& out);

/// Whether Accept-Encoding takes gzip. Source: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
bool AcceptsGzip(std::string_view accept_encoding);

/// Compresses the body when it is of a kind that shrinks and at least `from_bytes` long; sets Vary either way.
void CompressResponse(Response& response, bool accepted, std::size_t from_bytes);

}  // namespace gateway::http::poco
