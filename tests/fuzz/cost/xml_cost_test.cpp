// What the worst texts cost the reader and the writer of XML.
#include <gtest/gtest.h>

#include "fhir/xml/losses.hpp"
#include "fhir/xml/reader.hpp"
#include "fhir/xml/writer.hpp"
#include "tests/fuzz/cost/shapes.hpp"

namespace {

using fuzz::Nested;
using fuzz::Numbered;
using fuzz::Repeated;

TEST(XmlCost, WorstTexts_StayWithinBounds) {
  const std::string patient = R"(<Patient xmlns="http://hl7.org/fhir">)";
  const std::string end = "</Patient>";
  const std::string div = patient + R"(<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">)";
  const std::string div_end = "</div></text>" + end;
  const std::vector<fuzz::Shape> shapes = {
      {"many empty elements", Repeated(patient, "<name/>", end)},
      {"many elements of no name", Repeated(patient, "<a/>", end)},
      {"many names", Numbered(patient, "<a{}/>", end)},
      {"many values", Repeated(patient + "<name>", "<given value=\"\"/>", "</name>" + end)},
      {"many short values", Repeated(patient + "<name>", "<given value='a'/>", "</name>" + end)},
      {"many ids", Repeated(patient, "<name id='a'/>", end)},
      {"many small parents", Repeated(patient, "<name><use value='a'/></name>", end)},
      {"against the order", Repeated(patient, "<photo id='a'/><name id='a'/>", end)},
      {"deep", patient + Nested("<extension>", "", "</extension>") + end},
      {"deep and unknown", patient + Nested("<a>", "", "</a>") + end},
      {"never closed", Repeated(patient, "<a>", "")},
      {"only ends", Repeated(patient, "</a>", "")},
      {"only opening brackets", Repeated(patient, "<", "")},
      {"many attributes", Numbered("<Patient", " a{}='b'", " xmlns='http://hl7.org/fhir'/>")},
      {"many declarations", Numbered("<Patient", " xmlns:a{}='b'", " xmlns='http://hl7.org/fhir'/>")},
      {"one attribute", Repeated(patient + "<id value='", "a", "'/>" + end)},
      {"an attribute that does not end", Repeated(patient + "<id value='", "a", "")},
      {"an attribute of references", Repeated(patient + "<id value='", "&#233;", "'/>" + end)},
      {"an attribute of line ends", Repeated(patient + "<id value='", "\n", "'/>" + end)},
      {"an attribute of quotes", Repeated(patient + "<id value='", "\"", "'/>" + end)},
      {"one name of an element", Repeated(patient + "<", "a", "/>" + end)},
      {"one text", Repeated(patient, "a", end)},
      {"white space", Repeated(patient, " ", end)},
      {"many texts", Repeated(patient, "a<b/>", end)},
      {"comments", Repeated(patient, "<!---->", end)},
      {"one comment", Repeated(patient + "<!--", "a", "-->" + end)},
      {"a comment that does not end", Repeated(patient + "<!--", "-", end)},
      {"instructions", Repeated(patient, "<?a?>", end)},
      {"sections of text", Repeated(patient, "<![CDATA[]]>", end)},
      {"references", Repeated(patient, "&lt;", end)},
      {"a narrative of text", Repeated(div, "a", div_end)},
      {"a narrative of tags", Repeated(div, "<b/>", div_end)},
      {"a narrative of references", Repeated(div, "&#233;", div_end)},
      {"a narrative of attributes", Repeated(div, "<p id='a'/>", div_end)},
      {"a deep narrative", Repeated(div, "<b>", div_end)},
      {"many narratives", Repeated(patient, "<text><div xmlns='http://www.w3.org/1999/xhtml'/></text>", end)},
      {"resources in a bundle",
       Repeated("<Bundle xmlns='http://hl7.org/fhir'>", "<entry><resource><Basic/></resource></entry>", "</Bundle>")},
      {"contained resources", Repeated(patient, "<contained><Basic/></contained>", end)},
      {"empty containers", Repeated(patient, "<contained/>", end)},
      {"a document type", Repeated("<!DOCTYPE a [", "<!ENTITY a 'a'>", "]>" + patient + end)},
  };
  fuzz::ExpectWithinCost(shapes,
                         [](std::string_view text) {
                           fhir::IssueList issues;
                           if (const auto document = fhir::xml::ReadXml(text, {}, issues)) {
                             fhir::xml::CheckLosses(document->root(), issues);
                             (void)fhir::xml::WriteXml(document->root());
                             (void)fhir::xml::WriteXml(document->root(), {.pretty = true});
                           }
                         },
                         {.heap = fuzz::HeapBound::kInProportion});
}

}  // namespace
