// Queries by parameters beside those of the standard: found, announced among the nearest, refused while they wait.
#include "fhir/search/custom_parameters.hpp"

#include <gmock/gmock.h>

#include "fhir/search/query_parser.hpp"

namespace fhir::search {
namespace {

using metadata::Definitions;
using ::testing::HasSubstr;

metadata::TypeId Type(std::string_view name) {
  return Definitions::R4().FindType(name);
}

CustomParameter Parameter(std::uint16_t number, std::string code, metadata::SearchType type, std::string_view base,
                          bool usable) {
  CustomParameter parameter;
  parameter.number = number;
  parameter.definition.url = "urn:sp:" + code;
  parameter.definition.code = std::move(code);
  parameter.definition.type = type;
  parameter.definition.expression = std::string(base) + ".id";
  parameter.definition.bases = {Type(base)};
  parameter.usable = usable;
  parameter.percent = 43;
  return parameter;
}

class CustomQuery : public ::testing::Test {
 protected:
  Result<Query> Ask(std::string_view type, std::string name, std::string value) {
    IssueList warnings;
    const std::vector<NameValue> parameters = {{std::move(name), std::move(value)}};
    return ParseQuery(Type(type), parameters, options_, warnings);
  }
  std::string Refusal(std::string_view type, std::string name, std::string value) {
    const auto query = Ask(type, std::move(name), std::move(value));
    EXPECT_FALSE(query);
    if (query) return {};
    EXPECT_EQ(query.error().code, ErrorCode::kUnsupported);
    return query.error().public_text.text;
  }

  ParseOptions options_ = [] {
    ParseOptions options;
    std::vector<CustomParameter> parameters;
    parameters.push_back(Parameter(20'000, "colour", metadata::SearchType::kString, "Patient", true));
    parameters.push_back(Parameter(20'001, "waiting", metadata::SearchType::kToken, "Patient", false));
    parameters.push_back(Parameter(20'002, "keeper", metadata::SearchType::kReference, "Device", true));
    parameters.push_back(Parameter(20'003, "everywhere", metadata::SearchType::kToken, "DomainResource", true));
    options.custom = std::make_shared<const CustomParameters>(Definitions::R4(), std::move(parameters), 7, 0);
    return options;
  }();
};

TEST_F(CustomQuery, Usable_IsReadWhereverAParameterStands) {
  const std::pair<const char*, std::pair<const char*, const char*>> asked[] = {
      {"Patient", {"colour", "red"}},
      {"Patient", {"colour:exact", "red"}},
      {"Patient", {"_sort", "-colour"}},
      {"Patient", {"_filter", "colour eq red"}},
      {"Patient", {"_has:Device:keeper:everywhere", "x"}},
      {"Patient", {"_revinclude", "Device:keeper"}},
      {"Device", {"_include", "Device:keeper"}},
      {"Device", {"keeper:Patient.colour", "red"}},
      {"Device", {"keeper.colour", "red"}},
      {"Observation", {"everywhere", "x"}},
  };
  for (const auto& [type, pair] : asked) {
    const auto query = Ask(type, pair.first, pair.second);
    ASSERT_TRUE(query) << pair.first << ": " << query.error().public_text.text;
    EXPECT_TRUE(UsesCustomParameters(*query)) << pair.first;
    EXPECT_EQ(query->custom, options_.custom);
  }
  EXPECT_FALSE(UsesCustomParameters(*Ask("Patient", "name", "x")));
  EXPECT_FALSE(UsesCustomParameters(*Ask("Patient", "_has:Observation:patient:code", "x")));
}

TEST_F(CustomQuery, Waiting_IsRefusedWithItsProgress) {
  EXPECT_THAT(Refusal("Patient", "waiting", "x"), HasSubstr("'waiting' is being indexed, 43 %"));
  EXPECT_THAT(Refusal("Patient", "waiting:missing", "true"), HasSubstr("being indexed"));
  EXPECT_THAT(Refusal("Patient", "_sort", "waiting"), HasSubstr("being indexed"));
  EXPECT_THAT(Refusal("Device", "keeper.waiting", "x"), HasSubstr("being indexed"));
}

TEST_F(CustomQuery, OnAnotherType_IsUnknown_AndNearNamesAreTold) {
  EXPECT_THAT(Refusal("Device", "colour", "red"), HasSubstr("Device has no search parameter 'colour'"));
  EXPECT_THAT(Refusal("Patient", "color", "red"), HasSubstr("Nearest: colour"));
}

TEST(CustomParameters, Collide_OnASharedTypeAlone) {
  const auto of = [](std::string_view base) {
    return Parameter(20'000, "x", metadata::SearchType::kString, base, true).definition;
  };
  EXPECT_TRUE(Collide(of("Patient"), of("Patient")));
  EXPECT_TRUE(Collide(of("Patient"), of("Resource")));
  EXPECT_FALSE(Collide(of("Patient"), of("Device")));
  EXPECT_FALSE(Collide(of("Binary"), of("DomainResource")));
}

}  // namespace
}  // namespace fhir::search
