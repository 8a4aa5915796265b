// The parts of `passerelle validate`: files in order, texts of both forms, work on several threads in order.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/app/validation/file_list.hpp"
#include "gateway/app/validation/ordered_work.hpp"
#include "gateway/app/validation/text_validation.hpp"

namespace gateway::app {
namespace {

/// The OperationOutcome of a text.
std::string Outcome(std::string_view text) {
  const fhir::terminology::Terminology terminology(fhir::packages::Registry::Core());
  const fhir::validation::Validator validator(fhir::packages::Registry::Core(), terminology);
  fhir::validation::ValidatorOptions options;
  options.best_practice = fhir::Severity::kInformation;
  fhir::IssueList issues;
  ValidateText(text, validator, options, issues);
  return fhir::operation_outcome::ToOperationOutcome(issues, {.text = text, .name = "a.json"});
}

TEST(ValidateText, WrongValue_HasItsLineAndColumn) {
  const std::string outcome = Outcome("{\"resourceType\":\"Patient\",\n \"birthDate\":\"2024-13-01\"}");
  EXPECT_NE(
      outcome.find(R"("url":"http://hl7.org/fhir/StructureDefinition/operationoutcome-file","valueString":"a.json")"),
      std::string::npos)
      << outcome;
  EXPECT_NE(outcome.find(R"(operationoutcome-issue-line","valueInteger":2})"), std::string::npos) << outcome;
  EXPECT_NE(outcome.find(R"("expression":["Patient.birthDate"])"), std::string::npos) << outcome;
}

TEST(ValidateText, Xml_IsToldByItsFirstCharacter) {
  const std::string outcome =
      Outcome("\xEF\xBB\xBF <Patient xmlns=\"http://hl7.org/fhir\">\n<gender value=\"none\"/></Patient>");
  EXPECT_NE(outcome.find(R"("expression":["Patient.gender"])"), std::string::npos) << outcome;
}

TEST(ValidateText, NoResource_IsFatal) {
  for (const std::string_view text : {"", "[", "<", "{}", "null"}) {
    EXPECT_NE(Outcome(text).find(R"("severity":"fatal")"), std::string::npos) << text;
  }
}

TEST(ListFiles, DirectoryMeansItsFilesInNameOrder_MissingStays) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "list_files";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "below");
  for (const char* name : {"b.json", "a.xml", "c.txt", ".hidden.json", "below/d.json"}) {
    std::ofstream(folder / name) << "x";
  }
  EXPECT_EQ(ListFiles({"missing.json", folder.string(), "-"}),
            (std::vector<std::string>{"missing.json", (folder / "a.xml").string(), (folder / "b.json").string(), "-"}));
}

TEST(RunInOrder, ResultsComeInOrder_FewWait) {
  constexpr std::size_t kPieces = 500;
  constexpr std::size_t kWaitingMax = 4;
  std::atomic<std::size_t> begun = 0;
  std::size_t taken = 0;
  RunInOrder(
      {.pieces = kPieces, .threads = 3, .waiting_max = kWaitingMax},
      [&begun](std::size_t piece) {
        ++begun;
        return std::to_string(piece);
      },
      [&](const std::string& result) {
        EXPECT_EQ(result, std::to_string(taken));
        ++taken;
        EXPECT_LE(begun, taken + kWaitingMax);
      });
  EXPECT_EQ(taken, kPieces);
  RunInOrder({}, [](std::size_t) { return std::string("none"); }, [](const std::string&) { FAIL(); });
}

}  // namespace
}  // namespace gateway::app
