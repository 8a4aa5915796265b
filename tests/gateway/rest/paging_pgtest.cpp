// The links of pages, as a client follows them.
#include <gmock/gmock.h>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kBase = "https://gw.example";

class PagingTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (int i = 0; i < 7; ++i) {
      const Response made = TheGateway().Send(
          "", Method::kPut, fmt::format("/fhir/Location/page-{}", i),
          fmt::format(R"({{"resourceType":"Location","id":"page-{}","name":"Zzward {}","status":"suspended"}})", i,
                      9 - i));
      ASSERT_LT(made.status, 300) << made.body;
    }
  }
  static Response Get(const std::string& url, std::string_view party = "") {
    return TheGateway().Send(party, Method::kGet, url.starts_with(kBase) ? url.substr(kBase.size()) : url);
  }
  static std::string Link(const Response& response, std::string_view relation) {
    const fhir::json::Value bundle = JsonOf(response);
    for (const auto& link : bundle.Find("link")->items()) {
      if (link.FindText("relation") == relation) {
        return std::string(link.FindText("url"));
      }
    }
    return {};
  }
};

TEST_F(PagingTest, Links_LeadForwardBackAndToTheFirst) {
  std::string url = "/fhir/Location?status=suspended&_sort=name&_count=3";
  std::vector<std::vector<std::string>> pages;
  std::vector<std::string> previous;
  std::string first;
  while (!url.empty()) {
    const Response page = Get(url);
    pages.push_back(IdsOf(page));
    EXPECT_NE(Link(page, "self"), "");
    first = Link(page, "first");
    EXPECT_NE(first, "");
    EXPECT_EQ(Link(page, "previous").empty(), pages.size() == 1);
    previous.push_back(Link(page, "previous"));
    url = Link(page, "next");
    EXPECT_THAT(url, Not(HasSubstr("Zzward")));
  }
  ASSERT_EQ(pages.size(), 3u);
  EXPECT_THAT(pages[0], ElementsAreArray({"page-6", "page-5", "page-4"}));
  EXPECT_THAT(pages[2], ElementsAreArray({"page-0"}));
  EXPECT_EQ(IdsOf(Get(previous[2])), pages[1]);
  EXPECT_EQ(IdsOf(Get(previous[1])), pages[0]);
  const Response again = Get(first);
  EXPECT_EQ(IdsOf(again), pages[0]);
  EXPECT_EQ(IdsOf(Get(Link(again, "next"))), pages[1]);
}

TEST_F(PagingTest, CountAboveTheMaximum_IsSaidInTheSelfLink) {
  EXPECT_THAT(Link(Get("/fhir/Location?_count=100&status=suspended"), "self"), HasSubstr("_count=100&"));
  EXPECT_THAT(Link(Get("/fhir/Location?_count=101&status=suspended"), "self"), HasSubstr("_count=100&"));
  EXPECT_THAT(Link(Get("/fhir/Location/_history?_count=101"), "self"), HasSubstr("_count=100"));
  EXPECT_THAT(Link(Get("/fhir/Location?_count=7&status=suspended"), "self"), HasSubstr("_count=7&"));
}

TEST_F(PagingTest, CountOfZero_GivesTheTotalAlone) {
  const auto bundle = JsonOf(Get("/fhir/Location?_count=0&status=suspended"));
  EXPECT_EQ(bundle.Find("total")->AsInteger(), 7);
  EXPECT_EQ(bundle.Find("entry"), nullptr);
}

TEST_F(PagingTest, Total_OnEveryPageWhereItWasAsked) {
  Response page = Get("/fhir/Location?status=suspended&_count=3&_total=accurate");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(JsonOf(page).Find("total")->AsInteger(), 7) << i;
    if (i < 2) {
      page = Get(Link(page, "next"));
    }
  }
  EXPECT_EQ(JsonOf(Get("/fhir/Location?status=suspended&_count=3")).Find("total"), nullptr);
}

// Counted as far as the gateway of these tests counts, 10; past it an estimate, which the links call one.
TEST_F(PagingTest, TotalOfAgendas_UnaskedAndCalledWhatItIs) {
  const auto total = [](const Response& page) {
    const fhir::json::Value bundle = JsonOf(page);
    const fhir::json::Value* const found = bundle.Find("total");
    return found != nullptr ? found->AsInteger() : std::nullopt;
  };
  const std::string url = "/fhir/Schedule?active=true&_count=4";
  for (int i = 0; i < 12; ++i) {
    const Response made = TheGateway().Send(
        "", Method::kPut, fmt::format("/fhir/Schedule/page-{}", i),
        fmt::format(R"({{"resourceType":"Schedule","id":"page-{}","active":true,"actor":[{{"display":"x"}}]}})", i));
    ASSERT_LT(made.status, 300) << made.body;
    const Response page = Get(url);
    if (i < 10) {
      EXPECT_EQ(total(page), i + 1);
      EXPECT_THAT(Link(page, "self"), Not(HasSubstr("_total"))) << i;
    } else {
      EXPECT_GE(total(page), 11);
      EXPECT_THAT(Link(page, "self"), HasSubstr("_total=estimate"));
    }
  }
  const Response first = Get(url);
  const Response second = Get(Link(first, "next"));
  EXPECT_EQ(total(second), total(first));
  EXPECT_THAT(Link(second, "self"), HasSubstr("_total=estimate"));
  EXPECT_EQ(total(Get(url + "&_total=accurate")), 12);
  EXPECT_EQ(total(Get(url + "&_total=none")), std::nullopt);
  EXPECT_EQ(total(Get("/fhir/Schedule?active=true&_summary=count")), 12);
  EXPECT_EQ(total(Get("/fhir/Schedule?active=true&_count=0")), 12);
}

TEST_F(PagingTest, ForgedLinkOrOfAnotherQueryOrParty_Is400) {
  const std::string next = Link(Get("/fhir/Location?status=suspended&_count=3"), "next");
  ASSERT_NE(next, "");
  const std::string cursor = next.substr(next.find("_cursor="));
  for (const std::string& url :
       {"/fhir/Location?_count=3&" + cursor, "/fhir/Patient?" + cursor, next + "AAAA",
        std::string("/fhir/Location?status=suspended&_cursor=x"), "/fhir/Location/_history?" + cursor}) {
    const Response refused = Get(url);
    EXPECT_EQ(refused.status, 400) << url;
    EXPECT_EQ(JsonOf(refused).FindText("resourceType"), "OperationOutcome");
  }
  EXPECT_EQ(Get(next, "operator-o").status, 400) << "another party";
  EXPECT_EQ(Get(next).status, 200);
}

TEST_F(PagingTest, QueriesOnThePresent_GoOnFromTheFirstPage) {
  for (int i = 0; i < 4; ++i) {
    const std::string id = fmt::format("of-the-present-{}", i);
    ASSERT_LT(TheGateway()
                  .Send("", Method::kPut, "/fhir/Patient/" + id,
                        fmt::format(R"({{"resourceType":"Patient","id":"{}","birthDate":"2015-01-0{}"}})", id, 1 + i))
                  .status,
              300);
  }
  for (const std::string query : {"Patient?birthdate=ap2015&_id=", "Patient?age=ge9&_id=", "Patient?age=10&_id="}) {
    SCOPED_TRACE(query);
    TheGateway().clock().AdvanceToMidnight();
    const Response first =
        Get("/fhir/" + query + "of-the-present-0,of-the-present-1,of-the-present-2,of-the-present-3&_count=2");
    ASSERT_EQ(IdsOf(first).size(), 2u);
    TheGateway().clock().Advance(60);
    const Response second = Get(Link(first, "next"));
    ASSERT_EQ(second.status, 200) << second.body;
    EXPECT_EQ(IdsOf(second).size(), 2u);
    TheGateway().clock().Advance(60);
    EXPECT_EQ(IdsOf(Get(Link(second, "previous"))), IdsOf(first));
    EXPECT_EQ(IdsOf(Get(Link(second, "first"))), IdsOf(first));
    EXPECT_EQ(IdsOf(Get(Link(second, "self"))), IdsOf(second));
  }
}

TEST_F(PagingTest, PresentOfALink_CannotBeMoved) {
  const std::string next = Link(Get("/fhir/Location?status=suspended&_lastUpdated=ap2025&_count=3"), "next");
  ASSERT_NE(next, "");
  ASSERT_EQ(Get(next).status, 200);
  const std::size_t begin = next.find("_cursor=") + 8;
  const std::size_t end = next.find('.', begin);
  ASSERT_NE(end, std::string::npos);
  for (const std::string& other : {std::string("1"), std::string("1893456000000000"), std::string("-1"),
                                   std::string("99999999999999999999"), std::string("x"), std::string()}) {
    EXPECT_EQ(Get(next.substr(0, begin) + other + next.substr(end)).status, 400) << other;
  }
}

TEST_F(PagingTest, History_IsPagedTheSameWay) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_LT(TheGateway()
                  .Send("", Method::kPut, "/fhir/Location/paged",
                        fmt::format(R"({{"resourceType":"Location","id":"paged","name":"v{}"}})", i))
                  .status,
              300);
  }
  const Response first = Get("/fhir/Location/paged/_history?_count=2");
  const Response second = Get(Link(first, "next"));
  EXPECT_EQ(JsonOf(second).Find("total")->AsInteger(), 5);
  EXPECT_EQ(IdsOf(Get(Link(second, "previous"))), IdsOf(first));
  EXPECT_EQ(Link(Get(Link(second, "next")), "next"), "");
  EXPECT_EQ(Link(first, "previous"), "");
}

}  // namespace
}  // namespace tests::rest
