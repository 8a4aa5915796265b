#include "fhir/xml/writer.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/xml/markup.hpp"

namespace fhir::xml {
namespace {

using metadata::Definitions;
using model::Node;

constexpr std::size_t kTypicalResourceBytes = 4096;
constexpr std::uint32_t kLastGroup = 0xFFFF;

bool IsAttribute(const Node& node) {
  return node.row != nullptr && (node.row->flags & metadata::kElementAttribute) != 0;
}

/// Position in the definition; what it does not know goes last.
std::uint32_t GroupOf(const Node& node) {
  return node.row != nullptr ? node.row->group : kLastGroup;
}

class TreeWriter {
 public:
  TreeWriter(std::string& out, bool pretty)
      : out_(out), pretty_(pretty), definitions_(Definitions::R4()), xhtml_(definitions_.FindType("xhtml")) {}

  void Root(const Node& node) {
    out_ += R"(<?xml version="1.0" encoding="UTF-8"?>)";
    if (pretty_) {
      out_ += '\n';
    }
    Resource(node, R"( xmlns="http://hl7.org/fhir")");
    if (pretty_) {
      out_ += '\n';
    }
  }

 private:
  void Resource(const Node& node, std::string_view declaration) {
    const std::string_view name = definitions_.TypeName(node.type);
    out_ += '<';
    out_ += name;
    out_ += declaration;
    Content(node, name);
  }

  void Element(const Node& node) {
    NewLine();
    if (node.type == xhtml_) {
      AppendNarrative(out_, node.value);
      return;
    }
    out_ += '<';
    out_ += node.name;
    if (node.type != metadata::kNoType && definitions_.IsResource(node.type)) {
      out_ += '>';
      ++depth_;
      NewLine();
      Resource(node, {});
      --depth_;
      Close(node.name);
      return;
    }
    for (const Node* child = node.first_child; child != nullptr; child = child->next) {
      if (IsAttribute(*child) && child->HasValue()) {
        Attribute(child->name, child->value);
      }
    }
    if (node.HasValue()) {
      Attribute("value", node.value);
    }
    Content(node, node.name);
  }

  /// The rest of an element whose tag is open: its child elements and its end.
  void Content(const Node& node, std::string_view name) {
    bool any = false;
    bool ordered = true;
    std::uint32_t last = 0;
    for (const Node* child = node.first_child; child != nullptr; child = child->next) {
      if (!IsAttribute(*child)) {
        any = true;
        const std::uint32_t group = GroupOf(*child);
        ordered = ordered && group >= last;
        last = group;
      }
    }
    if (!any) {
      out_ += "/>";
      return;
    }
    out_ += '>';
    ++depth_;
    if (ordered) {
      for (const Node* child = node.first_child; child != nullptr; child = child->next) {
        if (!IsAttribute(*child)) {
          Element(*child);
        }
      }
    } else {
      InOrder(node);
    }
    --depth_;
    Close(name);
  }

  void InOrder(const Node& node) {
    // By group, then as they stand.
    std::vector<std::pair<std::uint64_t, const Node*>> children;
    for (const Node& child : node.children()) {
      if (!IsAttribute(child)) {
        children.emplace_back(std::uint64_t{GroupOf(child)} << 32 | children.size(), &child);
      }
    }
    std::sort(children.begin(), children.end());
    for (const auto& [place, child] : children) {
      Element(*child);
    }
  }

  void Attribute(std::string_view name, std::string_view value) {
    out_ += ' ';
    out_ += name;
    out_ += "=\"";
    AppendAttributeText(out_, value);
    out_ += '"';
  }

  void Close(std::string_view name) {
    NewLine();
    out_ += "</";
    out_ += name;
    out_ += '>';
  }

  void NewLine() {
    if (pretty_) {
      out_ += '\n';
      out_.append(depth_ * 2, ' ');
    }
  }

  std::string& out_;
  bool pretty_;
  const Definitions& definitions_;
  metadata::TypeId xhtml_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string WriteXml(const model::Node& resource, const WriteOptions& options) {
  std::string out;
  out.reserve(kTypicalResourceBytes);
  TreeWriter(out, options.pretty).Root(resource);
  return out;
}

}  // namespace fhir::xml
