#include "fhir/base/xhtml.hpp"

#include <string>

#include <gtest/gtest.h>

#include "fhir/base/html_entities.hpp"

namespace fhir {
namespace {

std::string Div(std::string_view content) {
  return R"(<div xmlns="http://www.w3.org/1999/xhtml">)" + std::string(content) + "</div>";
}

TEST(XhtmlProblem, Attributes_OfTheFormattingChaptersAlone) {
  EXPECT_EQ(XhtmlProblem(Div(R"(<table border="1" cellpadding="0"><tr><td valign="top">a</td></tr></table>)")), "");
  EXPECT_EQ(XhtmlProblem(Div(R"(<p xml:lang="fr" lang="fr" dir="ltr" id="a1" class="b" style="color: red">a</p>)")),
            "");
  EXPECT_NE(XhtmlProblem(Div(R"(<p data-x="1">a</p>)")), "");
  EXPECT_NE(XhtmlProblem(Div(R"(<a target="_blank" href="#a">a</a>)")), "");
  EXPECT_NE(XhtmlProblem(Div(R"(<p xml:base="http://example.org">a</p>)")), "");
}

TEST(XhtmlProblem, AttributesOfOtherElements_AreNotAllowed) {
  EXPECT_EQ(XhtmlProblem(Div(R"(<ol start="2"><li value="3">a</li></ol><a name="n" href="#a">b</a>)")), "");
  for (const char* const content : {R"(<p href="#a">a</p>)", R"(<span src="#a">a</span>)", R"(<div value="1">a</div>)",
                                    R"(<p cellpadding="1">a</p>)", R"(<td name="n">a</td>)"}) {
    EXPECT_NE(XhtmlProblem(Div(content)), "") << content;
    EXPECT_EQ(XhtmlProblem(Div(content), XhtmlRules::kSyntax), "") << content;
  }
}

TEST(XhtmlProblem, WhatXmlForbids_IsFound) {
  for (const char* const content : {R"(<p id="a" id="b">a</p>)",
                                    "a ]]> b",
                                    "a &unknown; b",
                                    "&#0;",
                                    "&#x1F;",
                                    "&#xD800;",
                                    "&#xFFFE;",
                                    "&#x110000;",
                                    "&#;",
                                    "&#x;",
                                    "&#12a;",
                                    "&;",
                                    "a\x01",
                                    "<!-- a -- b -->a",
                                    "<!-- \x02 -->a",
                                    R"(<p title="a &b">a</p>)",
                                    R"(<p title="a < b">a</p>)",
                                    "<p title=\"\x03\">a</p>",
                                    R"(<o:p>a</o:p>)",
                                    R"(<1>a</1>)",
                                    R"(<p xmlns="urn:other">a</p>)",
                                    "a\xEF\xBF\xBF"}) {
    EXPECT_NE(XhtmlProblem(Div(content)), "") << content;
    EXPECT_NE(XhtmlProblem(Div(content), XhtmlRules::kSyntax), "") << content;
  }
}

TEST(XhtmlProblem, WellFormedButNotAllowed_IsNoProblemOfSyntax) {
  for (const char* const content :
       {"", "<script>a</script>", R"x(<p onclick="a()">a</p>)x", R"x(<a href="javascript:a()">a</a>)x",
        R"(<p data-x='"'>a</p>)", "&nbsp;&eacute;&#233;&#xe9;&apos;", "<!-- a - b -->", "<![CDATA[ < & ]]>"}) {
    EXPECT_EQ(XhtmlProblem(Div(content), XhtmlRules::kSyntax), "") << content;
  }
  EXPECT_NE(XhtmlProblem("<div>a</div>", XhtmlRules::kSyntax), "");
  EXPECT_NE(XhtmlProblem("text", XhtmlRules::kSyntax), "");
}

TEST(XhtmlProblem, EmptyNarrative_IsAProblemOfContentAlone) {
  EXPECT_NE(XhtmlProblem(Div("")), "");
  EXPECT_EQ(XhtmlProblem(Div(""), XhtmlRules::kMarkup), "");
  EXPECT_NE(XhtmlProblem(Div("<script/>"), XhtmlRules::kMarkup), "");
}

TEST(XhtmlProblem, AttributesAtTheLimitAndOneMore_AreJudgedByTheLimit) {
  const auto tag = [](int attributes) {
    std::string text = "<p";
    for (int i = 0; i < attributes; ++i) {
      text += " a" + std::to_string(i) + "=\"\"";
    }
    return Div(text + ">a</p>");
  };
  EXPECT_EQ(XhtmlProblem(tag(50), XhtmlRules::kSyntax), "");
  EXPECT_NE(XhtmlProblem(tag(51), XhtmlRules::kSyntax), "");
}

TEST(HtmlEntity, Names_AreThoseOfHtml4AndXml) {
  EXPECT_EQ(HtmlEntity("nbsp"), U'\u00A0');
  EXPECT_EQ(HtmlEntity("AElig"), U'\u00C6');
  EXPECT_EQ(HtmlEntity("zwnj"), U'\u200C');
  EXPECT_EQ(HtmlEntity("apos"), U'\'');
  EXPECT_EQ(HtmlEntity("lt"), U'<');
  EXPECT_EQ(HtmlEntity("Nbsp"), U'\0');
  EXPECT_EQ(HtmlEntity(""), U'\0');
}

TEST(XhtmlFault, SaysTheTagTheAttributeAndTheByte) {
  const std::string text = Div("<p onclick=\"x()\">a</p>");
  const XhtmlFault attribute = FirstXhtmlFault(text);
  EXPECT_EQ(attribute.element, "p");
  EXPECT_EQ(attribute.attribute, "onclick");
  EXPECT_EQ(attribute.offset, text.find("onclick"));
  EXPECT_EQ(Describe(attribute), std::string(XhtmlProblem(text)) + " (onclick of <p>, byte " +
                                     std::to_string(text.find("onclick")) + " of the narrative)");

  const std::string tag = Div("<p>a</p><script>b</script>");
  EXPECT_EQ(FirstXhtmlFault(tag).element, "script");
  EXPECT_EQ(FirstXhtmlFault(tag).attribute, "");
  EXPECT_EQ(FirstXhtmlFault(tag).offset, tag.find("script"));

  const std::string entity = Div("<p class=\"c\">a &none; b</p>");
  EXPECT_EQ(FirstXhtmlFault(entity).element, "");
  EXPECT_GT(FirstXhtmlFault(entity).offset, entity.find('&'));
  EXPECT_EQ(FirstXhtmlFault(Div("<p>a</p>")).expected, "");
  EXPECT_LT(Describe(FirstXhtmlFault(Div("<" + std::string(5000, 'x') + ">"))).size(), 200u);
}

TEST(XhtmlProblem, ElementsOfTheFormattingChapters_AreKnown) {
  EXPECT_EQ(XhtmlProblem(Div("<address>a</address><bdo dir=\"rtl\">b</bdo><kbd>c</kbd>")), "");
  EXPECT_EQ(XhtmlProblem(Div(R"(<img src="#i" usemap="#m" alt="a"/><map name="m"><area href="#b" alt="b"/></map>)")),
            "");
}

}  // namespace
}  // namespace fhir
