#include "fhir/validation/xhtml.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace fhir::validation {
namespace {

constexpr std::size_t kDepthMax = 100;
constexpr std::string_view kNamespace = "http://www.w3.org/1999/xhtml";

/// Elements that a narrative may use, sorted (constraint txt-1).
constexpr std::string_view kElements[] = {
    "a",   "abbr", "acronym", "b",     "big", "blockquote", "br",  "caption", "cite", "code",  "col",  "colgroup",
    "dd",  "dfn",  "div",     "dl",    "dt",  "em",         "h1",  "h2",      "h3",   "h4",    "h5",   "h6",
    "hr",  "i",    "img",     "li",    "ol",  "p",          "pre", "q",       "samp", "small", "span", "strong",
    "sub", "sup",  "table",   "tbody", "td",  "tfoot",      "th",  "thead",   "tr",   "tt",    "ul",   "var",
};
static_assert(std::is_sorted(std::begin(kElements), std::end(kElements)));

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

/// Reads the text tag by tag. Every method returns what is wrong, or an empty text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::string_view Run() {
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

 private:
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
      ++at_;
      return Rest().starts_with('/') ? CloseTag() : OpenTag();
    }
    if (text_[at_] == '&') {
      has_content_ = true;
      return Entity();
    }
    has_content_ = has_content_ || !IsXmlSpace(text_[at_]);
    ++at_;
    return {};
  }

  std::string_view SkipComment() {
    const std::size_t end = text_.find("-->", at_ + 4);
    if (end == std::string_view::npos) {
      return "expected --> after a comment";
    }
    at_ = end + 3;
    return {};
  }

  std::string_view Entity() {
    ++at_;
    if (Rest().starts_with('#')) {
      ++at_;
    }
    if (TakeName().empty() || !Rest().starts_with(';')) {
      return "expected an entity such as &amp; after '&'";
    }
    ++at_;
    return {};
  }

  std::string_view CloseTag() {
    ++at_;
    const std::string_view name = TakeName();
    SkipSpace();
    if (depth_ == 0 || open_[depth_ - 1] != name || !Rest().starts_with('>')) {
      return "expected closing tags in the order of the opening tags";
    }
    ++at_;
    --depth_;
    return {};
  }

  std::string_view OpenTag() {
    const std::string_view name = TakeName();
    if (!std::binary_search(std::begin(kElements), std::end(kElements), name)) {
      return "expected formatting elements of HTML alone";
    }
    if (depth_ == kDepthMax) {
      return "expected at most 100 nested elements";
    }
    has_content_ = has_content_ || name == "img";
    bool has_namespace = false;
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
    SkipSpace();
    if (name.empty() || !Rest().starts_with('=')) {
      return "expected attributes as name=\"value\"";
    }
    if (name.starts_with("on")) {
      return "expected no event attributes";
    }
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
    if (value.find('<') != std::string_view::npos) {
      return "expected no '<' in an attribute value";
    }
    if (HoldsLink(name) && !IsHarmlessLink(value)) {
      return "expected links that are relative or of a scheme such as https";
    }
    has_namespace = has_namespace || (name == "xmlns" && value == kNamespace);
    at_ = end + 1;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool has_content_ = false;
  std::array<std::string_view, kDepthMax> open_;
};

}  // namespace

std::string_view XhtmlProblem(std::string_view text) {
  return Scanner(text).Run();
}

}  // namespace fhir::validation
