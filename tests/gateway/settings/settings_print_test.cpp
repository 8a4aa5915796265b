// config/passerelle.yaml is printed from the tables. To write it again: gateway_settings_test --update-golden
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "gateway/settings/table.hpp"

namespace gateway::settings {
namespace {

constexpr const char* kDefaultFile = GW_SOURCE_DIR "/config/passerelle.yaml";

bool AsksForUpdate() {
  const std::vector<std::string> arguments = testing::internal::GetArgvs();
  return std::find(arguments.begin(), arguments.end(), "--update-golden") != arguments.end();
}

TEST(DefaultFile, Committed_EqualsThePrintedOne) {
  if (AsksForUpdate()) {
    std::ofstream(kDefaultFile) << PrintCommentedDefaults();
  }
  std::ifstream file(kDefaultFile);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(committed, PrintCommentedDefaults()) << "run gateway_settings_test --update-golden and read the difference";
}

TEST(DefaultFile, Loaded_EqualsTheDefaults) {
  const auto loaded = LoadText(PrintCommentedDefaults(), "f.yaml", "");
  ASSERT_TRUE(loaded) << loaded.error().public_text.text;
  EXPECT_EQ(loaded->http.body_budget_bytes, Defaults().http.body_budget_bytes);
  EXPECT_EQ(loaded->access.mode, Defaults().access.mode);
  EXPECT_EQ(loaded->insurer.tariffs_directory, "tariffs");
  EXPECT_TRUE(loaded->partners.empty());
}

/// A commented example is what people start from, so it has to work once it is uncommented.
TEST(DefaultFile, ExamplesUncommented_AreAccepted) {
  std::istringstream lines(PrintCommentedDefaults());
  std::string text;
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    const bool example = line.starts_with("#") && (line.starts_with("#  ") || line.ends_with(" -"));
    if (example) {
      line.erase(0, 1);
      if (last.ends_with(": []")) {
        text.erase(text.size() - 4, 3);  // "key: []" becomes "key:"
      }
    }
    last = line;
    text += line + "\n";
  }
  // The one mllp destination of the example gets its kind and address, which an example of both kinds cannot show.
  const auto replace = [&text](std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  replace("kind: \"rest-hook\"", "kind: \"mllp\"");
  replace("address: \"\"", "address: \"127.0.0.1:2576\"");
  replace("\n# What goes to which destination.",
          " - {name: dmp-connector, kind: rest-hook, partner: hospital, url: 'http://127.0.0.1:9001/fhir'}\n\n"
          "# What goes to which destination.");
  const auto loaded = LoadText(text, "f.yaml", "");
  ASSERT_TRUE(loaded) << loaded.error().public_text.text << text;
  ASSERT_EQ(loaded->partners.size(), 1u);
  EXPECT_EQ(loaded->partners[0].identifier_systems.size(), 1u);
  EXPECT_EQ(loaded->mllp.listeners.size(), 1u);
  EXPECT_EQ(loaded->access.parties.size(), 1u);
}

/// Every row has what the file and the schema show, at every depth.
void ExpectComplete(std::span<const Setting> settings, const std::string& path) {
  for (const Setting& setting : settings) {
    const std::string name = path + std::string(setting.name);
    EXPECT_TRUE(setting.facts.about.ends_with('.') || setting.facts.about.ends_with(')')) << name;
    const bool number = setting.member.kind == Kind::kCount || setting.member.kind == Kind::kMillis;
    EXPECT_EQ(number, !setting.facts.unit.empty()) << name;
    EXPECT_EQ(setting.member.kind == Kind::kMillis, setting.facts.unit == "ms") << name;
    EXPECT_EQ(setting.facts.form == Form::kChoice, !setting.facts.choices.empty()) << name;
    EXPECT_EQ(setting.member.kind == Kind::kSection || setting.member.kind == Kind::kList, !setting.children.empty())
        << name;
    ExpectComplete(setting.children, name + ".");
  }
}

TEST(SettingsTable, EveryRow_IsComplete) {
  ExpectComplete(AllSettings(), "");
}

TEST(SettingsSchema, Text_ShowsTypeBoundsAndDefault) {
  const std::string schema = PrintSchema();
  EXPECT_NE(schema.find("\"minimum\": 1,\n          \"maximum\": 20000,\n          \"default\": 512"),
            std::string::npos)
      << schema.substr(0, 3'000);
  EXPECT_NE(schema.find("\"enum\": [\"deny\", \"open\"]"), std::string::npos);
  EXPECT_EQ(std::count(schema.begin(), schema.end(), '{'), std::count(schema.begin(), schema.end(), '}'));
  EXPECT_EQ(schema.find(",\n}"), std::string::npos);
}

}  // namespace
}  // namespace gateway::settings
