#include "adapters/mapping/condition.hpp"

#include <fmt/format.h>

namespace adapters::mapping {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

std::unexpected<fhir::Error> NotACondition(std::string_view text) {
  return fhir::Fail(fhir::ErrorCode::kConfiguration,
                    fmt::format("'{}' is not a condition (ADDRESS = A|B, !=, has, lacks, exists, absent)", text));
}

fhir::Result<Term> ParseTerm(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) {
    return NotACondition(text);
  }
  Term term;
  GW_ASSIGN(term.address, ParseAddress(text.substr(0, space)));
  if (term.address.field == 0) {
    return NotACondition(text);
  }
  std::string_view rest = Trim(text.substr(space));
  if (rest == "exists" || rest == "absent") {
    term.test = rest == "exists" ? Test::kExists : Test::kAbsent;
    return term;
  }
  const auto gap = rest.find(' ');
  const std::string_view word = rest.substr(0, gap);
  if (word == "=") {
    term.test = Test::kEquals;
  } else if (word == "!=") {
    term.test = Test::kDiffers;
  } else if (word == "has") {
    term.test = Test::kHas;
  } else if (word == "lacks") {
    term.test = Test::kLacks;
  } else {
    return NotACondition(text);
  }
  std::string_view values = gap == std::string_view::npos ? std::string_view{} : Trim(rest.substr(gap));
  if (values.empty() || values.find(' ') != std::string_view::npos) {
    return NotACondition(text);
  }
  while (true) {
    const auto bar = values.find('|');
    if (bar == 0) {
      return NotACondition(text);
    }
    term.values.emplace_back(values.substr(0, bar));
    if (bar == std::string_view::npos) {
      return term;
    }
    values.remove_prefix(bar + 1);
    if (values.empty()) {
      return NotACondition(text);
    }
  }
}

}  // namespace

fhir::Result<std::vector<Term>> ParseCondition(std::string_view text) {
  std::vector<Term> terms;
  std::string_view rest = text;
  while (true) {
    const auto joint = rest.find(" and ");
    GW_ASSIGN(auto term, ParseTerm(Trim(rest.substr(0, joint))));
    terms.push_back(std::move(term));
    if (joint == std::string_view::npos) {
      return terms;
    }
    rest.remove_prefix(joint + 5);
  }
}

}  // namespace adapters::mapping
