// The words after a command's name, and the table of commands.
#include "gateway/app/command_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/app/commands/command.hpp"
#include "gateway/app/commands/dispatch.hpp"
#include "gateway/app/commands/files.hpp"

namespace gateway::app {
namespace {

constexpr OptionSpec kKnownOptions[] = {{"--config", "FILE", "a file"}, {"--raw", "", "a switch"}};

/// One line of words and what becomes of it: "--config=…; --raw; operand,operand", or the refusal.
struct WordsCase {
  const char* name;
  std::vector<std::string_view> words;
  const char* expected;
};

std::string Told(const WordsCase& words_case) {
  const auto arguments = Arguments::Parse(words_case.words, kKnownOptions);
  if (!arguments) {
    EXPECT_EQ(arguments.error().code, fhir::ErrorCode::kInvalid);
    return arguments.error().public_text.text;
  }
  std::string told = arguments->Has("--config") ? "config=" + *arguments->Value("--config") + ";" : "";
  told += arguments->Has("--raw") ? "raw;" : "";
  for (const std::string& operand : arguments->operands()) {
    told += operand + ",";
  }
  return told;
}

class CommandWords : public testing::TestWithParam<WordsCase> {};

TEST_P(CommandWords, AreTakenApart) {
  EXPECT_EQ(Told(GetParam()), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CommandWords,
    testing::Values(WordsCase{"None", {}, ""}, WordsCase{"Operands", {"a", "-"}, "a,-,"},
                    WordsCase{"ValueApart", {"--config", "f"}, "config=f;"},
                    WordsCase{"ValueJoined", {"--config=f=g"}, "config=f=g;"},
                    WordsCase{"EmptyValue", {"--config="}, "config=;"},
                    WordsCase{"ValueThatLooksLikeAnOption", {"--config", "--raw"}, "config=--raw;"},
                    WordsCase{"BetweenOperands", {"a", "--raw", "b"}, "raw;a,b,"},
                    WordsCase{"AfterTheEnd", {"--raw", "--", "--config", "--"}, "raw;--config,--,"},
                    WordsCase{"SwitchWithValue", {"--raw=1"}, "option --raw takes no value"},
                    WordsCase{"MissingValue", {"--config"}, "option --config needs a value: FILE"},
                    WordsCase{"Twice", {"--raw", "--raw"}, "option --raw is given twice"},
                    WordsCase{"Unknown", {"--colour=red"}, "unknown option --colour"}),
    [](const auto& words) { return std::string(words.param.name); });

TEST(CommandTable, NamesAreUnique_AndEveryRowIsWhole) {
  std::set<std::string_view> names;
  for (const CommandSpec& command : Commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_FALSE(command.summary.empty()) << command.name;
    EXPECT_NE(command.run, nullptr) << command.name;
    std::set<std::string_view> options;
    for (const OptionSpec& option : command.options) {
      EXPECT_TRUE(option.name.starts_with("--")) << command.name;
      EXPECT_TRUE(options.insert(option.name).second) << command.name << " " << option.name;
      EXPECT_FALSE(option.description.empty()) << command.name << " " << option.name;
    }
  }
  for (const std::string_view name : {"serve", "migrate", "check-config", "hl7 send", "messages list", "version"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

/// Exit code and standard error of a command line.
std::pair<ExitCode, std::string> Said(const std::vector<std::string_view>& words) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const ExitCode code = Dispatch(words);
  testing::internal::GetCapturedStdout();
  return {code, testing::internal::GetCapturedStderr()};
}

TEST(CommandDispatch, WordsThatMakeNoCommand_AreAUsageError_ThatSaysWhy) {
  const std::pair<std::vector<std::string_view>, const char*> cases[] = {
      {{}, "Usage: passerelle COMMAND"},
      {{"fly"}, "unknown command fly"},
      {{"messages"}, "unknown command messages"},
      {{"serve", "--colour"}, "passerelle serve: unknown option --colour"},
      {{"serve", "here"}, "no operands are expected"},
      {{"hl7", "send", "127.0.0.1:1"}, "Usage: passerelle hl7 send [OPTIONS] HOST:PORT FILE..."},
      {{"hl7", "translate"}, "at least one file is expected"},
      {{"messages", "show"}, "one id is expected"},
      {{"messages", "replay"}, "ids are expected, or options that choose messages"},
      {{"check-config", "a", "b"}, "one file is expected"}};
  for (const auto& [words, expected] : cases) {
    const auto [code, error] = Said(words);
    EXPECT_EQ(code, ExitCode::kUsage) << expected;
    EXPECT_NE(error.find(expected), std::string::npos) << error;
  }
}

TEST(CommandDispatch, HelpAndVersion_AreDone_AMissingConfigurationIs78) {
  EXPECT_EQ(Said({"--help"}).first, ExitCode::kDone);
  EXPECT_EQ(Said({"serve", "--help"}).first, ExitCode::kDone);
  EXPECT_EQ(Said({"version"}).first, ExitCode::kDone);
  EXPECT_EQ(Said({"print-config-schema"}).first, ExitCode::kDone);
  EXPECT_EQ(Said({"check-config", "/nowhere.yaml"}).first, ExitCode::kConfiguration);
  EXPECT_EQ(Said({"check-config", GW_SOURCE_DIR "/config/passerelle.yaml"}).first, ExitCode::kDone);
}

TEST(MessageFiles, FramesAreTakenOut_AndAFileWithoutFramesIsOneMessage) {
  EXPECT_EQ(SplitMessages("MSH|1\r"), std::vector<std::string>{"MSH|1\r"});
  EXPECT_EQ(SplitMessages("\x0bMSH|1\r\x1c\r\n\x0bMSH|2\r\x1c\r"), (std::vector<std::string>{"MSH|1\r", "MSH|2\r"}));
  EXPECT_EQ(SplitMessages("\x0bMSH|1\r"), std::vector<std::string>{"MSH|1\r"}) << "an end that is missing";
}

TEST(WholeFile, ThatIsNotThere_IsNamed) {
  const auto bytes = ReadWholeFile("/nowhere/message.hl7");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, fhir::ErrorCode::kNotFound);
  EXPECT_EQ(bytes.error().public_text.text, "/nowhere/message.hl7: cannot be read: No such file or directory");
}

TEST(WholeFile, DirectoryAndEmptyFile_AreToldApart) {
  const std::string empty = testing::TempDir() + "/empty.json";
  std::ofstream(empty, std::ios::trunc).close();
  EXPECT_EQ(ReadWholeFile(empty).error().public_text.text, empty + ": is empty");
  EXPECT_EQ(ReadWholeFile("/").error().public_text.text, "/: a file is expected, not a directory");
}

TEST(UnknownOption, ThatIsLong_IsCutBetweenCharacters) {
  const std::string at_limit = "--" + std::string(58, 'a');
  const std::string past = "--" + std::string(57, 'a') + "\xC3\xA4";
  const auto said = [](const std::string& word) {
    const std::string_view words[] = {word};
    return Arguments::Parse(words, {}).error().public_text.text;
  };
  EXPECT_EQ(said(at_limit), "unknown option " + at_limit);
  EXPECT_EQ(said(past), "unknown option " + past.substr(0, 59) + "...");
}

TEST(UnknownCommand, ThatIsLong_IsCut) {
  const std::string word(100'000, 'a');
  const auto [code, error] = Said({word});
  EXPECT_EQ(code, ExitCode::kUsage);
  EXPECT_LT(error.size(), 200U);
}

TEST(WholeFile, PastTheLimit_IsRefused_AndNotRead) {
  const std::string path = testing::TempDir() + "/five_bytes";
  std::ofstream(path, std::ios::trunc) << "12345";
  EXPECT_EQ(ReadWholeFile(path, 5), "12345");
  const auto past = ReadWholeFile(path, 4);
  ASSERT_FALSE(past);
  EXPECT_EQ(past.error().code, fhir::ErrorCode::kTooLarge);
  EXPECT_EQ(past.error().public_text.text, path + ": is larger than 4 bytes, the most that is read of one file");
  EXPECT_FALSE(ReadWholeFile("/dev/zero", 1'000'000)) << "a file without an end";
}

TEST(ResourceCommands, FilesThatAreNoResource_FailWithOneMessage) {
  const std::string folder = testing::TempDir();
  const std::pair<const char*, std::string_view> files[] = {{"empty", ""},
                                                            {"cut", R"({"resourceType":"Patient","name":[{"fam)"},
                                                            {"binary", std::string_view("\x7f\0\xff\xfe", 4)}};
  for (const auto& [name, content] : files) {
    const std::string path = folder + "/no_resource_" + name;
    std::ofstream(path, std::ios::trunc | std::ios::binary) << content;
    for (const std::vector<std::string_view>& words : {std::vector<std::string_view>{"validate", path},
                                                       {"fhirpath", "id", path},
                                                       {"convert", "--to", "xml", path}}) {
      const auto [code, error] = Said(words);
      EXPECT_EQ(code, ExitCode::kFailed) << name << " " << words[0];
      EXPECT_LT(error.size(), 500U) << error;
    }
  }
}

TEST(FhirPathCommandLine, PackageOfAValueSet_AnswersMemberOf) {
  const std::string folder = testing::TempDir();
  const std::string set = folder + "/fhirpath_value_set.json";
  std::ofstream(set, std::ios::trunc) << R"({"resourceType":"ValueSet","url":"urn:x:set","status":"active",)"
                                         R"("compose":{"include":[{"system":"urn:x","concept":[{"code":"a"}]}]}})";
  const std::string resource = folder + "/fhirpath_basic.json";
  std::ofstream(resource, std::ios::trunc)
      << R"({"resourceType":"Basic","code":{"coding":[{"system":"urn:x","code":"a"}]}})";
  const std::vector<std::string_view> words = {"fhirpath", "--package", set, "code.coding.memberOf('urn:x:set')",
                                               resource};
  testing::internal::CaptureStdout();
  EXPECT_EQ(Dispatch(words), ExitCode::kDone);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "[{\"type\":\"System.Boolean\",\"value\":true}]\n");
  EXPECT_EQ(Said({"fhirpath", "--package", "/nowhere.tgz", "code", resource}).first, ExitCode::kFailed);
}

TEST(ValidateCommand, PackageWithABrokenFile_Fails) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "broken_package";
  std::filesystem::create_directories(folder);
  const std::string good = (folder / "good.json").string();
  std::ofstream(good, std::ios::trunc) << R"({"resourceType":"Basic","code":{"text":"b"}})";
  EXPECT_EQ(Said({"validate", good}).first, ExitCode::kDone);
  std::ofstream(folder / "broken.json", std::ios::trunc) << "{";
  const auto [code, error] = Said({"validate", good, "--package", folder.native()});
  EXPECT_EQ(code, ExitCode::kFailed);
  EXPECT_NE(error.find("error: broken.json: "), std::string::npos) << error;
}

TEST(ValidateCommand, InvariantOfToday_IsChecked) {
  const std::string folder = testing::TempDir();
  const std::string profile = folder + "/profile_of_today.json";
  std::ofstream(profile, std::ios::trunc)
      << R"({"resourceType":"StructureDefinition","url":"urn:x:today","name":"Today","status":"active",)"
         R"("kind":"resource","abstract":false,"type":"Patient","derivation":"constraint",)"
         R"("baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","differential":{"element":[)"
         R"({"path":"Patient"},{"path":"Patient.birthDate","constraint":[{"key":"past-1","severity":"error",)"
         R"x("human":"not yet to come","expression":"$this <= today()"}]}]}})x";
  const std::string resource = folder + "/patient_of_today.json";
  const auto born = [&](std::string_view date) {
    std::ofstream(resource, std::ios::trunc) << R"({"resourceType":"Patient","birthDate":")" << date << R"("})";
    testing::internal::CaptureStdout();
    const ExitCode code =
        Dispatch(std::vector<std::string_view>{"validate", "--package", profile, "--profile", "urn:x:today", resource});
    return std::pair(code, testing::internal::GetCapturedStdout().find("past-1") != std::string::npos);
  };
  EXPECT_EQ(born("1990-01-01"), std::pair(ExitCode::kDone, false));
  EXPECT_EQ(born("9990-01-01"), std::pair(ExitCode::kFailed, true));
}

TEST(ValidateCommand, Ndjson_GivesAnOutcomeForEachLineWithItsNumber) {
  const std::string path = testing::TempDir() + "/resources.ndjson";
  const std::string good = R"({"resourceType":"Basic","id":"a","code":{"text":"b"}})";
  std::ofstream(path, std::ios::trunc) << good << "\n\n" << R"({"resourceType":"Basic","id":"_"})" << "\r\n" << good;
  testing::internal::CaptureStdout();
  EXPECT_EQ(Dispatch(std::vector<std::string_view>{"validate", path}), ExitCode::kFailed);
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_EQ(std::ranges::count(out, '\n'), 3) << out;
  const std::size_t first = out.find("resources.ndjson:1\"");
  const std::size_t second = out.find("resources.ndjson:3\"");
  EXPECT_LT(first, second) << out;
  EXPECT_LT(second, out.find("resources.ndjson:4\"")) << out;
  EXPECT_NE(out.find(R"(operationoutcome-issue-line","valueInteger":3})"), std::string::npos) << out;
  std::ofstream(path, std::ios::trunc) << good << "\n";
  EXPECT_EQ(Said({"validate", path}).first, ExitCode::kDone);
  std::ofstream(path, std::ios::trunc) << "\n";
  EXPECT_EQ(Said({"validate", path}).first, ExitCode::kFailed) << "no resource";
}

/// What a command says and ends with when standard output is a full disk.
TEST(CommandOutput, FullDisk_FailsTheCommand) {
  const std::string file = testing::TempDir() + "/full_disk.json";
  std::ofstream(file, std::ios::trunc) << R"({"resourceType":"Basic","id":"a","code":{"text":"b"}})";
  std::vector<std::string_view> many{"validate"};
  many.insert(many.end(), 300, file);
  const std::vector<std::vector<std::string_view>> commands = {
      {"validate", file}, many, {"fhirpath", "id", file}, {"convert", "--to", "xml", file}};
  for (const auto& words : commands) {
    EXPECT_EXIT(
        {
          const bool opened = std::freopen("/dev/full", "w", stdout) != nullptr;
          std::_Exit(opened ? static_cast<int>(Dispatch(words)) : 99);
        },
        testing::ExitedWithCode(1), "standard output cannot be written")
        << words[0];
  }
}

TEST(ReportedError, DecidesTheExitCode_OnOneLine) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Report({.code = fhir::ErrorCode::kUnavailable,
                    .public_text = {"The private database's folder is in use."},
                    .internal_text = {"/data is in use by another gateway, process 12"}}),
            ExitCode::kFailed);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "passerelle: The private database's folder is in use: /data is in use by another gateway, process 12\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(Report({.code = fhir::ErrorCode::kConfiguration, .public_text = {"a.yaml:1: wrong"}}),
            ExitCode::kConfiguration);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "passerelle: a.yaml:1: wrong\n");
}

TEST(Arguments, OptionThatRepeats_KeepsAllValuesInOrder) {
  const OptionSpec known[] = {{.name = "--package", .value = "F", .description = "a package", .repeats = true}};
  const std::vector<std::string_view> words = {"--package", "b", "x.json", "--package=a"};
  const auto arguments = Arguments::Parse(words, known);
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->Values("--package"), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(arguments->operands(), std::vector<std::string>{"x.json"});
}

}  // namespace
}  // namespace gateway::app
