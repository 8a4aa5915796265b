// Who is linked with whom, through the real store.
#include "adapters/hospital/identity/identity_links.hpp"

#include <fmt/format.h>

#include <thread>

#include "tests/adapters/reaction_fixture.hpp"

namespace tests::adapters_support {
namespace {

class IdentityLinksTest : public ReactionTest {
 protected:
  void SetUp() override { Register({&links_}); }

  /// A patient of a hospital, with an INS of the given type code and use.
  static std::string PatientJson(std::string_view id, std::string_view type = "INS-NIR-TEST",
                                 std::string_view use = "official", std::string_view status = "QUAL",
                                 std::string_view ins = "279035121518989") {
    return fmt::format(
        R"({{"resourceType":"Patient","id":"{0}",)"
        R"("extension":[{{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability",)"
        R"("extension":[{{"url":"identityStatus","valueCoding":{{"code":"{3}"}}}}]}}],)"
        R"("identifier":[{{"system":"urn:oid:1.2.3.{0}","value":"1"}},)"
        R"({{"use":"{2}","type":{{"coding":[{{"code":"{1}"}}]}},"system":"urn:oid:1.2.250.1.213.1.4.10","value":"{4}"}}],)"
        R"("name":[{{"family":"DUPONT","given":["CLAIRE"]}}],"birthDate":"1979-03-28"}})",
        id, type, use, status, ins);
  }

  /// "refer Patient/a, seealso Patient/b" of a stored patient.
  std::string Links(std::string_view id) {
    const auto stored = store_->Read(System(), Type("Patient"), id);
    if (!stored) {
      return "absent";
    }
    std::string text;
    const auto patient = Parse(stored->body);
    for (const auto& child : patient.root().children()) {
      if (child.name == "link") {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", child.ChildValue("type"),
                            child.FindValue("other.reference"));
      }
    }
    return text;
  }

  std::int64_t VersionOf(std::string_view id) { return store_->Read(System(), Type("Patient"), id)->version; }

  adapters::hospital::identity::IdentityLinks links_;
};

TEST_F(IdentityLinksTest, EqualQualifiedIns_LinksWithTheOldestAsGoldenRecord) {
  Save("b", PatientJson("b"));
  EXPECT_EQ(Links("b"), "");
  Save("c", PatientJson("c"));
  EXPECT_EQ(Links("b"), "seealso Patient/c");
  EXPECT_EQ(Links("c"), "refer Patient/b");
  Save("a", PatientJson("a"));
  EXPECT_EQ(Links("a"), "seealso Patient/b, seealso Patient/c");
  EXPECT_EQ(Links("b"), "refer Patient/a");
  EXPECT_EQ(Links("c"), "refer Patient/a");
}

TEST_F(IdentityLinksTest, UnqualifiedIns_NeverLinks) {
  Save("a", PatientJson("a"));
  Save("b", PatientJson("b", "INS-NIA"));
  Save("c", PatientJson("c", "INS-NIR-TEST", "temp"));
  Save("d", PatientJson("d", "INS-NIR-TEST", "official", "PROV"));
  Save("e", PatientJson("e", "NH"));
  for (const auto* id : {"a", "b", "c", "d", "e"}) {
    EXPECT_EQ(Links(id), "") << id;
  }
}

TEST_F(IdentityLinksTest, EqualNameAndBirthDate_NeverLink) {
  Save("a", PatientJson("a"));
  Save("b", PatientJson("b", "INS-NIR-TEST", "official", "QUAL", "184127645108946"));
  EXPECT_EQ(Links("a"), "");
  EXPECT_EQ(Links("b"), "");
}

TEST_F(IdentityLinksTest, SameAgain_WritesNoVersion_AndReplacedLinksComeBack) {
  Save("a", PatientJson("a"));
  Save("b", PatientJson("b"));
  const auto version = VersionOf("a");
  std::vector<port::Change> changes;
  changes.push_back(Put(port::Verb::kMerge, "b", R"({"resourceType":"Patient","id":"b","gender":"female"})"));
  ASSERT_TRUE(TryApply(std::move(changes)));
  EXPECT_EQ(VersionOf("a"), version);
  EXPECT_EQ(Links("b"), "refer Patient/a");
  Save("b", PatientJson("b"));
  EXPECT_EQ(VersionOf("a"), version);
  EXPECT_EQ(Links("b"), "refer Patient/a");
}

TEST_F(IdentityLinksTest, LostIns_LosesTheLinks_OtherLinksStay) {
  Save("a", PatientJson("a"));
  Save("b", PatientJson("b"));
  Save("c", PatientJson("c"));
  std::vector<port::Change> changes;
  changes.push_back(Put(port::Verb::kMerge, "a", R"({"resourceType":"Patient","id":"a","link":[
      {"other":{"reference":"Patient/b"},"type":"replaces"}]})"));
  ASSERT_TRUE(TryApply(std::move(changes)));
  EXPECT_EQ(Links("a"), "replaces Patient/b, seealso Patient/b, seealso Patient/c");
  changes.clear();
  changes.push_back(Put(port::Verb::kMerge, "a", R"({"resourceType":"Patient","id":"a"})"));
  changes[0].identifier_types_gone = {"INS-NIR-TEST"};
  ASSERT_TRUE(TryApply(std::move(changes)));
  EXPECT_EQ(Links("a"), "replaces Patient/b");
  EXPECT_EQ(Links("b"), "seealso Patient/c");
  EXPECT_EQ(Links("c"), "refer Patient/b");
}

TEST_F(IdentityLinksTest, DeletedPatient_IsLinkedNoMore) {
  Save("a", PatientJson("a"));
  Save("b", PatientJson("b"));
  const auto deleted = TryDelete("Patient", "a");
  ASSERT_TRUE(deleted) << deleted.error().public_text.text;
  EXPECT_EQ(Links("b"), "");
}

TEST_F(IdentityLinksTest, TwoAdmissionsAtOnce_AreLinked) {
  for (int round = 0; round < 10; ++round) {
    const std::string ins = fmt::format("27903512151{:04}", round);
    const std::string ids[] = {fmt::format("p{}a", round), fmt::format("p{}b", round)};
    std::vector<std::thread> threads;
    for (const auto& id : ids) {
      threads.emplace_back([&, id] {
        const auto body = PatientJson(id, "INS-NIR-TEST", "official", "QUAL", ins);
        const auto saved = port::InTransaction(*factory_, System(), 10, [&](port::UnitOfWork& work) {
          std::vector<port::Change> changes;
          changes.push_back(Put(port::Verb::kUpdate, id, body));
          fhir::IssueList issues;
          return work.Apply(std::move(changes), issues);
        });
        EXPECT_TRUE(saved) << saved.error().internal_text.text;
      });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    EXPECT_EQ(Links(ids[0]), "seealso Patient/" + ids[1]);
    EXPECT_EQ(Links(ids[1]), "refer Patient/" + ids[0]);
  }
}

}  // namespace
}  // namespace tests::adapters_support
