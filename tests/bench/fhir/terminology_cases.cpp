#include <cstdlib>
#include <memory>
#include <unordered_set>

#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "tests/bench/fhir/bench_case.hpp"

namespace bench {
namespace {

using fhir::packages::Registry;
using fhir::terminology::Coding;
using fhir::terminology::Terminology;
using fhir::terminology::Verdict;

constexpr std::string_view kValueSet = "http://terminology.hl7.org/ValueSet/v3-ActCode";

/// Every code of a large value set, as questions.
std::vector<Coding> Questions(const Terminology& terminology) {
  std::vector<Coding> questions;
  const auto value_set = terminology.FindValueSet(kValueSet);
  if (value_set == nullptr) {
    std::abort();
  }
  const bool whole = value_set->ForEach([&](const fhir::terminology::Found& found) {
    questions.push_back({.system = found.system, .version = {}, .code = found.code, .display = {}});
    return true;
  });
  if (!whole) {
    std::abort();
  }
  return questions;
}

}  // namespace

std::vector<BenchCase> TerminologyCases(const Corpus& /*corpus*/) {
  const auto terminology = std::make_shared<const Terminology>(Registry::Core());
  const auto questions = std::make_shared<const std::vector<Coding>>(Questions(*terminology));
  const auto by_name = [terminology, questions] {
    double members = 0;
    for (const Coding& coding : *questions) {
      members += terminology->ValidateCode(kValueSet, coding).verdict == Verdict::kMember ? 1 : 0;
    }
    return members;
  };
  const auto value_set = terminology->FindValueSet(kValueSet);
  const auto in_hand = [terminology, value_set, questions] {
    double members = 0;
    for (const Coding& coding : *questions) {
      members += value_set->Find(coding.system, coding.code).membership == fhir::terminology::Membership::kYes ? 1 : 0;
    }
    return members;
  };
  const auto codes = std::make_shared<std::unordered_set<std::string>>();
  for (const Coding& coding : *questions) {
    codes->emplace(coding.code);
  }
  // The least: a set of the codes alone.
  const auto probe = [codes, questions] {
    double members = 0;
    for (const Coding& coding : *questions) {
      members += codes->contains(std::string(coding.code)) ? 1 : 0;
    }
    return members;
  };
  const auto compile = [] {
    const Terminology fresh(Registry::Core());
    return fresh.FindValueSet(kValueSet) == nullptr ? 0.0 : 1.0;
  };
  const std::string input = std::to_string(questions->size()) + " codes of v3-ActCode";
  return {
      {.name = "code in value set",
       .unit = "codes/s",
       .input = input,
       .work = by_name,
       .floor = probe,
       .rate_min = 1e6},
      {.name = "code in compiled set",
       .unit = "codes/s",
       .input = input,
       .work = in_hand,
       .floor = probe,
       .rate_min = 1e6},
      {.name = "compile value set", .unit = "sets/s", .input = input, .work = compile},
  };
}

}  // namespace bench
