#include "fhir/concept_files/csv_concepts.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "fhir/base/text.hpp"
#include "fhir/concept_files/csv.hpp"

namespace fhir::concept_files {
namespace {

enum class Role : unsigned char { kCode, kDisplay, kDefinition, kParent, kProperty, kDesignation };

struct Column {
  Role role = Role::kCode;
  std::string name;  ///< of the property, or the designation's language
  std::size_t at = 0;
};

std::unexpected<Error> RefuseCsv(std::int64_t line, std::string_view text) {
  return Fail(ErrorCode::kInvalid, fmt::format("line {}: {}", line, text));
}

/// "property.ddd" → the role and "ddd".
std::optional<Column> ColumnOfRole(std::string_view role) {
  constexpr std::pair<std::string_view, Role> kPlainRoles[] = {
      {"code", Role::kCode}, {"display", Role::kDisplay}, {"definition", Role::kDefinition}, {"parent", Role::kParent}};
  for (const auto& [word, meant] : kPlainRoles) {
    if (role == word) {
      return Column{.role = meant, .name = {}};
    }
  }
  for (const auto& [word, meant] : {std::pair(std::string_view("property."), Role::kProperty),
                                    std::pair(std::string_view("designation."), Role::kDesignation)}) {
    if (role.starts_with(word) && role.size() > word.size()) {
      return Column{.role = meant, .name = std::string(role.substr(word.size()))};
    }
  }
  return std::nullopt;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

/// The row that is being put together.
struct Row {
  std::string code, display, definition;
  std::vector<std::string> parents;
  std::vector<std::pair<std::string, std::string>> properties;    // name, value
  std::vector<std::pair<std::string, std::string>> designations;  // language, value
  std::int64_t line = 0;
};

class CsvConcepts {
 public:
  CsvConcepts(ByteSource& source, const CsvLayout& layout, Charset charset, const ConceptSink& sink)
      : csv_(source, layout.delimiter), layout_(layout), charset_(charset), sink_(sink) {}

  Result<json::Value> Run() {
    GW_TRY(ReadHeader());
    std::optional<Row> open;
    while (true) {
      GW_ASSIGN(const bool more, csv_.Next());
      if (!more) {
        break;
      }
      GW_ASSIGN(Row row, ReadRow());
      if (open && layout_.merge_rows && open->code == row.code) {
        if (open->display != row.display) {
          return RefuseCsv(row.line, fmt::format("another display for the code of line {}", open->line));
        }
        Merge(*open, std::move(row));
        continue;
      }
      if (open) {
        GW_TRY(Give(*open));
      }
      open = std::move(row);
    }
    if (open) {
      GW_TRY(Give(*open));
    }
    return json::Value::Object();
  }

 private:
  Result<std::string> Convert(const std::string& field) const {
    if (charset_ == Charset::kUtf8) {
      return ValidUtf8(field) ? Result<std::string>(field)
                              : RefuseCsv(csv_.line(), "a field that is no UTF-8; the parameter encoding may help");
    }
    auto text = ToUtf8(field, charset_);
    return text ? std::move(text) : RefuseCsv(csv_.line(), "a field that the encoding does not know");
  }

  Result<void> ReadHeader() {
    GW_ASSIGN(const bool any, csv_.Next());
    if (!any) {
      return Fail(ErrorCode::kInvalid, "the file is empty: a line with the names of the columns is expected");
    }
    std::vector<std::string> names;
    for (const std::string& field : csv_.fields()) {
      GW_ASSIGN(const std::string name, Convert(field));
      names.emplace_back(Trim(name));
    }
    width_ = names.size();
    std::vector<std::string> wanted = layout_.columns;
    if (wanted.empty()) {
      for (const std::string_view name : {"code", "display", "definition", "parent"}) {
        if (std::ranges::find(names, name) != names.end()) {
          wanted.push_back(fmt::format("{}={}", name, name));
        }
      }
    }
    for (const std::string& each : wanted) {
      const std::size_t equals = each.find('=');
      auto column = ColumnOfRole(std::string_view(each).substr(0, equals));
      if (equals == std::string::npos || !column) {
        return Fail(ErrorCode::kInvalid,
                    fmt::format("column \"{}\": expected ROLE=NAME, and as the role code, display, definition, parent, "
                                "property.NAME or designation.LANGUAGE",
                                each));
      }
      const auto found = std::ranges::find(names, each.substr(equals + 1));
      if (found == names.end()) {
        return RefuseCsv(csv_.line(), fmt::format("there is no column \"{}\"; there are: {}", each.substr(equals + 1),
                                                  fmt::join(names, ", ")));
      }
      column->at = static_cast<std::size_t>(found - names.begin());
      columns_.push_back(*std::move(column));
    }
    if (std::ranges::count(columns_, Role::kCode, &Column::role) != 1) {
      return RefuseCsv(csv_.line(), fmt::format("which column is the code? Say it by code=NAME; there are: {}",
                                                fmt::join(names, ", ")));
    }
    return {};
  }

  Result<Row> ReadRow() const {
    Row row;
    row.line = csv_.line();
    if (csv_.fields().size() != width_) {
      return RefuseCsv(row.line, fmt::format("{} fields, where the first line has {}", csv_.fields().size(), width_));
    }
    for (const Column& column : columns_) {
      GW_ASSIGN(const std::string field, Convert(csv_.fields()[column.at]));
      const std::string_view text = Trim(field);
      switch (column.role) {
        case Role::kCode:
          row.code = text;
          break;
        case Role::kDisplay:
          row.display = text;
          break;
        case Role::kDefinition:
          row.definition = text;
          break;
        case Role::kParent:
          if (!text.empty()) {
            row.parents.emplace_back(text);
          }
          break;
        case Role::kProperty:
          if (!text.empty()) {
            row.properties.emplace_back(column.name, text);
          }
          break;
        case Role::kDesignation:
          if (!text.empty()) {
            row.designations.emplace_back(column.name, text);
          }
          break;
      }
    }
    AddParentByLength(row);
    return row;
  }

  void AddParentByLength(Row& row) const {
    std::size_t length = 0;
    for (const std::size_t each : layout_.parent_lengths) {
      length = each < row.code.size() ? each : length;
    }
    if (length > 0) {
      row.parents.push_back(row.code.substr(0, length));
    }
  }

  static void Merge(Row& open, Row row) {
    const auto add = [](auto& list, auto& more) {
      for (auto& each : more) {
        if (std::ranges::find(list, each) == list.end()) {
          list.push_back(std::move(each));
        }
      }
    };
    add(open.parents, row.parents);
    add(open.properties, row.properties);
    add(open.designations, row.designations);
  }

  Result<void> Give(const Row& row) const {
    const std::vector<std::string_view> parents(row.parents.begin(), row.parents.end());
    std::vector<terminology::ConceptProperty> properties;
    properties.reserve(row.properties.size());
    for (const auto& [name, value] : row.properties) {
      properties.push_back({.name = name, .type = "valueString", .value = value});
    }
    std::vector<terminology::ConceptDesignation> designations;
    designations.reserve(row.designations.size());
    for (const auto& [language, value] : row.designations) {
      designations.push_back({.language = language, .use_system = {}, .use = {}, .value = value});
    }
    return sink_({.code = row.code,
                  .display = row.display,
                  .definition = row.definition,
                  .parents = parents,
                  .children = {},
                  .properties = properties,
                  .designations = designations,
                  .line = row.line});
  }

  CsvReader csv_;
  const CsvLayout& layout_;
  const Charset charset_;
  const ConceptSink& sink_;
  std::size_t width_ = 0;
  std::vector<Column> columns_;
};

}  // namespace

Result<json::Value> ReadCsvConcepts(ByteSource& source, const CsvLayout& layout, const ConceptSink& sink) {
  GW_ASSIGN(const Charset charset, FindCharset(layout.encoding));
  return CsvConcepts(source, layout, charset, sink).Run();
}

}  // namespace fhir::concept_files
