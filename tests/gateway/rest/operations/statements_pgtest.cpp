// How many statements the views behind operations send: the number does not grow with what they find.
#include <fmt/format.h>

#include <mutex>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

class StatementNames final : public gateway::store::pg::StatementObserver {
 public:
  void OnStatement(std::string_view name, std::int64_t /*duration_us*/, bool ok) override {
    EXPECT_TRUE(ok) << name;
    const std::scoped_lock lock(mutex_);
    names_.emplace_back(name);
  }
  std::vector<std::string> Take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(names_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> names_;
};

using Names = std::vector<std::string>;

class ViewStatements : public testing::Test {
 protected:
  ViewStatements() {
    const auto put = [](const std::string& type, const std::string& id, const std::string& members) {
      const auto response =
          TheGateway().Send("", gateway::http::Method::kPut, "/fhir/" + type + "/" + id,
                            fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members));
      EXPECT_LT(response.status, 300) << response.body;
    };
    put("Patient", "vs-p", R"("active":true)");
    for (int i = 0; i < 12; ++i) {
      put("Observation", fmt::format("vs-o{}", i),
          fmt::format(R"("status":"final","code":{{"coding":[{{"system":"urn:vs","code":"c{}"}}]}},)"
                      R"("subject":{{"reference":"Patient/vs-p"}})",
                      i % 4));
    }
    gateway::store::pg::PoolOptions options;
    options.connection = support::SharedDatabase().Options();
    options.connection.observer = &names_;
    pool_ = std::make_unique<gateway::store::pg::Pool>(std::move(options));
    views_ = std::make_unique<gateway::store::StoreResourceViews>(*pool_, gateway::store::StoreOptions{});
    auto grants = std::make_shared<port::Grants>();
    grants->unrestricted = true;
    actor_.grants = std::move(grants);
    EXPECT_TRUE(pool_->CheckHealth());
    names_.Take();
  }
  static fhir::metadata::TypeId Type(std::string_view name) { return fhir::metadata::Definitions::R4().FindType(name); }

  StatementNames names_;
  std::unique_ptr<gateway::store::pg::Pool> pool_;
  std::unique_ptr<gateway::store::StoreResourceViews> views_;
  port::Actor actor_;
};

TEST_F(ViewStatements, ACompartmentIsOneAPage) {
  port::CompartmentQuery query{.compartment = Type("Patient"), .id = "vs-p", .left_out = {Type("AuditEvent")}};
  const auto whole = views_->Compartment(actor_, query);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->hits.size(), 13u);
  EXPECT_EQ(names_.Take(), Names{"compartment_page"});
  query.count = 5;
  const auto page = views_->Compartment(actor_, query);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->hits.size(), 5u);
  EXPECT_EQ(names_.Take(), Names{"compartment_page"});
}

TEST_F(ViewStatements, TheLatestOfAllGroupsAreTwo_HeadsAndLabelsOne) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  port::LatestQuery latest;
  latest.query.type = Type("Observation");
  latest.group_by = definitions.FindSearchParameter(latest.query.type, "code");
  latest.order_by = definitions.FindSearchParameter(latest.query.type, "date");
  fhir::search::Criterion subject;
  subject.parameter = definitions.FindSearchParameter(latest.query.type, "subject");
  subject.values.push_back(fhir::search::ReferenceValue{.type = "Patient", .id = "vs-p", .url = {}});
  latest.query.criteria.push_back(subject);
  const auto found = views_->Latest(actor_, latest);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 4u);
  EXPECT_EQ(names_.Take(), (Names{"latest_groups", "read_many"}));
  latest.resources_max = 3;
  const auto refused = views_->Latest(actor_, latest);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, fhir::ErrorCode::kTooCostly);
  names_.Take();

  const std::vector<fhir::search::Query> queries(3, latest.query);
  const auto heads = views_->FindHeads(actor_, queries, 100);
  ASSERT_TRUE(heads);
  EXPECT_EQ(heads->size(), 12u) << "what meets several queries comes once";
  EXPECT_EQ(names_.Take(), Names{"find_heads"});
  ASSERT_TRUE(views_->FindMetaInUse(actor_, fhir::metadata::kNoType));
  EXPECT_EQ(names_.Take(), Names{"meta_in_use"});
}

TEST_F(ViewStatements, ReadMany_KeepsTheOrderAskedFor) {
  const std::vector<port::ResourceKey> keys = {{Type("Observation"), "vs-o7"},
                                               {Type("Patient"), "none"},
                                               {Type("Patient"), "vs-p"},
                                               {Type("Observation"), "vs-o1"}};
  const auto found = views_->ReadMany(actor_, keys);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0].id, "vs-o7");
  EXPECT_EQ((*found)[1].id, "vs-p");
  EXPECT_EQ((*found)[2].id, "vs-o1");
  EXPECT_EQ(names_.Take(), Names{"read_many"});
  const port::Actor nobody;
  const auto denied = views_->ReadMany(nobody, keys);
  ASSERT_TRUE(denied);
  EXPECT_TRUE(denied->empty()) << "no grants, no rows";
}

}  // namespace
}  // namespace tests::rest
