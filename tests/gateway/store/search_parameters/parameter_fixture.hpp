// Nodes that share a database: each with a pool, a registry and stores of its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/store/search_parameters/indexer.hpp"
#include "gateway/store/search_parameters/registry.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {

/// One node. Members are made from top to bottom.
struct Node {
  Node(support::TestDatabase& database, gateway::store::StoreOptions with)
      : pool(database.MakePool(8)), registry(*pool), options(std::move(with)) {
    options.search_parameters = &registry;
    units = std::make_unique<gateway::store::StoreUnitOfWorkFactory>(*pool, options);
    resources = std::make_unique<gateway::store::StoreResourceStore>(*pool, options);
  }

  std::unique_ptr<gateway::store::pg::Pool> pool;
  gateway::store::search_parameters::Registry registry;
  gateway::store::StoreOptions options;
  std::unique_ptr<gateway::store::StoreUnitOfWorkFactory> units;
  std::unique_ptr<gateway::store::StoreResourceStore> resources;
};

class ParameterTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Script("DELETE FROM search_parameter; UPDATE search_registry SET version = 1, last_number = 16383");
    one_ = MakeNode();
    two_ = MakeNode();
  }

  std::unique_ptr<Node> MakeNode() {
    gateway::store::StoreOptions options;
    options.clock = &clock_;
    options.ids = &ids_;
    options.base_url = "http://localhost:8080/fhir";
    options.cursor_keys = &keys_;
    return std::make_unique<Node>(SharedDb(), options);
  }

  static void Script(const std::string& sql) {
    const auto done = SharedDb().Connect()->ExecuteScript("script", sql);
    ASSERT_TRUE(done) << done.error().internal_text.text;
  }

  static std::string Ask(const std::string& sql) {
    const auto rows = SharedDb().Connect()->ExecuteAdHoc("ask", sql, {});
    return rows && !rows->empty() ? rows->operator[](0).String(0) : "";
  }

  static std::string Colour(std::string_view id, std::string_view colour) {
    return fmt::format(
        R"({{"resourceType":"Patient","id":"{}","extension":[{{"url":"http://x.org/colour","valueString":"{}"}}]}})",
        id, colour);
  }

  /// A SearchParameter on the colour of patients; `more` replaces or adds elements.
  static std::string Parameter(std::string_view code, std::string_view type = "string",
                               std::string_view expression = "Patient.extension('http://x.org/colour').value",
                               std::string_view more = "") {
    return fmt::format(
        R"({{"resourceType":"SearchParameter","url":"http://x.org/SearchParameter/{0}","name":"n","status":"active",)"
        R"("description":"d","code":"{0}","base":["Patient"],"type":"{1}","expression":"{2}"{3}}})",
        code, type, expression, more);
  }

  /// Components of a composite, by the standard's parameter of each and its expression, as `more` of Parameter.
  static std::string Components(const std::vector<std::pair<std::string_view, std::string_view>>& components) {
    std::string json;
    for (const auto& [definition, expression] : components) {
      json += fmt::format(R"({}{{"definition":"http://hl7.org/fhir/SearchParameter/{}","expression":"{}"}})",
                          json.empty() ? "" : ",", definition, expression);
    }
    return R"(,"component":[)" + json + "]";
  }

  /// As the REST layer does it: repeated where the store says so, once more for each of the five changes that another
  /// node makes at the same time in these tests.
  static fhir::Result<std::vector<port::Outcome>> Write(Node& node, port::Verb verb, std::string_view id,
                                                        std::string_view json, fhir::IssueList* issues = nullptr) {
    fhir::IssueList ignored;
    return port::InTransaction(*node.units, System(), 8, [&](port::UnitOfWork& work) {
      std::vector<port::Change> changes;
      changes.push_back(Put(verb, id, json));
      return work.Apply(std::move(changes), issues == nullptr ? ignored : *issues);
    });
  }

  static void Store(Node& node, std::string_view id, std::string_view json) {
    fhir::IssueList issues;
    const auto written = Write(node, port::Verb::kUpdate, id, json, &issues);
    EXPECT_TRUE(written) << written.error().public_text.text << " "
                         << (issues.issues().empty() ? "" : issues.issues().front().text);
  }

  static fhir::Result<fhir::search::Query> Read(Node& node, std::string_view type,
                                                std::vector<fhir::search::NameValue> parameters) {
    fhir::search::ParseOptions options;
    GW_ASSIGN(options.custom, node.registry.Current());
    fhir::IssueList warnings;
    return fhir::search::ParseQuery(Type(type), parameters, options, warnings);
  }

  /// Ids of the matches, or the text of the refusal.
  static std::vector<std::string> Found(Node& node, std::vector<fhir::search::NameValue> parameters,
                                        std::string_view type = "Patient") {
    parameters.emplace_back("_count", "1000");
    const auto query = Read(node, type, std::move(parameters));
    if (!query) {
      return {query.error().public_text.text};
    }
    const auto page = node.resources->Search(System(), *query);
    if (!page) {
      return {page.error().internal_text.text};
    }
    std::vector<std::string> ids;
    for (const auto& hit : page->hits) {
      ids.push_back(hit.resource.id);
    }
    return ids;
  }

  /// Runs until there is nothing to do.
  static void IndexAll(gateway::store::search_parameters::Indexer& indexer) {
    for (int i = 0; i < 10'000; ++i) {
      const auto step = indexer.Step();
      ASSERT_TRUE(step) << step.error().internal_text.text;
      if (!step->more) {
        return;
      }
    }
    FAIL() << "the indexer finds no end";
  }

  gateway::store::search_parameters::Indexer MakeIndexer(Node& node, int resources_max = 100) {
    return {*node.pool, node.options, {.resources_max = resources_max, .ids_max = 7, .leave_after_ms = 0}};
  }

  std::unique_ptr<Node> one_;
  std::unique_ptr<Node> two_;
};

}  // namespace tests::store
