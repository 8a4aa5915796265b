// What :in, :not-in, :above and :below ask of a terminology, which this folder does not have: whoever parses a query
// may bring one (ParseOptions::code_lists).
#pragma once

#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"

namespace fhir::search {

/// Answers list codes as token values; one without a code stands for the whole system. thread-compatible.
class CodeLists {
 public:
  virtual ~CodeLists() = default;
  /// The members of a value set: "http://…", "http://…|version", "ValueSet/id".
  /// Errors: kNotFound when it is not known; kTooCostly for too many; kUnsupported when what it is made of is not
  /// loaded.
  virtual Result<std::vector<TokenValue>> InValueSet(std::string_view value_set) const = 0;
  /// The code and all that it subsumes. Errors: kNotFound for a code or system that is not known, kTooCostly.
  virtual Result<std::vector<TokenValue>> Below(std::string_view system, std::string_view code) const = 0;
  /// The code and all that subsume it. Errors: likewise.
  virtual Result<std::vector<TokenValue>> Above(std::string_view system, std::string_view code) const = 0;
};

}  // namespace fhir::search
