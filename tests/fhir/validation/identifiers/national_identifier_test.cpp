#include "fhir/validation/identifiers/national_identifier.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "fhir/json/reader.hpp"

namespace {

using fhir::IssueList;
using fhir::validation::CheckNationalIdentifier;
using fhir::validation::NationalNumber;
using fhir::validation::NumberVerdict;
using fhir::validation::OwnNumber;

fhir::model::Document PatientWith(const std::string& identifier) {
  IssueList issues;
  auto document = fhir::json::ReadJson(R"({"resourceType":"Patient","identifier":[)" + identifier + "]}", {}, issues);
  EXPECT_TRUE(document && issues.empty()) << identifier;
  return document ? *std::move(document) : fhir::model::Document(0);
}

std::vector<fhir::Issue> IssuesOf(const std::string& identifier,
                                  const fhir::validation::NationalIdentifierOptions& options = {}) {
  const auto document = PatientWith(identifier);
  IssueList issues;
  CheckNationalIdentifier(*document.root().Child("identifier"), options, issues);
  return issues.issues();
}

TEST(NationalIdentifier, CaseFile_HasTheExpectedVerdicts) {
  const std::map<std::string, NumberVerdict> verdicts = {{"good", NumberVerdict::kGood},
                                                         {"unknown", NumberVerdict::kUnknown},
                                                         {"form", NumberVerdict::kWrongForm},
                                                         {"check", NumberVerdict::kWrongCheckDigit}};
  std::ifstream file(GW_SOURCE_DIR "/tests/data/identifiers/french.txt");
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') {
      continue;
    }
    std::istringstream words(line);
    std::string verdict;
    std::string system;
    std::string value;
    words >> verdict >> system >> std::ws;
    std::getline(words, value);
    ASSERT_TRUE(verdicts.contains(verdict)) << line;
    EXPECT_EQ(fhir::validation::CheckNumber(system, value), verdicts.at(verdict)) << line;
    ++cases;
  }
  EXPECT_GT(cases, 70);
}

TEST(NationalIdentifier, WrongCheckDigit_WarnsAtTheValueWithoutShowingIt) {
  const std::string identifier = R"({"system":"https://rpps.esante.gouv.fr","value":"10003461033"})";
  const auto issues = IssuesOf(identifier);
  ASSERT_EQ(issues.size(), 1U);
  EXPECT_EQ(issues[0].severity, fhir::Severity::kWarning);
  EXPECT_EQ(issues[0].expression, "Patient.identifier[0].value");
  EXPECT_NE(issues[0].text.find("RPPS"), std::string::npos);
  EXPECT_EQ(issues[0].text.find("10003461033"), std::string::npos);
  EXPECT_TRUE(issues[0].offset);
  EXPECT_EQ(IssuesOf(identifier, {.severity = fhir::Severity::kError})[0].severity, fhir::Severity::kError);
  EXPECT_TRUE(IssuesOf(identifier, {.severity = std::nullopt}).empty());
}

TEST(NationalIdentifier, Type_CountsWhenTheSystemTellsNothing) {
  const std::string type = R"("type":{"coding":[{"system":"urn:other","code":"RPPS"},)"
                           R"({"system":"https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203","code":"ADELI"}]})";
  EXPECT_EQ(IssuesOf("{" + type + R"(,"value":"759912346"})").size(), 1U);
  EXPECT_EQ(IssuesOf("{" + type + R"(,"system":"urn:hospital","value":"7599"})").size(), 1U);
  // The system is known: its rule alone counts.
  EXPECT_TRUE(IssuesOf("{" + type + R"(,"system":"https://rpps.esante.gouv.fr","value":"10002909371"})").empty());
  // A holder's own number within a national system: nothing is known of it, whatever the type.
  EXPECT_TRUE(IssuesOf("{" + type + R"(,"system":"urn:oid:1.2.250.1.71.4.2.1","value":"499700001"})").empty());
  EXPECT_TRUE(IssuesOf(R"({"type":{"coding":[{"system":"urn:other","code":"RPPS"}]},"value":"1"})").empty());
  EXPECT_TRUE(IssuesOf(R"({"system":"https://rpps.esante.gouv.fr"})").empty());
}

TEST(NationalIdentifier, OwnNumber_UnwrapsNationalNumbers) {
  const NationalNumber rpps{"https://rpps.esante.gouv.fr", "10002909371"};
  EXPECT_EQ(OwnNumber("urn:oid:1.2.250.1.71.4.2.1", "810002909371"), rpps);
  EXPECT_EQ(OwnNumber("https://rpps.esante.gouv.fr", "10002909371"), rpps);
  EXPECT_EQ(OwnNumber("https://rpps.esante.gouv.fr", "1000 2909 371"), rpps);
  EXPECT_EQ(OwnNumber("urn:oid:1.2.250.1.71.4.2.2", "12b0000020"),
            (NationalNumber{"https://finess.esante.gouv.fr", "2B0000020"}));
  EXPECT_EQ(OwnNumber("urn:oid:1.2.250.1.71.4.2.2", "2356000000"), OwnNumber("https://sirene.fr", "356000000"));
  EXPECT_EQ(OwnNumber("urn:oid:1.2.250.1.71.4.2.2", "335600000009075"),
            OwnNumber("https://sirene.fr", "35600000009075"));
  // Without a system of its own, or not of the form it should have, a number stays where it is.
  EXPECT_EQ(OwnNumber("urn:oid:1.2.250.1.71.4.2.1", "0759912345"),
            (NationalNumber{"urn:oid:1.2.250.1.71.4.2.1", "0759912345"}));
  EXPECT_EQ(OwnNumber("urn:oid:1.2.250.1.71.4.2.1", "8123"), (NationalNumber{"urn:oid:1.2.250.1.71.4.2.1", "8123"}));
  EXPECT_EQ(OwnNumber("urn:oid:1.2.250.1.213.1.4.8", "186052a00100125"),
            (NationalNumber{"urn:oid:1.2.250.1.213.1.4.8", "186052A00100125"}));
  EXPECT_EQ(OwnNumber("https://hospital.example/ipp", "8123"), std::nullopt);
}

TEST(NationalIdentifier, Coding_OfAMedicationPack_IsCheckedByItsCode) {
  IssueList issues;
  const auto document = fhir::json::ReadJson(
      R"({"resourceType":"Medication","code":{"coding":[{"system":"http://data.esante.gouv.fr/ansm/medicament/Presentation","code":"3400930000015"}]}})",
      {}, issues);
  ASSERT_TRUE(document);
  CheckNationalIdentifier(*document->root().Find("code.coding"), {}, issues);
  ASSERT_EQ(issues.issues().size(), 1U);
  EXPECT_EQ(issues.issues()[0].expression, "Medication.code.coding[0].code");
}

}  // namespace
