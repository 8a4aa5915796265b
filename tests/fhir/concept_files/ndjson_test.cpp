#include <gtest/gtest.h>

#include "tests/fhir/concept_files/reading.hpp"

namespace fhir::concept_files {
namespace {

std::string ReadNdjson(const std::string& text, json::Value* head = nullptr) {
  return Read(text, {.format = FileFormat::kNdjson}, 9, head);
}

TEST(NdjsonConcepts, ResourcesAndConcepts_AreOneSystem) {
  json::Value head;
  EXPECT_EQ(
      ReadNdjson(
          R"({"resourceType":"CodeSystem","url":"urn:x","version":"1","property":[{"code":"up","uri":"http://hl7.org/fhir/concept-properties#parent"}],"concept":[{"code":"A","display":"a","concept":[{"code":"AB","property":[{"code":"n","valueInteger":7},{"code":"notSelectable","valueBoolean":true}]}]}]})"
          "\n\n"
          R"({"code":"C","definition":"c","property":[{"code":"up","valueCode":"A"},{"code":"x","valueCoding":{"code":"k"}}],"designation":[{"language":"fr","use":{"code":"u"},"value":"ç"}]})"
          "\r\n"
          R"({"resourceType":"CodeSystem","url":"urn:x","concept":[{"code":"D","property":[{"code":"child","valueCode":"AB"}]}]})",
          &head),
      "1 A|a|\n1 AB|| ^A n(valueInteger)=7 notSelectable(valueBoolean)=true\n3 C||c ^A x()=k @fr:ç\n4 D|| vAB\n");
  EXPECT_EQ(head.FindText("url"), "urn:x");
  EXPECT_EQ(head.Find("concept"), nullptr);
}

TEST(NdjsonConcepts, WhatIsWrong_IsToldWithItsLine) {
  EXPECT_TRUE(ReadNdjson("{\"code\":\"A\"}\n{oops}\n").starts_with("invalid: line 2: no JSON object: "));
  EXPECT_EQ(ReadNdjson("{\"resourceType\":\"Patient\",\"code\":\"x\"}"),
            "invalid: line 1: expected a CodeSystem, or a concept with its code");
  EXPECT_EQ(ReadNdjson("[1]"), "invalid: line 1: expected a CodeSystem, or a concept with its code");
  EXPECT_EQ(
      ReadNdjson(
          "{\"resourceType\":\"CodeSystem\",\"url\":\"urn:a\"}\n{\"resourceType\":\"CodeSystem\",\"url\":\"urn:b\"}"),
      "invalid: line 2: another code system than that of the first line");
}

TEST(NdjsonConcepts, Nesting_HasItsLimit) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) {
      text += fmt::format(R"({{"code":"{}"{})", i, i + 1 < depth ? ",\"concept\":[" : "");
    }
    for (int i = 0; i < depth; ++i) {
      text += i + 1 < depth ? "}]" : "}";
    }
    return ReadNdjson(text);
  };
  EXPECT_FALSE(nested(64).starts_with("invalid"));
  EXPECT_EQ(nested(65), "invalid: line 1: concepts nested too deeply");
}

}  // namespace
}  // namespace fhir::concept_files
