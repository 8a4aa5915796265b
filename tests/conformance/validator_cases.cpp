#include "tests/conformance/validator_cases.hpp"

#include <fstream>
#include <sstream>
#include <utility>

#include "fhir/json/value.hpp"

namespace fhir::conformance {
namespace {

constexpr json::ValueLimits kCaseLimits = {.bytes_max = 16u * 1024 * 1024, .depth_max = 64};

Result<json::Value> ReadJsonFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  if (!file) {
    return Fail(ErrorCode::kNotFound, path);
  }
  return json::ReadValue(bytes.str(), kCaseLimits);
}

/// "Bundle.entry[0].resource/*Patient/a*/.gender" → "Bundle.entry[0].resource.gender".
std::string WithoutComments(std::string_view expression) {
  std::string plain;
  while (!expression.empty()) {
    const std::size_t begin = expression.find("/*");
    plain += expression.substr(0, begin);
    const std::size_t end = begin == std::string_view::npos ? begin : expression.find("*/", begin);
    expression = end == std::string_view::npos ? std::string_view{} : expression.substr(end + 2);
  }
  return plain;
}

/// "[12,4]" → 12.
std::size_t LineOf(std::string_view diagnostics) {
  std::size_t line = 0;
  for (std::size_t at = 1; at < diagnostics.size() && diagnostics[at] >= '0' && diagnostics[at] <= '9'; ++at) {
    line = line * 10 + static_cast<std::size_t>(diagnostics[at] - '0');
  }
  return line;
}

std::vector<std::string> Texts(const json::Value* list) {
  std::vector<std::string> texts;
  if (list != nullptr) {
    for (const json::Value& item : list->items()) {
      texts.push_back(item.text());
    }
  }
  return texts;
}

Result<void> AddExpected(const json::Value& run, const std::string& folder, ValidatorCase& to) {
  if (const json::Value* expected = run.Find("expected"); expected != nullptr) {
    const json::Value* count = expected->Find("errorCount");
    to.errors_expected = static_cast<std::size_t>(count == nullptr ? 0 : count->AsInteger().value_or(0));
    return {};
  }
  GW_ASSIGN(const json::Value outcome, ReadJsonFile(folder + "/" + std::string(run.FindText("outcome"))));
  const json::Value* issues = outcome.Find("issue");
  for (const json::Value& issue : issues == nullptr ? std::vector<json::Value>{} : issues->items()) {
    if (issue.FindText("severity") != "error" && issue.FindText("severity") != "fatal") {
      continue;
    }
    const std::vector<std::string> expressions = Texts(issue.Find("expression"));
    to.errors.push_back({.expression = expressions.empty() ? "" : WithoutComments(expressions.front()),
                         .line = LineOf(issue.FindText("diagnostics")),
                         .code = std::string(issue.FindText("code"))});
  }
  to.errors_expected = to.errors.size();
  return {};
}

}  // namespace

Result<std::vector<ValidatorCase>> ReadValidatorCases(const std::string& folder) {
  GW_ASSIGN(const json::Value root, ReadJsonFile(folder + "/cases.json"));
  const json::Value* cases = root.Find("cases");
  if (cases == nullptr) {
    return Fail(ErrorCode::kMalformed, "cases.json has no cases");
  }
  std::vector<ValidatorCase> read;
  for (const json::Value& each : cases->items()) {
    ValidatorCase alone{.name = std::string(each.FindText("name")),
                        .tier = each.FindText("tier").front(),
                        .file = std::string(each.FindText("file")),
                        .supporting = Texts(each.Find("supporting"))};
    if (const std::string_view domain = each.FindText("allowed-extension-domain"); !domain.empty()) {
      alone.extension_domains.emplace_back(domain);
    }
    if (const json::Value* examples = each.Find("examples"); examples != nullptr) {
      alone.examples_allowed = examples->AsBoolean().value_or(true);
    }
    ValidatorCase profiled = alone;
    GW_TRY(AddExpected(each, folder, alone));
    read.push_back(std::move(alone));
    if (const json::Value* profile = each.Find("profile"); profile != nullptr) {
      profiled.name += " (profile)";
      profiled.profile = profile->FindText("source");
      for (std::string& file : Texts(profile->Find("supporting"))) {
        profiled.supporting.push_back(std::move(file));
      }
      GW_TRY(AddExpected(*profile, folder, profiled));
      read.push_back(std::move(profiled));
    }
  }
  return read;
}

}  // namespace fhir::conformance
