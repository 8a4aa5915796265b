// Searches with _contained over the REST API: what is answered, linked, told to the audit trail, and to whom.
#include <gmock/gmock.h>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::string_view kHere = "https://gw.example/fhir/";

class ContainedSearch : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Put("Organization", "ct-ha", R"("identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1990000010"}])");
    Put("Patient", "ct-1", R"("managingOrganization":{"reference":"Organization/ct-ha"})");
    Put("Patient", "ct-2", R"("gender":"male")");
    for (const char* n : {"1", "2"}) {
      Put("DocumentReference", fmt::format("ct-d{}", n),
          fmt::format(R"("contained":[{{"resourceType":"Practitioner","id":"a","name":[{{"family":"Ctauthor{0}"}}]}},)"
                      R"({{"resourceType":"Practitioner","id":"b","name":[{{"family":"Ctother"}}]}}],)"
                      R"("status":"current","subject":{{"reference":"Patient/ct-{0}"}},)"
                      R"("author":[{{"reference":"#a"}},{{"reference":"#b"}}],)"
                      R"("content":[{{"attachment":{{"contentType":"text/plain","data":"aGVsbG8="}}}}])",
                      n));
    }
    Put("Practitioner", "ct-own", R"("name":[{"family":"Ctother"}])");
  }
  /// Other tests count what a party has.
  static void TearDownTestSuite() {
    for (const char* path : {"DocumentReference/ct-d1", "DocumentReference/ct-d2", "DiagnosticReport/ct-r",
                             "Patient/ct-1", "Patient/ct-2", "Practitioner/ct-own", "Organization/ct-ha"}) {
      EXPECT_LT(TheGateway().Send("", Method::kDelete, fmt::format("/fhir/{}", path)).status, 300) << path;
    }
  }
  static void Put(const std::string& type, const std::string& id, const std::string& members) {
    const Response response =
        TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id,
                          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members));
    ASSERT_LT(response.status, 300) << type << " " << response.body;
  }
  static Response Get(std::string target, std::string_view party = "") {
    return TheGateway().Send(party, Method::kGet,
                             target.starts_with("https") ? target.substr(kHere.size() - 6) : "/fhir/" + target);
  }
  static std::vector<std::string> UrlsOf(const Response& response) {
    std::vector<std::string> urls;
    EXPECT_EQ(response.status, 200) << response.body.substr(0, 500);
    const fhir::json::Value bundle = JsonOf(response);
    if (const auto* entries = bundle.Find("entry")) {
      for (const auto& entry : entries->items()) {
        std::string url(entry.FindText("fullUrl"));
        EXPECT_TRUE(url.starts_with(kHere)) << url;
        urls.push_back(url.substr(kHere.size()));
        EXPECT_EQ(entry.Find("search")->FindText("mode"), "match");
      }
    }
    return urls;
  }
  static std::string Link(const Response& response, std::string_view relation) {
    const fhir::json::Value bundle = JsonOf(response);
    for (const auto& link : bundle.Find("link")->items()) {
      if (link.FindText("relation") == relation) {
        return std::string(link.FindText("url"));
      }
    }
    return {};
  }
};

TEST_F(ContainedSearch, FullUrls_LeadToWhatIsShown) {
  EXPECT_THAT(UrlsOf(Get("Practitioner?family=ctother")), ElementsAre("Practitioner/ct-own"));
  EXPECT_THAT(UrlsOf(Get("Practitioner?family=ctother&_contained=true")),
              ElementsAre("DocumentReference/ct-d1", "DocumentReference/ct-d2"));
  const Response shown = Get("Practitioner?family=ctother&_contained=both&_containedType=contained&_total=accurate");
  EXPECT_THAT(UrlsOf(shown),
              UnorderedElementsAre("DocumentReference/ct-d1#b", "DocumentReference/ct-d2#b", "Practitioner/ct-own"));
  EXPECT_THAT(IdsOf(shown), UnorderedElementsAre("b", "b", "ct-own"));
  EXPECT_EQ(JsonOf(shown).Find("total")->AsInteger(), 3);
  EXPECT_THAT(Link(shown, "self"), HasSubstr("_contained=both&_containedType=contained"));
}

TEST_F(ContainedSearch, Links_LeadThroughAllPages) {
  for (const char* sort : {"", "&_sort=-family", "&_sort=_lastUpdated"}) {
    const std::string asked = fmt::format("Practitioner?family=ct&_contained=both&_containedType=contained{}", sort);
    const auto whole = UrlsOf(Get(asked));
    EXPECT_EQ(whole.size(), 5u);
    std::vector<std::string> forward;
    std::string last;
    for (std::string url = asked + "&_count=2"; !url.empty();) {
      const Response page = Get(url);
      const auto urls = UrlsOf(page);
      forward.insert(forward.end(), urls.begin(), urls.end());
      last = url;
      url = Link(page, "next");
    }
    EXPECT_EQ(forward, whole) << sort;
    const auto back = UrlsOf(Get(Link(Get(last), "previous")));
    EXPECT_EQ(back, std::vector<std::string>(whole.begin() + 2, whole.begin() + 4)) << sort;
  }
}

TEST_F(ContainedSearch, SummaryAndElements_CutWhatIsShown) {
  const Response cut = Get("Practitioner?family=ctauthor1&_contained=true&_containedType=contained&_elements=id");
  EXPECT_THAT(UrlsOf(cut), ElementsAre("DocumentReference/ct-d1#a"));
  EXPECT_EQ(cut.body.find("Ctauthor1"), std::string::npos);
  const Response counted = Get("Practitioner?family=ct&_contained=true&_containedType=contained&_summary=count");
  EXPECT_EQ(JsonOf(counted).Find("total")->AsInteger(), 4);
  EXPECT_EQ(JsonOf(Get("Practitioner?family=ct&_contained=true&_count=0")).Find("total")->AsInteger(), 2);
}

TEST_F(ContainedSearch, OfASystemAndACompartment) {
  EXPECT_THAT(UrlsOf(Get("?_type=Practitioner&_id=a&_contained=true&_containedType=contained")),
              ElementsAre("DocumentReference/ct-d1#a", "DocumentReference/ct-d2#a"));
  Put("DiagnosticReport", "ct-r", R"("contained":[{"resourceType":"Observation","id":"o","status":"final",
    "code":{"text":"x"},"subject":{"reference":"Patient/ct-1"}}],"status":"final","code":{"text":"x"},
    "result":[{"reference":"#o"}])");
  EXPECT_THAT(UrlsOf(Get("Patient/ct-1/Observation?_contained=true&_containedType=contained")),
              ElementsAre("DiagnosticReport/ct-r#o"));
  EXPECT_THAT(UrlsOf(Get("Patient/ct-2/Observation?_contained=true")), IsEmpty());
}

TEST_F(ContainedSearch, Party_FindsInItsOwnDocumentsAlone) {
  EXPECT_THAT(UrlsOf(Get("DocumentReference?status=current&_id=ct-d1,ct-d2", "hospital-a")),
              ElementsAre("DocumentReference/ct-d1"));
  for (const char* shown : {"container", "contained"}) {
    const auto found = UrlsOf(Get(
        fmt::format("Practitioner?family=ctauthor1,ctauthor2&_contained=true&_containedType={}", shown), "hospital-a"));
    ASSERT_EQ(found.size(), 1u) << shown;
    EXPECT_TRUE(found[0].starts_with("DocumentReference/ct-d1"));
  }
  const Response counted = Get("Practitioner?family=ctauthor2&_contained=true&_summary=count", "hospital-a");
  EXPECT_EQ(JsonOf(counted).Find("total")->AsInteger(), 0);
}

TEST_F(ContainedSearch, Trail_NamesTheContainer) {
  const auto before = IdsOf(Get("AuditEvent?entity=DocumentReference/ct-d1&_count=100")).size();
  EXPECT_THAT(UrlsOf(Get("Practitioner?family=ctauthor1&_contained=true&_containedType=contained", "hospital-a")),
              ElementsAre("DocumentReference/ct-d1#a"));
  EXPECT_EQ(IdsOf(Get("AuditEvent?entity=DocumentReference/ct-d1&_count=100")).size(), before + 1);
}

TEST_F(ContainedSearch, Wrong_IsRefused) {
  for (const char* wrong : {"_contained=maybe", "_contained=true&_containedType=both"}) {
    EXPECT_EQ(Get(fmt::format("Practitioner?{}", wrong)).status, 400) << wrong;
  }
  EXPECT_EQ(Get("Observation/$lastn?patient=Patient/ct-1&code=x&_contained=true").status, 400);
  const Response conditional = TheGateway().Send(
      "", Method::kPost, "/fhir/Practitioner", R"({"resourceType":"Practitioner"})",
      {{"If-None-Exist", "family=ctother&_contained=true"}, {"Content-Type", "application/fhir+json"}});
  EXPECT_EQ(conditional.status, 400) << conditional.body;
}

TEST_F(ContainedSearch, CapabilityStatement_SaysSo) {
  EXPECT_THAT(Get("metadata").body, HasSubstr(R"({"name":"_containedType","type":"token")"));
}

}  // namespace
}  // namespace tests::rest
