// The table printed: as JSON Schema for editors, and as the commented default file.
#include <fmt/format.h>

#include "gateway/settings/table.hpp"

namespace gateway::settings {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + '"';
}

/// The default of a scalar, as it stands in both JSON and YAML.
std::string DefaultText(const Setting& setting, void* place) {
  switch (setting.member.kind) {
    case Kind::kText:
      return Quoted(*static_cast<std::string*>(place));
    case Kind::kCount:
      return fmt::format("{}", *static_cast<std::size_t*>(place));
    case Kind::kMillis:
      return fmt::format("{}", *static_cast<std::int64_t*>(place));
    case Kind::kFlag:
      return *static_cast<bool*>(place) ? "true" : "false";
    case Kind::kTexts:
    case Kind::kList:
      return "[]";
    case Kind::kTextMap:
    case Kind::kSection:
      return "{}";
  }
  return "{}";
}

std::string Bounds(const Facts& facts) {
  return facts.max == INT64_MAX ? fmt::format("at least {}", facts.min) : fmt::format("{} to {}", facts.min, facts.max);
}

/// An object of the element type of a list, owned by a scratch list of that type.
class Scratch {
 public:
  Scratch(const Setting& list, void* owner) : element_(list.member.append(list.member.at(owner))) {}
  void* element() const { return element_; }

 private:
  void* element_;
};

class SchemaPrinter {
 public:
  std::string Print() {
    Settings defaults;
    out_ =
        "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": \"Passerelle "
        "configuration\",\n";
    Object(AllSettings(), &defaults, 2);
    return out_ + "\n}\n";
  }

 private:
  void Object(std::span<const Setting> settings, void* object, int indent) {
    const std::string pad(static_cast<std::size_t>(indent), ' ');
    std::string required;
    out_ += pad + "\"type\": \"object\",\n" + pad + "\"additionalProperties\": false,\n" + pad + "\"properties\": {";
    std::string_view separator = "\n";
    for (const Setting& setting : settings) {
      fmt::format_to(std::back_inserter(out_), "{}{}  \"{}\": {{\n", separator, pad, setting.name);
      Property(setting, object, indent + 4);
      out_ += "\n" + pad + "  }";
      separator = ",\n";
      if (setting.facts.required) {
        required += (required.empty() ? "" : ", ") + Quoted(setting.name);
      }
    }
    out_ += "\n" + pad + "}";
    if (!required.empty()) {
      out_ += ",\n" + pad + "\"required\": [" + required + "]";
    }
  }

  void Property(const Setting& setting, void* object, int indent) {
    const std::string pad(static_cast<std::size_t>(indent), ' ');
    const Facts& facts = setting.facts;
    out_ += pad + "\"description\": " + Quoted(facts.about) + ",\n";
    if (!facts.unit.empty()) {
      out_ += pad + "\"x-unit\": " + Quoted(facts.unit) + ",\n";
    }
    out_ += pad + "\"x-needs-restart\": " + (facts.needs_restart ? "true" : "false") + ",\n";
    void* place = setting.member.at(object);
    switch (setting.member.kind) {
      case Kind::kSection:
        Object(setting.children, place, indent);
        return;
      case Kind::kList: {
        const Scratch scratch(setting, object);
        out_ += pad + "\"type\": \"array\",\n" + pad + "\"items\": {\n";
        Object(setting.children, scratch.element(), indent + 2);
        out_ += "\n" + pad + "}";
        return;
      }
      case Kind::kTexts:
        out_ += pad + "\"type\": \"array\",\n" + pad + "\"items\": {\"type\": \"string\"}";
        return;
      case Kind::kTextMap:
        out_ += pad + "\"type\": \"object\",\n" + pad + "\"additionalProperties\": {\"type\": \"string\"}";
        return;
      case Kind::kText:
        out_ += pad + "\"type\": \"string\",\n";
        if (facts.form == Form::kChoice) {
          out_ += pad + "\"enum\": [" + Choices(facts.choices) + "],\n";
        }
        break;
      case Kind::kFlag:
        out_ += pad + "\"type\": \"boolean\",\n";
        break;
      case Kind::kCount:
      case Kind::kMillis:
        out_ += pad + fmt::format("\"type\": \"integer\",\n{}\"minimum\": {},\n", pad, facts.min);
        if (facts.max != INT64_MAX) {
          out_ += pad + fmt::format("\"maximum\": {},\n", facts.max);
        }
        break;
    }
    out_ += pad + "\"default\": " + DefaultText(setting, place);
  }

  static std::string Choices(std::string_view choices) {
    std::string list;
    for (;;) {
      const std::size_t end = choices.find('|');
      list += (list.empty() ? "" : ", ") + Quoted(choices.substr(0, end));
      if (end == std::string_view::npos) {
        return list;
      }
      choices.remove_prefix(end + 1);
    }
  }

  std::string out_;
};

class FilePrinter {
 public:
  std::string Print() {
    Settings defaults;
    out_ =
        "# Configuration of Passerelle: every setting at its default.\n"
        "# Generated from the tables in gateway/settings; edit those, then run gateway_settings_test --update-golden.\n"
        "# Paths are relative to this file. A secret stands in a file of its own, or in the environment as env:NAME.\n";
    Section(AllSettings(), &defaults, 0, "");
    return out_;
  }

 private:
  void Section(std::span<const Setting> settings, void* object, int indent, std::string_view comment) {
    const std::string pad = std::string(comment) + std::string(static_cast<std::size_t>(indent), ' ');
    for (const Setting& setting : settings) {
      if (indent == 0 && comment.empty()) {
        out_ += '\n';
      }
      out_ += pad + "# " + Explanation(setting) + "\n";
      Value(setting, object, indent, comment, pad);
    }
  }

  void Value(const Setting& setting, void* object, int indent, std::string_view comment, const std::string& pad) {
    void* place = setting.member.at(object);
    if (setting.member.kind == Kind::kSection) {
      fmt::format_to(std::back_inserter(out_), "{}{}:\n", pad, setting.name);
      Section(setting.children, place, indent + 2, comment);
      return;
    }
    const std::string_view example = comment.empty() ? std::string_view() : setting.facts.example;
    fmt::format_to(std::back_inserter(out_), "{}{}: {}\n", pad, setting.name,
                   example.empty() ? DefaultText(setting, place) : Example(setting.member.kind, example));
    if (setting.member.kind == Kind::kList) {
      const Scratch scratch(setting, object);
      const std::string inner = "#" + std::string(static_cast<std::size_t>(indent) + 1, ' ');
      out_ += inner + "-\n";
      Section(setting.children, scratch.element(), indent + 3, "#");
    }
  }

  static std::string Example(Kind kind, std::string_view example) {
    if (kind == Kind::kTexts) {
      return "[" + Quoted(example) + "]";
    }
    if (kind == Kind::kTextMap) {
      const std::size_t equals = example.find('=');
      return "{" + Quoted(example.substr(0, equals)) + ": " + Quoted(example.substr(equals + 1)) + "}";
    }
    return Quoted(example);
  }

  static std::string Explanation(const Setting& setting) {
    const Facts& facts = setting.facts;
    std::string text(facts.about);
    std::string more;
    const auto add = [&more](std::string_view part) {
      more += more.empty() ? "" : "; ";
      more += part;
    };
    if (!facts.unit.empty()) {
      add(fmt::format("{}, {}", facts.unit, Bounds(facts)));
    }
    if (facts.form == Form::kChoice) {
      std::string choices;
      for (char c : facts.choices.starts_with('|') ? facts.choices.substr(1) : facts.choices) {
        choices += c == '|' ? std::string(", ") : std::string(1, c);
      }
      add(choices);
    }
    if (facts.required) {
      add("required");
    }
    if (!facts.needs_restart) {
      add("needs no restart");
    }
    return more.empty() ? text : fmt::format("{} ({})", text, more);
  }

  std::string out_;
};

}  // namespace

std::string PrintSchema() {
  return SchemaPrinter().Print();
}
std::string PrintCommentedDefaults() {
  return FilePrinter().Print();
}

}  // namespace gateway::settings
