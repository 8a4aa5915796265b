#include "fhir/validation/identifiers/national_identifier.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "fhir/model/path.hpp"
#include "fhir/validation/identifiers/check_digits.hpp"
#include "fhir/validation/identifiers/table.hpp"

namespace fhir::validation {
namespace {

constexpr std::size_t kNumberBytesMax = 40;

/// A number without blanks and in capitals; none of the kinds is longer than the buffer.
class PlainNumber {
 public:
  explicit PlainNumber(std::string_view text) {
    for (const char c : text) {
      if (c == ' ') {
        continue;
      }
      if (size_ == characters_.size()) {
        size_ = 0;  // no kind is empty or that long
        return;
      }
      characters_[size_++] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  std::string_view text() const { return {characters_.data(), size_}; }

 private:
  std::array<char, kNumberBytesMax> characters_;
  std::size_t size_ = 0;
};

bool BeginsRight(const NumberRule& rule, std::string_view number) {
  std::string_view rest = rule.first;
  while (!rest.empty()) {
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    if (number.starts_with(rest.substr(0, bar))) {
      return true;
    }
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return rule.first.empty();
}

bool CheckDigitHolds(CheckAlgorithm algorithm, std::string_view number) {
  switch (algorithm) {
    case CheckAlgorithm::kNone:
      return true;
    case CheckAlgorithm::kLuhn:
      return LuhnHolds(number);
    case CheckAlgorithm::kNir:
      return NirKeyHolds(number);
    case CheckAlgorithm::kSiret:
      return SiretHolds(number);
    case CheckAlgorithm::kEan13:
      return Ean13Holds(number);
  }
  return true;
}

/// A and B stand for Corsica behind a 2 where the department is, or for a department overseas: the second character of
/// most numbers, behind sex, year and month in those of persons.
bool LettersStandRight(std::string_view number) {
  constexpr std::size_t kPersonLengths[] = {13, 15};
  constexpr std::size_t kDepartment = 5;
  const bool person = std::ranges::find(kPersonLengths, number.size()) != std::end(kPersonLengths);
  for (std::size_t i = 0; i < number.size(); ++i) {
    if (number[i] >= '0' && number[i] <= '9') {
      continue;
    }
    if (i != (person ? kDepartment + 1 : 1) || (person && number[kDepartment] != '2')) {
      return false;
    }
  }
  return true;
}

NumberVerdict VerdictOf(const NumberRule& rule, std::string_view number) {
  const bool characters = std::ranges::all_of(
      number, [&](char c) { return (c >= '0' && c <= '9') || (rule.letters && (c == 'A' || c == 'B')); });
  if (number.size() != rule.length || !characters || !BeginsRight(rule, number) || !LettersStandRight(number)) {
    return NumberVerdict::kWrongForm;
  }
  return CheckDigitHolds(rule.algorithm, number) ? NumberVerdict::kGood : NumberVerdict::kWrongCheckDigit;
}

struct Finding {
  NumberVerdict verdict = NumberVerdict::kUnknown;
  const NumberRule* rule = nullptr;
};

/// By the rule whose length the number has; the first of several when none fits.
Finding FindByKey(std::span<const RuleOfKey> rows, std::string_view key, std::string_view number) {
  Finding finding;
  for (const RuleOfKey& row : rows) {
    if (row.key != key) {
      continue;
    }
    const NumberRule& rule = kIdentifierTable.rules[row.rule];
    if (finding.rule == nullptr || rule.length == number.size()) {
      finding = {VerdictOf(rule, number), &rule};
    }
  }
  return finding;
}

const InnerNumber* FindInner(std::string_view system, std::string_view number) {
  const auto found = std::ranges::find_if(kIdentifierTable.inner, [&](const InnerNumber& row) {
    return row.system == system && number.starts_with(row.prefix);
  });
  return found == kIdentifierTable.inner.end() ? nullptr : &*found;
}

Finding FindBySystem(std::string_view system, std::string_view value) {
  const PlainNumber plain(value);
  if (const InnerNumber* inner = FindInner(system, plain.text())) {
    const NumberRule& rule = kIdentifierTable.rules[inner->rule];
    return {VerdictOf(rule, plain.text().substr(inner->prefix.size())), &rule};
  }
  return FindByKey(kIdentifierTable.systems, system, plain.text());
}

Finding FindByType(std::string_view type_system, std::string_view type_code, std::string_view value) {
  if (std::ranges::find(kIdentifierTable.type_systems, type_system) == kIdentifierTable.type_systems.end()) {
    return {};
  }
  return FindByKey(kIdentifierTable.types, type_code, PlainNumber(value).text());
}

bool IsNationalSystem(std::string_view system) {
  return std::ranges::find(kIdentifierTable.systems, system, &RuleOfKey::key) != kIdentifierTable.systems.end() ||
         std::ranges::find(kIdentifierTable.inner, system, &InnerNumber::system) != kIdentifierTable.inner.end();
}

}  // namespace

NumberVerdict CheckNumber(std::string_view system, std::string_view value) {
  return FindBySystem(system, value).verdict;
}

NumberVerdict CheckNumberOfType(std::string_view type_system, std::string_view type_code, std::string_view value) {
  return FindByType(type_system, type_code, value).verdict;
}

void CheckNationalIdentifier(const model::Node& node, const NationalIdentifierOptions& options, IssueList& issues) {
  const model::Node* value = node.Child("value");
  if (value == nullptr) {
    value = node.Child("code");
  }
  if (!options.severity || value == nullptr || !value->HasValue()) {
    return;
  }
  const std::string_view system = node.ChildValue("system");
  Finding finding = FindBySystem(system, value->value);
  if (finding.rule == nullptr && !IsNationalSystem(system)) {
    if (const model::Node* type = node.Child("type")) {
      for (const model::Node& coding : type->children()) {
        if (coding.name == "coding" && finding.rule == nullptr) {
          finding = FindByType(coding.ChildValue("system"), coding.ChildValue("code"), value->value);
        }
      }
    }
  }
  if (finding.rule == nullptr || finding.verdict == NumberVerdict::kGood) {
    return;
  }
  const NumberRule& rule = *finding.rule;
  issues.AddAt(model::PathOf(*value), *options.severity, IssueType::kValue,
               finding.verdict == NumberVerdict::kWrongForm
                   ? fmt::format("a number of the kind {} is expected: {} digits{}", rule.name, rule.length,
                                 rule.letters ? ", A or B for Corsica at the department alone" : "")
                   : fmt::format("a number of the kind {} is expected; its check digit does not hold", rule.name),
               value->source_offset);
}

std::optional<NationalNumber> OwnNumber(std::string_view system, std::string_view value) {
  if (!IsNationalSystem(system)) {
    return std::nullopt;
  }
  const PlainNumber plain(value);
  const InnerNumber* inner = FindInner(system, plain.text());
  if (inner != nullptr && !inner->inner_system.empty()) {
    const std::string_view number = plain.text().substr(inner->prefix.size());
    // A made-up number is the same number all the same; another form is none of this kind.
    if (VerdictOf(kIdentifierTable.rules[inner->rule], number) != NumberVerdict::kWrongForm) {
      return NationalNumber{std::string(inner->inner_system), std::string(number)};
    }
  }
  return NationalNumber{std::string(system), std::string(plain.text())};
}

}  // namespace fhir::validation
