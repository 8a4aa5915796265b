#include "fhir/validation/narrative_links.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

#include <fmt/format.h>

#include "fhir/base/base64.hpp"
#include "fhir/validation/reference_form.hpp"

namespace fhir::validation {
namespace {

using model::Node;

/// What a paragraph cannot hold. Source: https://www.w3.org/TR/html401/struct/text.html#h-9.3.1
constexpr std::string_view kBlocks[] = {"div", "blockquote", "table", "ol", "ul", "p"};
/// Schemes that name things, and lead nowhere.
constexpr std::string_view kNames[] = {"urn", "cid"};

struct Attribute {
  std::string_view name;
  std::string_view value;
};

/// Reads the tags of a text whose syntax is right, one after the other.
class TagReader {
 public:
  explicit TagReader(std::string_view text) : text_(text) {}

  /// The next tag; false at the end.
  bool Next() {
    while (true) {
      at_ = text_.find('<', at_);
      if (at_ == std::string_view::npos) {
        return false;
      }
      if (!text_.substr(at_).starts_with("<!--")) {
        break;
      }
      at_ = std::min(text_.find("-->", at_), text_.size());
    }
    begin_ = ++at_;
    closes_ = at_ < text_.size() && text_[at_] == '/';
    at_ += closes_ ? 1 : 0;
    name_ = Word();
    return true;
  }

  /// The next attribute of the tag; false at its end.
  bool NextAttribute(Attribute& attribute) {
    at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
    if (at_ == text_.size() || text_[at_] == '>' || text_[at_] == '/') {
      empty_ = at_ < text_.size() && text_[at_] == '/';
      return false;
    }
    attribute.name = Word();
    const std::size_t quote = text_.find_first_of("\"'", at_);
    const std::size_t end =
        quote == std::string_view::npos ? std::string_view::npos : text_.find(text_[quote], quote + 1);
    if (end == std::string_view::npos) {
      at_ = text_.size();
      return false;
    }
    attribute.value = text_.substr(quote + 1, end - quote - 1);
    at_ = end + 1;
    return true;
  }

  std::string_view name() const { return name_; }
  bool closes() const { return closes_; }
  bool empty() const { return empty_; }  ///< "<p/>"; known once the attributes have been read
  std::size_t begin() const { return begin_; }

 private:
  static constexpr std::string_view kSpace = " \t\r\n";

  std::string_view Word() {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n=/>", at_), text_.size());
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end;
    return word;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::string_view name_;
  bool closes_ = false;
  bool empty_ = false;
};

bool IsXhtml(const Node& node) {
  static const metadata::TypeId kXhtml = metadata::Definitions::R4().FindType("xhtml");
  return node.type == kXhtml;
}

/// Whether a byte of markup may stand in a link: letters of any language, digits, and what URLs use.
bool IsLinkByte(char c) {
  constexpr std::string_view kMarks = ";?:@&=+$.,/%-_~#[]!'()*|";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (static_cast<unsigned char>(c) & 0x80u) != 0 || kMarks.find(c) != std::string_view::npos;
}

/// "data:image/png;base64,…"
bool IsEmbedded(std::string_view link) {
  const std::size_t comma = link.find(',');
  const std::string_view data = comma == std::string_view::npos ? std::string_view{} : link.substr(comma + 1);
  return link.substr(0, comma).ends_with(";base64") && DecodeBase64(data).has_value();
}

std::string_view FormProblem(std::string_view link) {
  if (link.starts_with("data:")) {
    return IsEmbedded(link) ? std::string_view{} : "expected data in base64: data:type;base64,…";
  }
  return std::all_of(link.begin(), link.end(), IsLinkByte) ? std::string_view{}
                                                           : "expected a URL, in which other characters are %-encoded";
}

std::string_view LinkProblem(const Node& div, std::string_view link, NarrativePlaces& places) {
  if (link.empty()) {
    return "expected a link that leads somewhere";
  }
  if (link.starts_with('#')) {
    return link.size() == 1 || places.Has(div, link.substr(1))
               ? std::string_view{}
               : "expected a link to a place of the narrative or document that is there";
  }
  const std::string_view scheme = link.substr(0, link.find(':'));
  return std::find(std::begin(kNames), std::end(kNames), scheme) != std::end(kNames)
             ? "expected a link that can be followed"
             : std::string_view{};
}

}  // namespace

bool NarrativePlaces::Has(const Node& node, std::string_view place) {
  const Node* root = &node;
  while (root->parent != nullptr) {
    root = root->parent;
  }
  if (root_ != root) {
    places_.clear();
    root_ = root;
    Collect(*root);
  }
  return places_.contains(place);
}

void NarrativePlaces::Collect(const Node& within) {
  for (const Node& child : within.children()) {
    if (child.name == "id" && child.HasValue()) {
      places_.insert(child.value);
    } else if (IsXhtml(child)) {
      TagReader reader(child.value);
      while (reader.Next()) {
        Attribute attribute;
        while (reader.NextAttribute(attribute)) {
          if (attribute.name == "id" || attribute.name == "name") {
            places_.insert(attribute.value);
          }
        }
      }
    } else if (child.first_child != nullptr) {
      Collect(child);
    }
  }
}

XhtmlFault FirstNarrativeFault(const Node& div, NarrativePlaces& places) {
  TagReader reader(div.value);
  std::size_t paragraphs = 0;
  while (reader.Next()) {
    const std::string_view name = reader.name();
    if (reader.closes()) {
      paragraphs -= name == "p" && paragraphs > 0 ? 1 : 0;
      continue;
    }
    if (paragraphs > 0 && std::find(std::begin(kBlocks), std::end(kBlocks), name) != std::end(kBlocks)) {
      return {.expected = "expected no block within a paragraph",
              .element = name,
              .attribute = {},
              .offset = reader.begin()};
    }
    Attribute attribute;
    while (reader.NextAttribute(attribute)) {
      std::string_view problem;
      if (name == "a" && attribute.name == "href") {
        problem = LinkProblem(div, attribute.value, places);
      } else if (name == "img" && attribute.name == "src" &&
                 (attribute.value.starts_with('#') || attribute.value.empty())) {
        problem = LinkProblem(div, attribute.value, places);
      }
      if (problem.empty() &&
          ((name == "a" && attribute.name == "href") || (name == "img" && attribute.name == "src"))) {
        problem = FormProblem(attribute.value);
      }
      if (!problem.empty()) {
        return {.expected = problem, .element = name, .attribute = attribute.name, .offset = reader.begin()};
      }
    }
    paragraphs += name == "p" && !reader.empty() ? 1 : 0;
  }
  return {};
}

bool NarrativesName(const Node& node, std::string_view link) {
  const std::string quoted = fmt::format("\"{}\"", link);
  const auto look = [&](const auto& self, const Node& within) -> bool {
    for (const Node& child : within.children()) {
      if (IsXhtml(child) ? child.value.find(quoted) != std::string_view::npos : self(self, child)) {
        return true;
      }
    }
    return false;
  };
  return look(look, node);
}

}  // namespace fhir::validation
