// YAML to typed settings, by the table.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>

#include "gateway/settings/table.hpp"

namespace gateway::settings {
namespace {

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kErrorsMax = 50;

/// Levenshtein distance. Source: https://en.wikipedia.org/wiki/Levenshtein_distance (two rows).
std::size_t EditDistance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string_view Nearest(std::span<const Setting> settings, std::string_view name) {
  const auto nearest = std::min_element(settings.begin(), settings.end(), [name](const Setting& a, const Setting& b) {
    return EditDistance(a.name, name) < EditDistance(b.name, name);
  });
  return nearest->name;
}

/// Whether a key is plain enough to be repeated in an error: a value pasted in the wrong place may be a secret.
bool IsKeyLike(std::string_view name) {
  return name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

class Reader {
 public:
  Reader(std::string_view file, std::string_view directory) : file_(file), directory_(directory) {}

  void ReadSection(const YAML::Node& node, std::span<const Setting> settings, void* object, const std::string& path) {
    lines_[path] = Line(node);
    if (node.IsNull()) {
      RequireAll(node, settings, {}, path);
      return;
    }
    if (!node.IsMap()) {
      Add(node, fmt::format("{} must be a mapping of keys to values", path.empty() ? "the file" : path));
      return;
    }
    std::set<std::string> seen;
    for (const auto& pair : node) {
      const std::string name = pair.first.IsScalar() ? pair.first.Scalar() : std::string();
      const auto setting =
          std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.name == name; });
      if (setting == settings.end()) {
        Add(pair.first,
            fmt::format("unknown key {}, the nearest known one is {}",
                        Join(path, IsKeyLike(name) ? name : "(not a name)"), Join(path, Nearest(settings, name))));
      } else if (!seen.insert(name).second) {
        Add(pair.first, fmt::format("{} is given twice", Join(path, name)));
      } else {
        Read(pair.second, *setting, setting->member.at(object), Join(path, name));
      }
    }
    RequireAll(node, settings, seen, path);
  }

  void AddProblems(const Settings& settings) {
    for (const Problem& problem : FindProblems(settings)) {
      std::string place = problem.path;
      while (!place.empty() && !lines_.contains(place)) {
        place.resize(
            std::min(place.size() - 1, place.find_last_of(".[") == std::string::npos ? 0 : place.find_last_of(".[")));
      }
      const auto line = lines_.find(place);
      AddAt(line == lines_.end() ? 1 : line->second, fmt::format("{}: {}", problem.path, problem.text));
    }
  }

  void AddAt(int line, std::string_view text) {
    if (++errors_ <= kErrorsMax) {
      text_ += fmt::format("{}{}:{}: {}", text_.empty() ? "" : "\n", file_, line, text);
    }
  }

  const std::string& errors() const { return text_; }

 private:
  static std::string Join(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
  }

  static int Line(const YAML::Node& node) { return node.Mark().line + 1; }

  void Add(const YAML::Node& node, std::string_view text) { AddAt(Line(node), text); }

  void RequireAll(const YAML::Node& node, std::span<const Setting> settings, const std::set<std::string>& seen,
                  const std::string& path) {
    for (const Setting& setting : settings) {
      if (setting.facts.required && !seen.contains(std::string(setting.name))) {
        Add(node, fmt::format("{} is missing", Join(path, setting.name)));
      }
    }
  }

  void Read(const YAML::Node& node, const Setting& setting, void* place, const std::string& path) {
    lines_[path] = Line(node);
    switch (setting.member.kind) {
      case Kind::kSection:
        ReadSection(node, setting.children, place, path);
        break;
      case Kind::kList:
        ReadList(node, setting, place, path);
        break;
      case Kind::kTexts:
        ReadTexts(node, setting, *static_cast<std::vector<std::string>*>(place), path);
        break;
      case Kind::kTextMap:
        ReadMap(node, *static_cast<std::map<std::string, std::string>*>(place), path);
        break;
      case Kind::kText:
        ReadText(node, setting, *static_cast<std::string*>(place), path);
        break;
      case Kind::kFlag:
        ReadFlag(node, *static_cast<bool*>(place), path);
        break;
      case Kind::kCount:
        if (const auto number = ReadNumber(node, setting, path)) {
          *static_cast<std::size_t*>(place) = static_cast<std::size_t>(*number);
        }
        break;
      case Kind::kMillis:
        if (const auto number = ReadNumber(node, setting, path)) {
          *static_cast<std::int64_t*>(place) = *number;
        }
        break;
    }
  }

  void ReadList(const YAML::Node& node, const Setting& setting, void* place, const std::string& path) {
    if (node.IsNull()) {
      return;
    }
    if (!node.IsSequence()) {
      Add(node, path + " must be a list");
      return;
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      ReadSection(node[i], setting.children, setting.member.append(place), fmt::format("{}[{}]", path, i));
    }
  }

  void ReadTexts(const YAML::Node& node, const Setting& setting, std::vector<std::string>& texts,
                 const std::string& path) {
    if (node.IsNull()) {
      return;
    }
    if (!node.IsSequence()) {
      Add(node, path + " must be a list");
      return;
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
      ReadText(node[i], setting, texts.emplace_back(), fmt::format("{}[{}]", path, i));
    }
  }

  void ReadMap(const YAML::Node& node, std::map<std::string, std::string>& map, const std::string& path) {
    if (node.IsNull()) {
      return;
    }
    if (!node.IsMap()) {
      Add(node, path + " must be a mapping of keys to values");
      return;
    }
    for (const auto& pair : node) {
      if (!pair.first.IsScalar() || !pair.second.IsScalar()) {
        Add(pair.first, path + " must map texts to texts");
      } else if (!map.emplace(pair.first.Scalar(), pair.second.Scalar()).second) {
        Add(pair.first, path + " has a key twice");
      }
    }
  }

  void ReadText(const YAML::Node& node, const Setting& setting, std::string& text, const std::string& path) {
    if (!node.IsScalar()) {
      Add(node, path + " must be a text");
      return;
    }
    text = node.Scalar();
    if (setting.facts.required && text.empty()) {
      Add(node, path + " must not be empty");
    }
    if (const std::string wrong = CheckForm(setting.facts, text); !wrong.empty()) {
      Add(node, fmt::format("{} {}", path, wrong));
    }
    const bool is_path =
        setting.facts.form == Form::kPath || (setting.facts.form == Form::kSecret && !text.starts_with("env:"));
    if (is_path && !text.empty()) {
      text = (std::filesystem::path(directory_) / text).lexically_normal().string();
    }
  }

  void ReadFlag(const YAML::Node& node, bool& flag, const std::string& path) {
    const std::string text = node.IsScalar() ? node.Scalar() : std::string();
    if (text != "true" && text != "false") {
      Add(node, path + " must be true or false");
      return;
    }
    flag = text == "true";
  }

  std::optional<std::int64_t> ReadNumber(const YAML::Node& node, const Setting& setting, const std::string& path) {
    const std::string text = node.IsScalar() ? node.Scalar() : std::string();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
      Add(node, fmt::format("{} must be a whole number of {}", path, setting.facts.unit));
      return std::nullopt;
    }
    if (number < setting.facts.min || number > setting.facts.max) {
      Add(node, setting.facts.max == INT64_MAX
                    ? fmt::format("{} must be at least {} {}", path, setting.facts.min, setting.facts.unit)
                    : fmt::format("{} must be from {} to {} {}", path, setting.facts.min, setting.facts.max,
                                  setting.facts.unit));
      return std::nullopt;
    }
    return number;
  }

  std::string_view file_;
  std::string_view directory_;
  std::map<std::string, int> lines_;
  std::string text_;
  std::size_t errors_ = 0;
};

/// Default paths too are relative to the file's folder.
void PlaceDefaults(std::span<const Setting> settings, void* object, std::string_view directory) {
  for (const Setting& setting : settings) {
    void* place = setting.member.at(object);
    if (setting.member.kind == Kind::kSection) {
      PlaceDefaults(setting.children, place, directory);
    } else if (setting.member.kind == Kind::kText && setting.facts.form == Form::kPath) {
      auto& text = *static_cast<std::string*>(place);
      if (!text.empty()) {
        text = (std::filesystem::path(directory) / text).lexically_normal().string();
      }
    }
  }
}

}  // namespace

fhir::Result<Settings> LoadText(std::string_view text, std::string_view name, std::string_view directory) {
  Settings settings = Defaults();
  PlaceDefaults(AllSettings(), &settings, directory);
  Reader reader(name, directory);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1) {
      reader.AddAt(documents[1].Mark().line + 1, "the file must hold one YAML document");
    } else if (!documents.empty()) {
      reader.ReadSection(documents[0], AllSettings(), &settings, "");
    }
  } catch (const YAML::Exception& exception) {
    reader.AddAt(std::max(exception.mark.line, 0) + 1, "not valid YAML: " + exception.msg);
  }
  if (reader.errors().empty()) {
    reader.AddProblems(settings);
  }
  if (!reader.errors().empty()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, reader.errors());
  }
  return settings;
}

fhir::Result<Settings> Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}:1: the file cannot be read", path));
  }
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || text.size() > kFileBytesMax) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration,
                      fmt::format("{}:1: the file cannot be read, or is larger than 4 MB", path));
  }
  return LoadText(text, path, std::filesystem::path(path).parent_path().string());
}

}  // namespace gateway::settings
