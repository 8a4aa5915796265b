#include "fhir/xml/xerces_parser.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <xercesc/framework/MemBufInputSource.hpp>
#include <xercesc/framework/XMLAttr.hpp>
#include <xercesc/framework/XMLDocumentHandler.hpp>
#include <xercesc/parsers/SAX2XMLReaderImpl.hpp>
#include <xercesc/sax/SAXException.hpp>
#include <xercesc/sax2/DefaultHandler.hpp>
#include <xercesc/util/OutOfMemoryException.hpp>
#include <xercesc/util/RefVectorOf.hpp>
#include <xercesc/util/XMLException.hpp>
#include <xercesc/util/XMLUni.hpp>

#include "fhir/xml/errors.hpp"
#include "fhir/xml/xerces_library.hpp"

namespace fhir::xml {
namespace {

namespace xc = xercesc;

/// Thrown through the parser to end it early; caught in Parse.
struct ParseStop {};

bool Equals(const XMLCh* text, std::u16string_view expected) {
  static_assert(sizeof(XMLCh) == sizeof(char16_t));
  return std::u16string_view(reinterpret_cast<const char16_t*>(text)) == expected;
}

/// Of an attribute's value: what the parser resolves or turns into a space.
bool IsChanged(char c) {
  return c == '&' || c == '\t' || c == '\r' || c == '\n';
}

/// The byte that a line and a column of the parser stand for; it counts UTF-16 units.
std::size_t OffsetOf(std::string_view text, std::uint64_t line, std::uint64_t column) {
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (; line > 1 && at < text.size(); --line) {
    at = text.find_first_of("\r\n", at);
    if (at == std::string_view::npos) {
      return text.size();
    }
    at += text.substr(at, 2) == "\r\n" ? 2 : 1;
  }
  for (; column > 1 && at < text.size(); --column, ++at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    at += lead >= 0xF0 ? 3 : (lead >= 0xE0 ? 2 : (lead >= 0xC0 ? 1 : 0));
    column -= lead >= 0xF0 && column > 2 ? 1 : 0;
  }
  return at < text.size() ? at : text.size();
}

/// Takes the scanner's own events: the reader would make qualified names and attribute lists of them first.
class EventParser final : public xc::SAX2XMLReaderImpl {
 public:
  EventParser(std::string_view text, const std::vector<TagSpan>& spans, TreeBuilder& builder)
      : text_(text), spans_(spans), builder_(builder) {
    // The scanner that knows neither DTD nor schema: nothing is loaded or expanded, whatever the text says.
    setProperty(xc::XMLUni::fgXercesScannerName, const_cast<XMLCh*>(xc::XMLUni::fgWFXMLScanner));
    setFeature(xc::XMLUni::fgSAX2CoreNameSpaces, true);
    setFeature(xc::XMLUni::fgSAX2CoreValidation, false);
    setFeature(xc::XMLUni::fgXercesLoadExternalDTD, false);
    setFeature(xc::XMLUni::fgXercesDisableDefaultEntityResolution, true);
    // Without these the scanner gets no handler at all, and keeps errors to itself.
    setContentHandler(&unused_);
    setErrorHandler(&unused_);
  }

  std::optional<Error> TakeError() { return std::move(error_); }

  using xc::SAX2XMLReaderImpl::error;
  void error(const unsigned int code, const XMLCh* const, const xc::XMLErrorReporter::ErrTypes type, const XMLCh* const,
             const XMLCh* const, const XMLCh* const, const XMLFileLoc line, const XMLFileLoc column) override {
    if (type == xc::XMLErrorReporter::ErrType_Warning) {
      return;
    }
    error_ = MalformedAt(ProblemOf(code), text_, OffsetOf(text_, line, column));
    throw ParseStop{};
  }

 private:
  void startElement(const xc::XMLElementDecl&, const unsigned int uri, const XMLCh* const,
                    const xc::RefVectorOf<xc::XMLAttr>& list, const XMLSize_t count, const bool is_empty,
                    const bool) override {
    if (!builder_.skipping()) {
      TakeAttributes(list, count);
    }
    if (!builder_.Start(SpaceOf(uri), attributes_)) {
      error_ = builder_.TakeError();
      throw ParseStop{};
    }
    if (is_empty) {
      builder_.End();
    }
  }
  void endElement(const xc::XMLElementDecl&, const unsigned int, const bool, const XMLCh* const) override {
    builder_.End();
  }
  void docCharacters(const XMLCh* const text, const XMLSize_t length, const bool) override {
    for (XMLSize_t i = 0; i < length; ++i) {
      if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n') {
        builder_.Text();
        return;
      }
    }
  }
  void docComment(const XMLCh* const) override {}
  void docPI(const XMLCh* const, const XMLCh* const) override {}
  void startDocument() override {}
  void endDocument() override {}
  void endEntityReference(const xc::XMLEntityDecl&) override {}
  void startEntityReference(const xc::XMLEntityDecl&) override {}
  void ignorableWhitespace(const XMLCh* const, const XMLSize_t, const bool) override {}
  void resetDocument() override {}
  void XMLDecl(const XMLCh* const, const XMLCh* const, const XMLCh* const, const XMLCh* const) override {}

  Space SpaceOf(unsigned int uri) {
    if (uri != last_uri_) {
      last_uri_ = uri;
      const XMLCh* const text = getURIText(uri);
      last_space_ = Equals(text, u"http://hl7.org/fhir")            ? Space::kFhir
                    : Equals(text, u"http://www.w3.org/1999/xhtml") ? Space::kXhtml
                                                                    : Space::kOther;
    }
    return last_space_;
  }

  Space AttributeSpace(const RawAttribute& raw, const xc::XMLAttr& attribute) const {
    const std::size_t colon = raw.name.find(':');
    if (raw.name.starts_with("xmlns") && (colon == 5 || raw.name.size() == 5)) {
      return Space::kDeclaration;
    }
    if (colon == std::string_view::npos) {
      return Space::kNone;
    }
    return Equals(getURIText(attribute.getURIId()), u"http://www.w3.org/2001/XMLSchema-instance")
               ? Space::kSchemaInstance
               : Space::kOther;
  }

  /// Values come from the source; where references or white space stand in them, from the parser.
  void TakeAttributes(const xc::RefVectorOf<xc::XMLAttr>& list, XMLSize_t count) {
    attributes_.clear();
    if (count == 0 || builder_.next_tag() >= spans_.size()) {
      return;
    }
    const TagSpan& span = spans_[builder_.next_tag()];
    SplitAttributes(text_.substr(span.begin, span.tag_end - span.begin), raw_);
    decoded_.clear();
    for (XMLSize_t i = 0; i < count && i < raw_.size(); ++i) {
      const RawAttribute& raw = raw_[i];
      const xc::XMLAttr& attribute = *list.elementAt(i);
      Attribute& taken = attributes_.emplace_back();
      taken.space = AttributeSpace(raw, attribute);
      taken.name = raw.name.substr(taken.space == Space::kNone ? 0 : raw.name.find(':') + 1);
      taken.value = raw.value;
      if (std::any_of(raw.value.begin(), raw.value.end(), IsChanged)) {
        std::string& value = decoded_.emplace_back();
        AppendUtf8(value, attribute.getValue());
        taken.value = value;
      }
    }
  }

  xc::DefaultHandler unused_;
  std::string_view text_;
  const std::vector<TagSpan>& spans_;
  TreeBuilder& builder_;
  std::optional<Error> error_;
  unsigned int last_uri_ = ~0u;
  Space last_space_ = Space::kOther;
  std::vector<RawAttribute> raw_;
  std::vector<Attribute> attributes_;
  std::deque<std::string> decoded_;
};

std::unexpected<Error> LibraryFailure(std::string_view what) {
  return Fail(ErrorCode::kInternal, PublicText{"the XML cannot be read"}, InternalText{std::string(what)});
}

}  // namespace

Result<void> Parse(std::string_view text, const std::vector<TagSpan>& spans, TreeBuilder& builder) {
  try {
    UseLibrary();
    EventParser parser(text, spans, builder);
    xc::MemBufInputSource source(reinterpret_cast<const XMLByte*>(text.data()), text.size(), "resource");
    source.setEncoding(xc::XMLUni::fgUTF8EncodingString);
    source.setCopyBufToStream(false);
    try {
      parser.parse(source);
      return {};
    } catch (const ParseStop&) {
      return std::unexpected(*parser.TakeError());
    }
  } catch (const xc::OutOfMemoryException&) {
    return LibraryFailure("Xerces-C: out of memory");
  } catch (const xc::XMLException& exception) {
    return LibraryFailure("Xerces-C: XMLException " + std::to_string(exception.getCode()));
  } catch (const xc::SAXException&) {
    return LibraryFailure("Xerces-C: SAXException");
  } catch (const std::exception& exception) {
    return LibraryFailure(exception.what());
  }
}

}  // namespace fhir::xml
