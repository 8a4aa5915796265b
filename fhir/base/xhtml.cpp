#include "fhir/base/xhtml.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>

#include "fhir/base/html_entities.hpp"

namespace fhir {
namespace {

constexpr std::size_t kDepthMax = 100;
constexpr std::string_view kNamespace = "http://www.w3.org/1999/xhtml";

/// Elements that a narrative may use, sorted (constraint txt-1).
constexpr std::string_view kElements[] = {
    "a",     "abbr", "acronym", "address",  "area",  "b",     "bdo",  "big",    "blockquote", "br",  "caption",
    "cite",  "code", "col",     "colgroup", "dd",    "dfn",   "div",  "dl",     "dt",         "em",  "h1",
    "h2",    "h3",   "h4",      "h5",       "h6",    "hr",    "i",    "img",    "kbd",        "li",  "map",
    "ol",    "p",    "pre",     "q",        "samp",  "small", "span", "strong", "sub",        "sup", "table",
    "tbody", "td",   "tfoot",   "th",       "thead", "tr",    "tt",   "ul",     "var",
};
static_assert(std::is_sorted(std::begin(kElements), std::end(kElements)));

struct AttributeRow {
  std::string_view name;
  std::array<std::string_view, 4> elements;  ///< that may have it; none for all
};

/// Attributes that a narrative may have, sorted (constraint txt-1; xml:lang and xml:space besides, as XHTML has them),
/// with the elements that HTML gives them to. Those of cells and columns, of all parts of tables, stand for all.
/// Source: https://www.w3.org/TR/html401/index/attributes.html
constexpr AttributeRow kAttributes[] = {
    {"abbr", {}},
    {"accesskey", {}},
    {"align", {}},
    {"alt", {"area", "img"}},
    {"axis", {}},
    {"bgcolor", {"table", "td", "th", "tr"}},
    {"border", {"img", "table"}},
    {"cellhalign", {}},
    {"cellpadding", {"table"}},
    {"cellspacing", {"table"}},
    {"cellvalign", {}},
    {"char", {}},
    {"charoff", {}},
    {"charset", {"a"}},
    {"cite", {"blockquote", "q"}},
    {"class", {}},
    {"colspan", {}},
    {"compact", {"dl", "ol", "ul"}},
    {"coords", {"a", "area"}},
    {"dir", {}},
    {"frame", {"table"}},
    {"headers", {}},
    {"height", {"img", "td", "th"}},
    {"href", {"a", "area"}},
    {"hreflang", {"a"}},
    {"hspace", {"img"}},
    {"id", {}},
    {"ismap", {"img"}},
    {"lang", {}},
    {"longdesc", {"img"}},
    {"name", {"a", "img", "map"}},
    {"nohref", {"area"}},
    {"nowrap", {"td", "th"}},
    {"rel", {"a"}},
    {"rev", {"a"}},
    {"rowspan", {}},
    {"rules", {"table"}},
    {"scope", {}},
    {"shape", {"a", "area"}},
    {"span", {}},
    {"src", {"img"}},
    {"start", {"ol"}},
    {"style", {}},
    {"summary", {"table"}},
    {"tabindex", {}},
    {"title", {}},
    {"type", {"a", "li", "ol", "ul"}},
    {"usemap", {"img"}},
    {"valign", {}},
    {"value", {"li"}},
    {"vspace", {"img"}},
    {"width", {}},
    {"xml:lang", {}},
    {"xml:space", {}},
    {"xmlns", {}},
};
static_assert(std::ranges::is_sorted(kAttributes, {}, &AttributeRow::name));

bool MayHave(std::string_view element, std::string_view attribute) {
  const auto* const row = std::ranges::lower_bound(kAttributes, attribute, {}, &AttributeRow::name);
  return row != std::end(kAttributes) && row->name == attribute &&
         (row->elements.front().empty() || std::ranges::find(row->elements, element) != row->elements.end());
}

constexpr std::size_t kAttributesMax = 50;

bool IsXmlSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == ':' || c == '.';
}

/// Schemes that a link or image of a narrative may have. Everything else (javascript:, vbscript:) may run in a browser.
constexpr std::string_view kSchemes[] = {"http", "https", "mailto", "tel", "ftp", "urn", "cid", "data"};

bool HoldsLink(std::string_view attribute) {
  return attribute == "href" || attribute == "src" || attribute == "cite" || attribute == "longdesc";
}

/// A relative link, or one of a harmless scheme. An entity before the scheme's colon could spell any scheme.
bool IsHarmlessLink(std::string_view value) {
  const std::size_t end = value.find_first_of(":/?#&");
  if (end == std::string_view::npos || (value[end] != ':' && value[end] != '&')) {
    return true;
  }
  const std::string_view scheme = value.substr(0, end);
  const std::size_t rest = value.find_first_not_of(' ', end + 1);
  return value[end] == ':' && std::find(std::begin(kSchemes), std::end(kSchemes), scheme) != std::end(kSchemes) &&
         (scheme != "data" || (rest != std::string_view::npos && value.substr(rest).starts_with("image/")));
}

/// Digits of a character reference behind "&#": those of a character that XML allows.
bool IsCharacterNumber(std::string_view digits) {
  const bool hex = digits.starts_with('x');
  digits.remove_prefix(hex ? 1 : 0);
  unsigned long code = 0;
  for (const char c : digits) {
    const bool decimal = c >= '0' && c <= '9';
    const char lower = static_cast<char>(c | 0x20);
    if (!decimal && !(hex && lower >= 'a' && lower <= 'f')) {
      return false;
    }
    code = code * (hex ? 16 : 10) + static_cast<unsigned long>(decimal ? c - '0' : lower - 'a' + 10);
    if (code > 0x10FFFF) {
      return false;
    }
  }
  return !digits.empty() && (code >= 0x20 || code == '\t' || code == '\n' || code == '\r') &&
         !(code >= 0xD800 && code <= 0xDFFF) && code != 0xFFFE && code != 0xFFFF;
}

/// Names of tags and attributes start with a letter, and hold a colon only behind "xml".
bool IsPlainName(std::string_view name) {
  const char first = name.empty() ? '0' : name.front();
  const std::size_t colon = name.find(':');
  return ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_') &&
         (colon == std::string_view::npos ||
          (colon == 3 && name.starts_with("xml:") && name.size() > 4 && name.find(':', 4) == std::string_view::npos));
}

/// Reads the text tag by tag. Every method returns what is wrong, or an empty text.
class Scanner {
 public:
  Scanner(std::string_view text, XhtmlRules rules)
      : text_(text), strict_(rules != XhtmlRules::kSyntax), has_content_(rules != XhtmlRules::kNarrative) {}

  XhtmlFault Run() {
    const std::string_view expected = Document();
    if (expected.empty()) {
      return {};
    }
    const bool in_tag = !element_.empty();
    return {.expected = expected,
            .element = element_,
            .attribute = attribute_,
            .offset = in_tag ? Begin(attribute_.empty() ? element_ : attribute_) : std::min(at_, text_.size())};
  }

 private:
  std::size_t Begin(std::string_view part) const { return static_cast<std::size_t>(part.data() - text_.data()); }

  std::string_view Document() {
    SkipSpace();
    if (!Rest().starts_with("<div")) {
      return "expected one <div> element";
    }
    do {
      if (const std::string_view problem = Step(); !problem.empty()) {
        return problem;
      }
    } while (depth_ > 0 && at_ < text_.size());
    if (depth_ > 0) {
      return "expected a closing tag for every opening tag";
    }
    SkipSpace();
    if (at_ != text_.size()) {
      return "expected nothing after the closing </div>";
    }
    return has_content_ ? std::string_view{} : "expected some text or an image in the <div>";
  }

  std::string_view Rest() const { return text_.substr(at_); }
  void SkipSpace() {
    while (at_ < text_.size() && IsXmlSpace(text_[at_])) {
      ++at_;
    }
  }
  std::string_view TakeName() {
    const std::size_t start = at_;
    while (at_ < text_.size() && IsNameChar(text_[at_])) {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  std::string_view Step() {
    if (text_[at_] == '<') {
      if (Rest().starts_with("<!--")) {
        return SkipComment();
      }
      if (!strict_ && Rest().starts_with("<![CDATA[")) {
        return SkipCharacterData();
      }
      ++at_;
      return Rest().starts_with('/') ? CloseTag() : OpenTag();
    }
    if (text_[at_] == '&') {
      has_content_ = true;
      return Entity();
    }
    return Text();
  }

  /// The characters up to the next tag or entity.
  std::string_view Text() {
    const std::size_t end = std::min(text_.find_first_of("<&", at_), text_.size());
    const std::string_view run = text_.substr(at_, end - at_);
    has_content_ = has_content_ || run.find_first_not_of(" \t\r\n") != std::string_view::npos;
    at_ = end;
    if (run.find("]]>") != std::string_view::npos) {
      return "expected no ]]> in text";
    }
    return HasControls(run) ? "expected no control characters" : std::string_view{};
  }

  /// XML has no way to hold them, nor U+FFFE and U+FFFF.
  static bool HasControls(std::string_view run) {
    return std::any_of(run.begin(), run.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 && !IsXmlSpace(c); }) ||
           run.find("\xEF\xBF\xBE") != std::string_view::npos || run.find("\xEF\xBF\xBF") != std::string_view::npos;
  }

  std::string_view SkipComment() {
    const std::size_t end = text_.find("--", at_ + 4);
    if (end == std::string_view::npos || !text_.substr(end).starts_with("-->")) {
      return "expected --> after a comment, and no -- in it";
    }
    const std::string_view comment = text_.substr(at_, end - at_);
    at_ = end + 3;
    return HasControls(comment) ? "expected no control characters" : std::string_view{};
  }

  std::string_view SkipCharacterData() {
    const std::size_t end = text_.find("]]>", at_);
    if (end == std::string_view::npos) {
      return "expected ]]> after a CDATA section";
    }
    const std::string_view run = text_.substr(at_, end - at_);
    at_ = end + 3;
    return HasControls(run) ? "expected no control characters" : std::string_view{};
  }

  std::string_view Entity() {
    ++at_;
    const bool number = Rest().starts_with('#');
    at_ += number ? 1 : 0;
    const std::string_view name = TakeName();
    if (!Rest().starts_with(';') || (number ? !IsCharacterNumber(name) : HtmlEntity(name) == 0)) {
      return "expected an entity such as &amp; after '&'";
    }
    ++at_;
    return {};
  }

  std::string_view CloseTag() {
    ++at_;
    const std::string_view name = TakeName();
    element_ = name;
    SkipSpace();
    if (depth_ == 0 || open_[depth_ - 1] != name || !Rest().starts_with('>')) {
      return "expected closing tags in the order of the opening tags";
    }
    ++at_;
    --depth_;
    element_ = {};
    return {};
  }

  std::string_view OpenTag() {
    const std::string_view name = TakeName();
    element_ = name;
    if (!IsPlainName(name)) {
      return "expected a tag's name after '<'";
    }
    if (strict_ && !std::binary_search(std::begin(kElements), std::end(kElements), name)) {
      return "expected formatting elements of HTML alone";
    }
    if (depth_ == kDepthMax) {
      return "expected at most 100 nested elements";
    }
    has_content_ = has_content_ || name == "img";
    bool has_namespace = false;
    attribute_count_ = 0;
    while (true) {
      const std::size_t before = at_;
      SkipSpace();
      if (Rest().starts_with("/>") || Rest().starts_with('>')) {
        break;
      }
      if (before == at_) {
        return "expected a tag that is closed by '>'";
      }
      if (const std::string_view problem = Attribute(has_namespace); !problem.empty()) {
        return problem;
      }
    }
    if (depth_ == 0 && !has_namespace) {
      return "expected the namespace http://www.w3.org/1999/xhtml on the <div>";
    }
    element_ = {};
    if (text_[at_] == '/') {
      at_ += 2;
      return {};
    }
    ++at_;
    open_[depth_++] = name;
    return {};
  }

  std::string_view Attribute(bool& has_namespace) {
    const std::string_view name = TakeName();
    attribute_ = name;
    SkipSpace();
    if (!IsPlainName(name) || !Rest().starts_with('=')) {
      return "expected attributes as name=\"value\"";
    }
    if (strict_ && name.starts_with("on")) {
      return "expected no event attributes";
    }
    if (strict_ && !MayHave(element_, name)) {
      return "expected formatting attributes of HTML alone";
    }
    const auto seen = attributes_.begin() + static_cast<std::ptrdiff_t>(attribute_count_);
    if (attribute_count_ == kAttributesMax || std::find(attributes_.begin(), seen, name) != seen) {
      return "expected each attribute once, and at most 50";
    }
    attributes_[attribute_count_++] = name;
    ++at_;
    SkipSpace();
    if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) {
      return "expected attribute values in quotes";
    }
    const std::size_t start = at_ + 1;
    const std::size_t end = text_.find(text_[at_], start);
    if (end == std::string_view::npos) {
      return "expected a closing quote after an attribute value";
    }
    const std::string_view value = text_.substr(start, end - start);
    if (strict_ && HoldsLink(name) && !IsHarmlessLink(value)) {
      return "expected links that are relative or of a scheme such as https";
    }
    if (const std::string_view problem = Value(start, end); !problem.empty()) {
      return problem;
    }
    // Another namespace would make another document of it.
    if (name == "xmlns" && value != kNamespace) {
      return "expected the namespace http://www.w3.org/1999/xhtml on the <div>";
    }
    has_namespace = has_namespace || name == "xmlns";
    attribute_ = {};
    at_ = end + 1;
    return {};
  }

  std::string_view Value(std::size_t start, std::size_t end) {
    for (at_ = start; at_ < end;) {
      if (text_[at_] == '<') {
        return "expected no '<' in an attribute value";
      }
      if (text_[at_] == '&') {
        if (const std::string_view problem = Entity(); !problem.empty() || at_ > end) {
          return "expected an entity such as &amp; after '&'";
        }
        continue;
      }
      ++at_;
    }
    return HasControls(text_.substr(start, end - start)) ? "expected no control characters" : std::string_view{};
  }

  std::string_view text_;
  bool strict_;
  bool has_content_;  // or needs none
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::string_view element_;    // the tag that is being read
  std::string_view attribute_;  // the attribute that is being read
  std::array<std::string_view, kDepthMax> open_;
  std::array<std::string_view, kAttributesMax> attributes_;
  std::size_t attribute_count_ = 0;
};

}  // namespace

std::string_view XhtmlProblem(std::string_view text, XhtmlRules rules) {
  return Scanner(text, rules).Run().expected;
}

XhtmlFault FirstXhtmlFault(std::string_view text, XhtmlRules rules) {
  return Scanner(text, rules).Run();
}

std::string Describe(const XhtmlFault& fault) {
  constexpr std::size_t kNameBytesMax = 32;
  std::string text(fault.expected);
  text += " (";
  if (!fault.attribute.empty()) {
    text += fault.attribute.substr(0, kNameBytesMax);
    text += " of ";
  }
  if (!fault.element.empty()) {
    text += '<';
    text += fault.element.substr(0, kNameBytesMax);
    text += ">, ";
  }
  return text + "byte " + std::to_string(fault.offset) + " of the narrative)";
}

}  // namespace fhir
