// $reindex: who may, of what, and that rows are right when it is done.
#include <gmock/gmock.h>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Response Post(std::string path, std::string body = "", std::string_view party = "") {
  return TheGateway().Send(party, Method::kPost, "/fhir/" + std::move(path), std::move(body));
}

std::vector<std::string> Found(std::string query) {
  return IdsOf(TheGateway().Send("", Method::kGet, "/fhir/" + std::move(query)));
}

void Script(const std::string& sql) {
  const auto connection = TheGateway().pool().Acquire();
  ASSERT_TRUE(connection);
  const auto done = (*connection)->ExecuteScript("script", sql);
  ASSERT_TRUE(done) << done.error().internal_text.text;
}

/// Asks for a job, has it done, and gives its last answer.
Response RunJob(std::string path, std::string body = "") {
  const Response accepted = Post(std::move(path), std::move(body));
  EXPECT_EQ(accepted.status, 202) << accepted.body;
  std::string place(accepted.headers.Get("Content-Location").value_or(""));
  EXPECT_THAT(place, HasSubstr("https://gw.example/fhir/_job/"));
  place = place.substr(std::string("https://gw.example").size());
  const Response waiting = TheGateway().Send("", Method::kGet, place);
  EXPECT_EQ(waiting.status, 202);
  EXPECT_TRUE(waiting.headers.Get("X-Progress"));
  TheGateway().RunJobs();
  return TheGateway().Send("", Method::kGet, place);
}

class Reindexing : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 8; ++i) {
      ASSERT_LT(
          TheGateway()
              .Send(
                  "", Method::kPut, fmt::format("/fhir/Substance/s{}", i),
                  fmt::format(
                      R"({{"resourceType":"Substance","id":"s{}","identifier":[{{"system":"urn:s","value":"v{}"}}],)"
                      R"("code":{{"coding":[{{"system":"urn:c","code":"c","display":"Salt"}}]}},)"
                      R"("instance":[{{"quantity":{{"value":2,"system":"http://unitsofmeasure.org","code":"g"}}}}]}})",
                      i, i))
              .status,
          300);
    }
    ASSERT_LT(TheGateway()
                  .Send("", Method::kPut, "/fhir/Flag/f1",
                        R"({"resourceType":"Flag","id":"f1","status":"active","identifier":[{"value":"v"}],)"
                        R"("code":{"text":"c"},"subject":{"reference":"Patient/x"}})")
                  .status,
              300);
  }
};

TEST_F(Reindexing, OfAType_MakesItsRowsRight_AndOthersStay) {
  // As rows of before texts and units were kept, and one that is lost.
  Script(
      "UPDATE idx_token SET text = ''; UPDATE idx_quantity SET base_unit = '', base_low = 0, base_high = 0;"
      "DELETE FROM idx_token WHERE code IN ('v3', 'v')");
  EXPECT_THAT(Found("Substance?code:text=salt"), IsEmpty());
  const Response done = RunJob("Substance/$reindex");
  EXPECT_EQ(done.status, 200) << done.body;
  const fhir::json::Value result = JsonOf(done);
  EXPECT_EQ(result.Find("parameter")->items().at(0).Find("valueInteger")->AsInteger(), 8);
  EXPECT_EQ(result.Find("parameter")->items().at(1).Find("valueInteger")->AsInteger(), 0);
  EXPECT_EQ(Found("Substance?code:text=salt").size(), 8u);
  EXPECT_EQ(Found("Substance?quantity=2000%7Chttp://unitsofmeasure.org%7Cmg").size(), 8u);
  EXPECT_THAT(Found("Substance?identifier=v3"), ElementsAre("s3"));
  EXPECT_THAT(Found("Flag?identifier=v"), IsEmpty()) << "another type";
  EXPECT_EQ(
      RunJob("$reindex", R"({"resourceType":"Parameters","parameter":[{"name":"url","valueString":"Flag?"}]})").status,
      200);
  EXPECT_THAT(Found("Flag?identifier=v"), ElementsAre("f1"));
}

TEST_F(Reindexing, OfOneParameter_LeavesOthersAsTheyAre) {
  Script("DELETE FROM idx_token WHERE type = (SELECT type FROM resource_version WHERE id = 's1' LIMIT 1)");
  const Response done = RunJob("$reindex", R"({"resourceType":"Parameters","parameter":[{"name":"url","valueUri":)"
                                           R"("http://hl7.org/fhir/SearchParameter/Substance-identifier"}]})");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_THAT(Found("Substance?identifier=v3"), ElementsAre("s3"));
  EXPECT_THAT(Found("Substance?code=c"), IsEmpty());
  EXPECT_EQ(RunJob("$reindex").status, 200);
  EXPECT_EQ(Found("Substance?code=c").size(), 8u);
}

TEST_F(Reindexing, OfOneResource_IsDoneAtOnce) {
  Script("DELETE FROM idx_token WHERE code IN ('v3', 'v4')");
  EXPECT_EQ(Post("Substance/s3/$reindex").status, 200);
  EXPECT_THAT(Found("Substance?identifier=v3,v4"), ElementsAre("s3"));
  EXPECT_EQ(Post("Substance/nobody/$reindex").status, 404);
  EXPECT_EQ(Post("Substance/s4/$reindex").status, 200);
}

TEST_F(Reindexing, IsForOperatorsAlone_AndSaysWhatItDoesNotTake) {
  for (const char* party : {"hospital-a", "platform-p", "insurer-amo", "patient-1"}) {
    for (const char* path : {"$reindex", "Substance/$reindex", "Substance/s3/$reindex"}) {
      EXPECT_EQ(Post(path, "", party).status, 403) << party << " " << path;
    }
  }
  EXPECT_EQ(Post("Substance/s3/$reindex", "", "operator-o").status, 200);
  EXPECT_EQ(Post("Substance/$reindex", "", "operator-o").status, 202);
  TheGateway().RunJobs();
  EXPECT_EQ(Post("$reindex?url=http://nobody.example/SearchParameter/x").status, 404);
  EXPECT_EQ(Post("$reindex?url=Patient?name=x").status, 400);
  EXPECT_EQ(Post("Substance/$reindex?url=Patient?").status, 400);
  EXPECT_EQ(Post("$reindex?colour=red").status, 400);
}

TEST_F(Reindexing, WhileOthersWrite_LeavesRightRows) {
  Script("UPDATE idx_token SET text = ''");
  ASSERT_EQ(Post("Substance/$reindex").status, 202);
  std::thread writer([] {
    for (int i = 0; i < 40; ++i) {
      const Response written = TheGateway().Send(
          "", Method::kPut, fmt::format("/fhir/Substance/s{}", i % 8),
          fmt::format(
              R"({{"resourceType":"Substance","id":"s{}","code":{{"coding":[{{"system":"urn:c","code":"c","display":"{}"}}]}}}})",
              i % 8, i % 3 == 0 ? "Sugar" : "Salt"));
      EXPECT_LT(written.status, 300) << written.body;
    }
  });
  TheGateway().RunJobs();
  writer.join();
  EXPECT_EQ(Found("Substance?code:text=salt").size() + Found("Substance?code:text=sugar").size(), 8u);
  EXPECT_THAT(Found("Substance?identifier=v3"), IsEmpty());
}

}  // namespace
}  // namespace tests::rest
