#include "fhir/concept_files/claml.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/date_time.hpp"
#include "fhir/xml/stream.hpp"

namespace fhir::concept_files {
namespace {

using terminology::ConceptDesignation;
using terminology::ConceptProperty;

constexpr std::size_t kClassBytesMax = 4u * 1024 * 1024;  // texts of one class
constexpr std::size_t kModifiedMax = 10'000;              // concepts that the modifiers of one class make

std::unexpected<Error> RefuseClaml(std::int64_t line, std::string_view text) {
  return Fail(ErrorCode::kInvalid, fmt::format("line {}: {}", line, text));
}

/// One of the labels of a Rubric.
struct Label {
  std::string kind;  ///< of the Rubric
  std::string language;
  std::string text;
};

/// A ModifiedBy of a Class.
struct Modified {
  std::string modifier;
  bool all = true;
  std::vector<std::string> valid;  ///< codes of its classes, unless all are
};

struct ModifierClass {
  std::string code;
  std::string display;
};

/// A Class or ModifierClass that is open.
struct OpenClass {
  std::string code, kind, usage;
  std::string modifier;  ///< of a ModifierClass
  std::int64_t line = 0;
  std::vector<std::string> parents, children;
  std::vector<std::pair<std::string, std::string>> meta;
  std::vector<Label> labels;
  std::vector<Modified> modified;
  std::size_t bytes = 0;
};

/// Runs of white space become one space, and those at the ends go.
std::string Collapse(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (out.ends_with(' ')) {
    out.pop_back();
  }
  return out;
}

class ClamlHandler final : public xml::StreamHandler {
 public:
  explicit ClamlHandler(const ConceptSink& sink) : sink_(sink) {}

  Result<void> Start(std::string_view name, const Attributes& attributes, std::int64_t line) override {
    const auto get = [&](std::string_view wanted) {
      const auto found = std::ranges::find(attributes, wanted, &Attributes::value_type::first);
      return found == attributes.end() ? std::string() : found->second;
    };
    if (!begun_ && name != "ClaML") {
      return RefuseClaml(line, "expected the element ClaML");
    }
    begun_ = true;
    if (label_ != nullptr) {
      label_->text += ' ';  // Para, Fragment and the like part words
      return {};
    }
    if (name == "Title") {
      in_title_ = true;
      Set("version", get("version"));
      if (const std::string date = get("date"); ParseDate(date)) {
        Set("date", date);
      }
    } else if (name == "Class" || name == "ModifierClass") {
      if (class_) {
        return RefuseClaml(line, "a class inside of a class");
      }
      class_.emplace();
      class_->code = get("code");
      class_->kind = get("kind");
      class_->usage = get("usage");
      class_->modifier = get("modifier");
      class_->line = line;
      if (name == "ModifierClass" && class_->modifier.empty()) {
        return RefuseClaml(line, "a ModifierClass without the attribute modifier");
      }
    } else if (class_) {
      return StartInClass(name, get, line);
    }
    return {};
  }

  Result<void> End(std::string_view name) override {
    if (name == "Title") {
      in_title_ = false;
      Set("title", Collapse(title_));
    } else if (name == "Label" && label_ != nullptr) {
      label_->text = Collapse(label_->text);
      label_ = nullptr;
    } else if (label_ != nullptr) {
      label_->text += ' ';
    } else if (name == "ModifierClass") {
      modifiers_[class_->modifier].push_back({class_->code, DisplayOf(*class_)});
      class_.reset();
    } else if (name == "Class") {
      const OpenClass done = std::move(*class_);
      class_.reset();
      return Give(done);
    }
    return {};
  }

  Result<void> Text(std::string_view text) override {
    if (in_title_) {
      title_ += text.substr(0, kClassBytesMax - std::min(kClassBytesMax, title_.size()));
    } else if (label_ != nullptr) {
      class_->bytes += text.size();
      if (class_->bytes > kClassBytesMax) {
        return Fail(ErrorCode::kTooLarge,
                    fmt::format("line {}: a class with more than {} bytes of text", class_->line, kClassBytesMax));
      }
      label_->text += text;
    }
    return {};
  }

  bool begun() const { return begun_; }
  json::Value TakeHead() { return std::move(head_); }

 private:
  void Set(std::string_view name, std::string text) {
    if (!text.empty()) {
      head_.Set(std::string(name), json::Value::String(std::move(text)));
    }
  }

  template <typename Get>
  Result<void> StartInClass(std::string_view name, const Get& get, std::int64_t line) {
    if (name == "SuperClass") {
      class_->parents.push_back(get("code"));
    } else if (name == "SubClass") {
      class_->children.push_back(get("code"));
    } else if (name == "Meta") {
      class_->meta.emplace_back(get("name"), get("value"));
    } else if (name == "Rubric") {
      rubric_ = get("kind");
    } else if (name == "Label") {
      label_ = &class_->labels.emplace_back(Label{.kind = rubric_, .language = get("lang"), .text = {}});
    } else if (name == "ModifiedBy") {
      class_->modified.push_back({.modifier = get("code"), .all = get("all") != "false", .valid = {}});
    } else if (name == "ValidModifierClass") {
      if (class_->modified.empty()) {
        return RefuseClaml(line, "a ValidModifierClass outside of ModifiedBy");
      }
      class_->modified.back().all = false;
      class_->modified.back().valid.push_back(get("code"));
    }
    return {};
  }

  static const Label* FirstOf(const OpenClass& from, std::string_view kind) {
    const auto found = std::ranges::find(from.labels, kind, &Label::kind);
    return found == from.labels.end() ? nullptr : &*found;
  }
  static std::string DisplayOf(const OpenClass& from) {
    const Label* label = FirstOf(from, "preferred");
    label = label == nullptr ? FirstOf(from, "preferredLong") : label;
    return label == nullptr ? std::string() : label->text;
  }

  Result<void> Give(const OpenClass& done) {
    const std::string display = DisplayOf(done);
    const Label* const definition = FirstOf(done, "definition");
    std::vector<ConceptProperty> properties;
    std::vector<ConceptDesignation> designations;
    for (const auto& [name, value] : {std::pair("kind", &done.kind), std::pair("usage", &done.usage)}) {
      if (!value->empty()) {
        properties.push_back({.name = name, .type = "valueCode", .value = *value});
      }
    }
    for (const auto& [name, value] : done.meta) {
      properties.push_back({.name = name, .type = "valueString", .value = value});
    }
    for (const Label& label : done.labels) {
      if (&label == definition || label.text.empty()) {
        continue;
      }
      if (label.kind == "preferred" || label.kind == "preferredLong") {
        if (label.text != display) {
          designations.push_back({.language = label.language, .use_system = {}, .use = {}, .value = label.text});
        }
      } else {
        properties.push_back({.name = label.kind, .type = "valueString", .value = label.text});
      }
    }
    const std::vector<std::string_view> parents(done.parents.begin(), done.parents.end());
    const std::vector<std::string_view> children(done.children.begin(), done.children.end());
    GW_TRY(sink_({.code = done.code,
                  .display = display,
                  .definition = definition == nullptr ? std::string_view() : std::string_view(definition->text),
                  .parents = parents,
                  .children = children,
                  .properties = properties,
                  .designations = designations,
                  .line = done.line}));
    if (!done.children.empty()) {
      return {};
    }
    std::size_t made = 0;
    return GiveModified(done, 0, done.code, display, made);
  }

  /// Concepts below `code`, one for each class of the modifier `at`, and theirs of the next.
  Result<void> GiveModified(const OpenClass& done, std::size_t at, const std::string& code, const std::string& display,
                            std::size_t& made) {
    if (at == done.modified.size()) {
      return {};
    }
    const Modified& modified = done.modified[at];
    const auto found = modifiers_.find(modified.modifier);
    if (found == modifiers_.end()) {
      return RefuseClaml(done.line, fmt::format("no class of the modifier {} comes before", modified.modifier));
    }
    for (const ModifierClass& each : found->second) {
      if (!modified.all && std::ranges::find(modified.valid, each.code) == modified.valid.end()) {
        continue;
      }
      if (++made > kModifiedMax) {
        return RefuseClaml(done.line, fmt::format("modifiers make more than {} concepts of a class", kModifiedMax));
      }
      const std::string below = code + each.code;
      const std::string text = display + ", " + each.display;
      const std::string_view parents[] = {code};
      const ConceptProperty properties[] = {{.name = "kind", .type = "valueCode", .value = "modified"}};
      GW_TRY(sink_({.code = below,
                    .display = text,
                    .definition = {},
                    .parents = parents,
                    .children = {},
                    .properties = properties,
                    .designations = {},
                    .line = done.line}));
      GW_TRY(GiveModified(done, at + 1, below, text, made));
    }
    return {};
  }

  const ConceptSink& sink_;
  bool begun_ = false;
  bool in_title_ = false;
  std::string title_;
  json::Value head_ = json::Value::Object();
  std::optional<OpenClass> class_;
  std::string rubric_;
  Label* label_ = nullptr;  // the open one, of class_
  std::map<std::string, std::vector<ModifierClass>> modifiers_;
};

}  // namespace

Result<json::Value> ReadClaml(ByteSource& source, const ConceptSink& sink) {
  ClamlHandler handler(sink);
  GW_TRY(xml::ReadStream([&source] { return source.Next(); }, handler));
  return handler.TakeHead();
}

}  // namespace fhir::concept_files
