// The parts of `passerelle validate`: files in order, texts of both forms, work on several threads in order.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>
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
  for (const char* name : {"b.JSON", "a.xml", "c.txt", ".hidden.json", "below/d.json"}) {
    std::ofstream(folder / name) << "x";
  }
  const FileList list = ListFiles({"missing.json", folder.string(), "-"});
  EXPECT_TRUE(list.problems.empty());
  EXPECT_EQ(list.files,
            (std::vector<std::string>{"missing.json", (folder / "a.xml").string(), (folder / "b.JSON").string(), "-"}));
}

TEST(ListFiles, DirectoryWithoutFiles_IsAProblem) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "list_no_files";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "below.json");
  const FileList list = ListFiles({folder.string()});
  EXPECT_TRUE(list.files.empty());
  EXPECT_EQ(list.problems, std::vector<std::string>{"no file to validate in " + folder.string()});
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
        return true;
      });
  EXPECT_EQ(taken, kPieces);
  EXPECT_TRUE(
      RunInOrder({}, [](std::size_t) { return std::string("none"); }, [](const std::string&) { return false; }));
}

TEST(RunInOrder, EveryWayOut_EndsTheThreads) {
  const OrderedWork order{.pieces = 100, .threads = 3, .waiting_max = 2};
  const auto work = [](std::size_t piece) { return std::to_string(piece); };
  EXPECT_FALSE(RunInOrder(order, work, [](const std::string& result) { return result != "7"; }));
  EXPECT_THROW(RunInOrder(order, work, [](const std::string&) -> bool { throw std::runtime_error("take"); }),
               std::runtime_error);
  EXPECT_THROW(RunInOrder(
                   order, [](std::size_t) -> std::string { throw std::runtime_error("work"); },
                   [](const std::string&) { return true; }),
               std::runtime_error);
}

}  // namespace
}  // namespace gateway::app
