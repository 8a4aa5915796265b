#include "gateway/store/search_sql/bind.hpp"

#include <string>
#include <utility>

namespace gateway::store::search_sql {
namespace {

struct BindOne {
  pg::Parameters& parameters;
  void operator()(std::int64_t value) const { parameters.Int(value); }
  void operator()(const std::string& value) const { parameters.Text(value); }
  void operator()(const std::vector<std::int64_t>& value) const { parameters.Add(pg::Array::Int64s(value)); }
  void operator()(const std::vector<std::string>& value) const { parameters.Add(pg::Array::Texts(value)); }
  void operator()(Xid value) const { parameters.Literal(std::to_string(std::to_underlying(value))); }
  void operator()(const std::vector<Xid>& value) const {
    std::string literal = "{";
    for (const Xid id : value) {
      literal += (literal.size() == 1 ? "" : ",") + std::to_string(std::to_underlying(id));
    }
    parameters.Literal(literal + "}");
  }
};

}  // namespace

pg::Parameters Bound(std::span<const SqlValue> values) {
  pg::Parameters parameters;
  for (const auto& value : values) {
    std::visit(BindOne{parameters}, value);
  }
  return parameters;
}

}  // namespace gateway::store::search_sql
