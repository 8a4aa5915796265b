// $validate-code of value sets and code systems.
#include <string>
#include <utility>

#include <fmt/format.h>

#include "fhir/terminology/gap.hpp"
#include "fhir/terminology/operations.hpp"
#include "fhir/terminology/parameters.hpp"

namespace fhir::terminology {
namespace {

/// Why an answer is no; empty when it is yes. Names the place among several codings and no code: it may be a patient's.
std::string Objection(const Answer& answer, std::string_view place, std::string_view where,
                      const ValidateOptions& options) {
  switch (answer.verdict) {
    case Verdict::kMember:
      return answer.found.abstract && !options.abstract_allowed
                 ? fmt::format("{}: the code is abstract, and not for use here", place)
                 : std::string();
    case Verdict::kNotMember:
      return fmt::format("{}: the code is not in {}", place, where);
    case Verdict::kUnknownValueSet:
    case Verdict::kUnknownCodeSystem:
    case Verdict::kUndecidable:
      break;
  }
  return fmt::format("{}: cannot be decided: {}", place, Describe(answer.gap, answer.why));
}

void Append(std::string& text, std::string_view more) {
  text.append(text.empty() ? "" : "; ").append(more);
}

/// The first coding that holds decides; when none does, all objections are told.
template <typename Ask>
model::Document Decide(const std::vector<Coding>& codings, const ValidateOptions& options, const Ask& ask) {
  std::string message;
  std::string display;
  bool holds = false;
  for (std::size_t i = 0; i < codings.size() && !holds; ++i) {
    const std::string place = codings.size() == 1 ? "coding" : fmt::format("coding[{}]", i);
    const auto [answer, where] = ask(codings[i]);
    std::string objection = Objection(answer, place, where, options);
    holds = objection.empty();
    if (!holds) {
      Append(message, objection);
      continue;
    }
    message.clear();
    display = answer.found.display;
    if (answer.display_differs) {
      // A wrong display is a wrong statement about the code: https://hl7.org/fhir/R4/datatypes.html#Coding
      holds = false;
      message = fmt::format("{}: the display is not one of the code's; expected \"{}\"", place, display);
      break;
    }
    if (answer.found.inactive) {
      Append(message, fmt::format("{}: the code is inactive", place));
    }
    if (answer.version_unknown) {
      Append(message, fmt::format("{}: the version is not loaded; checked against {}", place, answer.found.version));
    }
  }
  if (codings.empty()) {
    message = "expected a code";
  }
  ParametersBuilder parameters;
  parameters.Add("result", "valueBoolean", holds ? "true" : "false");
  if (!message.empty()) {
    parameters.Add("message", "valueString", message);
  }
  if (!display.empty()) {
    parameters.Add("display", "valueString", display);
  }
  return parameters.Take();
}

}  // namespace

Coding CodingOf(const model::Node& coding) {
  return {.system = coding.ChildValue("system"),
          .version = coding.ChildValue("version"),
          .code = coding.ChildValue("code"),
          .display = coding.ChildValue("display")};
}

std::vector<Coding> CodingsOf(const model::Node& concept_node) {
  std::vector<Coding> codings;
  for (const model::Node& child : concept_node.children()) {
    if (child.name == "coding") {
      codings.push_back(CodingOf(child));
    }
  }
  return codings;
}

Result<model::Document> ValidateCodeParameters(const Terminology& terminology, std::string_view value_set,
                                               const std::vector<Coding>& codings, const ValidateOptions& options) {
  const auto compiled = terminology.FindValueSet(value_set);
  if (compiled == nullptr) {
    return Fail(ErrorCode::kNotFound, fmt::format("the value set {} is not loaded", value_set));
  }
  return Decide(codings, options, [&](const Coding& coding) {
    return std::pair(terminology.ValidateCode(compiled, coding, options.rule), std::string(value_set));
  });
}

Result<model::Document> ValidateInSystemParameters(const Terminology& terminology, const std::vector<Coding>& codings,
                                                   const ValidateOptions& options) {
  return Decide(codings, options, [&](const Coding& coding) {
    return std::pair(terminology.ValidateInCodeSystem(coding), std::string(coding.system));
  });
}

}  // namespace fhir::terminology
