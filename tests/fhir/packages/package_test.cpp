// Packages, folders and single files loaded into a registry.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/packages/registry_builder.hpp"
#include "tests/fhir/packages/tar_writer.hpp"

namespace {

namespace fs = std::filesystem;
using fhir::ErrorCode;
using fhir::IssueList;
using fhir::packages::Registry;
using fhir::packages::RegistryBuilder;
using testing::HasSubstr;
using testing_packages::Package;
using testing_packages::TarEntry;

constexpr std::string_view kSet =
    R"({"resourceType":"ValueSet","url":"http://toy.example/vs","version":"1","status":"draft"})";

std::string Texts(const IssueList& issues) {
  std::string texts;
  for (const auto& issue : issues.issues()) {
    texts += std::string(fhir::Code(issue.severity)) + " " + issue.text + "\n";
  }
  return texts;
}

/// A folder of the test's own, empty at the start and gone at the end.
class Packages : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("passerelle_packages_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path Write(const std::string& name, std::string_view content) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  fs::path folder_;
};

TEST_F(Packages, Package_GivesItsResources_AndLeavesOutTheRest) {
  RegistryBuilder builder;
  IssueList issues;
  const std::string packed = Package(TarEntry("package/ValueSet-a.json", kSet) +
                                     TarEntry("package/example/ValueSet-b.json", "not JSON \"resourceType\"") +
                                     TarEntry("package/openapi.json", "{}") +
                                     TarEntry("package/Patient-x.json", R"({"resourceType":"Patient","id":"x"})") +
                                     TarEntry("package/.index.json", R"({"files":[{"filename":"ValueSet-a.json"}]})"));
  const auto loaded = builder.LoadPackage("test.tgz", packed, issues);
  ASSERT_TRUE(loaded) << loaded.error().public_text.text;
  const auto registry = builder.Build(issues);
  EXPECT_EQ(Texts(issues), "");
  EXPECT_NE(registry->Find("ValueSet", "http://toy.example/vs|1"), nullptr);
}

TEST_F(Packages, BrokenFile_IsNamed_AndTheOthersAreTaken) {
  RegistryBuilder builder;
  IssueList issues;
  ASSERT_TRUE(builder.LoadPackage(
      "test.tgz",
      Package(
          TarEntry("package/broken.json", R"({"resourceType":"ValueSet",)") +
          TarEntry("package/odd.json", R"({"resourceType":"ValueSet","url":"http://toy.example/odd","colour":"red"})") +
          TarEntry("package/later.json", R"({"resourceType":"Spaceship","url":"http://toy.example/ship"})") +
          TarEntry("package/ValueSet-a.json", kSet) +
          TarEntry("package/.index.json", R"({"files":[{"filename":"gone.json"}]})")),
      issues));
  const auto registry = builder.Build(issues);
  EXPECT_NE(registry->Find("ValueSet", "http://toy.example/vs"), nullptr);
  EXPECT_NE(registry->Find("ValueSet", "http://toy.example/odd"), nullptr);
  const std::string texts = Texts(issues);
  EXPECT_THAT(texts, HasSubstr("error test.tgz: package/broken.json: "));
  EXPECT_THAT(texts, HasSubstr("warning test.tgz: package/odd.json: "));
  EXPECT_THAT(texts, HasSubstr("error test.tgz: package/later.json: "));
  EXPECT_THAT(texts, HasSubstr("warning test.tgz: package/gone.json: listed in .index.json"));
}

TEST_F(Packages, PackageThatIsNone_IsRefusedWhole) {
  const auto refusal = [](std::string_view packed) {
    RegistryBuilder builder;
    IssueList issues;
    const auto loaded = builder.LoadPackage("test.tgz", packed, issues);
    EXPECT_FALSE(loaded);
    EXPECT_EQ(builder.Build(issues)->Find("ValueSet", "http://toy.example/vs"), nullptr);
    return loaded ? "" : loaded.error().public_text.text;
  };
  const std::string set = TarEntry("package/ValueSet-a.json", kSet);
  EXPECT_EQ(refusal(testing_packages::Gzip(set + testing_packages::TarEnd())),
            "test.tgz: package/package.json: expected in every package");
  EXPECT_THAT(refusal(Package(set, "{")), HasSubstr("test.tgz: package/package.json: "));
  EXPECT_EQ(refusal(Package(set, "{}")), "test.tgz: package/package.json: name: expected the package's name");
  EXPECT_EQ(refusal(Package(set, R"({"name":"a","fhirVersions":["5.0.0"]})")),
            "test.tgz: package/package.json: fhirVersions: expected a package for FHIR 4.0");
  EXPECT_EQ(refusal(Package(set + TarEntry("../x", "1"))), "test.tgz: ../x: the path leaves the package");
  EXPECT_THAT(refusal("no archive"), HasSubstr("test.tgz: "));
}

TEST_F(Packages, Dependency_ThatNobodyGives_IsAWarning) {
  RegistryBuilder builder;
  IssueList issues;
  ASSERT_TRUE(builder.LoadPackage("test.tgz", Package("", R"({"name":"a","version":"1","dependencies":{
      "hl7.fhir.r4.core":"4.0.1","b":"2.0.0"}})"),
                                  issues));
  builder.Build(issues);
  EXPECT_EQ(Texts(issues), "warning a#1: depends on b#2.0.0, which is not there\n");
}

TEST_F(Packages, Dependency_BesideThePackage_IsLoaded_WithItsOwn) {
  const auto package = [](std::string_view name, std::string_view version, std::string_view wants,
                          std::string_view url) {
    return Package(
        TarEntry("package/a.json", std::string(R"({"resourceType":"ValueSet","status":"draft","version":")") +
                                       std::string(version) + R"(","url":")" + std::string(url) + "\"}"),
        std::string(R"({"name":")") + std::string(name) + R"(","version":")" + std::string(version) +
            R"(","dependencies":{)" + std::string(wants) + "}}");
  };
  const fs::path a = Write("a-1.0.0.tgz", package("a", "1.0.0", R"("b":"2.0.0","d":"1.0.0")", "http://toy.example/a"));
  Write("b-1.0.0.tgz", package("b", "1.0.0", "", "http://toy.example/b"));
  Write("b-2.0.0.tgz", package("b", "2.0.0", R"("c":"1.0.x","a":"1.0.0")", "http://toy.example/b"));
  Write("b-3.0.0.tgz", package("b", "3.0.0", "", "http://toy.example/b"));
  Write("b.more-2.0.0.tgz", "not the one");
  Write("c#1.0.7/package/package.json", R"({"name":"c","version":"1.0.7"})");
  Write("c#1.0.7/package/a.json", R"({"resourceType":"ValueSet","status":"draft","url":"http://toy.example/c"})");
  Write("d-2.0.0.tgz", package("d", "2.0.0", "", "http://toy.example/d"));
  RegistryBuilder builder;
  IssueList issues;
  ASSERT_TRUE(builder.LoadPath(a, issues));
  const auto registry = builder.Build(issues);
  EXPECT_EQ(Texts(issues), "information a#1.0.0: depends on d#1.0.0; version 2.0.0 is loaded\n");
  for (const auto* url :
       {"http://toy.example/a", "http://toy.example/b|2.0.0", "http://toy.example/c", "http://toy.example/d"}) {
    EXPECT_NE(registry->Find("ValueSet", url), nullptr) << url;
  }
  EXPECT_EQ(registry->Find("ValueSet", "http://toy.example/b|3.0.0"), nullptr);
}

TEST_F(Packages, Folder_GivesResourcesAndPackages_InNameOrder) {
  Write("1.json", kSet);
  Write("2/again.json",
        R"({"resourceType":"ValueSet","url":"http://toy.example/vs","version":"1","status":"retired"})");
  Write("3/p.tgz", Package(TarEntry("package/ValueSet-a.json",
                                    R"({"resourceType":"ValueSet","url":"http://toy.example/p","status":"draft"})")));
  Write("4.json", R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":
      {"resourceType":"ValueSet","url":"http://toy.example/inBundle","status":"draft"}}]})");
  Write(
      "5.xml",
      R"(<ValueSet xmlns="http://hl7.org/fhir"><url value="http://toy.example/xml"/><status value="draft"/></ValueSet>)");
  Write("broken.json", "{");
  Write("ignored.txt", "{");
  Write(".hidden.json", "{");
  RegistryBuilder builder;
  IssueList issues;
  ASSERT_TRUE(builder.LoadPath(folder_, issues));
  const auto registry = builder.Build(issues);
  EXPECT_EQ(issues.issues().size(), 1U) << Texts(issues);
  EXPECT_THAT(Texts(issues), HasSubstr("error broken.json: "));
  ASSERT_NE(registry->Find("ValueSet", "http://toy.example/vs"), nullptr);
  EXPECT_EQ(registry->Find("ValueSet", "http://toy.example/vs")->ChildValue("status"), "retired");
  EXPECT_NE(registry->Find("ValueSet", "http://toy.example/p"), nullptr);
  EXPECT_NE(registry->Find("ValueSet", "http://toy.example/inBundle"), nullptr);
  EXPECT_NE(registry->Find("ValueSet", "http://toy.example/xml"), nullptr);
}

TEST_F(Packages, FileThatIsNoArchive_SaysWhatIsExpected) {
  const auto refusal = [](const fs::path& path) {
    RegistryBuilder builder;
    IssueList issues;
    const auto loaded = builder.LoadPath(path, issues);
    return loaded ? "" : loaded.error().public_text.text;
  };
  EXPECT_EQ(refusal(Write("plain.tgz", "\xFFno archive")), "plain.tgz: a package must be a gzip archive (.tgz)");
  EXPECT_EQ(refusal(Write("a.zip", "PK")), "a.zip: a package must be a gzip archive (.tgz)");
  EXPECT_EQ(refusal(Write("named.json", "PK\x03\x04")), "named.json: a package must be a gzip archive (.tgz)");
  EXPECT_EQ(refusal(Write("empty.tgz", "")), "empty.tgz: is empty");
}

TEST_F(Packages, IssueOfASingleFile_NamesItOnce) {
  RegistryBuilder builder;
  IssueList issues;
  ASSERT_TRUE(builder.LoadPath(
      Write("odd.json", R"({"resourceType":"ValueSet","url":"http://toy.example/odd","colour":"red"})"), issues));
  EXPECT_THAT(Texts(issues), HasSubstr("warning odd.json: "));
  EXPECT_EQ(Texts(issues).find(": : "), std::string::npos) << Texts(issues);
}

TEST_F(Packages, PathThatIsNotThere_SaysSo) {
  RegistryBuilder builder;
  IssueList issues;
  const auto loaded = builder.LoadPath(folder_ / "none", issues);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kNotFound);
}

TEST_F(Packages, LargeResource_ComesBackWhole) {
  const std::string large(1'000'000, 'x');
  RegistryBuilder builder;
  IssueList issues;
  const auto file =
      Write("large.json", R"({"resourceType":"ValueSet","url":"http://toy.example/large","description":")" + large +
                              R"(","status":"draft"})");
  ASSERT_TRUE(builder.LoadPath(file, issues));
  const auto registry = builder.Build(issues);
  ASSERT_NE(registry->Find("ValueSet", "http://toy.example/large"), nullptr);
  EXPECT_EQ(registry->Find("ValueSet", "http://toy.example/large")->ChildValue("description"), large);
}

TEST_F(Packages, ToyPackage_AddsProfileExtensionAndValueSet) {
  RegistryBuilder builder;
  IssueList issues;
  ASSERT_TRUE(builder.LoadPath(std::string(GW_SOURCE_DIR) + "/tests/data/packages/toy", issues));
  const auto registry = builder.Build(issues);
  EXPECT_EQ(Texts(issues), "");
  EXPECT_NE(registry->Find("StructureDefinition", "http://toy.example/fhir/StructureDefinition/toy-device"), nullptr);
  EXPECT_NE(registry->Find("StructureDefinition", "http://toy.example/fhir/StructureDefinition/toy-colour"), nullptr);
  EXPECT_NE(registry->Find("ValueSet", "http://toy.example/fhir/ValueSet/toy-blue"), nullptr);
  EXPECT_NE(registry->Find("CodeSystem", "http://toy.example/fhir/CodeSystem/toy-colour"), nullptr);
}

}  // namespace
