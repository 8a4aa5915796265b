// Whole imports against a server that is a function.
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gateway/app/import/importer.hpp"
#include "tests/gateway/app/import_files.hpp"

namespace gateway::app {
namespace {

using Server = std::function<http::ClientResponse(const std::string& body)>;

http::ClientResponse Status(int status, std::string body = "{}") {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

bool Holds(const std::string& body, std::string_view part) {
  return body.find(part) != std::string::npos;
}

class ImportTest : public test::ImportFiles {
 protected:
  struct Result {
    ImportTotals totals;
    std::string stopped;
    std::vector<std::string> told;  // without the folder, in order of the text
  };

  Result Run(std::vector<std::string> files, const Server& server, std::size_t connections = 1) {
    ImportOrder order;
    order.files = std::move(files);
    order.connections = connections;
    order.limits.group_items_max = 3;
    order.link.base_url = "http://server/fhir";
    order.link.pause = [](std::int64_t) {};
    order.connect = [&]() -> Transport {
      return [&](const http::ClientRequest& request) -> fhir::Result<http::ClientResponse> {
        {
          const std::lock_guard lock(mutex_);
          bodies_.push_back(request.body);
          keys_.push_back(std::string(*request.headers.Get("Idempotency-Key")));
        }
        return server(request.body);
      };
    };
    std::FILE* errors = std::tmpfile();
    ImportReport report(errors, order.files.size());
    Result result;
    result.stopped = Import(order, report);
    result.totals = report.totals();
    std::rewind(errors);
    char line[4096];
    while (std::fgets(line, sizeof line, errors) != nullptr) {
      std::string text(line);
      text.pop_back();
      result.told.push_back(text.starts_with(folder_.string()) ? text.substr(folder_.string().size() + 1) : text);
    }
    std::fclose(errors);
    std::ranges::sort(result.told);
    return result;
  }

  std::string Transaction(const std::string& name) {
    return Write(name + ".json",
                 R"({"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:)" + name +
                     R"(","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}]})");
  }

  std::mutex mutex_;
  std::vector<std::string> bodies_;
  std::vector<std::string> keys_;
};

std::string Lines(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) {
    text += R"({"resourceType":"Patient","id":"p)" + std::to_string(i) + "\"}\n";
  }
  return text;
}

TEST_F(ImportTest, Files_ThatTheServerTakes_AreCounted) {
  const Result result = Run(
      {Transaction("a"), Write("b.ndjson", Lines(7)), Write("c.json", R"({"resourceType":"Basic"})")},
      [](const std::string&) { return Status(200); }, 2);
  EXPECT_EQ(result.totals.files, 3u);
  EXPECT_EQ(result.totals.bundles, 1u);
  EXPECT_EQ(result.totals.resources, 9u);
  EXPECT_EQ(result.totals.failed, 0u);
  EXPECT_EQ(result.stopped, "");
  EXPECT_TRUE(result.told.empty());
  EXPECT_EQ(bodies_.size(), 5u);  // the lines travel by three
}

TEST_F(ImportTest, Repeat_OfTheSameFiles_SendsTheSameKeys) {
  const std::vector<std::string> files = {Transaction("a"),
                                          Write("b.ndjson", Lines(7) + "{\"resourceType\":\"Basic\"}\n")};
  Run(files, [](const std::string&) { return Status(200); }, 2);
  const std::multiset<std::string> first(keys_.begin(), keys_.end());
  keys_.clear();
  Run(files, [](const std::string&) { return Status(200); }, 3);
  EXPECT_EQ(first, std::multiset<std::string>(keys_.begin(), keys_.end()));
  EXPECT_EQ(std::set<std::string>(keys_.begin(), keys_.end()).size(), 5u);
}

TEST_F(ImportTest, LineThatIsRefused_IsNamedAndTheOthersAreLoaded) {
  const Result result = Run({Write("l.ndjson", Lines(5))}, [](const std::string& body) {
    return Holds(body, "p2") ? Status(422, R"({"issue":[{"severity":"error","diagnostics":"no"}]})") : Status(200);
  });
  EXPECT_EQ(result.totals.resources, 4u);
  EXPECT_EQ(result.totals.failed, 1u);
  EXPECT_EQ(result.told, std::vector<std::string>{"l.ndjson:2 (Patient): 422: no"});
}

TEST_F(ImportTest, EntryOfABatchThatIsRefused_IsNamed) {
  const std::string entry = R"({"resource":{"resourceType":"Basic"},"request":{"method":"POST","url":"Basic"}})";
  const Result result = Run(
      {Write("b.json", R"({"resourceType":"Bundle","type":"batch","entry":[)" + entry + "," + entry + "]}")},
      [](const std::string&) {
        return Status(200, R"({"entry":[{"response":{"status":"201 Created"}},{"response":{"status":"400 Bad Request",
            "outcome":{"issue":[{"severity":"error","expression":["Basic.code"],"diagnostics":"missing"}]}}}]})");
      });
  EXPECT_EQ(result.totals.resources, 1u);
  EXPECT_EQ(result.totals.bundles, 1u);
  EXPECT_EQ(result.told, std::vector<std::string>{"b.json: entry 1 (Basic): 400: Basic.code: missing"});
}

TEST_F(ImportTest, TransactionThatIsRefused_IsLostWhole) {
  const Result result = Run({Transaction("a"), Transaction("b")},
                            [](const std::string& body) { return Holds(body, "urn:a") ? Status(412) : Status(200); });
  EXPECT_EQ(result.totals.resources, 1u);
  EXPECT_EQ(result.told, std::vector<std::string>{"a.json: HTTP status 412"});
  EXPECT_EQ(bodies_.size(), 2u);
}

TEST_F(ImportTest, RefusalWhileAnEarlierFileIsOnItsWay_IsTriedAgainAfterIt) {
  std::mutex mutex;
  std::condition_variable changed;
  int refused = 0;
  bool loaded = false;
  const auto server = [&](const std::string& body) {
    std::unique_lock lock(mutex);
    if (Holds(body, "urn:a")) {
      changed.wait(lock, [&] { return refused > 0; });  // the later file comes too early
      loaded = true;
      return Status(200);
    }
    if (!loaded) {
      ++refused;
      changed.notify_all();
      return Status(422);
    }
    return Status(200);
  };
  const Result result = Run({Transaction("a"), Transaction("b")}, server, 2);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(result.totals.resources, 2u);
  EXPECT_TRUE(result.told.empty());
  ASSERT_EQ(keys_.size(), 3u);
  EXPECT_EQ(std::set<std::string>(keys_.begin(), keys_.end()).size(), 2u);
}

TEST_F(ImportTest, BatchOfWhichEntriesComeTooEarly_GoesOnceMoreUnderTheSameKey) {
  std::mutex mutex;
  std::condition_variable changed;
  bool refused = false;
  bool loaded = false;
  const std::string entry = R"({"fullUrl":"urn:b","request":{"method":"POST","url":"Basic"}})";
  const std::string batch =
      Write("b.json", R"({"resourceType":"Bundle","type":"batch","entry":[)" + entry + "," + entry + "]}");
  const auto server = [&](const std::string& body) {
    std::unique_lock lock(mutex);
    if (Holds(body, "urn:a")) {
      changed.wait(lock, [&] { return refused; });
      loaded = true;
      return Status(200);
    }
    if (!loaded) {
      refused = true;
      changed.notify_all();
      return Status(200, R"({"entry":[{"response":{"status":"201"}},{"response":{"status":"400"}}]})");
    }
    return Status(200, R"({"entry":[{"response":{"status":"201"}},{"response":{"status":"201"}}]})");
  };
  const Result result = Run({Transaction("a"), batch}, server, 2);
  EXPECT_EQ(result.totals.resources, 3u);
  EXPECT_TRUE(result.told.empty());
  ASSERT_EQ(keys_.size(), 3u);
  EXPECT_EQ(std::set<std::string>(keys_.begin(), keys_.end()).size(), 2u);
}

TEST_F(ImportTest, CallerWhoIsNotKnown_StopsTheImport) {
  const Result result = Run({Transaction("a"), Transaction("b")}, [](const std::string&) { return Status(401); });
  EXPECT_NE(result.stopped, "");
  EXPECT_EQ(bodies_.size(), 1u);
  EXPECT_EQ(result.totals.resources, 0u);
}

TEST_F(ImportTest, AnswerThatDoesNotTellOfEachEntry_CountsAsFailure) {
  const std::string entry = R"({"request":{"method":"DELETE","url":"Basic/1"}})";
  const Result result = Run({Write("b.json", R"({"resourceType":"Bundle","type":"batch","entry":[)" + entry + "]}")},
                            [](const std::string&) { return Status(200, R"({"entry":[]})"); });
  EXPECT_EQ(result.totals.failed, 1u);
}

}  // namespace
}  // namespace gateway::app
