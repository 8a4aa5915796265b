// What the longest values cost the checks of primitive types, units and narratives.
#include <gtest/gtest.h>

#include "fhir/base/base64.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/base/decimal.hpp"
#include "fhir/base/xhtml.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/ucum/ucum.hpp"
#include "fhir/validation/primitives.hpp"
#include "tests/fuzz/cost/shapes.hpp"

namespace {

using fuzz::Repeated;

std::vector<fuzz::Shape> Values() {
  return {{"letters", Repeated("", "a", "")},
          {"digits", Repeated("", "1", "")},
          {"zeros", Repeated("0.", "0", "1")},
          {"a decimal", Repeated("1.", "1", "")},
          {"an exponent", Repeated("1e", "1", "")},
          {"spaces", Repeated("", " ", "")},
          {"words", Repeated("a", " a", "")},
          {"a date", Repeated("2024-01-01T00:00:00.", "1", "Z")},
          {"an oid", Repeated("urn:oid:1", ".1", "")},
          {"a path", Repeated("http://a", "/a", "")},
          {"a canonical", Repeated("http://a", "|1", "")},
          {"percents", Repeated("http://", "%41", "")},
          {"base64", Repeated("", "AAAA", "")},
          {"base64 in lines", Repeated("", "AAAA\r\n", "")},
          {"equals signs", Repeated("", "=", "")},
          {"units", Repeated("m", ".m", "")},
          {"units over units", Repeated("m", "/m", "")},
          {"a unit in parentheses", fuzz::Nested("(", "m", ")")},
          {"a remark", Repeated("m{", "a", "}")},
          {"powers", Repeated("m", "10", "")},
          {"a narrative", Repeated("<div xmlns=\"http://www.w3.org/1999/xhtml\">", "<b>a</b>", "</div>")},
          {"a deep narrative",
           "<div xmlns=\"http://www.w3.org/1999/xhtml\">" + fuzz::Nested("<b>", "a", "</b>") + "</div>"},
          {"a narrative of attributes", Repeated("<div xmlns=\"http://www.w3.org/1999/xhtml\"", " a=''", "/>")},
          {"a narrative of references", Repeated("<div xmlns=\"http://www.w3.org/1999/xhtml\">", "&amp;", "</div>")}};
}

TEST(PrimitivesCost, LongestValues_StayWithinBounds) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  for (const char* name : {"base64Binary", "boolean",     "canonical", "code",     "date", "dateTime",    "decimal",
                           "id",           "instant",     "integer",   "markdown", "oid",  "positiveInt", "string",
                           "time",         "unsignedInt", "uri",       "url",      "uuid", "xhtml"}) {
    std::vector<fuzz::Shape> shapes = Values();
    for (fuzz::Shape& shape : shapes) {
      shape.name = std::string(name) + ": " + shape.name;
    }
    const auto type = definitions.FindType(name);
    fuzz::ExpectWithinCost(shapes,
                           [type](std::string_view text) { (void)fhir::validation::PrimitiveProblem(type, text, {}); });
  }
}

TEST(PrimitivesCost, LongestValues_ReadAsWhatTheyMean) {
  fuzz::ExpectWithinCost(Values(), [](std::string_view text) {
    (void)fhir::DecodeBase64(text);
    (void)fhir::ParseDateTime(text);
    (void)fhir::ParseTime(text);
    (void)fhir::ImplicitRange(text);
    (void)fhir::XhtmlProblem(text, fhir::XhtmlRules::kMarkup);
    (void)fhir::ucum::Check(text);
    (void)fhir::ucum::Canonical({.value = text, .unit = "m"});
    (void)fhir::ucum::Canonical({.value = "1", .unit = text});
  });
}

}  // namespace
