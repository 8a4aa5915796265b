#include "adapters/mapping/reading.hpp"

#include <algorithm>

namespace adapters::mapping {
namespace {

std::uint64_t PackCell(const Cell& cell) {
  return (std::uint64_t{cell.group & 0xFFFFFF} << 40) | (std::uint64_t{cell.occurrence} << 24) |
         (std::uint64_t{cell.field & 0xFFFu} << 12) | (cell.repetition & 0xFFFu);
}

}  // namespace

std::string_view Reading::FirstText(const Address& address, const Binding& binding) {
  std::string_view text;
  ForEachCell(address, binding, [&](const Cell& cell) {
    text = source_.Text(cell, address.component, address.subcomponent);
    if (!text.empty()) {
      Mark(cell);
    }
    return text.empty();
  });
  return text;
}

bool Reading::Holds(const std::vector<Term>& terms, const Binding& binding) {
  return std::all_of(terms.begin(), terms.end(), [&](const Term& term) { return Holds(term, binding); });
}

bool Reading::Holds(const Term& term, const Binding& binding) {
  const auto listed = [&](std::string_view text) {
    return std::find(term.values.begin(), term.values.end(), text) != term.values.end();
  };
  bool any_listed = false;
  bool first_listed = false;
  bool any_text = false;
  bool first = true;
  const bool own_field = binding.group == term.address.group && binding.field == term.address.field;
  ForEachCell(term.address, binding, [&](const Cell& cell) {
    const auto text = source_.Text(cell, term.address.component, term.address.subcomponent);
    if (!own_field) {
      Mark(cell);
    }
    any_text = any_text || !text.empty();
    const bool hit = listed(text);
    any_listed = any_listed || hit;
    first_listed = first_listed || (first && hit);
    first = false;
    return true;
  });
  switch (term.test) {
    case Test::kEquals:
      return first_listed;
    case Test::kDiffers:
      return !first_listed;
    case Test::kHas:
      return any_listed;
    case Test::kLacks:
      return !any_listed;
    case Test::kExists:
      return any_text;
    case Test::kAbsent:
      return !any_text;
  }
  return false;
}

void Reading::Mark(const Cell& cell) {
  if (keeps_marks_) {
    read_.insert(PackCell(cell));
  }
}

std::vector<std::string> Reading::Unmapped(const std::vector<Address>& ignored) const {
  std::vector<std::string> places;
  source_.ForEachCell([&](const Cell& cell) {
    const bool known = std::any_of(ignored.begin(), ignored.end(), [&](const Address& address) {
      return address.group == cell.group && (address.field == 0 || address.field == cell.field);
    });
    if (!known && !read_.contains(PackCell(cell))) {
      places.push_back(Place(cell));
    }
  });
  return places;
}

}  // namespace adapters::mapping
