// Every search parameter of R4 on every resource type, asked of PostgreSQL: by the values that the official examples
// have, which must be found, and with every modifier and prefix, which must be answered.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "fhir/base/date_time.hpp"
#include "fhir/metadata/search_components.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using fhir::metadata::Definitions;
using fhir::metadata::SearchParameter;
using fhir::metadata::SearchType;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Definitions& Standard() {
  return Definitions::R4();
}

/// Any value set and any hierarchy come to one code.
class OneCodeOfAll final : public fhir::search::CodeLists {
 public:
  using Codes = fhir::Result<std::vector<fhir::search::TokenValue>>;
  Codes InValueSet(std::string_view) const override { return One(); }
  Codes Below(std::string_view, std::string_view) const override { return One(); }
  Codes Above(std::string_view, std::string_view) const override { return One(); }

 private:
  static std::vector<fhir::search::TokenValue> One() { return {{"urn:s", "c"}}; }
};

struct Sample {
  std::string_view value;
  std::vector<std::string_view> modifiers;
  bool prefixes = false;
};

Sample SampleOf(SearchType type) {
  switch (type) {
    case SearchType::kString:
      return {"x", {"exact", "contains"}};
    case SearchType::kToken:
      return {"urn:s|c", {"not", "text", "in", "not-in", "above", "below"}};
    case SearchType::kReference:
      return {"Patient/1", {"identifier"}};
    case SearchType::kDate:
      return {"2024-05", {}, true};
    case SearchType::kNumber:
      return {"5", {}, true};
    case SearchType::kQuantity:
      return {"5|http://unitsofmeasure.org|mg", {}, true};
    case SearchType::kUri:
      return {"http://x/y", {"above", "below"}};
    case SearchType::kSpecial:
      return {"47|2|10|km", {}};
    case SearchType::kComposite:
      return {};
  }
  return {};
}

std::string SampleValue(const SearchParameter& parameter) {
  if (parameter.code == "_filter") {
    return "_id eq 1";
  }
  std::string value;
  for (const auto& component : fhir::metadata::SearchComponents(parameter.id)) {
    value += (value.empty() ? "" : "$") + std::string(SampleOf(component.type).value);
  }
  return value.empty() ? std::string(SampleOf(parameter.type).value) : value;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == ',' || c == '|' || c == '$' || c == '\\') {
      escaped += '\\';
    }
    escaped += c;
  }
  return escaped;
}

class EveryParameter : public StoreTest {
 protected:
  /// Ids of the matches; a failure names the question.
  std::vector<std::string> Asked(TypeId type, std::vector<fhir::search::NameValue> pairs) {
    static const OneCodeOfAll kCodes;
    fhir::search::ParseOptions options;
    options.code_lists = &kCodes;
    options.now_us = kStartUs;
    options.content_types = {"*"};
    std::string words(Standard().TypeName(type));
    for (const auto& [name, value] : pairs) {
      words += fmt::format(" {}={}", name, value);
    }
    fhir::IssueList warnings;
    const auto query = fhir::search::ParseQuery(type, pairs, options, warnings);
    if (!query) {
      ADD_FAILURE() << words << ": " << query.error().public_text.text;
      return {};
    }
    const auto page = store_->Search(System(), *query);
    if (!page) {
      ADD_FAILURE() << words << ": " << page.error().public_text.text << " / " << page.error().internal_text.text;
      return {};
    }
    std::vector<std::string> ids;
    for (const auto& hit : page->hits) {
      ids.push_back(hit.resource.id);
    }
    ++asked_;
    return ids;
  }

  int asked_ = 0;
};

TEST_F(EveryParameter, WithEveryModifierAndPrefix_IsAnswered) {
  for (const TypeId type : Standard().ResourceTypes()) {
    for (const SearchParameter& parameter : Standard().SearchParameters(type)) {
      if (parameter.code == "_query") {
        continue;
      }
      const std::string code(parameter.code);
      const std::string value = SampleValue(parameter);
      const auto ask = [&](const std::string& name, const std::string& of) {
        EXPECT_THAT(Asked(type, {{name, of}, {"_id", "nothing"}}), IsEmpty());
      };
      ask(code, value);
      if (parameter.expression.empty() || code == "_id" || code == "_lastUpdated") {
        continue;
      }
      ask(code + ":missing", "true");
      ask(code + ":missing", "false");
      const Sample sample = SampleOf(parameter.type);
      for (const std::string_view modifier : sample.modifiers) {
        if (code != "phonetic") {
          ask(fmt::format("{}:{}", code, modifier), value);
        }
      }
      if (parameter.type == SearchType::kToken) {
        ask(code + ":of-type", "urn:s|t|v");
      }
      for (const std::string_view prefix : {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"}) {
        if (sample.prefixes) {
          ask(code, std::string(prefix) + value);
        }
      }
    }
  }
  EXPECT_GT(asked_, 8000);
}

TEST_F(EveryParameter, ByTheValuesOfAnExample_FindsIt) {
  const std::filesystem::path folder =
      std::filesystem::path(GW_SOURCE_DIR) / "fhir/definitions/node_modules/hl7.fhir.r4.examples";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "the npm packages are not installed";
  }
  gateway::store::StoreOptions store_options;
  store_options.validation.bindings = fhir::validation::Checking::kOff;
  store_options.validation.references = fhir::validation::Checking::kOff;
  Reopen(store_options);
  std::set<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() == ".json" && file.file_size() < 100'000) {
      files.insert(file.path());
    }
  }
  // Up to three examples of a type that bring a parameter which none before had.
  std::map<TypeId, std::set<std::uint16_t>> known;
  int found_by_values = 0;
  for (const auto& file : files) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    fhir::IssueList issues;
    auto document = fhir::json::ReadJson(text.str(), {}, issues);
    if (!document || issues.HasErrors() || document->id().empty()) {
      continue;
    }
    const TypeId type = document->root().type;
    const std::string id(document->id());
    fhir::IssueList warnings;
    const auto values =
        fhir::search::ExtractIndexValues(document->root(), {.base_url = "http://localhost:8080/fhir"}, warnings);
    std::set<std::uint16_t> references;
    for (const SearchParameter& parameter : Standard().SearchParameters(type)) {
      if (parameter.type == SearchType::kReference) {
        references.insert(parameter.id);
      }
    }
    std::multimap<std::uint16_t, std::pair<std::string, std::string>> questions;  // modifier, value
    const auto ask_by = [&](std::uint16_t parameter, std::string modifier, std::string value) {
      if (!known[type].contains(parameter) && questions.count(parameter) < 3) {
        questions.emplace(parameter, std::pair(std::move(modifier), std::move(value)));
      }
    };
    for (const auto& value : values.strings) {
      ask_by(value.parameter, ":exact", Escaped(value.exact));
    }
    for (const auto& value : values.tokens) {
      if (!value.code.empty()) {
        const bool of_reference = references.contains(value.parameter);
        ask_by(value.parameter, of_reference ? ":identifier" : "",
               fmt::format("{}|{}", Escaped(value.system), Escaped(value.code)));
      }
    }
    for (const auto& value : values.references) {
      if (value.id.find('#') != std::string::npos) {
        continue;  // a contained resource, which no search names
      }
      if (value.id.empty() && value.url.find(':') == std::string::npos) {
        continue;  // asked for, it would be the id of a resource
      }
      ask_by(value.parameter, "", value.id.empty() ? Escaped(value.url) : fmt::format("{}/{}", value.type, value.id));
    }
    for (const auto& value : values.uris) {
      ask_by(value.parameter, "", Escaped(value.uri));
    }
    for (const auto& value : values.numbers) {
      ask_by(value.parameter, "", value.low);
    }
    for (const auto& value : values.dates) {
      if (value.low_us > 0 && value.high_us < 4'000'000'000'000'000) {
        ask_by(value.parameter, "", "ge" + fhir::FormatInstant(value.low_us));
      }
    }
    if (questions.empty()) {
      continue;
    }
    port::Change change;
    change.verb = port::Verb::kUpdate;
    change.type = type;
    change.id = id;
    change.resource = *std::move(document);
    std::vector<port::Change> changes;
    changes.push_back(std::move(change));
    if (!TryApply(std::move(changes))) {
      continue;
    }
    for (const SearchParameter& parameter : Standard().SearchParameters(type)) {
      const auto [from, to] = questions.equal_range(parameter.id);
      const std::string code(parameter.code);
      for (auto at = from; at != to; ++at) {
        const auto& [modifier, value] = at->second;
        EXPECT_THAT(Asked(type, {{code + modifier, value}, {"_id", id}}), ElementsAre(id))
            << file.filename() << " " << code << modifier << "=" << value;
        ++found_by_values;
      }
      if (from != to) {
        known[type].insert(parameter.id);
        EXPECT_THAT(Asked(type, {{code + ":missing", "false"}, {"_id", id}}), ElementsAre(id)) << code;
        EXPECT_THAT(Asked(type, {{code + ":missing", "true"}, {"_id", id}}), IsEmpty()) << code;
      }
    }
  }
  std::size_t parameters = 0;
  for (const auto& [type, of_type] : known) {
    parameters += of_type.size();
  }
  EXPECT_GT(parameters, 900u) << "of the parameters few have a value in an example";
  EXPECT_GT(found_by_values, 1200);
}

}  // namespace
}  // namespace tests::store
