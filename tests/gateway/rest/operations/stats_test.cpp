// Observation/$stats, and the statistics by themselves.
#include "gateway/rest/operations/statistics.hpp"

#include <fmt/format.h>

#include "tests/gateway/rest/operation_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::rest::operations::Sample;

TEST(StatisticsOfASample, KnownNumbers) {
  const Sample sample({2, 4, 4, 4, 5, 5, 7, 9}, 10);
  const auto is = [&](std::string_view code, double expected) {
    const auto value = sample.Compute(code);
    ASSERT_TRUE(value) << code;
    EXPECT_NEAR(*value, expected, 1e-9) << code;
  };
  is("count", 8);
  is("total-count", 10);
  is("average", 5);
  is("sum", 40);
  is("minimum", 2);
  is("maximum", 9);
  is("median", 4.5);
  is("variance", 32.0 / 7);
  is("std-dev", 2.138089935299395);
  is("4-lower", 4);
  is("4-upper", 5.5);
  is("4-dev", 0.75);
  is("20-percent", 4);
  is("5-4", 6.2);
  is("skew", 0.8184875533567997);
  is("kurtosis", 0.940625);
}

TEST(StatisticsOfASample, TooFewValues_GiveNothing) {
  EXPECT_EQ(Sample({}, 3).Compute("average"), std::nullopt);
  EXPECT_EQ(Sample({}, 3).Compute("count"), 0);
  EXPECT_EQ(Sample({}, 3).Compute("total-count"), 3);
  EXPECT_EQ(Sample({1}, 1).Compute("std-dev"), std::nullopt);
  EXPECT_EQ(Sample({1}, 1).Compute("median"), 1);
  EXPECT_EQ(Sample({1, 1, 1, 1}, 4).Compute("skew"), std::nullopt);
  EXPECT_EQ(Sample({1, 2}, 2).Compute("mode"), std::nullopt);
}

class StatsTest : public OperationTest {
 protected:
  void PutWeight(const std::string& id, std::string_view value, std::string_view unit, std::string_view day,
                 std::string_view status = "final") {
    const auto put =
        Put("/fhir/Observation/" + id,
            fmt::format(R"({{"resourceType":"Observation","id":"{}","status":"{}","code":{{"coding":[{{"system":)"
                        R"("http://loinc.org","code":"29463-7"}}]}},"subject":{{"reference":"Patient/p"}},)"
                        R"("effectiveDateTime":"2025-06-{}T08:00:00+02:00","valueQuantity":{{"value":{},)"
                        R"("system":"http://unitsofmeasure.org","code":"{}"}}}})",
                        id, status, day, value, unit));
    ASSERT_LT(put.status, 300) << put.body;
  }
  /// "statistic=value unit" of the first Observation's components.
  static std::vector<std::string> ComponentsOf(const gateway::http::Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    std::vector<std::string> texts;
    const auto value = Json(response);
    const auto& observation = *value.Find("parameter")->items()[0].Find("resource");
    for (const auto& component : observation.Find("component")->items()) {
      const auto* quantity = component.Find("valueQuantity");
      texts.push_back(fmt::format(
          "{}={}", component.Find("code")->Find("coding")->items()[0].FindText("code"),
          quantity == nullptr ? "none"
                              : fmt::format("{} {}", quantity->Find("value")->text(), quantity->FindText("code"))));
    }
    return texts;
  }
  const std::string base_ = "/fhir/Observation/$stats?subject=Patient/p&system=http://loinc.org&code=29463-7";
};

TEST_F(StatsTest, UnitsAreConvertedAndErrorsLeftOut) {
  PutWeight("a", "80", "kg", "01");
  PutWeight("b", "82000", "g", "02");
  PutWeight("c", "500", "kg", "03", "entered-in-error");
  const auto components = ComponentsOf(Get(base_ + "&statistic=average,maximum&statistic=count&statistic=variance"));
  // The newest observation's unit is the answer's; which of both is the newest is the store's word.
  EXPECT_TRUE(
      components == (std::vector<std::string>{"average=81 kg", "maximum=82 kg", "count=2 1", "variance=2 (kg)2"}) ||
      components ==
          (std::vector<std::string>{"average=81000 g", "maximum=82000 g", "count=2 1", "variance=2000000 (g)2"}))
      << testing::PrintToString(components);
}

TEST_F(StatsTest, DurationAndPeriod_Narrow) {
  PutWeight("a", "80", "kg", "01");
  PutWeight("b", "90", "kg", "15");  // the clock says the 15th, 15:06 UTC
  EXPECT_EQ(ComponentsOf(Get(base_ + "&statistic=average&duration=24")), std::vector<std::string>{"average=90 kg"});
  EXPECT_EQ(
      ComponentsOf(Post("/fhir/Observation/$stats",
                        ParametersOf({{"subject", R"("valueUri":"Patient/p")"},
                                      {"coding", R"("valueCoding":{"system":"http://loinc.org","code":"29463-7"})"},
                                      {"period", R"("valuePeriod":{"start":"2025-06-01","end":"2025-06-02"})"},
                                      {"statistic", R"("valueCode":"average")"}}))),
      std::vector<std::string>{"average=80 kg"});
  EXPECT_EQ(ComponentsOf(Get("/fhir/Observation/$stats?subject=Patient/q&system=http://loinc.org&code=29463-7"
                             "&statistic=average&statistic=count")),
            (std::vector<std::string>{"average=none", "count=0 1"}));
}

TEST_F(StatsTest, Include_GivesTheSourcesUpToTheLimit) {
  PutWeight("a", "80", "kg", "01");
  PutWeight("b", "90", "kg", "15");
  const auto sources = [&](const std::string& more) {
    const auto value = Json(Get(base_ + "&statistic=count" + more));
    return value.Find("parameter")->items().size() - 1;
  };
  EXPECT_EQ(sources(""), 0u);
  EXPECT_EQ(sources("&limit=1"), 0u) << "without include the limit says nothing";
  EXPECT_EQ(sources("&include=true"), 2u);
  EXPECT_EQ(sources("&include=true&limit=1"), 1u);
}

TEST_F(StatsTest, CodesAndStatistics_CountOnce_AndCodesAreLimited) {
  PutWeight("a", "80", "kg", "01");
  const auto answers = [](const gateway::http::Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    return Json(response).Find("parameter")->items().size();
  };
  const auto repeated = Get(base_ + "&code=29463-7&code=29463-7&statistic=count,count&statistic=count");
  EXPECT_EQ(answers(repeated), 1u);
  EXPECT_EQ(ComponentsOf(repeated), std::vector<std::string>{"count=1 1"});
  std::string many = base_ + "&statistic=count";
  for (int i = 1; i < 20; ++i) {
    many += fmt::format("&code=c{}&code=c{}", i, i);
  }
  EXPECT_EQ(answers(Get(many)), 20u);
  const auto refused = Get(many + "&code=one-more");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(IssueCode(refused), "too-costly");
}

TEST_F(StatsTest, Refusals) {
  PutWeight("a", "80", "kg", "01");
  EXPECT_EQ(Get("/fhir/Observation/$stats?code=x&system=y&statistic=average").status, 400);
  EXPECT_EQ(Get("/fhir/Observation/$stats?subject=Patient/p&statistic=average").status, 400);
  EXPECT_EQ(Get("/fhir/Observation/$stats?subject=Patient/p&code=x&statistic=average").status, 400);
  EXPECT_EQ(Get(base_).status, 400);
  EXPECT_EQ(Get(base_ + "&statistic=regression").status, 400);
  EXPECT_EQ(Get(base_ + "&statistic=average&duration=0").status, 400);
  PutWeight("b", "36", "Cel", "02");
  const auto mixed = Get(base_ + "&statistic=average");
  EXPECT_EQ(mixed.status, 422);
  EXPECT_EQ(mixed.body.find("Cel"), std::string::npos);
}

}  // namespace
}  // namespace tests::rest
