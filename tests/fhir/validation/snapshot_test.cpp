// Snapshots of small profiles: what a differential may say, and what it may not.
#include "fhir/validation/snapshot.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fhir/json/reader.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/packages/registry_builder.hpp"

#include <fmt/format.h>

namespace fhir::validation {
namespace {

model::Document Profile(std::string_view elements, std::string_view type = "Observation",
                        std::string_view base = "http://hl7.org/fhir/StructureDefinition/Observation",
                        std::string_view url = "http://example.org/p") {
  IssueList issues;
  auto document = json::ReadJson(
      fmt::format(R"({{"resourceType":"StructureDefinition","url":"{}","name":"P","status":"draft","kind":"resource",
                  "abstract":false,"type":"{}","baseDefinition":"{}","derivation":"constraint",
                  "differential":{{"element":[{}]}}}})",
                  url, type, base, elements),
      {}, issues);
  EXPECT_FALSE(issues.HasErrors());
  if (!document) {
    ADD_FAILURE() << document.error().public_text.text;
    return model::Document(metadata::Definitions::R4().FindType("StructureDefinition"));
  }
  return *std::move(document);
}

struct Made {
  std::vector<std::string> rows;  ///< "id min..max types" of the rows whose id begins with a prefix
  std::vector<std::string> issues;
};

Made Make(const model::Document& profile, std::string_view prefix,
          const packages::Registry& registry = packages::Registry::Core()) {
  Made made;
  IssueList issues;
  const auto document = GenerateSnapshot(profile.root(), registry, issues);
  if (!document) {
    made.issues.push_back(document.error().public_text.text);
    return made;
  }
  for (const model::Node& row : document->root().Child("snapshot")->children()) {
    const std::string id(row.ChildValue("id"));
    if (!id.starts_with(prefix)) {
      continue;
    }
    std::string text = fmt::format("{} {}..{}", id, row.ChildValue("min"), row.ChildValue("max"));
    for (const model::Node& type : row.children()) {
      if (type.name == "type") {
        text += fmt::format(" {}", type.ChildValue("code"));
      }
    }
    made.rows.push_back(std::move(text));
  }
  for (const Issue& issue : issues.issues()) {
    made.issues.push_back(issue.expression);
  }
  return made;
}

using Texts = std::vector<std::string>;

TEST(Snapshot, NothingSaid_IsTheBase) {
  const Made made = Make(Profile(R"({"path":"Observation"})"), "Observation.code");
  EXPECT_EQ(made.rows, Texts{"Observation.code 1..1 CodeableConcept"});
  EXPECT_EQ(made.issues, Texts{});
}

TEST(Snapshot, ChildOfADataType_IsUnfolded) {
  const Made made =
      Make(Profile(R"({"path":"Observation.code.coding","min":1},{"path":"Observation.code.coding.system","min":1})"),
           "Observation.code.coding");
  EXPECT_EQ(made.rows, (Texts{"Observation.code.coding 1..* Coding",
                              "Observation.code.coding.id 0..1 http://hl7.org/fhirpath/System.String",
                              "Observation.code.coding.extension 0..* Extension",
                              "Observation.code.coding.system 1..1 uri", "Observation.code.coding.version 0..1 string",
                              "Observation.code.coding.code 0..1 code", "Observation.code.coding.display 0..1 string",
                              "Observation.code.coding.userSelected 0..1 boolean"}));
}

TEST(Snapshot, SlicesWithoutIds_FollowTheirOrder) {
  const Made made = Make(
      Profile(
          R"({"path":"Observation.category","slicing":{"discriminator":[{"type":"value","path":"coding.code"}],"rules":"open"},"min":1},
                 {"path":"Observation.category","sliceName":"a","max":"1"},
                 {"path":"Observation.category.text","min":1},
                 {"path":"Observation.category","sliceName":"a/b"},
                 {"path":"Observation.category","sliceName":"c","min":1})"),
      "Observation.category");
  Texts sliced;
  for (const std::string& row : made.rows) {
    if (row.find(" CodeableConcept") != std::string::npos || row.find(".text") != std::string::npos) {
      sliced.push_back(row);
    }
  }
  EXPECT_EQ(sliced,
            (Texts{"Observation.category 1..* CodeableConcept", "Observation.category:a 0..1 CodeableConcept",
                   "Observation.category:a.text 1..1 string", "Observation.category:a/b 0..1 CodeableConcept",
                   "Observation.category:a/b.text 1..1 string", "Observation.category:c 1..* CodeableConcept"}));
}

TEST(Snapshot, ChoiceByTheNameOfAType_IsASliceOfThatType) {
  const Made made =
      Make(Profile(R"({"path":"Observation.valueQuantity","min":1},{"path":"Observation.valueQuantity.code","min":1})"),
           "Observation.value[x]");
  ASSERT_EQ(made.rows.size(), 9U);
  EXPECT_EQ(made.rows[0], "Observation.value[x] 0..1 Quantity");
  EXPECT_EQ(made.rows[1], "Observation.value[x]:valueQuantity 1..1 Quantity");
  EXPECT_EQ(made.rows[8], "Observation.value[x]:valueQuantity.code 1..1 code");
}

TEST(Snapshot, ChoiceSlicedByName_KeepsItsOtherTypes) {
  const Made made = Make(Profile(R"({"id":"Observation.effective[x]","path":"Observation.effective[x]",
      "slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"open"}},
      {"id":"Observation.effective[x]:effectivePeriod","path":"Observation.effective[x]","sliceName":"effectivePeriod"})"),
                         "Observation.effective[x]");
  EXPECT_EQ(made.rows, (Texts{"Observation.effective[x] 0..1 dateTime Period Timing instant",
                              "Observation.effective[x]:effectivePeriod 0..1 Period"}));
}

TEST(Snapshot, ContentReference_UnfoldsWhatItRefersTo) {
  const Made made = Make(Profile(R"({"path":"Questionnaire.item.item.linkId","max":"1"})", "Questionnaire",
                                 "http://hl7.org/fhir/StructureDefinition/Questionnaire"),
                         "Questionnaire.item.item.linkId");
  EXPECT_EQ(made.rows, Texts{"Questionnaire.item.item.linkId 1..1 string"});
  EXPECT_EQ(made.issues, Texts{});
}

TEST(Snapshot, ExtensionSlice_HasTheCardinalityOfItsDefinition) {
  const Made made = Make(Profile(R"({"path":"Patient.extension","sliceName":"birthPlace",
      "type":[{"code":"Extension","profile":["http://hl7.org/fhir/StructureDefinition/patient-birthPlace"]}]})",
                                 "Patient", "http://hl7.org/fhir/StructureDefinition/Patient"),
                         "Patient.extension");
  EXPECT_EQ(made.rows, (Texts{"Patient.extension 0..* Extension", "Patient.extension:birthPlace 0..1 Extension"}));
}

TEST(Snapshot, WiderThanTheBase_IsAnIssueWithItsPlace) {
  const Made made = Make(Profile(R"({"path":"Observation.status","min":0},{"path":"Observation.code","max":"*"},
      {"path":"Observation.subject","type":[{"code":"string"}]},{"path":"Observation.nonsense"},
      {"path":"Observation.valueBla"})"),
                         "Observation.status");
  EXPECT_EQ(made.issues,
            (Texts{"StructureDefinition.differential.element[0].min", "StructureDefinition.differential.element[1].max",
                   "StructureDefinition.differential.element[2].type", "StructureDefinition.differential.element[3]",
                   "StructureDefinition.differential.element[4]"}));
}

TEST(Snapshot, BaseWithoutSnapshot_IsMadeOnTheWay) {
  packages::RegistryBuilder builder;
  ASSERT_TRUE(builder.AddResource(Profile(R"({"path":"Observation.subject","min":1})")));
  IssueList issues;
  const auto registry = builder.Build(issues);
  const Made made = Make(Profile(R"({"path":"Observation.value[x]","max":"0"})", "Observation", "http://example.org/p",
                                 "http://example.org/q"),
                         "Observation.subject", *registry);
  EXPECT_EQ(made.rows, Texts{"Observation.subject 1..1 Reference"});
}

/// A registry of profiles of Observation, each with its base.
std::unique_ptr<const packages::Registry> Chain(std::vector<std::pair<std::string, std::string>> urls_and_bases) {
  packages::RegistryBuilder builder;
  for (const auto& [url, base] : urls_and_bases) {
    EXPECT_TRUE(builder.AddResource(Profile(R"({"path":"Observation"})", "Observation", base, url)));
  }
  IssueList issues;
  return builder.Build(issues);
}

std::string RefusalOf(const packages::Registry& registry, std::string_view url) {
  IssueList issues;
  const auto made = GenerateSnapshot(*registry.Find("StructureDefinition", url), registry, issues);
  return made ? std::string() : fmt::format("{} {}", Name(made.error().code), made.error().public_text.text);
}

TEST(Snapshot, ProfilesBasedOnEachOther_AreRefusedByName) {
  const auto two =
      Chain({{"http://example.org/p", "http://example.org/q"}, {"http://example.org/q", "http://example.org/p"}});
  EXPECT_EQ(RefusalOf(*two, "http://example.org/p"),
            fmt::format("{} profiles are based on each other: http://example.org/p, http://example.org/q, "
                        "http://example.org/p",
                        Name(ErrorCode::kTooCostly)));
  const auto one = Chain({{"http://example.org/p", "http://example.org/p"}});
  EXPECT_NE(RefusalOf(*one, "http://example.org/p").find("each other: http://example.org/p, http://example.org/p"),
            std::string::npos);
  const auto behind = Chain({{"http://example.org/a", "http://example.org/p"},
                             {"http://example.org/p", "http://example.org/q"},
                             {"http://example.org/q", "http://example.org/p"}});
  EXPECT_NE(RefusalOf(*behind, "http://example.org/a").find("each other"), std::string::npos);
}

TEST(Snapshot, BasesAtTheLimit_AreFollowed_OneMoreIsNot) {
  const auto chain = [](int profiles) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (int i = 0; i < profiles; ++i) {
      rows.emplace_back(fmt::format("http://example.org/{}", i),
                        i + 1 < profiles ? fmt::format("http://example.org/{}", i + 1)
                                         : std::string("http://hl7.org/fhir/StructureDefinition/Observation"));
    }
    return Chain(std::move(rows));
  };
  // The type itself, DomainResource and Resource are bases too.
  EXPECT_EQ(RefusalOf(*chain(30), "http://example.org/0"), "");
  EXPECT_NE(RefusalOf(*chain(31), "http://example.org/0").find("more than 32"), std::string::npos);
}

std::string FirstFault(std::string_view elements) {
  IssueList issues;
  const auto made = GenerateSnapshot(Profile(elements).root(), packages::Registry::Core(), issues);
  EXPECT_TRUE(made);
  return issues.empty() ? std::string() : issues.issues().front().text;
}

TEST(Snapshot, ElementTheBaseDoesNotHave_IsAnErrorWithPathAndProfiles) {
  EXPECT_EQ(FirstFault(R"({"path":"Observation.code"},{"path":"Observation.code.codding","min":1})"),
            "Observation.code.codding of http://example.org/p: an element of its base "
            "http://hl7.org/fhir/StructureDefinition/Observation is expected, which has no codding there");
  EXPECT_NE(FirstFault(R"({"path":"Observation.valeur.unit","min":1})").find("no valeur there"), std::string::npos);
}

TEST(Snapshot, RowsInAnotherOrderThanTheBases_AreErrorsWithPathAndProfiles) {
  EXPECT_EQ(FirstFault(R"({"path":"Observation.code"},{"path":"Observation.status"})"),
            "Observation.code of http://example.org/p is expected behind status, as in "
            "http://hl7.org/fhir/StructureDefinition/Observation");
  EXPECT_NE(FirstFault(R"({"path":"Observation.code.coding"},{"path":"Observation.code"})")
                .find("Observation.code.coding of http://example.org/p is expected behind code"),
            std::string::npos);
  EXPECT_NE(FirstFault(R"({"path":"Observation.category","sliceName":"a"},{"path":"Observation.category","min":1})")
                .find("a slice of"),
            std::string::npos);
  const Made made = Make(Profile(R"({"path":"Observation.code","max":"1"},{"path":"Observation.subject","min":1},
      {"path":"Observation.status"},{"path":"Observation.category","min":1})"),
                         "Observation.subject");
  EXPECT_EQ(made.rows, Texts{"Observation.subject 1..1 Reference"});
  EXPECT_EQ(made.issues,
            (Texts{"StructureDefinition.differential.element[1]", "StructureDefinition.differential.element[0]"}));
  EXPECT_EQ(FirstFault(R"({"path":"Observation.status"},{"path":"Observation.category"},
      {"path":"Observation.category","sliceName":"a"},{"path":"Observation.category.coding","min":1},
      {"path":"Observation.category","sliceName":"b"},{"path":"Observation.code"},{"path":"Observation.valueQuantity"})"),
            "");
}

TEST(Snapshot, NoBaseLoaded_IsNotFound) {
  IssueList issues;
  const auto made =
      GenerateSnapshot(Profile(R"({"path":"Observation"})", "Observation", "http://example.org/none").root(),
                       packages::Registry::Core(), issues);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kNotFound);
}

std::string NestedPath(std::size_t levels) {
  std::string path = "Questionnaire";
  for (std::size_t level = 1; level < levels; ++level) {
    path += ".item";
  }
  return path;
}

TEST(Snapshot, LevelsAtTheLimit_AreMade_OneMoreIsNot) {
  const auto make = [](std::size_t levels) {
    IssueList issues;
    return GenerateSnapshot(Profile(fmt::format(R"({{"path":"{}","max":"1"}})", NestedPath(levels)), "Questionnaire",
                                    "http://hl7.org/fhir/StructureDefinition/Questionnaire")
                                .root(),
                            packages::Registry::Core(), issues);
  };
  EXPECT_TRUE(make(64));
  const auto refused = make(65);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kTooCostly);
}

}  // namespace
}  // namespace fhir::validation
