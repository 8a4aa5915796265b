#include "tests/fuzz/primitives_fuzz.hpp"

#include <cstdio>
#include <cstdlib>

#include "fhir/base/base64.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/base/decimal.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/validation/primitives.hpp"

namespace fuzz {
namespace {

void Require(bool holds, const char* what) {
  if (!holds) {
    std::fputs(what, stderr);
    std::abort();
  }
}

bool Is(std::string_view type, std::string_view text) {
  const fhir::metadata::TypeId id = fhir::metadata::Definitions::R4().FindType(type);
  return fhir::validation::PrimitiveProblem(id, text, {}).empty();
}

struct Narrower {
  const char* type;
  const char* than;
};

constexpr Narrower kNarrower[] = {
    {"positiveInt", "unsignedInt"},
    {"unsignedInt", "integer"},
    {"integer", "decimal"},
    {"date", "dateTime"},
    {"instant", "dateTime"},
    {"oid", "uri"},
    {"uuid", "uri"},
    {"url", "uri"},
    {"canonical", "uri"},
    {"id", "string"},
    {"code", "string"},
    {"uri", "string"},
    {"markdown", "string"},
    {"boolean", "code"},
    {"time", "string"},
    {"base64Binary", "string"},
};

}  // namespace

void TryPrimitives(std::string_view text) {
  for (const Narrower& pair : kNarrower) {
    Require(!Is(pair.type, text) || Is(pair.than, text), "a type accepts what the wider one refuses\n");
  }
  if (Is("dateTime", text)) {
    const auto value = fhir::ParseDateTime(text);
    Require(value.has_value(), "a dateTime that cannot be read\n");
    const auto range = fhir::ToRange(*value, "Europe/Paris");
    Require(range.has_value() && range->low_us < range->high_us, "a dateTime that covers no time\n");
  }
  Require(!Is("decimal", text) || fhir::ImplicitRange(text).has_value(), "a decimal that cannot be searched for\n");
  Require(!Is("time", text) || fhir::ParseTime(text).has_value(), "a time that cannot be read\n");
  (void)Is("xhtml", text);
  (void)fhir::DecodeBase64(text);
}

}  // namespace fuzz
