#include "adapters/hospital/cda/level_one.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "fhir/base/base64.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/xml/stream.hpp"

namespace {

using adapters::hospital::cda::LevelOneInput;
using adapters::hospital::cda::WrapLevelOne;

fhir::model::Document CdaSource(std::string_view json) {
  fhir::IssueList issues;
  return *fhir::json::ReadJson(json, {}, issues);
}

/// Paths of all elements with their attributes, and the texts.
class CdaReader final : public fhir::xml::StreamHandler {
 public:
  fhir::Result<void> Start(std::string_view name, const Attributes& attributes, std::int64_t) override {
    path_.emplace_back(name);
    std::string path;
    for (const auto& step : path_) path += "/" + step;
    for (const auto& [key, value] : attributes) values.emplace(path + "@" + key, value);
    paths.push_back(path);
    if (path_.size() == 2) children.emplace_back(name);
    return {};
  }
  fhir::Result<void> End(std::string_view) override {
    path_.pop_back();
    return {};
  }
  fhir::Result<void> Text(std::string_view text) override {
    std::string path;
    for (const auto& step : path_) path += "/" + step;
    texts[path] += text;
    return {};
  }

  std::vector<std::string> paths;
  std::vector<std::string> children;  ///< of the root
  std::multimap<std::string, std::string> values;
  std::map<std::string, std::string> texts;

 private:
  std::vector<std::string> path_;
};

constexpr std::string_view kHeader = "/ClinicalDocument";

class LevelOneTest : public testing::Test {
 protected:
  LevelOneTest() {
    input_.document = &document_.root();
    input_.patient = &patient_.root();
    input_.encounter = &encounter_.root();
    input_.resolve = [this](std::string_view reference) -> const fhir::model::Node* {
      return reference == "Practitioner/doc" ? &doctor_.root()
             : reference == "Organization/o" ? &organization_.root()
                                             : nullptr;
    };
    input_.id_root = "1.2.3";
    input_.id_extension = "DOC-9";
    input_.set_root = "2fa48d32-94a2-5a2e-9bb3-5e3a9a4f1234";
    input_.version = 2;
    input_.media_type = "application/pdf";
    input_.content_base64 = content_;
  }

  CdaReader Read() {
    const std::string text = WrapLevelOne(input_);
    CdaReader reader;
    bool given = false;
    const auto read = fhir::xml::ReadStream(
        [&]() -> fhir::Result<std::string_view> {
          return std::exchange(given, true) ? std::string_view() : std::string_view(text);
        },
        reader);
    EXPECT_TRUE(read) << read.error().public_text.text << "\n" << text;
    return reader;
  }

  const fhir::model::Document document_ = CdaSource(R"({"resourceType":"DocumentReference","id":"d1","status":"current",
    "type":{"coding":[{"system":"http://loinc.org","code":"85208-7","display":"CR <télé> & \"suite\""}]},
    "date":"2025-01-20T10:00:00.250+01:00","author":[{"reference":"Practitioner/doc"}],
    "custodian":{"reference":"Organization/o"},"content":[{"attachment":{"contentType":"application/pdf"}}]})");
  const fhir::model::Document patient_ = CdaSource(R"({"resourceType":"Patient","identifier":[
    {"use":"official","system":"urn:oid:1.2.250.1.213.1.4.10","value":"279035121518989"},
    {"use":"old","system":"urn:oid:1.2.250.1.213.1.4.9","value":"1"},{"system":"https://nowhere.example","value":"2"}],
    "name":[{"use":"official","family":"DUPONT","given":["CLAIRE","MARIE"]}],"birthDate":"1979-03-28","gender":"female"})");
  const fhir::model::Document encounter_ = CdaSource(R"({"resourceType":"Encounter","class":{"code":"VR"},
    "period":{"start":"2025-01-20T09:30:00Z"}})");
  const fhir::model::Document doctor_ = CdaSource(R"({"resourceType":"Practitioner","identifier":[
    {"system":"https://rpps.esante.gouv.fr","value":"10002909371"}],"name":[{"family":"DELATTRE","given":["Hélène"]}]})");
  const fhir::model::Document organization_ = CdaSource(R"({"resourceType":"Organization","name":"CHU",
    "identifier":[{"system":"https://finess.esante.gouv.fr","value":"990000010"}]})");
  const std::string content_ = fhir::EncodeBase64("%PDF-1.7 the report");
  LevelOneInput input_;
};

TEST_F(LevelOneTest, Header_HasItsElementsInTheOrderOfPOCD_MT000040) {
  const CdaReader read = Read();
  const std::vector<std::string> expected{
      "realmCode",     "typeId",       "templateId",    "templateId",          "templateId",         "id",
      "code",          "title",        "effectiveTime", "confidentialityCode", "languageCode",       "setId",
      "versionNumber", "recordTarget", "author",        "custodian",           "legalAuthenticator", "documentationOf",
      "componentOf",   "component"};
  EXPECT_EQ(read.children, expected);
}

TEST_F(LevelOneTest, Header_SaysWhoWhatAndWhen) {
  const CdaReader read = Read();
  const auto value = [&](std::string_view path) {
    const auto found = read.values.find(std::string(kHeader) + std::string(path));
    return found == read.values.end() ? std::string("-") : found->second;
  };
  EXPECT_EQ(value("/realmCode@code"), "FR");
  EXPECT_EQ(value("/typeId@extension"), "POCD_HD000040");
  EXPECT_EQ(value("/id@root"), "1.2.3");
  EXPECT_EQ(value("/id@extension"), "DOC-9");
  EXPECT_EQ(value("/code@code"), "85208-7");
  EXPECT_EQ(value("/code@codeSystem"), "2.16.840.1.113883.6.1");
  EXPECT_EQ(read.texts.at("/ClinicalDocument/title"), "CR <télé> & \"suite\"");
  EXPECT_EQ(value("/effectiveTime@value"), "20250120100000+0100");
  EXPECT_EQ(value("/versionNumber@value"), "2");
  EXPECT_EQ(read.values.count("/ClinicalDocument/recordTarget/patientRole/id@extension"), 1u);
  EXPECT_EQ(value("/recordTarget/patientRole/id@root"), "1.2.250.1.213.1.4.10");
  EXPECT_EQ(value("/recordTarget/patientRole/patient/name/family@qualifier"), "BR");
  EXPECT_EQ(value("/recordTarget/patientRole/patient/birthTime@value"), "19790328");
  EXPECT_EQ(value("/author/assignedAuthor/id@extension"), "810002909371");
  EXPECT_EQ(value("/legalAuthenticator/assignedEntity/id@root"), "1.2.250.1.71.4.2.1");
  EXPECT_EQ(value("/custodian/assignedCustodian/representedCustodianOrganization/id@extension"), "1990000010");
  EXPECT_EQ(value("/documentationOf/serviceEvent/code@code"), "TCG");
  EXPECT_EQ(value("/documentationOf/serviceEvent/effectiveTime/low@value"), "20250120093000+0000");
  EXPECT_EQ(value("/componentOf/encompassingEncounter/code@code"), "VR");
  EXPECT_EQ(value("/component/nonXMLBody/text@mediaType"), "application/pdf");
  EXPECT_EQ(value("/component/nonXMLBody/text@representation"), "B64");
  EXPECT_EQ(read.texts.at("/ClinicalDocument/component/nonXMLBody/text"), content_);
}

TEST_F(LevelOneTest, WhatIsNotKnown_StandsWithANullFlavor) {
  const auto nobody = CdaSource(R"({"resourceType":"Patient"})");
  const auto plain = CdaSource(R"({"resourceType":"DocumentReference","status":"current","type":{"text":"Note"}})");
  input_.patient = &nobody.root();
  input_.document = &plain.root();
  input_.encounter = nullptr;
  input_.now_us = 1'737'363'600'000'000;  // 2025-01-20T09:00:00Z
  const CdaReader read = Read();
  const auto value = [&](std::string_view path) {
    const auto found = read.values.find(std::string(kHeader) + std::string(path));
    return found == read.values.end() ? std::string("-") : found->second;
  };
  EXPECT_EQ(value("/code@nullFlavor"), "UNK");
  EXPECT_EQ(value("/effectiveTime@value"), "20250120090000+0000");
  EXPECT_EQ(value("/recordTarget/patientRole/id@nullFlavor"), "UNK");
  EXPECT_EQ(value("/recordTarget/patientRole/patient/name@nullFlavor"), "UNK");
  EXPECT_EQ(value("/recordTarget/patientRole/patient/birthTime@nullFlavor"), "UNK");
  EXPECT_EQ(value("/author/assignedAuthor/id@nullFlavor"), "UNK");
  EXPECT_EQ(std::count(read.children.begin(), read.children.end(), "legalAuthenticator"), 0);
}

TEST_F(LevelOneTest, AReplacement_NamesWhatItReplaces) {
  input_.replaced_root = "1.2.3";
  input_.replaced_extension = "DOC-8";
  const CdaReader read = Read();
  const auto found = read.values.find("/ClinicalDocument/relatedDocument/parentDocument/id@extension");
  ASSERT_NE(found, read.values.end());
  EXPECT_EQ(found->second, "DOC-8");
  const auto position = [&](std::string_view name) {
    return std::find(read.children.begin(), read.children.end(), name) - read.children.begin();
  };
  EXPECT_LT(position("documentationOf"), position("relatedDocument"));
  EXPECT_LT(position("relatedDocument"), position("componentOf"));
}

}  // namespace
