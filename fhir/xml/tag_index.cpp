#include "fhir/xml/tag_index.hpp"

#include <algorithm>
#include <cstring>

#include "fhir/xml/errors.hpp"

namespace fhir::xml {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kSpaces = " \t\r\n";

bool EqualsIgnoringCase(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; });
}

/// Version and encoding as the XML declaration gives them; what is wrong with its form is for the parser to say.
std::optional<Error> CheckDeclaration(std::string_view text) {
  const std::size_t begin = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  const std::string_view start = text.substr(begin);
  if (!start.starts_with("<?xml") || start.size() < 6 || kSpaces.find(start[5]) == std::string_view::npos) {
    return std::nullopt;
  }
  std::vector<RawAttribute> parts;
  SplitAttributes(start.substr(0, start.find("?>")), parts);
  for (const RawAttribute& part : parts) {
    const auto offset = static_cast<std::size_t>(part.value.data() - text.data());
    if (part.name == "version" && part.value != "1.0") {
      return MalformedAt("version 1.0 is expected", text, offset);
    }
    if (part.name == "encoding" && !EqualsIgnoringCase(part.value, "utf-8")) {
      return MalformedAt("the encoding UTF-8 is expected", text, offset);
    }
  }
  return std::nullopt;
}

/// Behind the next `mark`, or the end of the text.
std::size_t Behind(std::string_view text, std::string_view mark, std::size_t from) {
  const std::size_t found = text.find(mark, from);
  return found == std::string_view::npos ? text.size() : found + mark.size();
}

struct TagEnd {
  std::size_t at;  ///< of the '>', or the end of the text
  std::size_t quoted;
};

TagEnd FindTagEnd(std::string_view text, std::size_t at) {
  std::size_t quoted = 0;
  for (; at < text.size() && text[at] != '>'; ++at) {
    if (text[at] == '"' || text[at] == '\'') {
      ++quoted;
      const void* close = std::memchr(text.data() + at + 1, text[at], text.size() - at - 1);
      if (close == nullptr) {
        return {text.size(), quoted};
      }
      at = static_cast<std::size_t>(static_cast<const char*>(close) - text.data());
    }
  }
  return {at, quoted};
}

class Indexer {
 public:
  Indexer(std::string_view text, const TagLimits& limits) : text_(text), limits_(limits) {
    spans_.reserve(text.size() / 40);
    open_.reserve(limits.depth_max);
  }

  Result<std::vector<TagSpan>> Run() {
    std::size_t at = 0;
    while ((at = text_.find('<', at)) != std::string_view::npos && at + 1 < text_.size()) {
      switch (text_[at + 1]) {
        case '?':
          at = Behind(text_, "?>", at);
          break;
        case '/':
          at = Behind(text_, ">", at);
          Close(at);
          break;
        case '!': {
          const std::string_view rest = text_.substr(at);
          if (rest.starts_with("<!--")) {
            at = Behind(text_, "-->", at + 4);
          } else if (rest.starts_with("<![CDATA[")) {
            at = Behind(text_, "]]>", at);
          } else if (rest.starts_with("<!DOCTYPE")) {
            return std::unexpected(MalformedAt("a document type declaration (DOCTYPE) is not allowed", text_, at));
          } else {
            return std::move(spans_);
          }
          break;
        }
        default:
          if (auto error = Open(at)) {
            return std::unexpected(*std::move(error));
          }
      }
    }
    return std::move(spans_);
  }

 private:
  void Close(std::size_t end) {
    if (!open_.empty()) {
      spans_[open_.back()].end = static_cast<std::uint32_t>(end);
      open_.pop_back();
    }
  }

  /// Moves `at` behind the start tag.
  std::optional<Error> Open(std::size_t& at) {
    const TagEnd end = FindTagEnd(text_, at + 1);
    if (end.quoted > limits_.attributes_max) {
      return TooLargeAt("too many attributes in a tag", text_, at);
    }
    if (open_.size() >= limits_.depth_max) {
      return TooLargeAt("XML nested too deeply", text_, at);
    }
    const bool empty = end.at < text_.size() && text_[end.at - 1] == '/';
    const auto begin = static_cast<std::uint32_t>(at);
    at = std::min(end.at + 1, text_.size());
    const auto behind = static_cast<std::uint32_t>(at);
    if (!empty) {
      open_.push_back(static_cast<std::uint32_t>(spans_.size()));
    }
    spans_.push_back({begin, behind, empty ? behind : 0});
    return std::nullopt;
  }

  std::string_view text_;
  const TagLimits& limits_;
  std::vector<TagSpan> spans_;
  std::vector<std::uint32_t> open_;
};

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool EndsName(char c) {
  return c == '=' || c == '>' || c == '/' || IsSpace(c);
}

}  // namespace

Result<std::vector<TagSpan>> IndexTags(std::string_view text, const TagLimits& limits) {
  if (auto error = CheckDeclaration(text)) {
    return std::unexpected(*std::move(error));
  }
  return Indexer(text, limits).Run();
}

std::optional<Error> CheckTail(std::string_view text, const std::vector<TagSpan>& spans) {
  std::size_t at = spans.empty() ? 0 : spans.front().end;
  while ((at = text.find_first_not_of(kSpaces, at)) != std::string_view::npos) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("<!--")) {
      at = Behind(text, "-->", at + 4);
    } else if (rest.starts_with("<?")) {
      at = Behind(text, "?>", at);
    } else {
      return MalformedAt("nothing is expected behind the root element", text, at);
    }
  }
  return std::nullopt;
}

void SplitAttributes(std::string_view tag, std::vector<RawAttribute>& attributes) {
  attributes.clear();
  std::size_t at = 1;
  while (at < tag.size() && !EndsName(tag[at])) {
    ++at;
  }
  for (;;) {
    while (at < tag.size() && IsSpace(tag[at])) {
      ++at;
    }
    const std::size_t name = at;
    while (at < tag.size() && !EndsName(tag[at])) {
      ++at;
    }
    const std::size_t name_end = at;
    while (at < tag.size() && tag[at] != '"' && tag[at] != '\'') {
      ++at;
    }
    if (at >= tag.size() || name == name_end) {
      return;
    }
    const std::size_t close = tag.find(tag[at], at + 1);
    if (close == std::string_view::npos) {
      return;
    }
    attributes.push_back({tag.substr(name, name_end - name), tag.substr(at + 1, close - at - 1)});
    at = close + 1;
  }
}

std::string_view LocalName(std::string_view tag) {
  std::size_t begin = 1;
  std::size_t at = 1;
  for (; at < tag.size() && !EndsName(tag[at]); ++at) {
    begin = tag[at] == ':' ? at + 1 : begin;
  }
  return tag.substr(begin, at - begin);
}

}  // namespace fhir::xml
