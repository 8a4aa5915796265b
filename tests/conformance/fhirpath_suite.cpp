#include "tests/conformance/fhirpath_suite.hpp"

#include <memory>
#include <utility>

#include <xercesc/dom/DOM.hpp>
#include <xercesc/parsers/XercesDOMParser.hpp>
#include <xercesc/util/PlatformUtils.hpp>
#include <xercesc/util/TransService.hpp>
#include <xercesc/util/XMLString.hpp>

namespace fhir::conformance {
namespace {

namespace xercesc = XERCES_CPP_NAMESPACE;

std::string ToText(const XMLCh* text) {
  const xercesc::TranscodeToStr utf8(text, "UTF-8");
  return {reinterpret_cast<const char*>(utf8.str()), utf8.length()};
}

std::u16string ToXml(std::string_view ascii) {
  return {ascii.begin(), ascii.end()};
}

std::string Attribute(const xercesc::DOMElement& element, std::string_view name) {
  return ToText(element.getAttribute(ToXml(name).c_str()));
}

void ReadCase(xercesc::DOMElement& element, SuiteCase& each) {
  each.name = Attribute(element, "name");
  each.input_file = Attribute(element, "inputfile");
  each.predicate = Attribute(element, "predicate") == "true";
  each.ordered = Attribute(element, "ordered") != "false";
  each.invalid = Attribute(element, "invalid");
  for (xercesc::DOMElement* child = element.getFirstElementChild(); child != nullptr;
       child = child->getNextElementSibling()) {
    const std::string tag = ToText(child->getTagName());
    if (tag == "expression") {
      each.expression = ToText(child->getTextContent());
      if (const std::string invalid = Attribute(*child, "invalid"); !invalid.empty()) each.invalid = invalid;
    } else if (tag == "output") {
      each.outputs.push_back({Attribute(*child, "type"), ToText(child->getTextContent())});
    }
  }
}

}  // namespace

std::optional<std::vector<SuiteCase>> ReadSuite(const std::filesystem::path& file) {
  xercesc::XMLPlatformUtils::Initialize();
  std::vector<SuiteCase> cases;
  {
    xercesc::XercesDOMParser parser;
    parser.setLoadExternalDTD(false);
    parser.parse(file.c_str());
    const xercesc::DOMDocument* const document = parser.getDocument();
    if (parser.getErrorCount() != 0 || document == nullptr || document->getDocumentElement() == nullptr) {
      return std::nullopt;
    }
    for (xercesc::DOMElement* group = document->getDocumentElement()->getFirstElementChild(); group != nullptr;
         group = group->getNextElementSibling()) {
      for (xercesc::DOMElement* test = group->getFirstElementChild(); test != nullptr;
           test = test->getNextElementSibling()) {
        if (ToText(test->getTagName()) != "test") continue;
        SuiteCase each;
        each.group = Attribute(*group, "name");
        ReadCase(*test, each);
        if (!each.expression.empty()) cases.push_back(std::move(each));
      }
    }
  }
  xercesc::XMLPlatformUtils::Terminate();
  return cases;
}

}  // namespace fhir::conformance
