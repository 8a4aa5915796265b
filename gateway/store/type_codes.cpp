#include "gateway/store/type_codes.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace gateway::store {
namespace {

constexpr std::string_view kTypeNames[] = {
#include "gateway/store/schema/type_codes.inc"
};

struct TypeCodeTables {
  std::vector<std::int16_t> code_of_type;
  std::array<fhir::metadata::TypeId, std::size(kTypeNames) + 1> type_of_code{};

  TypeCodeTables() {
    const auto& definitions = fhir::metadata::Definitions::R4();
    type_of_code[0] = fhir::metadata::kNoType;
    for (std::size_t i = 0; i < std::size(kTypeNames); ++i) {
      const auto type = definitions.FindType(kTypeNames[i]);
      type_of_code[i + 1] = type;
      if (type == fhir::metadata::kNoType) {
        continue;
      }
      if (code_of_type.size() <= type) {
        code_of_type.resize(type + 1u, 0);
      }
      code_of_type[type] = static_cast<std::int16_t>(i + 1);
    }
  }
};

// Both tables follow from constants of the build alone.
const TypeCodeTables& Tables() {
  static const TypeCodeTables kTables;
  return kTables;
}

}  // namespace

std::int16_t TypeCode(fhir::metadata::TypeId type) {
  const auto& codes = Tables().code_of_type;
  return type < codes.size() ? codes[type] : std::int16_t{0};
}

fhir::metadata::TypeId TypeOfCode(std::int64_t code) {
  const auto& types = Tables().type_of_code;
  return code > 0 && code < static_cast<std::int64_t>(types.size()) ? types[static_cast<std::size_t>(code)]
                                                                    : fhir::metadata::kNoType;
}

}  // namespace gateway::store
