#include "fhir/search/types/full_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "fhir/base/html_entities.hpp"
#include "fhir/base/text.hpp"

namespace fhir::search {
namespace {

constexpr std::size_t kEntityBytesMax = 10;

void AppendUtf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (c >> 6)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (c >> 12)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (c >> 18)));
    out.push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

/// The character of "eacute", "#233" or "#xE9"; 0 when there is none.
char32_t EntityCharacter(std::string_view name) {
  if (!name.starts_with('#')) return HtmlEntity(name);
  name.remove_prefix(1);
  const bool hexadecimal = name.starts_with('x') || name.starts_with('X');
  if (hexadecimal) name.remove_prefix(1);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, hexadecimal ? 16 : 10);
  const bool valid = error == std::errc() && end == name.data() + name.size() && number < 0x110000 &&
                     (number < 0xD800 || number > 0xDFFF);
  return valid ? static_cast<char32_t>(number) : 0;
}

void AddText(std::uint16_t parameter, std::string text, IndexValues& out) {
  if (text.size() > kFullTextBytesMax) {
    const std::size_t blank = text.rfind(' ', kFullTextBytesMax);
    text.resize(blank == std::string::npos ? 0 : blank);
  }
  std::string folded = Fold(text);
  if (!folded.empty()) out.texts.push_back({parameter, std::move(folded)});
}

class ContentReader {
 public:
  explicit ContentReader(const metadata::Definitions& definitions)
      : identifier_(definitions.FindType("Identifier")),
        markdown_(definitions.FindType("markdown")),
        string_(definitions.FindType("string")),
        xhtml_(definitions.FindType("xhtml")) {}

  // NB: recursion is as deep as the resource, which the readers bound.
  void Read(const model::Node& node) {
    if (text_.size() > kFullTextBytesMax) return;
    for (const model::Node& child : node.children()) {
      if (child.type == identifier_ || child.name == "id") continue;
      if (child.type == string_ || child.type == markdown_) {
        text_ += child.value;
        text_.push_back(' ');
      } else if (child.type == xhtml_) {
        text_ += TextOfXhtml(child.value);
        text_.push_back(' ');
      }
      Read(child);
    }
  }
  std::string Take() { return std::move(text_); }

 private:
  const metadata::TypeId identifier_, markdown_, string_, xhtml_;
  std::string text_;
};

}  // namespace

bool NamesType(const std::vector<std::string>& types, std::string_view type_name) {
  return std::ranges::any_of(types, [&](const std::string& name) { return name == "*" || name == type_name; });
}

std::string TextOfXhtml(std::string_view xhtml) {
  std::string text;
  text.reserve(xhtml.size() / 2);
  for (std::size_t at = 0; at < xhtml.size(); ++at) {
    if (xhtml[at] == '<') {
      const std::size_t end = xhtml.find('>', at);
      if (end == std::string_view::npos) break;
      // A tag parts words: "<td>a</td><td>b</td>" are two.
      if (!text.empty() && text.back() != ' ') text.push_back(' ');
      at = end;
    } else if (xhtml[at] == '&') {
      const std::size_t end = xhtml.find(';', at);
      const char32_t c = end != std::string_view::npos && end - at <= kEntityBytesMax
                             ? EntityCharacter(xhtml.substr(at + 1, end - at - 1))
                             : 0;
      if (c == 0) {
        text.push_back(' ');
      } else {
        AppendUtf8(text, c);
        at = end;
      }
    } else {
      text.push_back(xhtml[at]);
    }
  }
  return text;
}

void IndexNarrative(std::uint16_t parameter, const model::Node& resource, IndexValues& out) {
  const std::string_view div = resource.FindValue("text.div");
  if (!div.empty()) AddText(parameter, TextOfXhtml(div), out);
}

void IndexContent(const metadata::Definitions& definitions, std::uint16_t parameter, const model::Node& resource,
                  IndexValues& out) {
  ContentReader reader(definitions);
  reader.Read(resource);
  AddText(parameter, reader.Take(), out);
}

}  // namespace fhir::search
