#include "gateway/rest/bulk_import/line_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/gateway/rest/bulk_import/file_server.hpp"

namespace gateway::rest::bulk_import {
namespace {

using tests::rest::FileServer;

const std::vector<std::string> kPrefixes = {"https://files.example/in/", "http://127.0.0.1:9000/"};
const std::string kUrl = "https://files.example/in/a.ndjson";

TEST(ImportSource, WhatASettingAllows_IsAllowedAndNothingElse) {
  EXPECT_TRUE(IsAllowedSource("https://files.example/in/a.ndjson", kPrefixes));
  EXPECT_TRUE(IsAllowedSource("https://files.example/in/b/c?token=1", kPrefixes));
  EXPECT_TRUE(IsAllowedSource("http://127.0.0.1:9000/x", kPrefixes));
  for (const char* refused :
       {"", "https://files.example/", "https://files.example/out/a", "https://files.example.elsewhere/in/a",
        "https://files.example@elsewhere/in/a", "https://user@files.example/in/a", "http://files.example/in/a",
        "https://files.example/in/../secret", "https://files.example/in/%2e%2E/secret", "https://files.example/in/.",
        "https://files.example/in/.%2e", "https://files.example/in/..%2fsecret", "https://files.example/in/%5c..",
        "https://files.example/in/a#b", "https://files.example/in/a b", "https://files.example/in\\a",
        "file:///etc/passwd", "http://127.0.0.1:90001/x", "http://169.254.169.254/"}) {
    EXPECT_FALSE(IsAllowedSource(refused, kPrefixes)) << refused;
  }
  EXPECT_FALSE(IsAllowedSource("https://files.example/in/a", {}));
}

/// All lines, and in how many pieces they came.
std::pair<std::vector<std::string>, int> ReadAll(FileServer& server, PieceLimits limits) {
  std::vector<std::string> lines;
  SourcePlace place;
  for (int pieces = 1;; ++pieces) {
    const auto piece = ReadPiece(server.fetch(), kUrl, place, limits);
    EXPECT_TRUE(piece) << piece.error().public_text.text;
    if (!piece) {
      return {lines, pieces};
    }
    lines.insert(lines.end(), piece->lines.begin(), piece->lines.end());
    if (piece->last) {
      return {lines, pieces};
    }
    place = piece->next;
  }
}

TEST(ImportSource, Pieces_AreWholeLinesWhereverTheyAreCut) {
  const std::vector<std::string> lines = {"one", "", "three is longer than the others", "four", "5"};
  for (const char* text :
       {"one\n\nthree is longer than the others\nfour\n5", "one\r\n\r\nthree is longer than the others\nfour\n5\n"}) {
    for (std::int64_t bytes = 1; bytes < 60; ++bytes) {
      FileServer server;
      server.files[kUrl] = text;
      EXPECT_EQ(ReadAll(server, {.piece_bytes = bytes, .line_bytes_max = 1000}).first, lines) << bytes;
      server.ranges = false;
      EXPECT_EQ(ReadAll(server, {.piece_bytes = bytes, .line_bytes_max = 1000}).first, lines) << bytes;
    }
  }
}

TEST(ImportSource, EmptyFile_HasNoLines) {
  FileServer server;
  server.files[kUrl] = "";
  EXPECT_TRUE(ReadAll(server, {}).first.empty());
}

TEST(ImportSource, LineAtTheLimit_IsReadAndALongerOneRefused) {
  FileServer server;
  server.files[kUrl] = std::string(99, 'a') + "\n" + "b\n";
  EXPECT_EQ(ReadAll(server, {.piece_bytes = 10, .line_bytes_max = 100}).first.size(), 2u);
  server.files[kUrl] = std::string(100, 'a') + "\n" + "b\n";
  const auto piece = ReadPiece(server.fetch(), kUrl, {}, {.piece_bytes = 10, .line_bytes_max = 100});
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error().code, fhir::ErrorCode::kTooLarge);
}

TEST(ImportSource, FileThatChanges_IsRefused) {
  FileServer server;
  server.files[kUrl] = "one\ntwo\nthree\n";
  const auto first = ReadPiece(server.fetch(), kUrl, {}, {.piece_bytes = 5});
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->last);
  server.files[kUrl] = "one\nTWO\nthree\n";
  const auto second = ReadPiece(server.fetch(), kUrl, first->next, {.piece_bytes = 5});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, fhir::ErrorCode::kPeerRefused);
}

TEST(ImportSource, OtherAnswers_AreErrors) {
  FileServer server;
  EXPECT_EQ(ReadPiece(server.fetch(), kUrl, {}, {}).error().code, fhir::ErrorCode::kPeerRefused);  // 404
  server.status = 302;
  EXPECT_EQ(ReadPiece(server.fetch(), kUrl, {}, {}).error().retry, fhir::Retry::kNever);
  server.status = 503;
  EXPECT_EQ(ReadPiece(server.fetch(), kUrl, {}, {}).error().retry, fhir::Retry::kLater);
}

}  // namespace
}  // namespace gateway::rest::bulk_import
