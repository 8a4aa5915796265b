// Every resource type of FHIR R4 through create, read, XML and back, search by _id, update and delete, with an official
// example.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;

/// The smallest examples of each type first: they are quick, and a type with a broken example has another.
std::map<std::string, std::vector<std::string>> LoadExamples(const std::filesystem::path& folder) {
  std::map<std::string, std::multimap<std::uintmax_t, std::filesystem::path>> by_type;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    const std::size_t dash = name.find('-');
    if (file.path().extension() == ".json" && dash != std::string::npos) {
      by_type[name.substr(0, dash)].emplace(file.file_size(), file.path());
    }
  }
  std::map<std::string, std::vector<std::string>> examples;
  for (const auto& [type, files] : by_type) {
    for (const auto& [size, path] : files) {
      std::ifstream stream(path, std::ios::binary);
      examples[type].emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
      if (examples[type].size() == 5) {
        break;
      }
    }
  }
  // The types the package has no instance of.
  examples.try_emplace("Parameters", std::vector<std::string>{R"({"resourceType":"Parameters","parameter":)"
                                                              R"([{"name":"start","valueDate":"2025-06-01"}]})"});
  for (const char* type : {"SubstanceNucleicAcid", "SubstancePolymer", "SubstanceProtein",
                           "SubstanceReferenceInformation", "SubstanceSourceMaterial"}) {
    examples.try_emplace(type,
                         std::vector<std::string>{fmt::format(R"({{"resourceType":"{}","language":"en"}})", type)});
  }
  return examples;
}

/// One official example (EventDefinition) has an empty narrative, which the standard itself forbids.
std::string WithoutNarrative(const std::string& body) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(body, {}, issues);
  EXPECT_TRUE(document);
  document->RemoveAll(document->root(), "text");
  return fhir::json::WriteJson(document->root());
}

/// The example with another id, as the body of an update.
std::string WithId(const std::string& body, const std::string& id) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(body, {}, issues);
  EXPECT_TRUE(document);
  document->RemoveAll(document->root(), "id");
  document->Add(document->root(), "id", id);
  document->RemoveAll(document->root(), "language");
  document->Add(document->root(), "language", "fr");
  return fhir::json::WriteJson(document->root());
}

TEST(EveryResourceType, CreateReadSearchUpdateDelete_Work) {
  const std::filesystem::path folder =
      std::filesystem::path(GW_SOURCE_DIR) / "fhir/definitions/node_modules/hl7.fhir.r4.examples";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "the npm packages are not installed";
  }
  const auto examples = LoadExamples(folder);
  Gateway& gateway = TheGateway();
  const auto& r4 = fhir::metadata::Definitions::R4();
  std::size_t types = 0;
  std::set<std::string> in_another_order;
  for (const auto type_id : r4.ResourceTypes()) {
    const std::string type(r4.TypeName(type_id));
    SCOPED_TRACE(type);
    const auto found = examples.find(type);
    ASSERT_NE(found, examples.end()) << "no official example";
    Response created;
    std::string body;
    for (const std::string& example : found->second) {
      created = gateway.Send("", Method::kPost, "/fhir/" + type, example);
      if (created.status == 201) {
        body = example;
        break;
      }
    }
    if (created.status == 422) {
      body = WithoutNarrative(found->second.front());
      created = gateway.Send("", Method::kPost, "/fhir/" + type, body);
    }
    EXPECT_EQ(created.status, 201) << created.body.substr(0, 600);
    if (created.status != 201) {
      continue;
    }
    const std::string id(JsonOf(created).FindText("id"));
    const std::string path = "/fhir/" + type + "/" + id;

    const Response read = gateway.Send("", Method::kGet, path);
    EXPECT_EQ(read.status, 200);
    EXPECT_EQ(read.body, created.body) << "stored bytes are sent as they are";

    EXPECT_EQ(IdsOf(gateway.Send("", Method::kGet, "/fhir/" + type + "?_id=" + id)), std::vector<std::string>{id});

    // The same as XML, and back: nothing has changed. XML has its elements in the order of the definition, so an
    // example in another order becomes a version in that order, once.
    std::int64_t version = 1;
    for (int round = 0; round < 2; ++round) {
      const Response xml = gateway.Send("", Method::kGet, path, "", {{"Accept", "application/fhir+xml"}});
      EXPECT_EQ(xml.status, 200);
      const Response same = gateway.Send("", Method::kPut, path, xml.body, {{"Content-Type", "application/fhir+xml"}});
      EXPECT_EQ(same.status, 200) << same.body.substr(0, 600);
      if (round == 0 && same.headers.Get("ETag") == "W/\"2\"") {
        version = 2;
        in_another_order.insert(type);
      }
      EXPECT_EQ(same.headers.Get("ETag").value_or(""), fmt::format("W/\"{}\"", version)) << xml.body.substr(0, 600);
    }
    EXPECT_EQ(gateway.Send("", Method::kHead, path).headers.fields(),
              gateway.Send("", Method::kGet, path).headers.fields());

    const Response updated =
        gateway.Send("", Method::kPut, path, WithId(body, id), {{"If-Match", fmt::format("W/\"{}\"", version)}});
    EXPECT_EQ(updated.status, 200) << updated.body.substr(0, 600);
    EXPECT_EQ(updated.headers.Get("ETag").value_or(""), fmt::format("W/\"{}\"", version + 1));
    EXPECT_EQ(gateway.Send("", Method::kGet, path + "/_history/1").body, created.body);

    EXPECT_EQ(gateway.Send("", Method::kDelete, path).status, 204);
    EXPECT_EQ(gateway.Send("", Method::kGet, path).status, 410);
    EXPECT_TRUE(IdsOf(gateway.Send("", Method::kGet, "/fhir/" + type + "?_id=" + id)).empty());
    EXPECT_EQ(JsonOf(gateway.Send("", Method::kGet, path + "/_history")).Find("total")->AsInteger(), version + 2);
    ++types;
  }
  EXPECT_EQ(types, r4.ResourceTypes().size());
  EXPECT_EQ(in_another_order, (std::set<std::string>{"ConceptMap", "SearchParameter"}));
}

}  // namespace
}  // namespace tests::rest
