// `passerelle convert`, without the program around it.
#include "gateway/app/commands/convert.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/app/commands/dispatch.hpp"

namespace gateway::app {
namespace {

using testing::HasSubstr;
using Format = ConvertTarget::Format;

constexpr std::string_view kPatientJson = R"({"resourceType":"Patient","active":true,"birthDate":"2000"})";
constexpr std::string_view kPatientXml =
    R"(<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><active value="true"/><birthDate value="2000"/></Patient>)";

TEST(ConvertText, EveryPairOfFormats_IsConverted) {
  fhir::IssueList issues;
  for (const std::string_view given : {kPatientJson, kPatientXml}) {
    EXPECT_EQ(ConvertText(given, {.format = Format::kJson}, issues), std::string(kPatientJson) + "\n");
    EXPECT_EQ(ConvertText(given, {.format = Format::kXml}, issues), std::string(kPatientXml) + "\n");
  }
  EXPECT_THAT(*ConvertText(kPatientXml, {.format = Format::kJson, .pretty = true}, issues),
              HasSubstr("\n  \"active\": true"));
  EXPECT_THAT(*ConvertText(kPatientJson, {.format = Format::kXml, .pretty = true}, issues),
              HasSubstr("\n  <active value"));
  EXPECT_TRUE(issues.empty());
}

TEST(ConvertText, WhatXmlCannotHold_IsAnErrorAndTheRestIsWritten) {
  fhir::IssueList issues;
  constexpr std::string_view kText = "{\"resourceType\":\"Patient\",\n\"gender\":\"a\\uFFFE\",\"active\":true}";
  const auto written = ConvertText(kText, {.format = Format::kXml}, issues);
  ASSERT_TRUE(written);
  EXPECT_THAT(*written, HasSubstr("<active value=\"true\"/>"));
  ASSERT_EQ(issues.errors(), 1U);
  EXPECT_EQ(issues.issues().front().expression, "Patient.gender");
  ASSERT_TRUE(issues.issues().front().offset);
  EXPECT_GT(*issues.issues().front().offset, kText.find('\n'));
  fhir::IssueList none;
  EXPECT_TRUE(ConvertText(kText, {.format = Format::kJson}, none));
  EXPECT_TRUE(none.empty());
}

/// A file that is gone at the end of the test.
class GivenFile {
 public:
  explicit GivenFile(std::string_view text)
      : path_(std::filesystem::temp_directory_path() / ("convert_test." + std::to_string(::getpid()))) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~GivenFile() { std::filesystem::remove(path_); }
  GivenFile(const GivenFile&) = delete;
  GivenFile& operator=(const GivenFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

struct Ended {
  ExitCode code;
  std::string out;
  std::string err;
};

Ended RunProgram(const std::vector<std::string_view>& words) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const ExitCode code = Dispatch(words);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST(ConvertCommand, GoodFile_IsPrinted) {
  const GivenFile file(kPatientJson);
  const Ended ended = RunProgram({"convert", "--to", "xml", file.path()});
  EXPECT_EQ(ended.code, ExitCode::kDone) << ended.err;
  EXPECT_EQ(ended.out, std::string(kPatientXml) + "\n");
  EXPECT_EQ(ended.err, "");
}

TEST(ConvertCommand, MalformedText_IsRefusedWithLineAndColumn) {
  const GivenFile json("{\"resourceType\":\"Patient\",\n \"active\":tru}");
  const Ended from_json = RunProgram({"convert", "--to", "xml", json.path()});
  EXPECT_EQ(from_json.code, ExitCode::kFailed);
  EXPECT_EQ(from_json.out, "");
  EXPECT_THAT(from_json.err, HasSubstr(json.path() + ":2:"));
}

TEST(ConvertCommand, MalformedXml_IsRefusedWithLineAndColumn) {
  const GivenFile file("<Patient xmlns=\"http://hl7.org/fhir\">\n  <active value=\"true\">\n</Patient>");
  const Ended ended = RunProgram({"convert", "--to", "json", file.path()});
  EXPECT_EQ(ended.code, ExitCode::kFailed);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr(file.path() + ":3:"));
}

TEST(ConvertCommand, DataProblem_IsSaidAndTheRestConverted) {
  const GivenFile file("<Patient xmlns=\"http://hl7.org/fhir\">\n  <colour/>\n  <active value=\"true\"/>\n</Patient>");
  const Ended ended = RunProgram({"convert", "--to=json", file.path()});
  EXPECT_EQ(ended.code, ExitCode::kFailed);
  EXPECT_EQ(ended.out, "{\"resourceType\":\"Patient\",\"active\":true}\n");
  EXPECT_THAT(ended.err, HasSubstr(file.path() + ":2:3: error: Patient: unknown element 'colour'"));
}

TEST(ConvertCommand, WrongWords_AreAnsweredWithTheUsage) {
  const std::vector<std::vector<std::string_view>> wrong = {{"convert", "a.json"},
                                                            {"convert", "--to", "yaml", "a"},
                                                            {"convert", "--to", "xml"},
                                                            {"convert", "--to", "xml", "a", "b"}};
  for (const auto& words : wrong) {
    const Ended ended = RunProgram(words);
    EXPECT_EQ(ended.code, ExitCode::kUsage);
    EXPECT_THAT(ended.err, HasSubstr("Usage: passerelle convert"));
  }
  EXPECT_EQ(RunProgram({"convert", "--to", "xml", "/nowhere/a.json"}).code, ExitCode::kFailed);
}

}  // namespace
}  // namespace gateway::app
