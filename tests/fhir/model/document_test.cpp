#include "fhir/model/document.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fhir::model {
namespace {

Document Make(std::string_view type) {
  return Document(metadata::Definitions::R4().FindType(type));
}

std::vector<std::string> Names(const Node& node) {
  std::vector<std::string> names;
  for (const Node& child : node.children()) {
    names.emplace_back(child.name);
  }
  return names;
}

/// The links of a tree are consistent: parents, last children.
void CheckLinks(const Node& node) {
  const Node* last = nullptr;
  for (const Node& child : node.children()) {
    EXPECT_EQ(child.parent, &node);
    CheckLinks(child);
    last = &child;
  }
  EXPECT_EQ(node.last_child, last);
}

TEST(Document, Empty_HasARootOfItsType) {
  const Document document = Make("Patient");
  EXPECT_EQ(document.type_name(), "Patient");
  EXPECT_EQ(document.root().name, "Patient");
  EXPECT_EQ(document.root().row, nullptr);
  EXPECT_FALSE(document.root().HasValue());
  EXPECT_TRUE(document.id().empty());
}

TEST(Add, AnyOrder_GivesTheOrderOfTheDefinition) {
  Document document = Make("Patient");
  for (const auto name :
       {"birthDate", "name", "id", "gender", "identifier", "name", "identifier", "contact", "active"}) {
    document.Add(document.root(), name);
  }
  EXPECT_THAT(Names(document.root()), testing::ElementsAre("id", "identifier", "identifier", "active", "name", "name",
                                                           "gender", "birthDate", "contact"));
  CheckLinks(document.root());
}

TEST(Add, Repetitions_KeepTheirOrder) {
  Document document = Make("Patient");
  Node& name = document.Add(document.root(), "name");
  document.Add(name, "given", "A");
  document.Add(name, "family", "F");
  document.Add(name, "given", "B");
  EXPECT_THAT(Names(name), testing::ElementsAre("family", "given", "given"));
  EXPECT_EQ(name.ChildValue("given"), "A");
  EXPECT_EQ(name.last_child->value, "B");
}

TEST(Add, SourceInAnotherOrder_RepetitionsStaySideBySide) {
  Document document = Make("Patient");
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  for (const auto name : {"name", "name", "telecom", "extension"}) {
    const metadata::ElementRow* row = definitions.FindChild(document.root().type, name);
    document.Append(document.root(), definitions.Text(row->name), row);
  }
  document.Add(document.root(), "name");
  document.Add(document.root(), "telecom");
  document.Add(document.root(), "active");
  EXPECT_THAT(Names(document.root()),
              testing::ElementsAre("name", "name", "name", "telecom", "telecom", "extension", "active"));
  CheckLinks(document.root());
}

TEST(Add, Value_TakesKindAndTypeFromTheDefinition) {
  Document document = Make("Observation");
  Node& quantity = document.Add(document.root(), "valueQuantity");
  EXPECT_EQ(document.Add(quantity, "value", "1.00").kind, ValueKind::kNumber);
  EXPECT_EQ(document.Add(quantity, "unit", "1.00").kind, ValueKind::kString);
  Document patient = Make("Patient");
  EXPECT_EQ(patient.Add(patient.root(), "active", "true").kind, ValueKind::kBoolean);
  EXPECT_EQ(document.root().FindValue("valueQuantity.value"), "1.00");
  EXPECT_EQ(metadata::Definitions::R4().TypeName(quantity.type), "Quantity");
}

TEST(Add, UnknownName_IsKeptLastWithoutRow) {
  Document document = Make("Patient");
  std::string name = "favouriteColour";
  Node& unknown = document.Add(document.root(), name, "x");
  name.assign(name.size(), '?');
  EXPECT_EQ(unknown.row, nullptr);
  EXPECT_EQ(unknown.type, metadata::kNoType);
  EXPECT_EQ(unknown.name, "favouriteColour");
  EXPECT_EQ(unknown.kind, ValueKind::kString);
  document.Add(document.root(), "id", "a");
  EXPECT_THAT(Names(document.root()), testing::ElementsAre("id", "favouriteColour"));
}

TEST(Add, ChildrenOfAPrimitive_AreIdAndExtension) {
  Document document = Make("Patient");
  Node& birth_date = document.Add(document.root(), "birthDate", "2000-01-01");
  Node& extension = document.Add(birth_date, "extension");
  document.Add(birth_date, "id", "a1");
  EXPECT_NE(extension.row, nullptr);
  EXPECT_EQ(metadata::Definitions::R4().TypeName(extension.type), "Extension");
  EXPECT_THAT(Names(birth_date), testing::ElementsAre("id", "extension"));
}

TEST(SetValue, Text_IsCopiedIntoTheDocument) {
  Document document = Make("Patient");
  std::string text = "2000-01-01";
  Node& node = document.Add(document.root(), "birthDate", text);
  text.assign(text.size(), 'x');
  EXPECT_EQ(node.value, "2000-01-01");
  document.SetValue(node, "2001");
  EXPECT_EQ(document.root().ChildValue("birthDate"), "2001");
}

TEST(Append, AnyOrder_IsKept) {
  Document document = Make("Patient");
  const auto append = [&](std::string_view name) -> Node& {
    return document.Append(document.root(), name, metadata::Definitions::R4().FindChild(document.root().type, name));
  };
  append("gender");
  append("id");
  EXPECT_THAT(Names(document.root()), testing::ElementsAre("gender", "id"));
  CheckLinks(document.root());
}

TEST(AddResource, Contained_HasItsOwnType) {
  Document document = Make("Bundle");
  Node& entry = document.Add(document.root(), "entry");
  Node& patient = document.AddResource(entry, "resource", metadata::Definitions::R4().FindType("Patient"));
  document.Add(patient, "birthDate", "2000");
  EXPECT_EQ(document.root().FindValue("entry.resource.birthDate"), "2000");
  EXPECT_NE(patient.Child("birthDate")->row, nullptr);
}

TEST(Remove, FirstMiddleAndLast_KeepTheLinks) {
  for (const std::string_view victim : {"id", "active", "gender"}) {
    Document document = Make("Patient");
    document.Add(document.root(), "id", "a");
    document.Add(document.root(), "active", "true");
    document.Add(document.root(), "gender", "male");
    document.Remove(*document.root().Child(victim));
    EXPECT_EQ(document.root().Child(victim), nullptr);
    EXPECT_EQ(Names(document.root()).size(), 2u);
    CheckLinks(document.root());
    document.Add(document.root(), "birthDate", "2000");
    EXPECT_EQ(document.root().last_child->name, "birthDate");
  }
}

TEST(RemoveAll, Repetitions_AreAllGone) {
  Document document = Make("Patient");
  document.Add(document.root(), "name");
  document.Add(document.root(), "id", "a");
  document.Add(document.root(), "name");
  document.RemoveAll(document.root(), "name");
  EXPECT_THAT(Names(document.root()), testing::ElementsAre("id"));
  document.RemoveAll(document.root(), "id");
  EXPECT_EQ(document.root().first_child, nullptr);
  CheckLinks(document.root());
}

TEST(CloneResource, Copy_OutlivesItsSource) {
  Document copy = Make("Patient");
  {
    Document source = Make("Bundle");
    Node& entry = source.Add(source.root(), "entry");
    Node& patient = source.AddResource(entry, "resource", metadata::Definitions::R4().FindType("Patient"));
    source.Add(patient, "unknownElement", "u");
    Node& name = source.Add(patient, "name");
    source.Add(name, "family", "Synthétique");
    Node& contained = source.AddResource(patient, "contained", metadata::Definitions::R4().FindType("Organization"));
    source.Add(contained, "name", "Hôpital");
    copy = Document::CloneResource(patient);
  }
  EXPECT_EQ(copy.type_name(), "Patient");
  EXPECT_EQ(copy.root().parent, nullptr);
  EXPECT_EQ(copy.root().FindValue("name.family"), "Synthétique");
  EXPECT_EQ(copy.root().ChildValue("unknownElement"), "u");
  EXPECT_EQ(metadata::Definitions::R4().TypeName(copy.root().Child("contained")->type), "Organization");
  EXPECT_EQ(copy.root().FindValue("contained.name"), "Hôpital");
  CheckLinks(copy.root());
}

TEST(CopyInto, OtherType_GetsItsOwnRows) {
  Document source = Make("Condition");
  Node& age = source.Add(source.root(), "onsetAge");
  source.Add(age, "value", "3");
  Document target = Make("Observation");
  Node& quantity = target.CopyInto(target.root(), "valueQuantity", age);
  EXPECT_EQ(metadata::Definitions::R4().TypeName(quantity.type), "Quantity");
  EXPECT_EQ(metadata::Definitions::R4().TypeName(quantity.Child("value")->row->owner), "Quantity");
  EXPECT_EQ(quantity.ChildValue("value"), "3");
}

TEST(Find, MissingStep_IsNull) {
  Document document = Make("Observation");
  Node& code = document.Add(document.root(), "code");
  document.Add(document.Add(code, "coding"), "code", "8867-4");
  EXPECT_EQ(document.root().FindValue("code.coding.code"), "8867-4");
  EXPECT_EQ(document.root().Find("code.coding.system"), nullptr);
  EXPECT_EQ(document.root().Find("subject.reference"), nullptr);
  EXPECT_EQ(document.root().Find(""), nullptr);
  EXPECT_TRUE(document.root().FindValue("subject.reference").empty());
}

TEST(Children, StandardAlgorithms_WalkThem) {
  Document document = Make("Patient");
  document.Add(document.root(), "id", "a");
  document.Add(document.root(), "active", "true");
  const auto children = std::as_const(document.root()).children();
  EXPECT_EQ(std::distance(children.begin(), children.end()), 2);
  EXPECT_TRUE(std::any_of(children.begin(), children.end(), [](const Node& node) { return node.name == "active"; }));
}

TEST(Document, Move_KeepsNodesWhereTheyAre) {
  Document document = Make("Patient");
  Node* id = &document.Add(document.root(), "id", "a");
  const Document moved = std::move(document);
  EXPECT_EQ(moved.root().first_child, id);
  EXPECT_EQ(moved.id(), "a");
}

}  // namespace
}  // namespace fhir::model
