#include "fhir/terminology/code_lists.hpp"

#include <fmt/format.h>

#include <memory>

#include "fhir/terminology/gap.hpp"

namespace fhir::terminology {
namespace {

std::unexpected<Error> TooMany(std::size_t codes_max) {
  return Fail(ErrorCode::kTooCostly, fmt::format("more than {} codes are meant", codes_max));
}

Result<std::vector<ListedCode>> ListRelated(const Terminology& terminology, std::string_view system,
                                            std::string_view code, bool below, std::size_t codes_max) {
  const std::shared_ptr<const CodeSystem> loaded = terminology.FindCodeSystem(system);
  if (loaded == nullptr) return Fail(ErrorCode::kNotFound, "the code system is not loaded here");
  const ConceptRef entry = loaded->Find(code);
  if (entry == nullptr) return Fail(ErrorCode::kNotFound, "the code is not one of its system");
  const std::vector<bool> related = below ? loaded->Descendants(*entry) : loaded->Ancestors(*entry);
  std::vector<ListedCode> codes;
  for (std::size_t i = 0; i < related.size(); ++i) {
    if (!related[i]) continue;
    if (codes.size() == codes_max) return TooMany(codes_max);
    codes.push_back({std::string(loaded->url()), std::string(loaded->At(static_cast<CodeSystem::Position>(i))->code)});
  }
  return codes;
}

}  // namespace

Result<std::vector<ListedCode>> ListMembers(const ValueSet& value_set, std::size_t codes_max) {
  if (const auto listable = value_set.CanList(); !listable.holds) {
    return Fail(listable.gap == Gap::kCost ? ErrorCode::kTooCostly : ErrorCode::kUnsupported,
                "the members of the value set cannot be listed: " + Describe(listable.gap, listable.missing));
  }
  std::vector<ListedCode> codes;
  bool complete = true;
  const bool walked = value_set.ForEach([&](const Found& found) {
    complete = codes.size() < codes_max;
    if (complete) codes.push_back({std::string(found.system), std::string(found.code)});
    return complete;
  });
  if (!walked || !complete) return TooMany(codes_max);
  return codes;
}

Result<std::vector<ListedCode>> ListBelow(const Terminology& terminology, std::string_view system,
                                          std::string_view code, std::size_t codes_max) {
  return ListRelated(terminology, system, code, true, codes_max);
}

Result<std::vector<ListedCode>> ListAbove(const Terminology& terminology, std::string_view system,
                                          std::string_view code, std::size_t codes_max) {
  return ListRelated(terminology, system, code, false, codes_max);
}

}  // namespace fhir::terminology
