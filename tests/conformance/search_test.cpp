// docs/conformance.md, section search: which parameters and modifiers work, found by asking for each.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/metadata/search_components.hpp"
#include "fhir/search/query_parser.hpp"
#include "gateway/store/search_sql/page.hpp"
#include "tests/conformance/section.hpp"

namespace fhir::conformance {
namespace {

using metadata::SearchParameter;
using metadata::SearchType;

const metadata::Definitions& R4() {
  return metadata::Definitions::R4();
}

/// Any value set and any code come to one code.
class OneCode final : public search::CodeLists {
 public:
  Result<std::vector<search::TokenValue>> InValueSet(std::string_view) const override { return Codes(); }
  Result<std::vector<search::TokenValue>> Below(std::string_view, std::string_view) const override { return Codes(); }
  Result<std::vector<search::TokenValue>> Above(std::string_view, std::string_view) const override { return Codes(); }

 private:
  static std::vector<search::TokenValue> Codes() { return {{"urn:s", "c"}}; }
};

struct TypeRow {
  SearchType type;
  std::string_view name;
  std::string_view value;
  std::vector<std::string_view> modifiers;  // of the standard for this type, besides :missing
  bool prefixes = false;
};

const std::vector<TypeRow>& TypeRows() {
  static const std::vector<TypeRow> kRows = {
      {SearchType::kString, "string", "x", {"exact", "contains"}},
      {SearchType::kToken, "token", "urn:s|c", {"not", "text", "in", "not-in", "above", "below", "of-type"}},
      {SearchType::kReference, "reference", "1", {"identifier", "[type]"}},
      {SearchType::kDate, "date", "2024-05", {}, true},
      {SearchType::kNumber, "number", "5", {}, true},
      {SearchType::kQuantity, "quantity", "5|http://unitsofmeasure.org|mg", {}, true},
      {SearchType::kUri, "uri", "http://x/y", {"above", "below"}},
      {SearchType::kComposite, "composite", "", {}},
      {SearchType::kSpecial, "special", "47|2|10|km", {}},
  };
  return kRows;
}

constexpr std::string_view kPrefixes[] = {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"};

std::string_view SampleOf(SearchType type) {
  for (const TypeRow& row : TypeRows()) {
    if (row.type == type) return row.value;
  }
  return "x";
}

/// A value for the parameter: of a composite one per component.
std::string Sample(const SearchParameter& parameter) {
  if (parameter.code == "_filter") return "_id eq 1";
  std::string value;
  for (const auto& component : metadata::SearchComponents(parameter.id)) {
    value += (value.empty() ? "" : "$") + std::string(SampleOf(component.type));
  }
  return value.empty() ? std::string(SampleOf(parameter.type)) : value;
}

/// Whether the question is read and compiled.
bool Works(metadata::TypeId type, std::string name, std::string value) {
  static const OneCode kCodes;
  search::ParseOptions options;
  options.code_lists = &kCodes;
  options.now_us = 1'750'000'000'000'000;
  options.content_types = {"*"};
  const search::NameValue pairs[] = {{std::move(name), std::move(value)}};
  IssueList warnings;
  const auto query = search::ParseQuery(type, pairs, options, warnings);
  const adapters::port::Grants all{.unrestricted = true, .by_type = {}};
  return query && gateway::store::search_sql::CompileCount(*query, all, 10).has_value();
}

/// A target type for ":Patient".
std::string TypeModifier(const SearchParameter& parameter) {
  for (const metadata::TypeId type : R4().ResourceTypes()) {
    for (const metadata::TypeId target : parameter.targets) {
      if (R4().IsA(type, target)) return std::string(R4().TypeName(type));
    }
  }
  return "Patient";
}

struct Count {
  int works = 0;
  int all = 0;
  void Add(bool worked) {
    ++all;
    works += worked ? 1 : 0;
  }
  std::string Text() const { return works == all ? "all" : fmt::format("{} of {}", works, all); }
};

/// Columns that have no index and always a value.
bool IsColumn(std::string_view code) {
  return code == "_id" || code == "_lastUpdated";
}

std::string TypeTable(std::set<std::string>& unanswered) {
  std::string table =
      "| type | parameters of all resource types | answered | `:missing` | modifiers | prefixes |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (const TypeRow& row : TypeRows()) {
    Count plain;
    Count missing;
    std::map<std::string_view, Count> modifiers;
    std::map<std::string_view, Count> prefixes;
    for (const metadata::TypeId type : R4().ResourceTypes()) {
      for (const SearchParameter& parameter : R4().SearchParameters(type)) {
        if (parameter.type != row.type) continue;
        const std::string code(parameter.code);
        const bool works = Works(type, code, Sample(parameter));
        plain.Add(works);
        if (!works) unanswered.insert(code);
        if (!works || parameter.expression.empty() || IsColumn(code)) continue;
        missing.Add(Works(type, code + ":missing", "true") && Works(type, code + ":missing", "false"));
        if (code == "phonetic") continue;  // whole words by their sound
        for (const std::string_view modifier : row.modifiers) {
          const std::string name =
              code + ":" + (modifier == "[type]" ? TypeModifier(parameter) : std::string(modifier));
          modifiers[modifier].Add(Works(type, name, modifier == "of-type" ? "urn:s|t|v" : Sample(parameter)));
        }
        for (const std::string_view prefix : kPrefixes) {
          if (row.prefixes) prefixes[prefix].Add(Works(type, code, std::string(prefix) + Sample(parameter)));
        }
      }
    }
    std::string modifier_text;
    for (const std::string_view modifier : row.modifiers) {
      modifier_text +=
          fmt::format("{}`:{}` {}", modifier_text.empty() ? "" : ", ", modifier, modifiers[modifier].Text());
    }
    std::string prefix_text;
    for (const std::string_view prefix : kPrefixes) {
      if (row.prefixes)
        prefix_text += fmt::format("{}{} {}", prefix_text.empty() ? "" : ", ", prefix, prefixes[prefix].Text());
    }
    table += fmt::format("| {} | {} | {} | {} | {} | {} |\n", row.name, plain.all, plain.Text(), missing.Text(),
                         modifier_text.empty() ? "–" : modifier_text, prefix_text.empty() ? "–" : prefix_text);
  }
  return table;
}

/// Whether the parameter is answered with every modifier and prefix of its type.
bool WorksWhole(metadata::TypeId type, const SearchParameter& parameter) {
  const std::string code(parameter.code);
  const std::string sample = Sample(parameter);
  bool works = Works(type, code, sample);
  if (parameter.expression.empty() || IsColumn(code)) {
    return works;
  }
  works = works && Works(type, code + ":missing", "true") && Works(type, code + ":missing", "false");
  for (const TypeRow& row : TypeRows()) {
    if (row.type != parameter.type || code == "phonetic") continue;
    for (const std::string_view modifier : row.modifiers) {
      const std::string name = code + ":" + (modifier == "[type]" ? TypeModifier(parameter) : std::string(modifier));
      works = works && Works(type, name, modifier == "of-type" ? "urn:s|t|v" : sample);
    }
    for (const std::string_view prefix : kPrefixes) {
      works = works && (!row.prefixes || Works(type, code, std::string(prefix) + sample));
    }
  }
  return works;
}

std::string_view TypeNameOf(SearchType type) {
  for (const TypeRow& row : TypeRows()) {
    if (row.type == type) return row.name;
  }
  return "";
}

/// Each parameter by its name and type, under the type it is declared on; those that do not work are said to.
std::string EveryParameter() {
  std::map<std::string, std::map<std::string, std::string>> declared;
  for (const metadata::TypeId type : R4().ResourceTypes()) {
    for (const SearchParameter& parameter : R4().SearchParameters(type)) {
      const bool inherited = parameter.base != type;
      const std::string base(inherited ? "all types" : R4().TypeName(type));
      std::string& text = declared[base][std::string(parameter.code)];
      const bool works = WorksWhole(type, parameter);
      if (text.empty() || !works) {
        text = fmt::format("{} {}{}", parameter.code, TypeNameOf(parameter.type),
                           works                        ? ""
                           : parameter.code == "_query" ? " (named queries)"
                                                        : " (not answered)");
      }
    }
  }
  std::string table = "| on | parameters |\n| --- | --- |\n";
  const auto append = [&](const std::string& base, const std::map<std::string, std::string>& parameters) {
    std::string line;
    for (const auto& [code, text] : parameters) line += (line.empty() ? "" : ", ") + text;
    table += fmt::format("| {} | {} |\n", base, line);
  };
  append("all types", declared["all types"]);
  for (const auto& [base, parameters] : declared) {
    if (base != "all types") append(base, parameters);
  }
  return table;
}

struct Explained {
  std::string_view code;
  std::string_view text;
};

/// What the parameters do that have no expression, and the phonetic ones.
constexpr Explained kExplained[] = {
    {"_content",
     "words of all texts that people wrote in the resource and its narrative, identifiers left out; French "
     "and English stems, without accents; for the types that `search.content_types` names (none by default)"},
    {"_filter",
     "the whole grammar of the standard; see `fhir/search/filter_parser.hpp`. `ne` means: has a value, and "
     "none is equal"},
    {"_query",
     "the search of a stored OperationDefinition of kind query, with the parameters in their places; written out "
     "before it "
     "is read (docs/fhir_operations.md). Not in conditional writes, policies and `_typeFilter`"},
    {"_text", "words of the narrative, likewise; for the types that `search.narrative_types` names (all by default)"},
    {"age",
     "completed years today, of those alive: a range of birth dates; a birth date without month or day matches "
     "when all its days do. No prefix ne"},
    {"phonetic",
     "every word sounds like a word of the name, by a key for French and English spellings "
     "(`fhir/search/phonetic.hpp`); InsurancePlan, Organization, and Patient, Person, Practitioner, RelatedPerson"},
};

std::string ExplainedTable() {
  std::string table = "| parameter | what it does |\n| --- | --- |\n";
  for (const Explained& row : kExplained) table += fmt::format("| `{}` | {} |\n", row.code, row.text);
  return table;
}

TEST(SearchConformance, Page_SaysWhatWorks) {
  std::set<std::string> unanswered;
  const std::string types = TypeTable(unanswered);
  std::string codes;
  for (const std::string& code : unanswered) codes += fmt::format("{}`{}`", codes.empty() ? "" : ", ", code);
  const std::string text =
      types + "\nNot a criterion by itself: " + codes +
      ".\n\nThe 16 search parameters of R4 without an expression, and the 3 called phonetic. Ten of the 16 (author, "
      "effective, end, keyword,\nworkflow, for extensions of CodeSystem and of ValueSet) name no resource type either, "
      "so "
      "that no type has them;\n`birthOrderBoolean` got its expression by a correction "
      "(`fhir/definitions/corrections`). The others:\n\n" +
      ExplainedTable() +
      "\nBesides parameters: `_list` (the id of a List; functional lists are refused), `_has`, chains, `_type` on the "
      "system and in\ncompartments, `near` with 50 km where no distance is said, `_contained` and `_containedType`: by "
      "the standard's parameters,\nand those contained resources that have an id. `_id` is then the id within the "
      "container, `_lastUpdated` the container's; a\nresource that is shown itself has the fullUrl of its container, "
      "`#` and its id; a container comes once, sorted by the least of\nits matches, descending by the greatest. "
      "`Bundle.total` is given when it costs nothing: all matches are on the page. "
      "`_total=accurate` counts up to 1,000,000\nmatches, past which no total is given and a note says so. "
      "`_total=estimate` counts up to 1,000, and past that gives what the\ndatabase's planner expects, from its last "
      "ANALYZE; a self link with `_total=estimate` names such a total. Schedule and Slot\nare searched so without "
      "being asked, and `_summary=count` always counts. Resources without a value come last in `_sort`,\nin both "
      "directions, and a period stands where it starts.\n";
  EXPECT_EQ(CheckSection("search", text + "\nEvery parameter, with every modifier and prefix of its type:\n\n" +
                                       EveryParameter()),
            "");
  EXPECT_EQ(unanswered, std::set<std::string>{"_query"});
}

TEST(SearchConformance, Parameters_WithoutExpression_AreExplained) {
  std::set<std::string_view> explained;
  for (const Explained& row : kExplained) explained.insert(row.code);
  std::set<std::string_view> found;
  for (const metadata::TypeId type : R4().ResourceTypes()) {
    for (const SearchParameter& parameter : R4().SearchParameters(type)) {
      if (parameter.expression.empty() || parameter.code == "phonetic") found.insert(parameter.code);
    }
  }
  EXPECT_EQ(found, explained);
}

}  // namespace
}  // namespace fhir::conformance
