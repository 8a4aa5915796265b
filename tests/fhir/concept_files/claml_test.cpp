#include <gtest/gtest.h>

#include "tests/fhir/concept_files/reading.hpp"

namespace fhir::concept_files {
namespace {

std::string ReadClamlText(const std::string& body, json::Value* head = nullptr) {
  return Read("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE ClaML SYSTEM \"ClaML.dtd\">\n" + body,
              {.format = FileFormat::kClaml}, 11, head);
}

constexpr const char* kSmall = R"(<ClaML version="2.0.0">
<Title name="CIM-10-X" version="2026" date="2026-01-01">Classification
  d'essai</Title>
<Modifier code="E1_4"><SubClass code=".0"/></Modifier>
<ModifierClass modifier="E1_4" code=".0"><SuperClass code="E1_4"/><Rubric kind="preferred"><Label xml:lang="fr">Avec coma</Label></Rubric></ModifierClass>
<ModifierClass modifier="E1_4" code=".1"><SuperClass code="E1_4"/><Rubric kind="preferred"><Label xml:lang="fr">Sans complication</Label></Rubric></ModifierClass>
<Class code="IV" kind="chapter"><SubClass code="E10"/><SubClass code="E11"/>
  <Rubric kind="preferred"><Label xml:lang="fr">Maladies</Label></Rubric></Class>
<Class code="E10" kind="category" usage="dagger"><Meta name="sexe" value="F"/><SuperClass code="IV"/>
  <Rubric kind="preferred"><Label xml:lang="fr">Diabète de <Term>type 1</Term></Label></Rubric>
  <Rubric kind="inclusion"><Label xml:lang="fr">juvénile<Reference>E11</Reference></Label></Rubric>
  <Rubric kind="definition"><Label xml:lang="fr">Dit aussi &lt;insulino&gt;</Label></Rubric>
  <ModifiedBy code="E1_4" all="true"/></Class>
<Class code="E11" kind="category"><SuperClass code="IV"/>
  <ModifiedBy code="E1_4" all="false"><ValidModifierClass code=".1"/></ModifiedBy>
  <Rubric kind="preferred"><Label xml:lang="fr">Diabète de type 2</Label></Rubric>
  <Rubric kind="preferredLong"><Label xml:lang="fr">Diabète sucré de type 2</Label></Rubric></Class>
</ClaML>)";

TEST(Claml, Classes_AreConceptsWithTheirHierarchyAndModifiers) {
  json::Value head;
  EXPECT_EQ(ReadClamlText(kSmall, &head),
            "9 IV|Maladies| vE10 vE11 kind(valueCode)=chapter\n"
            "11 E10|Diabète de type 1|Dit aussi <insulino> ^IV kind(valueCode)=category usage(valueCode)=dagger "
            "sexe(valueString)=F inclusion(valueString)=juvénile E11\n"
            "11 E10.0|Diabète de type 1, Avec coma| ^E10 kind(valueCode)=modified\n"
            "11 E10.1|Diabète de type 1, Sans complication| ^E10 kind(valueCode)=modified\n"
            "16 E11|Diabète de type 2| ^IV kind(valueCode)=category @fr:Diabète sucré de type 2\n"
            "16 E11.1|Diabète de type 2, Sans complication| ^E11 kind(valueCode)=modified\n");
  EXPECT_EQ(json::WriteValue(head), R"({"version":"2026","date":"2026-01-01","title":"Classification d'essai"})");
}

// Version 3 has a namespace, and more between the head and the classes.
TEST(Claml, Version3_IsReadAlike) {
  EXPECT_EQ(ReadClamlText(
                R"(<c:ClaML version="3.0.0" xmlns:c="http://www.who.int/claml"><c:Title name="X" version="1">T</c:Title>
<c:ClassKinds><c:ClassKind name="category"/></c:ClassKinds>
<c:Class code="A" kind="category"><c:Rubric kind="preferred"><c:Label xml:lang="fr"><c:Para>Un</c:Para><c:Para>deux</c:Para></c:Label></c:Rubric></c:Class>
</c:ClaML>)"),
            "5 A|Un deux| kind(valueCode)=category\n");
}

TEST(Claml, WhatIsWrong_IsToldWithItsLine) {
  EXPECT_EQ(ReadClamlText("<Patient/>"), "invalid: line 3: expected the element ClaML");
  EXPECT_EQ(ReadClamlText("<ClaML>\n<Class code='A'>\n</ClaML>"),
            "invalid: line 5: not valid XML: start and end tags that match are expected");
  EXPECT_EQ(ReadClamlText("<ClaML>\n<Class code='A'><Class code='B'/></Class></ClaML>"),
            "invalid: line 4: a class inside of a class");
  EXPECT_EQ(ReadClamlText("<ClaML>\n<Class code='A'><ModifiedBy code='M'/></Class></ClaML>"),
            "invalid: line 4: no class of the modifier M comes before");
}

TEST(Claml, Entities_AreNeverExpandedOrFetched) {
  const std::string external = R"(<!DOCTYPE ClaML [<!ENTITY x SYSTEM "file:///etc/passwd">]>)";
  for (const std::string& doctype : {external, std::string(R"(<!DOCTYPE ClaML [<!ENTITY x "aaaa">]>)")}) {
    EXPECT_EQ(Read(doctype + "<ClaML><Title>&x;</Title></ClaML>", {.format = FileFormat::kClaml}),
              "invalid: line 1: not valid XML: no entity but those of XML (amp, lt, gt, quot, apos) is expected");
  }
}

TEST(Claml, DeepNesting_IsRefusedPastItsLimit) {
  const auto nested = [](int depth) {
    std::string text = "<ClaML>";
    for (int i = 1; i < depth; ++i) {
      text += "<x>";
    }
    for (int i = 1; i < depth; ++i) {
      text += "</x>";
    }
    return Read(text + "</ClaML>", {.format = FileFormat::kClaml});
  };
  EXPECT_EQ(nested(256), "");
  EXPECT_EQ(nested(257), "too-large: line 1: elements nested too deeply");
}

}  // namespace
}  // namespace fhir::concept_files
