// Pricing by the tariff that ships, and the refusals of its reader.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "adapters/insurer/money.hpp"
#include "adapters/insurer/tariff.hpp"

namespace adapters::insurer {
namespace {

struct PriceCase {
  const char* name;
  Act act;
  const char* price;
  const char* amo;
  const char* amc;
  const char* patient;
};

// The worked examples of the convention's dated rules: an adult, the day before the participation rose, ALD, minors
// on both sides of their eighteenth birthday, and the months of full cover.
const PriceCase kPriceCases[] = {
    {"Adult", {"TCG", "2024-05-15", "1979-03-28", ""}, "25.00", "15.50", "7.50", "2.00"},
    {"AdultTheDayBefore", {"TCG", "2024-05-14", "1979-03-28", ""}, "25.00", "16.50", "7.50", "1.00"},
    {"Ald", {"TCG", "2024-05-15", "1950-01-01", "4"}, "25.00", "23.00", "0.00", "2.00"},
    {"OtherExemptionCode", {"TCG", "2024-05-15", "1950-01-01", "0"}, "25.00", "15.50", "7.50", "2.00"},
    {"Minor", {"TCG", "2024-05-15", "2010-06-01", ""}, "25.00", "17.50", "7.50", "0.00"},
    {"MinorWithAld", {"TCG", "2024-05-15", "2010-06-01", "4"}, "25.00", "25.00", "0.00", "0.00"},
    {"DayBeforeEighteen", {"TCG", "2024-06-01", "2006-06-02", ""}, "25.00", "17.50", "7.50", "0.00"},
    {"EighteenthBirthday", {"TCG", "2024-06-02", "2006-06-02", ""}, "25.00", "15.50", "7.50", "2.00"},
    {"BirthYearOnly", {"TCG", "2024-05-15", "2010", ""}, "25.00", "15.50", "7.50", "2.00"},
    {"FullCoverOf2020", {"TCG", "2021-01-10", "1979-03-28", ""}, "25.00", "24.00", "0.00", "1.00"},
    {"FirstDay", {"TCG", "2018-09-15", "1979-03-28", ""}, "25.00", "16.50", "7.50", "1.00"},
};

class TariffPrice : public testing::TestWithParam<PriceCase> {};

TEST_P(TariffPrice, Shares_AddUpToThePrice) {
  const auto tariff = Tariff::Load(GW_SOURCE_DIR "/config/tariffs/teleconsultation.yaml");
  ASSERT_TRUE(tariff) << tariff.error().public_text.text;
  const auto shares = tariff->Price(GetParam().act);
  ASSERT_TRUE(shares);
  EXPECT_EQ(shares->price.Text(), GetParam().price);
  EXPECT_EQ(shares->amo.Text(), GetParam().amo);
  EXPECT_EQ(shares->amc.Text(), GetParam().amc);
  EXPECT_EQ(shares->patient.Text(), GetParam().patient);
  EXPECT_EQ(shares->amo + shares->amc + shares->patient, shares->price);
}

INSTANTIATE_TEST_SUITE_P(Shipped, TariffPrice, testing::ValuesIn(kPriceCases),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(Tariff_BeforeItsFirstDay, HasNoPrice) {
  const auto tariff = Tariff::Load(GW_SOURCE_DIR "/config/tariffs/teleconsultation.yaml");
  ASSERT_TRUE(tariff);
  EXPECT_FALSE(tariff->Price({"TCG", "2018-09-14", "", ""}));
  EXPECT_FALSE(tariff->Price({"XYZ", "2024-05-15", "", ""}));
}

/// Loads `text` as a tariff and returns the error after the file's name, e.g. ":3: …".
std::string LoadTariffError(const std::string& text) {
  const std::string path = testing::TempDir() + "tariff_under_test.yaml";
  std::ofstream(path) << text;
  const auto tariff = Tariff::Load(path);
  std::filesystem::remove(path);
  return tariff ? "" : tariff.error().public_text.text.substr(path.size());
}

const char* const kGoodHead = "version: a\ncode_system: b\n";
const char* const kGoodTail =
    "amo_rates:\n  - {from: 2018-01-01, percent: 70}\nfull_cover_exemptions:\n  - {code: \"4\", reason: r}\n"
    "flat_participation:\n  - {from: 2018-01-01, amount: \"1.00\"}\n";

TEST(TariffReader_BadFiles, AreRefusedWithTheirLine) {
  const std::string acts = "acts:\n  - code: T\n    prices:\n      - {from: 2018-01-01, amount: \"25.00\"}\n";
  EXPECT_EQ(LoadTariffError(kGoodHead + acts + kGoodTail), "");
  EXPECT_NE(LoadTariffError(kGoodHead + acts + "colour: red\n" + kGoodTail).find(":7: unknown key 'colour'"),
            std::string::npos);
  const std::string bad_amount = "acts:\n  - code: T\n    prices:\n      - {from: 2018-01-01, amount: \"25.001\"}\n";
  EXPECT_NE(LoadTariffError(kGoodHead + bad_amount + kGoodTail).find(":6: an amount"), std::string::npos);
  const std::string bad_day = "acts:\n  - code: T\n    prices:\n      - {from: 15/05/2024, amount: \"25.00\"}\n";
  EXPECT_NE(LoadTariffError(kGoodHead + bad_day + kGoodTail).find(":6: 'from' must be a day"), std::string::npos);
  const std::string twice =
      "acts:\n  - code: T\n    prices:\n      - {from: 2018-01-01, amount: \"25.00\"}\n      - {from: 2018-01-01, "
      "amount: \"26.00\"}\n";
  EXPECT_NE(LoadTariffError(kGoodHead + twice + kGoodTail).find(":7: rows must be in ascending order"),
            std::string::npos);
  EXPECT_NE(LoadTariffError(kGoodHead + std::string("acts: []\n") + kGoodTail).find(":3: 'acts' must be a list"),
            std::string::npos);
  EXPECT_NE(LoadTariffError("version: [\n").find(": not YAML"), std::string::npos);
  const auto absent = Tariff::Load("/nonexistent/tariff.yaml");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, fhir::ErrorCode::kConfiguration);
}

TEST(Money_Percent, RoundsHalfUpToTheCent) {
  EXPECT_EQ(Money{2500}.Percent(70).Text(), "17.50");
  EXPECT_EQ(Money{5}.Percent(50).Text(), "0.03");
  EXPECT_EQ(Money{1}.Percent(49).Text(), "0.00");
  EXPECT_EQ(Money{0}.Percent(70).Text(), "0.00");
}

TEST(Money_Parse, RefusesWhatIsNoAmount) {
  for (const char* text : {"", ".", "1.", "-1", "1.234", "1,5", "1234567890123", "1e3", " 1"}) {
    EXPECT_FALSE(Money::Parse(text)) << text;
  }
  EXPECT_EQ(Money::Parse("999999999999.99")->Text(), "999999999999.99");
  EXPECT_EQ(Money::Parse("7.5")->Text(), "7.50");
}

}  // namespace
}  // namespace adapters::insurer
