// What an import is made of: packed files, groups and their keys, one link to the server.
#include <gtest/gtest.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "fhir/base/archive.hpp"
#include "gateway/app/import/bundle_stream.hpp"
#include "gateway/app/import/load_group.hpp"
#include "gateway/app/import/resource_files.hpp"
#include "gateway/app/import/server_link.hpp"
#include "gateway/app/import/unpacked_file.hpp"
#include "tests/gateway/app/import_files.hpp"

namespace gateway::app {
namespace {

using ImportParts = test::ImportFiles;

std::vector<std::string> EntriesOf(const std::string& text, std::size_t bytes_max, std::string& problem) {
  std::istringstream in(text);
  BundleStream bundle(in, bytes_max);
  std::vector<std::string> entries;
  if (bundle.ToEntries()) {
    while (auto entry = bundle.Next()) {
      entries.push_back(*std::move(entry));
    }
  }
  problem = bundle.problem();
  return entries;
}

TEST(BundleStream, Entries_OfABundle_ComeOneByOne) {
  std::string problem;
  const auto entries = EntriesOf(
      R"( {"resourceType":"Bundle", "type" : "batch","meta":{"a":[]}, "entry" : [ {"n":1} , {"n":"]"} ], "id":"x" } )",
      1000, problem);
  EXPECT_EQ(entries, (std::vector<std::string>{R"({"n":1})", R"({"n":"]"})"}));
  EXPECT_EQ(problem, "");
  EXPECT_TRUE(EntriesOf(R"({"resourceType":"Bundle","type":"batch","entry":[]})", 100, problem).empty());
  EXPECT_EQ(problem, "");
}

TEST(BundleStream, Entries_LongerThanAPieceOfTheStream_AreWhole) {
  const std::string large(700'000, 'x');
  const std::string entry = "{\"n\":\"" + large + "\"}";
  std::string problem;
  EXPECT_EQ(EntriesOf("{\"type\":\"batch\",\"entry\":[" + entry + "," + entry + "]}", entry.size(), problem),
            (std::vector<std::string>{entry, entry}));
  EXPECT_EQ(problem, "");
  EXPECT_TRUE(EntriesOf("{\"type\":\"batch\",\"entry\":[" + entry + "]}", entry.size() - 1, problem).empty());
  EXPECT_NE(problem.find("more than"), std::string::npos) << problem;
}

TEST(BundleStream, BrokenText_EndsWithAProblem) {
  for (const char* text : {"", "[", "{\"type\"", "{\"type\":\"batch\",", "{\"entry\":[", "{\"entry\":[{",
                           "{\"entry\":[{}", "{\"entry\":[{},", "{\"entry\":[{}]", "{\"entry\":[1]}",
                           "{\"entry\":[{} {}]}", R"({"resourceType":"Patient","entry":[{}]})"}) {
    std::string problem;
    EntriesOf(text, 1000, problem);
    EXPECT_NE(problem, "") << text;
  }
}

TEST_F(ImportParts, PackedFile_OfEitherKind_ReadsAsItsPlainBytes) {
  const std::string plain = "{\"resourceType\":\"Patient\",\"id\":\"packed\"}\n";
  constexpr std::uint8_t kBzip2[] = {0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0x2a, 0xa0, 0xb7, 0xa3,
                                     0x00, 0x00, 0x13, 0xdb, 0x80, 0x00, 0x10, 0x10, 0x04, 0x00, 0x10, 0x44, 0x00, 0x2e,
                                     0x29, 0xde, 0x2a, 0x20, 0x00, 0x22, 0x83, 0x26, 0x40, 0x0d, 0x1e, 0xa1, 0x46, 0x8c,
                                     0x81, 0xa3, 0x4c, 0x8d, 0x03, 0x5a, 0xc8, 0x90, 0x12, 0x57, 0x38, 0xf9, 0x56, 0xc6,
                                     0x8c, 0xf5, 0xb2, 0x9a, 0xe0, 0xd3, 0xa4, 0x04, 0x4b, 0xd7, 0x00, 0x4f, 0xe2, 0xee,
                                     0x48, 0xa7, 0x0a, 0x12, 0x05, 0x54, 0x16, 0xf4, 0x60};
  const std::string gzip = *fhir::GzipCompress(plain);
  const std::string bzip2(reinterpret_cast<const char*>(kBzip2), sizeof(kBzip2));
  for (const std::string& bytes : {plain, gzip, bzip2}) {
    auto file = UnpackedFile::Open(Write("one.json", bytes));
    ASSERT_TRUE(file);
    EXPECT_EQ(ReadStart((*file)->stream(), 1000), plain);
    EXPECT_EQ((*file)->problem(), "");
  }
  for (const std::string& bytes : {gzip, bzip2}) {
    auto file = UnpackedFile::Open(Write("cut.json", bytes.substr(0, bytes.size() - 4)));
    ASSERT_TRUE(file);
    ReadStart((*file)->stream(), 1000);
    EXPECT_NE((*file)->problem(), "");
  }
  EXPECT_FALSE(UnpackedFile::Open((folder_ / "absent.json").string()));
  EXPECT_FALSE(UnpackedFile::Open(folder_.string()));
}

TEST(ReadStart, MoreThanAllowed_IsCutAfterOneByteMore) {
  std::istringstream in("0123456789");
  EXPECT_EQ(ReadStart(in, 10).size(), 10u);
  std::istringstream more("0123456789A");
  EXPECT_EQ(ReadStart(more, 9).size(), 10u);
}

TEST(KeyChain, Digest_DependsOnAllThatStandsBefore) {
  KeyChain first;
  KeyChain second;
  const std::string one = *first.Next("a");
  const std::string two = *first.Next("a");
  EXPECT_NE(one, two);
  EXPECT_EQ(one, *second.Next("a"));
  EXPECT_NE(two, *second.Next("b"));
}

struct Read {
  std::vector<LoadGroup> groups;
  std::vector<std::string> problems;
};

Read ReadOne(const std::string& path, const GroupLimits& limits) {
  Read read;
  const auto problem = [&](const std::string& place, std::string_view why) {
    read.problems.push_back(place.substr(place.rfind('/') + 1) + ": " + std::string(why));
  };
  if (IsLineFile(path)) {
    LineGroups lines(path, limits, problem);
    while (auto group = lines.Next()) {
      read.groups.push_back(*std::move(group));
    }
    return read;
  }
  ReadJsonFile(
      path, limits,
      [&](LoadGroup group) {
        read.groups.push_back(std::move(group));
        return true;
      },
      problem);
  return read;
}

std::string BundleWith(const std::string& type, const std::vector<std::string>& entries) {
  std::string text = "{\"resourceType\":\"Bundle\",\"type\":\"" + type + "\",\"entry\":[";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    text += (i == 0 ? "" : ",") + entries[i];
  }
  return text + "]}";
}

const std::string kPost =
    R"({"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}})";

TEST_F(ImportParts, Transaction_IsSentAsItStands) {
  const std::string text = BundleWith("transaction", {kPost, kPost});
  const Read read = ReadOne(Write("t.json", text), {});
  ASSERT_EQ(read.groups.size(), 1u);
  EXPECT_EQ(read.groups[0].kind, GroupKind::kWhole);
  EXPECT_EQ(read.groups[0].size(), 2u);
  EXPECT_EQ(BundleOf(read.groups[0]), text);
  EXPECT_EQ(KeyOf(read.groups[0])->size(), 64u);
  EXPECT_EQ(*KeyOf(read.groups[0]), *KeyOf(ReadOne(Write("renamed.json", text), {}).groups[0]));
}

TEST_F(ImportParts, Batch_IsDividedAtItsEntries) {
  const Read read = ReadOne(Write("b.json", BundleWith("batch", {kPost, kPost, kPost})), {.group_items_max = 2});
  ASSERT_EQ(read.groups.size(), 2u);
  EXPECT_EQ(read.groups[0].kind, GroupKind::kBatch);
  EXPECT_EQ(BundleOf(read.groups[0]), BundleWith("batch", {kPost, kPost}));
  EXPECT_EQ(BundleOf(read.groups[1]), BundleWith("batch", {kPost}));
  EXPECT_EQ(PlaceOf(read.groups[1], 0).substr(folder_.string().size()), "/b.json: entry 2 (Patient)");
  EXPECT_NE(*KeyOf(read.groups[0]), *KeyOf(read.groups[1]));
}

TEST_F(ImportParts, Collection_BecomesOneTransactionWithItsFullUrls) {
  const Read read = ReadOne(
      Write("c.json",
            BundleWith("collection", {R"({"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p"}})",
                                      R"({"resource":{"resourceType":"Basic"}})", R"({"fullUrl":"x"})"})),
      {});
  ASSERT_EQ(read.groups.size(), 1u);
  EXPECT_EQ(read.groups[0].size(), 2u);
  EXPECT_EQ(
      BundleOf(read.groups[0]),
      BundleWith(
          "transaction",
          {R"({"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p"},"request":{"method":"PUT","url":"Patient/p"}})",
           R"({"resource":{"resourceType":"Basic"},"request":{"method":"POST","url":"Basic"}})"}));
  EXPECT_EQ(read.problems, std::vector<std::string>{"c.json: entry 2: has no resource"});
}

TEST_F(ImportParts, DocumentAndSingleResource_AreResourcesThemselves) {
  const Read document =
      ReadOne(Write("d.json", R"({"resourceType":"Bundle","id":"d","type":"document","entry":[]})"), {});
  ASSERT_EQ(document.groups.size(), 1u);
  EXPECT_NE(BundleOf(document.groups[0]).find(R"("url":"Bundle/d")"), std::string::npos);
  const Read single = ReadOne(Write("p.json", "\xEF\xBB\xBF{\"resourceType\":\"Patient\"}"), {});
  ASSERT_EQ(single.groups.size(), 1u);
  EXPECT_EQ(BundleOf(single.groups[0]),
            BundleWith("transaction",
                       {R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}})"}));
}

TEST_F(ImportParts, WhatHoldsNothingToLoad_IsToldWithItsReason) {
  EXPECT_EQ(ReadOne(Write("h.json", BundleWith("history", {})), {}).problems,
            std::vector<std::string>{"h.json: a Bundle of type history holds nothing to load"});
  EXPECT_EQ(ReadOne(Write("x.json", "<Patient/>"), {}).problems, std::vector<std::string>{"x.json: is not JSON"});
  EXPECT_EQ(ReadOne(Write("n.json", "{}"), {}).problems, std::vector<std::string>{"n.json: has no resourceType"});
  EXPECT_EQ(ReadOne(Write("e.ndjson", "\n \n"), {}).problems, std::vector<std::string>{"e.ndjson: holds no resource"});
  EXPECT_EQ(ReadOne((folder_ / "absent.json").string(), {}).problems,
            std::vector<std::string>{"absent.json: cannot be read: No such file or directory"});
}

TEST_F(ImportParts, BundleLargerThanARequest_IsDividedUnlessItIsATransaction) {
  const std::vector<std::string> entries(20, kPost);
  const std::string batch = BundleWith("batch", entries);
  const Read whole = ReadOne(Write("b.json", batch), {.body_bytes_max = batch.size(), .group_items_max = 6});
  const Read parts = ReadOne(Write("b.json", batch), {.body_bytes_max = batch.size() - 1, .group_items_max = 6});
  ASSERT_EQ(whole.groups.size(), 4u);
  ASSERT_EQ(parts.groups.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(BundleOf(whole.groups[i]), BundleOf(parts.groups[i]));
    EXPECT_EQ(*KeyOf(whole.groups[i]), *KeyOf(parts.groups[i]));
  }
  const std::string transaction = BundleWith("transaction", entries);
  EXPECT_EQ(ReadOne(Write("t.json", transaction), {.body_bytes_max = transaction.size()}).groups.size(), 1u);
  const Read refused = ReadOne(Write("t.json", transaction), {.body_bytes_max = transaction.size() - 1});
  EXPECT_TRUE(refused.groups.empty());
  ASSERT_EQ(refused.problems.size(), 1u);
  EXPECT_NE(refused.problems[0].find("the most that is sent at once"), std::string::npos);
}

TEST_F(ImportParts, CollectionInParts_PostsEachResourceWithoutAnIdAlone) {
  const std::string named = R"({"resource":{"resourceType":"Patient","id":"p"}})";
  const std::string nameless = R"({"resource":{"resourceType":"Basic"}})";
  const Read read =
      ReadOne(Write("c.json", BundleWith("collection", {named, named, nameless, nameless, named})), {.entries_max = 4});
  ASSERT_EQ(read.groups.size(), 4u);
  EXPECT_EQ(read.groups[0].size(), 2u);
  EXPECT_EQ(read.groups[1].size(), 1u);
  EXPECT_EQ(read.groups[2].size(), 1u);
  EXPECT_NE(*KeyOf(read.groups[1]), *KeyOf(read.groups[2]));
  EXPECT_EQ(PlaceOf(read.groups[3], 0).substr(folder_.string().size()), "/c.json: entry 4 (Patient)");
  EXPECT_EQ(ReadOne(Write("c.json", BundleWith("collection", {named, nameless})), {.entries_max = 2}).groups.size(),
            1u);
}

TEST_F(ImportParts, Lines_WithAnIdTravelTogether_AndWithoutAlone) {
  const Read read = ReadOne(Write("l.ndjson",
                                  "{\"resourceType\":\"Patient\",\"id\":\"1\"}\n"
                                  "{\"resourceType\":\"Patient\",\"id\":\"2\"}\n"
                                  "\n"
                                  "{\"resourceType\":\"Patient\"}\r\n"
                                  "no json\n"
                                  "{\"resourceType\":\"Basic\",\"id\":\"3\"}"),
                            {});
  ASSERT_EQ(read.groups.size(), 3u);
  EXPECT_EQ(read.groups[0].size(), 2u);
  EXPECT_EQ(read.groups[1].size(), 1u);
  EXPECT_NE(BundleOf(read.groups[1]).find("\"POST\""), std::string::npos);
  EXPECT_EQ(PlaceOf(read.groups[2], 0).substr(folder_.string().size()), "/l.ndjson:6 (Basic)");
  EXPECT_EQ(read.problems, std::vector<std::string>{"l.ndjson:5: is not JSON"});
}

TEST_F(ImportParts, LinesAddedToAFile_LeaveTheKeysBeforeThemAlone) {
  const std::string line = "{\"resourceType\":\"Patient\"}\n";
  const Read two = ReadOne(Write("l.ndjson", line + line), {});
  const Read three = ReadOne(Write("l.ndjson", line + line + line), {});
  ASSERT_EQ(two.groups.size(), 2u);
  ASSERT_EQ(three.groups.size(), 3u);
  EXPECT_NE(*KeyOf(two.groups[0]), *KeyOf(two.groups[1]));
  EXPECT_EQ(*KeyOf(two.groups[0]), *KeyOf(three.groups[0]));
  EXPECT_EQ(*KeyOf(two.groups[1]), *KeyOf(three.groups[1]));
}

TEST(FileNames, Loadable_AreJsonAndLinesAlsoPacked) {
  for (const char* path : {"a/b.json", "b.JSON.gz", "b.ndjson", "b.ndjson.bz2"}) {
    EXPECT_TRUE(IsLoadable(path)) << path;
  }
  for (const char* path : {"b.xml", "b.gz", "a/.b.json", "b.json.zip", "json"}) {
    EXPECT_FALSE(IsLoadable(path)) << path;
  }
  EXPECT_TRUE(IsLineFile("a.NDJSON.gz"));
  EXPECT_FALSE(IsLineFile("a.json"));
}

/// A server that answers from a list, and what it was asked.
struct Script {
  std::vector<fhir::Result<http::ClientResponse>> answers;
  std::vector<http::ClientRequest> asked;
  std::vector<std::int64_t> pauses;

  ServerLink Link(LinkOptions options = {}) {
    options.base_url = "http://server/fhir";
    options.pause = [this](std::int64_t ms) { pauses.push_back(ms); };
    return ServerLink(options, [this](const http::ClientRequest& request) {
      asked.push_back(request);
      return answers[asked.size() - 1];
    });
  }
};

http::ClientResponse Answer(int status, const std::string& retry_after = {}) {
  http::ClientResponse response{.status = status, .headers = {}, .body = "{}"};
  if (!retry_after.empty()) {
    response.headers.Add("Retry-After", retry_after);
  }
  return response;
}

TEST(ServerLink, ServerThatAsksToComeLater_IsAskedAgainWithTheSameKey) {
  Script script{.answers = {Answer(503, "2"), Answer(429, "100000"), Answer(503), Answer(503, "soon"), Answer(200)},
                .asked = {},
                .pauses = {}};
  const auto answer = script.Link({.token = "secret", .pause_first_ms = 10, .pause_max_ms = 60'000}).Post("{}", "k");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(script.pauses, (std::vector<std::int64_t>{2000, 60'000, 40, 80}));
  ASSERT_EQ(script.asked.size(), 5u);
  for (const auto& request : script.asked) {
    EXPECT_EQ(request.headers.Get("Idempotency-Key"), "k");
    EXPECT_EQ(request.headers.Get("Authorization"), "Bearer secret");
    EXPECT_EQ(request.body, "{}");
  }
}

TEST(ServerLink, ServerThatNeverTakesIt_IsAskedSoManyTimesAndNoMore) {
  Script script{.answers = {Answer(503), Answer(503), Answer(503)}, .asked = {}, .pauses = {}};
  const auto answer = script.Link({.attempts_max = 3}).Post("{}", "k");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_EQ(script.asked.size(), 3u);
  EXPECT_EQ(script.pauses.size(), 2u);
}

TEST(ServerLink, Refusal_IsAnAnswerAndNotRepeated) {
  Script script{.answers = {Answer(422)}, .asked = {}, .pauses = {}};
  EXPECT_EQ(script.Link().Post("{}", "k")->status, 422);
  EXPECT_EQ(script.asked.size(), 1u);
}

TEST(ServerLink, BrokenConnection_IsTriedAgainOnlyOnceTheServerHasAnswered) {
  const auto broken = [] {
    return fhir::Result<http::ClientResponse>(fhir::Fail(fhir::ErrorCode::kUnavailable, "broken"));
  };
  Script never{.answers = {broken()}, .asked = {}, .pauses = {}};
  EXPECT_FALSE(never.Link().Post("{}", "k"));
  EXPECT_EQ(never.asked.size(), 1u);

  Script later{.answers = {Answer(200), broken(), broken(), Answer(200)}, .asked = {}, .pauses = {}};
  ServerLink link = later.Link();
  EXPECT_TRUE(link.Post("{}", "k"));
  EXPECT_TRUE(link.Post("{}", "k"));
  EXPECT_EQ(later.asked.size(), 4u);
}

TEST(ServerLink, Base_OfAServerAlone_IsItsFhirApi) {
  EXPECT_EQ(FhirBase("http://127.0.0.1:8080"), "http://127.0.0.1:8080/fhir");
  EXPECT_EQ(FhirBase("http://127.0.0.1:8080/"), "http://127.0.0.1:8080/fhir");
  EXPECT_EQ(FhirBase("https://host/r4/"), "https://host/r4");
}

TEST(ServerLink, Reason_IsWhatTheOutcomeSays) {
  EXPECT_EQ(ReasonOf(500, "<html>"), "HTTP status 500");
  EXPECT_EQ(ReasonOf(422, R"({"resourceType":"OperationOutcome","issue":[
      {"severity":"warning","diagnostics":"not this"},
      {"severity":"error","expression":["Patient.gender"],"diagnostics":"no\ncode"},
      {"severity":"fatal","details":{"text":"end"}}]})"),
            "422: Patient.gender: no code; end");
}

}  // namespace
}  // namespace gateway::app
