// The parts of `passerelle validate`: files in order, texts of both forms, work on several threads in order.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/app/validation/file_list.hpp"
#include "gateway/app/validation/ordered_work.hpp"
#include "gateway/app/validation/resource_lines.hpp"
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
  for (const char* name : {"b.JSON", "a.xml", "a.ndjson", "c.txt", ".hidden.json", "below/d.json"}) {
    std::ofstream(folder / name) << "x";
  }
  const FileList list = ListFiles({"missing.json", folder.string(), "-"});
  EXPECT_TRUE(list.problems.empty());
  EXPECT_EQ(list.files, (std::vector<std::string>{"missing.json", (folder / "a.ndjson").string(),
                                                  (folder / "a.xml").string(), (folder / "b.JSON").string(), "-"}));
}

std::vector<std::string> NumberedLines(const std::string& text, std::size_t bytes_max) {
  std::istringstream from(text);
  ResourceLines lines(from, bytes_max);
  std::vector<std::string> all;
  while (const auto line = lines.Next()) {
    all.push_back(std::to_string(line->number) + (line->too_long ? " too long" : ":" + line->text));
  }
  return all;
}

TEST(ResourceLines, EmptyLinesCount_AndAreNotGiven) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(NumberedLines("", 9), Lines{});
  EXPECT_EQ(NumberedLines("\n \r\n\t", 9), Lines{});
  EXPECT_EQ(NumberedLines("a\n\nb\r\n \nc", 9), (Lines{"1:a", "3:b\r", "5:c"}));
  EXPECT_EQ(NumberedLines("\n\na\n", 9), Lines{"3:a"});
}

TEST(ResourceLines, LineAtTheLimit_IsGiven_OnePastIsNot) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(NumberedLines("aaaa\nb", 4), (Lines{"1:aaaa", "2:b"}));
  EXPECT_EQ(NumberedLines("aaaaa\nb\nccccc", 4), (Lines{"1 too long", "2:b", "3 too long"}));
}

TEST(ResourceLines, LinesOverSeveralPieces_AreWhole) {
  const std::string large(1'000'000, 'a');
  EXPECT_EQ(NumberedLines(large + "\nb\n" + large, large.size()),
            (std::vector<std::string>{"1:" + large, "2:b", "3:" + large}));
  EXPECT_EQ(NumberedLines(large + "\nb", large.size() - 1), (std::vector<std::string>{"1 too long", "2:b"}));
}

TEST(ListFiles, DirectoryWithoutFiles_IsAProblem) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "list_no_files";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "below.json");
  const FileList list = ListFiles({folder.string()});
  EXPECT_TRUE(list.files.empty());
  EXPECT_EQ(list.problems, std::vector<std::string>{"no file to read in " + folder.string()});
}

/// So many pieces, which know their number.
NextPiece Pieces(std::size_t count, std::function<std::string(std::size_t)> work) {
  return [count, work = std::move(work), at = std::size_t{0}]() mutable -> Piece {
    return at == count ? Piece() : [work, number = at++] { return work(number); };
  };
}

TEST(RunInOrder, ResultsComeInOrder_FewWait) {
  constexpr std::size_t kPieces = 500;
  constexpr std::size_t kWaitingMax = 4;
  std::atomic<std::size_t> begun = 0;
  std::size_t taken = 0;
  RunInOrder({.threads = 3, .waiting_max = kWaitingMax},
             Pieces(kPieces,
                    [&begun](std::size_t piece) {
                      ++begun;
                      return std::to_string(piece);
                    }),
             [&](const std::string& result) {
               EXPECT_EQ(result, std::to_string(taken));
               ++taken;
               EXPECT_LE(begun, taken + kWaitingMax);
               return true;
             });
  EXPECT_EQ(taken, kPieces);
  EXPECT_TRUE(RunInOrder({}, [] { return Piece(); }, [](const std::string&) { return false; }));
}

TEST(RunInOrder, EveryWayOut_EndsTheThreads) {
  const OrderedWork order{.threads = 3, .waiting_max = 2};
  const auto work = Pieces(100, [](std::size_t piece) { return std::to_string(piece); });
  EXPECT_FALSE(RunInOrder(order, work, [](const std::string& result) { return result != "7"; }));
  EXPECT_THROW(RunInOrder(order, work, [](const std::string&) -> bool { throw std::runtime_error("take"); }),
               std::runtime_error);
  EXPECT_THROW(RunInOrder(order, Pieces(100, [](std::size_t) -> std::string { throw std::runtime_error("work"); }),
                          [](const std::string&) { return true; }),
               std::runtime_error);
  EXPECT_THROW(RunInOrder(
                   order, []() -> Piece { throw std::runtime_error("next"); }, [](const std::string&) { return true; }),
               std::runtime_error);
}

}  // namespace
}  // namespace gateway::app
