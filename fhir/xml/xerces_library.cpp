#include "fhir/xml/xerces_library.hpp"

#include <xercesc/framework/XMLErrorCodes.hpp>
#include <xercesc/util/PlatformUtils.hpp>

namespace fhir::xml {
namespace {

namespace xc = xercesc;

/// Set up by the first call, taken down at the end of the process.
class Library {
 public:
  static void Use() { static const Library library; }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

 private:
  Library() { xc::XMLPlatformUtils::Initialize(); }
  ~Library() { xc::XMLPlatformUtils::Terminate(); }
};

}  // namespace

void UseLibrary() {
  Library::Use();
}

void AppendUtf8(std::string& out, const XMLCh* text) {
  for (; *text != 0; ++text) {
    char32_t code = *text;
    if (code >= 0xD800 && code < 0xDC00 && text[1] != 0) {
      code = 0x10000 + ((code - 0xD800) << 10) + (*++text - 0xDC00u);
    }
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | (code >> 6));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | (code >> 12));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      out += static_cast<char>(0xF0 | (code >> 18));
      out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
}

const char* ProblemOf(unsigned int code) {
  switch (static_cast<xc::XMLErrs::Codes>(code)) {
    case xc::XMLErrs::ExpectedEndOfTagX:
    case xc::XMLErrs::MoreEndThanStartTags:
    case xc::XMLErrs::EndedWithTagsOnStack:
      return "start and end tags that match are expected";
    case xc::XMLErrs::UnterminatedStartTag:
    case xc::XMLErrs::UnterminatedEndTag:
      return "a tag that is closed by '>' is expected";
    case xc::XMLErrs::AttrAlreadyUsedInSTag:
      return "an attribute for the second time in one tag";
    case xc::XMLErrs::ExpectedAttrName:
    case xc::XMLErrs::ExpectedEqSign:
    case xc::XMLErrs::ExpectedAttrValue:
    case xc::XMLErrs::ExpectedWhitespace:
      return "attributes as name=\"value\" are expected";
    case xc::XMLErrs::BracketInAttrValue:
      return "no '<' is expected in an attribute's value";
    case xc::XMLErrs::EntityNotFound:
      return "no entity but those of XML (amp, lt, gt, quot, apos) is expected";
    case xc::XMLErrs::InvalidCharacterRef:
    case xc::XMLErrs::InvalidCharacter:
    case xc::XMLErrs::InvalidCharacterInAttrValue:
      return "a character that XML cannot hold";
    case xc::XMLErrs::UnknownPrefix:
      return "a namespace prefix that is not declared";
    case xc::XMLErrs::EmptyMainEntity:
      return "an element is expected";
    case xc::XMLErrs::UnexpectedEOE:
      return "the end of the text comes too early";
    default:
      return "well-formed XML is expected";
  }
}

}  // namespace fhir::xml
