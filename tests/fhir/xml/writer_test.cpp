#include "fhir/xml/writer.hpp"
#include "fhir/xml/losses.hpp"

#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/xml/reader.hpp"

namespace {

constexpr std::string_view kDeclaration = R"(<?xml version="1.0" encoding="UTF-8"?>)";

fhir::model::Document FromJson(std::string_view json) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(json, fhir::Limits{}, issues);
  EXPECT_TRUE(document) << document.error().public_text.text;
  return *std::move(document);
}

std::string Written(std::string_view json, bool pretty = false) {
  const std::string text = fhir::xml::WriteXml(FromJson(json).root(), {.pretty = pretty});
  EXPECT_TRUE(text.starts_with(kDeclaration));
  return text.substr(kDeclaration.size());
}

std::string PatientOf(std::string_view content) {
  return R"(<Patient xmlns="http://hl7.org/fhir">)" + std::string(content) + "</Patient>";
}

TEST(XmlWriter, ElementsOfJsonInAnyOrder_StandInTheOrderOfTheDefinition) {
  EXPECT_EQ(
      Written(
          R"({"birthDate":"2000","active":true,"resourceType":"Patient","name":[{"given":["a","b"],"family":"c"}]})"),
      PatientOf(R"(<active value="true"/><name><family value="c"/><given value="a"/><given value="b"/></name>)"
                R"(<birthDate value="2000"/>)"));
}

TEST(XmlWriter, IdsUrlsAndExtensions_AreAttributesAndChildren) {
  EXPECT_EQ(Written(R"({"resourceType":"Patient","id":"p","extension":[{"url":"u","id":"e","valueDecimal":1.00}],
      "_birthDate":{"id":"b","extension":[{"url":"n","valueCode":"x"}]},"name":[{"given":[null,"a"],"_given":[{"id":"g"},null]}]})"),
            PatientOf(R"(<id value="p"/><extension url="u" id="e"><valueDecimal value="1.00"/></extension>)"
                      R"(<name><given id="g"/><given value="a"/></name>)"
                      R"(<birthDate id="b"><extension url="n"><valueCode value="x"/></extension></birthDate>)"));
}

TEST(XmlWriter, ReservedCharactersAndWhiteSpace_AreReferences) {
  EXPECT_EQ(Written(R"({"resourceType":"Patient","gender":"<&>\"'\t\n\r é"})"),
            PatientOf("<gender value=\"&lt;&amp;&gt;&quot;'&#9;&#10;&#13; \xC3\xA9\"/>"));
}

TEST(XmlWriter, CharactersThatXmlCannotHold_BecomeReplacements) {
  EXPECT_EQ(Written("{\"resourceType\":\"Patient\",\"gender\":\"a\\u0001b\\uFFFEc\\uFFFF\\uFFFD\xEF\xBC\x81\"}"),
            PatientOf("<gender value=\"a\xEF\xBF\xBD"
                      "b\xEF\xBF\xBD"
                      "c\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBC\x81\"/>"));
}

TEST(XmlLosses, ValuesThatXmlCannotHold_AreErrorsWithTheirPlaces) {
  const auto document = FromJson(
      "{\"resourceType\":\"Patient\",\"text\":{\"status\":\"empty\",\"div\":\"<div>a<br></div>\"},"
      "\"name\":[{\"family\":\"a\\uFFFF\",\"given\":[\"\\t\\n\\r\\uFFFD\",\"\\u0001\",\"\\uFFFE\"]}]}");
  fhir::IssueList issues;
  fhir::xml::CheckLosses(document.root(), issues);
  std::string paths;
  for (const fhir::Issue& issue : issues.issues()) {
    EXPECT_EQ(issue.severity, fhir::Severity::kError);
    EXPECT_TRUE(issue.offset);
    paths += issue.expression + ' ';
  }
  EXPECT_EQ(paths, "Patient.text.div Patient.name[0].family Patient.name[0].given[1] Patient.name[0].given[2] ");
}

TEST(XmlLosses, ValuesThatXmlHolds_AreNone) {
  const auto document = FromJson(
      R"({"resourceType":"Patient","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">&nbsp;</div>"},"gender":"<&>\"\t"})");
  fhir::IssueList issues;
  fhir::xml::CheckLosses(document.root(), issues);
  EXPECT_TRUE(issues.empty());
}

TEST(XmlWriter, ContainedAndEntries_HaveTheirTypesAsElements) {
  EXPECT_EQ(Written(R"({"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"a"}]})"),
            PatientOf(R"(<contained><Basic><id value="a"/></Basic></contained>)"));
  EXPECT_EQ(Written(R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}}]})"),
            R"(<Bundle xmlns="http://hl7.org/fhir"><entry><resource><Patient/></resource></entry></Bundle>)");
}

TEST(XmlWriter, Pretty_HasAnElementALine) {
  EXPECT_EQ(
      Written(
          R"({"resourceType":"Patient","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a\n b</div>"},
      "contained":[{"resourceType":"Basic","id":"a"}],"active":true})",
          true),
      R"(
<Patient xmlns="http://hl7.org/fhir">
  <text>
    <status value="empty"/>
    <div xmlns="http://www.w3.org/1999/xhtml">a
 b</div>
  </text>
  <contained>
    <Basic>
      <id value="a"/>
    </Basic>
  </contained>
  <active value="true"/>
</Patient>
)");
}

std::string Narrative(std::string_view json_div) {
  const std::string text = Written(R"({"resourceType":"Patient","text":{"div":")" + std::string(json_div) + "\"}}");
  fhir::IssueList issues;
  EXPECT_TRUE(fhir::xml::ReadXml(text, fhir::Limits{}, issues)) << text;
  const std::size_t begin = text.find("<div");
  return text.substr(begin, text.rfind("</text>") - begin);
}

TEST(XmlWriter, Narrative_IsCopiedAndEntitiesOfHtmlBecomeCharacters) {
  EXPECT_EQ(
      Narrative(
          R"(<div xmlns=\"http://www.w3.org/1999/xhtml\"><p title='&eacute;'>a&nbsp;&amp;&#233;&euro;<br />\r\n</p></div>)"),
      "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p title='\xC3\xA9'>a\xC2\xA0&amp;&#233;\xE2\x82\xAC<br "
      "/>\r\n</p></div>");
  EXPECT_EQ(Narrative(R"(<div xmlns=\"http://www.w3.org/1999/xhtml\"><!-- &nbsp; -->&nbsp;<![CDATA[&nbsp;]]></div>)"),
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><!-- &nbsp; -->\xC2\xA0<![CDATA[&nbsp;]]></div>");
}

TEST(XmlWriter, NarrativeThatIsNotWellFormed_IsText) {
  for (const char* const div :
       {"a < b", "<div>a</div>", "<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><br></div>",
        "<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">&unknown;</div>",
        "<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">a</div></text><active value='true'/><text>"}) {
    const std::string text = Narrative(div);
    EXPECT_TRUE(text.starts_with("<div xmlns=\"http://www.w3.org/1999/xhtml\">")) << text;
    EXPECT_EQ(text.find('<', 4), text.size() - 6) << text;
  }
}

}  // namespace
