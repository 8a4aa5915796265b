// Reads tariff YAML into a Tariff, refusing what does not hold together with file and line.
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "adapters/insurer/tariff.hpp"

namespace adapters::insurer {

/// Walks the YAML tree; the first problem ends the reading. One use per file.
class TariffReader {
 public:
  explicit TariffReader(const std::string& path) : path_(path) {}

  fhir::Result<Tariff> Read() {
    YAML::Node root;
    try {
      root = YAML::LoadFile(path_);
    } catch (const YAML::BadFile&) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}: cannot be read", path_));
    } catch (const YAML::ParserException& error) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration,
                        fmt::format("{}:{}: not YAML: {}", path_, error.mark.line + 1, error.msg));
    }
    try {
      Keys(root, {"version", "code_system", "acts", "amo_rates", "full_cover_exemptions", "flat_participation",
                  "flat_participation_exempt"});
      tariff_.version_ = Text(root, "version");
      tariff_.code_system_ = Text(root, "code_system");
      for (const YAML::Node& act : List(root, "acts")) {
        Keys(act, {"code", "display", "prices"});
        tariff_.acts_.push_back({Text(act, "code"), Amounts(act, "prices")});
      }
      for (const YAML::Node& row : List(root, "amo_rates")) {
        Keys(row, {"from", "percent", "source"});
        const int percent = Whole(row, "percent", 0, 100);
        tariff_.amo_rates_.push_back({Day(row), percent});
      }
      Ascending(tariff_.amo_rates_, root["amo_rates"]);
      for (const YAML::Node& row : List(root, "full_cover_exemptions")) {
        Keys(row, {"code", "reason"});
        tariff_.full_cover_exemptions_.push_back(Text(row, "code"));
      }
      tariff_.flat_participation_ = Amounts(root, "flat_participation");
      if (const YAML::Node exempt = root["flat_participation_exempt"]) {
        Keys(exempt, {"age_below"});
        tariff_.exempt_age_below_ = Whole(exempt, "age_below", 0, 150);
      }
    } catch (const Problem& problem) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}:{}: {}", path_, problem.line, problem.rule));
    } catch (const YAML::Exception& error) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration,
                        fmt::format("{}:{}: {}", path_, error.mark.line + 1, error.msg));
    }
    return std::move(tariff_);
  }

 private:
  struct Problem {
    int line;
    std::string rule;
  };

  [[noreturn]] static void Refuse(const YAML::Node& node, std::string rule) {
    throw Problem{node.Mark().line + 1, std::move(rule)};
  }

  static void Keys(const YAML::Node& map, std::initializer_list<std::string_view> known) {
    if (!map.IsMap()) {
      Refuse(map, "a mapping of keys to values is expected here");
    }
    for (const auto& pair : map) {
      const std::string key = pair.first.Scalar();
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        Refuse(pair.first, fmt::format("unknown key '{}'; known here: {}", key, fmt::join(known, ", ")));
      }
    }
  }

  static YAML::Node List(const YAML::Node& map, const char* key) {
    const YAML::Node list = map[key];
    if (!list || !list.IsSequence() || list.size() == 0) {
      Refuse(list ? list : map, fmt::format("'{}' must be a list with at least one row", key));
    }
    return list;
  }

  static std::string Text(const YAML::Node& map, const char* key) {
    const YAML::Node value = map[key];
    if (!value || !value.IsScalar() || value.Scalar().empty()) {
      Refuse(value ? value : map, fmt::format("'{}' must be a text", key));
    }
    return value.Scalar();
  }

  static int Whole(const YAML::Node& map, const char* key, int low, int high) {
    const std::string text = Text(map, key);
    int number = 0;
    const bool digits =
        text.size() <= 6 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits) {
      number = std::stoi(text);
    }
    if (!digits || number < low || number > high) {
      Refuse(map[key], fmt::format("'{}' must be a whole number from {} to {}", key, low, high));
    }
    return number;
  }

  static std::string Day(const YAML::Node& row) {
    std::string day = Text(row, "from");
    bool good = day.size() == 10 && day[4] == '-' && day[7] == '-';
    for (std::size_t i = 0; good && i < day.size(); ++i) {
      good = i == 4 || i == 7 || (day[i] >= '0' && day[i] <= '9');
    }
    if (!good) {
      Refuse(row["from"], "'from' must be a day like 2024-05-15");
    }
    return day;
  }

  static std::vector<Tariff::DatedAmount> Amounts(const YAML::Node& map, const char* key) {
    std::vector<Tariff::DatedAmount> amounts;
    for (const YAML::Node& row : List(map, key)) {
      Keys(row, {"from", "amount", "source"});
      auto amount = Money::Parse(Text(row, "amount"));
      if (!amount) {
        Refuse(row["amount"], amount.error().public_text.text);
      }
      amounts.push_back({Day(row), *amount});
    }
    Ascending(amounts, map[key]);
    return amounts;
  }

  template <typename Row>
  static void Ascending(const std::vector<Row>& rows, const YAML::Node& list) {
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (rows[i].from <= rows[i - 1].from) {
        Refuse(list[i], "rows must be in ascending order of 'from', each day once");
      }
    }
  }

  std::string path_;
  Tariff tariff_;
};

fhir::Result<Tariff> Tariff::Load(const std::string& path) {
  return TariffReader(path).Read();
}

}  // namespace adapters::insurer
