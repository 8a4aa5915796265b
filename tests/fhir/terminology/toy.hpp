// Small resources for the tests of this folder, written as JSON where they are used.
#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>

#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/packages/registry_builder.hpp"
#include "fhir/terminology/terminology.hpp"

namespace toy {

inline fhir::model::Document Read(std::string_view json) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(json, {}, issues);
  EXPECT_TRUE(document.has_value() && issues.empty()) << json;
  return *std::move(document);
}

/// A registry over the built-in one, and its terminology.
struct World {
  explicit World(std::initializer_list<std::string_view> resources,
                 const fhir::terminology::TerminologyLimits& limits = {})
      : registry(Build(resources)), terminology(*registry, limits) {}
  static std::unique_ptr<const fhir::packages::Registry> Build(std::initializer_list<std::string_view> resources) {
    fhir::packages::RegistryBuilder builder;
    for (const std::string_view json : resources) {
      EXPECT_TRUE(builder.AddResource(Read(json)).has_value());
    }
    fhir::IssueList issues;
    return builder.Build(issues);
  }
  std::unique_ptr<const fhir::packages::Registry> registry;
  fhir::terminology::Terminology terminology;
};

// Animals: a hierarchy by nesting, by property parent (the bat is also a flyer), and a retired and an abstract concept.
inline constexpr std::string_view kAnimals = R"({"resourceType":"CodeSystem","url":"http://toy.example/animals",
  "version":"2","name":"Animals","status":"active","content":"complete","caseSensitive":true,
  "property":[{"code":"parent","type":"code"},{"code":"legs","type":"integer"},
    {"code":"gone","uri":"http://hl7.org/fhir/concept-properties#inactive","type":"boolean"},
    {"code":"notSelectable","type":"boolean"}],
  "concept":[
    {"code":"animal","display":"Animal","property":[{"code":"notSelectable","valueBoolean":true}],"concept":[
      {"code":"mammal","display":"Mammal","concept":[
        {"code":"cat","display":"Cat","definition":"Sleeps","property":[{"code":"legs","valueInteger":4}],
         "designation":[{"language":"fr","value":"Chat"}]},
        {"code":"bat","display":"Bat","property":[{"code":"parent","valueCode":"flyer"},{"code":"legs","valueInteger":2}]}]},
      {"code":"bird","display":"Bird","property":[{"code":"parent","valueCode":"flyer"}],"concept":[
        {"code":"dodo","display":"Dodo","property":[{"code":"gone","valueBoolean":true},{"code":"legs","valueInteger":2}]}]},
      {"code":"flyer","display":"Flyer"}]}]})";

}  // namespace toy
