#include "gateway/telemetry/logger.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace gateway::telemetry {
namespace {

class LoggerLines : public testing::Test {
 protected:
  std::string lines_;
  Logger logger_{Level::kInfo, [this](std::string_view line) { lines_ += line; }};
};

static_assert(!std::is_convertible_v<std::string, Literal>, "a text made at run time must not become a message");
static_assert(!std::is_constructible_v<Field, Literal, std::string_view, bool>, "fields are made by their kinds alone");

TEST_F(LoggerLines, AllKinds_OneLineOfJson) {
  logger_.Info("http", "request",
               {RequestId("r-1"), Count("status", 200), Flag("tls", true), Code("route", "/fhir/{type}"),
                Code("error", fhir::ErrorCode::kNotFound), Micros("taken_us", -1)});
  const std::string rest = lines_.substr(lines_.find(R"(","level)"));
  EXPECT_EQ(
      rest,
      "\",\"level\":\"info\",\"component\":\"http\",\"message\":\"request\",\"request_id\":\"r-1\",\"status\":200,"
      "\"tls\":true,\"route\":\"/fhir/{type}\",\"error\":\"not-found\",\"taken_us\":-1}\n");
  EXPECT_TRUE(lines_.starts_with(R"({"time":"2)"));
  EXPECT_EQ(lines_.find('Z'), std::string_view(R"({"time":"2026-01-01T00:00:00.000000Z)").size() - 1);
}

TEST_F(LoggerLines, BelowLevel_NothingIsWritten) {
  logger_.Debug("a", "b");
  EXPECT_EQ(lines_, "");
  logger_.SetLevel(Level::kDebug);
  logger_.Debug("a", "b");
  EXPECT_NE(lines_, "");
}

TEST_F(LoggerLines, IdWithFreeText_LosesItsCharacters) {
  logger_.Info("a", "b", {Id("id", "Mme É\"}\n, 12"), Code("code", std::string(500, 'x'))});
  EXPECT_NE(lines_.find(R"("id":"Mme????}?,?12")"), std::string::npos) << lines_;
  EXPECT_EQ(lines_.find(std::string(129, 'x')), std::string::npos);
  EXPECT_NE(lines_.find(std::string(128, 'x')), std::string::npos);
}

TEST_F(LoggerLines, EmptyText_IsLeftOut) {
  logger_.Info("a", "b", {RequestId(""), Count("n", 0)});
  EXPECT_EQ(lines_.find("request_id"), std::string::npos);
  EXPECT_NE(lines_.find(R"("n":0)"), std::string::npos);
}

TEST_F(LoggerLines, Detail_IsEscapedAndCut) {
  const fhir::InternalText text{"state \"08006\"\n\\" + std::string(2'000, 'y')};
  logger_.Error("store", "lost", {Detail(text)});
  EXPECT_NE(lines_.find(R"("detail":"state \"08006\"\u000a\\yyy)"), std::string::npos) << lines_;
  EXPECT_LT(lines_.size(), 1'200u);
}

TEST_F(LoggerLines, ManyThreads_LinesStayWhole) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 100; ++i) {
        logger_.Info("a", "b", {Count("n", i)});
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::size_t count = 0;
  for (std::size_t at = 0; at < lines_.size(); at = lines_.find('\n', at) + 1) {
    EXPECT_EQ(lines_.substr(at, 9), R"({"time":")");
    ++count;
  }
  EXPECT_EQ(count, 400u);
}

TEST(LoggerFile, Reopen_AfterRotation_WritesToTheNewFile) {
  const std::string path = testing::TempDir() + "logger_test." + std::to_string(::getpid());
  auto logger = Logger::Create(Level::kInfo, path);
  ASSERT_TRUE(logger);
  (*logger)->Info("a", "first");
  ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
  ASSERT_TRUE((*logger)->Reopen());
  (*logger)->Info("a", "second");
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text.find("first"), std::string::npos);
  EXPECT_NE(text.find("second"), std::string::npos);
  std::remove(path.c_str());
  std::remove((path + ".1").c_str());
}

// Whoever writes takes along the lines of the others, and a rotation waits for it: nothing is torn, lost or doubled.
TEST(LoggerFile, ManyThreadsAndRotations_KeepEveryLineOnce) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  constexpr int kRotations = 20;
  const std::string path = testing::TempDir() + "logger_threads_test." + std::to_string(::getpid());
  const auto rotated = [&](int n) { return path + "." + std::to_string(n); };
  std::vector<int> seen(kThreads * kLines);
  {
    auto logger = Logger::Create(Level::kInfo, path);
    ASSERT_TRUE(logger);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kLines; ++i) {
          (*logger)->Info("a", "b", {Count("n", t * kLines + i)});
        }
      });
    }
    for (int n = 0; n < kRotations; ++n) {
      EXPECT_EQ(std::rename(path.c_str(), rotated(n).c_str()), 0);
      EXPECT_TRUE((*logger)->Reopen());
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  for (int n = 0; n <= kRotations; ++n) {
    const std::string name = n < kRotations ? rotated(n) : path;
    std::ifstream file(name);
    for (std::string line; std::getline(file, line);) {
      EXPECT_TRUE(line.starts_with(R"({"time":")") && line.ends_with("}")) << line;
      const std::size_t at = line.find(R"("n":)");
      ASSERT_NE(at, std::string::npos) << line;
      ++seen.at(static_cast<std::size_t>(std::stoi(line.substr(at + 4))));
    }
    std::remove(name.c_str());
  }
  EXPECT_EQ(seen, std::vector<int>(seen.size(), 1));
}

TEST(LoggerFile, FolderMissing_IsAConfigurationError) {
  const auto logger = Logger::Create(Level::kInfo, "/nonexistent/folder/log");
  ASSERT_FALSE(logger);
  EXPECT_EQ(logger.error().code, fhir::ErrorCode::kConfiguration);
}

}  // namespace
}  // namespace gateway::telemetry
