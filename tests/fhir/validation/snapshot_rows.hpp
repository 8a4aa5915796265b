// Compares two snapshots row by row in what they constrain; texts for people aside.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/model/document.hpp"

namespace fhir::validation::test {

struct RowComparison {
  std::size_t equal = 0;
  std::size_t different = 0;
  std::map<std::string, std::vector<std::string>> reasons;  ///< part of the row → "profile id: expected | made"
};

inline std::string TextOf(const model::Node& node) {
  std::string text = std::string(node.name) + "=" + std::string(node.value);
  for (const model::Node& child : node.children()) {
    if (child.name != "extension" && child.name != "id") {
      text += "{" + TextOf(child) + "}";
    }
  }
  return text;
}

/// A canonical of the standard without its version, which some publishers write and some do not.
inline std::string_view Unversioned(std::string_view canonical) {
  return canonical.ends_with("|4.0.1") ? canonical.substr(0, canonical.rfind('|')) : canonical;
}

/// What a row constrains, by part.
inline std::map<std::string, std::string> PartsOf(const model::Node& row) {
  static const std::set<std::string_view> kOneValue = {"path",      "sliceName",        "min",         "max",
                                                       "maxLength", "contentReference", "mustSupport", "isModifier"};
  std::map<std::string, std::string> parts;
  std::set<std::string> constraints;
  std::set<std::string> types;
  for (const model::Node& part : row.children()) {
    const std::string name(part.name);
    if (part.name == "contentReference") {
      parts[name] = part.value.substr(std::min(part.value.find('#'), part.value.size()));
    } else if (kOneValue.contains(part.name)) {
      if (part.value != "false") {
        parts[name] = part.value;
      }
    } else if (name.starts_with("fixed") || name.starts_with("pattern") || name.starts_with("minValue") ||
               name.starts_with("maxValue")) {
      parts[name] = TextOf(part);
    } else if (name == "binding") {
      parts["binding"] =
          std::string(part.ChildValue("strength")) + " " + std::string(Unversioned(part.ChildValue("valueSet")));
    } else if (name == "slicing") {
      parts["slicing"] = std::string(part.ChildValue("rules"));
      for (const model::Node& discriminator : part.children()) {
        if (discriminator.name == "discriminator") {
          parts["slicing"] +=
              " " + std::string(discriminator.ChildValue("type")) + ":" + std::string(discriminator.ChildValue("path"));
        }
      }
    } else if (name == "type") {
      types.insert(TextOf(part));
    } else if (name == "constraint") {
      constraints.insert(std::string(part.ChildValue("key")));
    }
  }
  for (const std::string& type : types) {
    parts["type"] += type + " ";
  }
  for (const std::string& key : constraints) {
    parts["constraint"] += key + " ";
  }
  return parts;
}

/// Later publishers repeat in each row the constraints of its data type, and slice every extension by its url: both
/// hold without being said, so that they make no difference here.
inline bool SaysTheSame(const std::string& part, std::string_view expected, std::string_view made) {
  if (part == "slicing") {
    return expected == made || (expected == "open value:url" && made.empty());
  }
  if (part != "constraint") {
    return expected == made;
  }
  while (!made.empty()) {
    const std::size_t end = made.find(' ');
    if (expected.find(made.substr(0, end)) == std::string_view::npos) {
      return false;
    }
    made.remove_prefix(end == std::string_view::npos ? made.size() : end + 1);
  }
  return true;
}

inline void CompareSnapshots(const model::Node& expected, const model::Node& made, RowComparison& result) {
  const std::string profile(expected.ChildValue("id"));
  std::map<std::string, const model::Node*> rows;
  for (const model::Node& row : made.Child("snapshot")->children()) {
    rows[std::string(row.ChildValue("id"))] = &row;
  }
  for (const model::Node& row : expected.Child("snapshot")->children()) {
    const std::string id(row.ChildValue("id"));
    const std::string place = profile + " " + id + ": ";
    const auto found = rows.find(id);
    if (found == rows.end()) {
      ++result.different;
      result.reasons["row not made"].push_back(place);
      continue;
    }
    const auto want = PartsOf(row);
    const auto have = PartsOf(*found->second);
    rows.erase(found);
    bool equal = true;
    std::set<std::string> names;
    for (const auto& [name, value] : want) {
      names.insert(name);
    }
    for (const auto& [name, value] : have) {
      names.insert(name);
    }
    for (const std::string& name : names) {
      const std::string left = want.contains(name) ? want.at(name) : "";
      const std::string right = have.contains(name) ? have.at(name) : "";
      if (!SaysTheSame(name, left, right)) {
        equal = false;
        result.reasons[name].push_back(place + left + " | " + right);
      }
    }
    ++(equal ? result.equal : result.different);
  }
  for (const auto& [id, row] : rows) {
    ++result.different;
    result.reasons["row made in excess"].push_back(profile + " " + id);
  }
}

}  // namespace fhir::validation::test
