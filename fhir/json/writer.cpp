#include "fhir/json/writer.hpp"

#include <iterator>

#include <fmt/format.h>

#include "fhir/json/element.hpp"

namespace fhir::json {
namespace {

using model::Node;
using model::ValueKind;

/// Repetitions of one element: the siblings from `first` up to, not including, `end`.
struct NodeRun {
  const Node* first;
  const Node* end;
  bool array;
  bool values = false;   // one has a value
  bool twins = false;    // one value has an id or extensions
  bool complex = false;  // objects rather than values
};

bool IsPrimitiveNode(const Node& node) {
  if (node.HasValue()) {
    return true;
  }
  return node.type != metadata::kNoType &&
         metadata::Definitions::R4().Kind(node.type) == metadata::TypeKind::kPrimitive;
}

NodeRun RunFrom(const Node& first) {
  NodeRun run{&first, &first, first.row != nullptr && first.row->repeats != 0};
  std::size_t count = 0;
  for (; run.end != nullptr && run.end->name == first.name && run.end->row == first.row; run.end = run.end->next) {
    ++count;
    if (!IsPrimitiveNode(*run.end)) {
      run.complex = true;
      continue;
    }
    run.values = run.values || run.end->HasValue();
    run.twins = run.twins || run.end->first_child != nullptr;
  }
  run.array = run.array || count > 1;
  return run;
}

class TreeWriter {
 public:
  TreeWriter(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

  void Resource(const Node& node) {
    Open('{');
    Member("resourceType");
    AppendQuoted(out_, metadata::Definitions::R4().TypeName(node.type));
    Children(node);
    Close('}');
  }

  void Element(const Node& node) {
    Open('{');
    Children(node);
    Close('}');
  }

  void Stored(const Node& node, const StoredMeta& stored) {
    Open('{');
    Member("resourceType");
    AppendQuoted(out_, metadata::Definitions::R4().TypeName(node.type));
    Member("id");
    AppendQuoted(out_, stored.id);
    Member("meta");
    Meta(node.Child("meta"), stored);
    for (const Node* at = node.first_child; at != nullptr;) {
      const bool replaced = at->name == "id" || at->name == "meta";
      at = replaced ? at->next : Run(*at);
    }
    Close('}');
  }

 private:
  void Meta(const Node* meta, const StoredMeta& stored) {
    Open('{');
    Member("versionId");
    fmt::format_to(std::back_inserter(out_), "\"{}\"", stored.version);
    Member("lastUpdated");
    AppendQuoted(out_, stored.last_updated);
    for (const Node* at = meta == nullptr ? nullptr : meta->first_child; at != nullptr;) {
      at = at->name == "versionId" || at->name == "lastUpdated" ? at->next : Run(*at);
    }
    Close('}');
  }

  void Children(const Node& node) {
    for (const Node* at = node.first_child; at != nullptr;) {
      at = Run(*at);
    }
  }

  /// Writes the repetitions that start with `first`; returns the element behind them.
  const Node* Run(const Node& first) {
    const NodeRun run = RunFrom(first);
    if (run.complex || run.values) {
      Member(first.name);
      Items(run, [this](const Node& node) { Value(node); });
    }
    if (run.twins && !run.complex) {
      Member(first.name, true);
      Items(run, [this](const Node& node) { Twin(node); });
    }
    return run.end;
  }

  template <typename WriteOne>
  void Items(const NodeRun& run, const WriteOne& write_one) {
    if (!run.array) {
      write_one(*run.first);
      return;
    }
    Open('[');
    for (const Node* at = run.first; at != run.end; at = at->next) {
      Next();
      write_one(*at);
    }
    Close(']');
  }

  void Value(const Node& node) {
    switch (node.kind) {
      case ValueKind::kString:
        AppendQuoted(out_, node.value);
        return;
      case ValueKind::kNumber:
      case ValueKind::kBoolean:
        out_ += node.value;
        return;
      case ValueKind::kNone:
        break;
    }
    if (IsPrimitiveNode(node)) {
      out_ += "null";
    } else if (metadata::Definitions::R4().IsResource(node.type)) {
      Resource(node);
    } else {
      Object(node);
    }
  }

  void Twin(const Node& node) {
    if (node.first_child == nullptr) {
      out_ += "null";
    } else {
      Object(node);
    }
  }

  void Object(const Node& node) {
    Open('{');
    Children(node);
    Close('}');
  }

  void Open(char bracket) {
    out_ += bracket;
    ++depth_;
    first_ = true;
  }

  void Close(char bracket) {
    --depth_;
    if (pretty_ && !first_) {
      NewLine();
    }
    out_ += bracket;
    first_ = false;
  }

  void Next() {
    if (!first_) {
      out_ += ',';
    }
    first_ = false;
    if (pretty_) {
      NewLine();
    }
  }

  /// Element names need no escaping: they come from the definitions, or from text that looks like one.
  void Member(std::string_view name, bool twin = false) {
    Next();
    out_ += twin ? "\"_" : "\"";
    out_ += name;
    out_ += pretty_ ? "\": " : "\":";
  }

  void NewLine() {
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }

  std::string& out_;
  bool pretty_;
  bool first_ = true;
  std::size_t depth_ = 0;
};

constexpr std::size_t kTypicalResourceBytes = 2048;

}  // namespace

std::string WriteJson(const model::Node& resource, const WriteOptions& options) {
  std::string out;
  out.reserve(kTypicalResourceBytes);
  TreeWriter(out, options.pretty).Resource(resource);
  if (options.pretty) {
    out += '\n';
  }
  return out;
}

void AppendJson(std::string& out, const model::Node& resource) {
  TreeWriter(out, false).Resource(resource);
}

void AppendElement(std::string& out, const model::Node& element) {
  if (element.kind == ValueKind::kString) {
    AppendQuoted(out, element.value);
  } else if (element.HasValue()) {
    out += element.value;
  } else if (IsPrimitiveNode(element)) {
    out += "null";
  } else if (element.type != metadata::kNoType && metadata::Definitions::R4().IsResource(element.type)) {
    AppendJson(out, element);
  } else {
    TreeWriter(out, false).Element(element);
  }
}

std::string WriteStored(const model::Node& resource, const StoredMeta& stored) {
  std::string out;
  out.reserve(kTypicalResourceBytes);
  TreeWriter(out, false).Stored(resource, stored);
  return out;
}

}  // namespace fhir::json
