// Codes that a sender may set freely: whatever stands in a coded field, the message is taken, and what the rules make
// of it passes the check that every write passes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "gateway/app/rules.hpp"
#include "gateway/app/validation/write_check.hpp"
#include "tests/adapters/hospital/hl7v2/message_files.hpp"

namespace gateway::app {
namespace {

namespace messages = adapters::hospital::hl7v2::messages;

/// Segment → its coded fields, from tests/data/hl7v2/coded_fields.txt.
std::map<std::string, std::vector<std::size_t>> CodedFields() {
  std::map<std::string, std::vector<std::size_t>> fields;
  std::istringstream lines(tests::hl7v2::ReadData("coded_fields.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) {
      continue;
    }
    std::istringstream words(line);
    std::string segment;
    words >> segment;
    for (std::size_t number = 0; words >> number;) {
      fields[segment].push_back(number);
    }
  }
  return fields;
}

/// Fields whose codes HL7 or PAM.fr fixes, and that no word of the sender's own can stand for: an unknown one is
/// refused. `rules` are those of ADT ("pam-fr", "adt"), or the type of the message.
bool IsFixed(const std::string& rules, const std::string& field) {
  static const std::set<std::pair<std::string, std::string>> kFixed = {{"pam-fr", "PID-8"}, {"pam-fr", "PV1-2"},
                                                                       {"ORU", "OBX-11"},   {"ORU", "OBR-25"},
                                                                       {"VXU", "RXA-20"},   {"SIU", "SCH-10"}};
  return kFixed.contains({rules, field});
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

std::string Joined(const std::vector<std::string>& parts, char separator) {
  std::string text;
  for (const std::string& part : parts) {
    text += text.empty() && &part == &parts.front() ? part : separator + part;
  }
  return text;
}

struct Checked {
  const fhir::terminology::Terminology terminology{fhir::packages::Registry::Core()};
  const fhir::validation::Validator validator{fhir::packages::Registry::Core(), terminology};
  const std::shared_ptr<const messages::MapSet> maps = tests::hl7v2::ShippedMaps();
  const fhir::Result<WriteCheck> check = WriteCheck::Create(validator, settings::Validation{}, fhir::Limits{});
  const messages::CodeCheck knows_code = gateway::app::KnowsCodesOf(terminology);

  /// The first thing that is wrong with the message or with what it makes; empty when nothing is.
  std::string Problem(const std::string& message) const {
    const auto translated =
        messages::Translate(message, tests::hl7v2::TestPartner(), *maps, {.knows_code = knows_code});
    for (const auto& fault : translated.faults) {
      return adapters::hospital::hl7v2::er7::ToPlace(fault.location) + ": " + fault.text;
    }
    for (const auto& change : translated.changes) {
      fhir::IssueList issues;
      if (!change.existing_only) {
        check->Check(change.resource->root(), "2025-01-15T00:00:00Z", issues);
      }
      for (const auto& issue : issues.issues()) {
        if (issue.severity == fhir::Severity::kError || issue.severity == fhir::Severity::kFatal) {
          return issue.expression + ": " + issue.text;
        }
      }
    }
    return "";
  }
};

/// `message` with a field of its segment number `line` replaced.
std::string With(std::vector<std::string> lines, std::size_t line, std::size_t field, const std::string& value) {
  auto fields = Split(lines[line], '|');
  fields.resize(std::max(fields.size(), field + 1));
  fields[field] = value;
  lines[line] = Joined(fields, '|');
  return Joined(lines, '\r') + "\r";
}

TEST(SenderCodes, OfAnyCodedField_AreTaken_AndPassTheCheckOfWrites) {
  const Checked checked;
  ASSERT_TRUE(checked.maps);
  ASSERT_TRUE(checked.check);
  const auto coded = CodedFields();
  ASSERT_GT(coded.size(), 30u);
  // Unknown alone, padded, under systems whose codes are known wholly, and under one that nobody knows.
  const std::vector<std::string> kValues = {"ZZ9", "ZZ  9 ", "ZZ9^Local^UCUM", "ZZ9^Local^HL70162", "ZZ9^Local^99LOC"};
  std::set<std::pair<std::string, std::string>> done;  // rules and segment
  std::size_t asked = 0;
  for (const std::string& name : tests::hl7v2::MessageNames()) {
    const auto lines = Split(tests::hl7v2::ReadData(name + ".hl7"), '\r');
    const auto msh = Split(lines.front(), '|');
    const std::string type = msh[8].substr(0, 3);
    const std::string rules = type == "ADT" ? (msh[11].find("FRA") != std::string::npos ? "pam-fr" : "adt") : type;
    if (!checked.Problem(Joined(lines, '\r') + "\r").empty()) {
      ADD_FAILURE() << name << " is not good by itself";
      continue;
    }
    for (std::size_t line = 1; line < lines.size(); ++line) {
      const std::string segment = lines[line].substr(0, 3);
      const auto fields = coded.find(segment);
      if (fields == coded.end() || !done.insert({rules, segment}).second) {
        continue;
      }
      for (const std::size_t field : fields->second) {
        const std::string place = segment + "-" + std::to_string(field);
        if (IsFixed(rules, place)) {
          continue;
        }
        for (const std::string& value : kValues) {
          ++asked;
          const std::string problem = checked.Problem(With(lines, line, field, value));
          EXPECT_EQ(problem, "") << name << ": " << place << " = " << value;
        }
      }
    }
  }
  EXPECT_GT(asked, 2'000u);
}

TEST(SenderCodes, ThatHl7Fixes_AreRefusedAtTheirPlace) {
  const Checked checked;
  ASSERT_TRUE(checked.maps);
  const std::vector<std::tuple<std::string, std::string, std::size_t>> kCases = {{"adult_admission", "PID", 8},
                                                                                 {"adult_admission", "PV1", 2},
                                                                                 {"lab_results", "OBX", 11},
                                                                                 {"lab_results", "OBR", 25},
                                                                                 {"vaccination", "RXA", 20}};
  for (const auto& [name, segment, field] : kCases) {
    const auto lines = Split(tests::hl7v2::ReadData(name + ".hl7"), '\r');
    const auto line =
        std::find_if(lines.begin(), lines.end(), [&](const std::string& one) { return one.starts_with(segment); });
    ASSERT_NE(line, lines.end()) << name;
    const std::string place = segment + "-" + std::to_string(field);
    const std::string problem =
        checked.Problem(With(lines, static_cast<std::size_t>(line - lines.begin()), field, "ZZ9"));
    EXPECT_TRUE(problem.starts_with(place)) << name << ": " << problem;
  }
}

TEST(SenderCodes, OfASystemThatDoesNotHaveThem_StandWithoutIt) {
  const Checked checked;
  ASSERT_TRUE(checked.maps);
  std::string message = tests::hl7v2::ReadData("vaccination.hl7");
  const auto route = message.find("RXR|");
  ASSERT_NE(route, std::string::npos);
  message.replace(route, message.find('\r', route) - route, "RXR|ZZ9^By balloon^HL70162|LA^Left arm^HL70163");
  const auto partner = tests::hl7v2::TestPartner();
  const auto bundle = [&](const messages::TranslateOptions& options) {
    return messages::ToTransactionBundle(messages::Translate(message, partner, *checked.maps, options).changes);
  };
  const std::string known = R"({"system":"http://terminology.hl7.org/CodeSystem/v2-0163","code":"LA")";
  const auto with_check = bundle({.knows_code = checked.knows_code});
  EXPECT_NE(with_check.find(R"("route":{"coding":[{"code":"ZZ9","display":"By balloon"}]})"), std::string::npos);
  EXPECT_NE(with_check.find(known), std::string::npos);
  EXPECT_NE(bundle({}).find(R"({"system":"http://terminology.hl7.org/CodeSystem/v2-0162","code":"ZZ9")"),
            std::string::npos);
}

TEST(SenderCodes, ACurrencyThatIsNone_IsLeftOut_ItsAmountStays) {
  const Checked checked;
  ASSERT_TRUE(checked.maps);
  std::string message = tests::hl7v2::ReadData("charges_of_an_act.hl7");
  const auto at = message.find("28.80&EURO");
  ASSERT_NE(at, std::string::npos);
  message.replace(at, 10, "28.80&JETONS");
  EXPECT_EQ(checked.Problem(message), "");
  const auto bundle = messages::ToTransactionBundle(
      messages::Translate(message, tests::hl7v2::TestPartner(), *checked.maps, {.knows_code = checked.knows_code})
          .changes);
  EXPECT_NE(bundle.find(R"("priceOverride":{"value":28.80})"), std::string::npos) << bundle;
}

}  // namespace
}  // namespace gateway::app
