// JSON and XML in and out, and the names clients use for them.
#include "gateway/rest/content.hpp"
#include "gateway/rest/convert.hpp"
#include "tests/gateway/rest/rest_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using gateway::rest::Format;

constexpr std::string_view kPatientXml =
    R"(<Patient xmlns="http://hl7.org/fhir"><identifier><system value="urn:oid:1.2.3"/><value value="A1"/></identifier>)"
    R"(<name><family value="Test"/></name></Patient>)";

class FormatsTest : public RestTest {
 protected:
  std::string PathOfPatient() {
    return "/fhir/Patient/" + std::string(Json(Post("/fhir/Patient", kPatient)).FindText("id"));
  }
  static bool IsXml(const Response& response, std::string_view type) {
    return response.body.starts_with("<?xml") && response.body.find("<" + std::string(type)) != std::string::npos &&
           response.headers.Get("Content-Type").value_or("").find("xml") != std::string_view::npos;
  }
};

struct AcceptCase {
  const char* accept;
  int status;
  const char* content_type;  ///< of a success
};

constexpr AcceptCase kAcceptCases[] = {
    {"", 200, "application/fhir+json; charset=utf-8"},
    {"*/*", 200, "application/fhir+json; charset=utf-8"},
    {"application/fhir+json", 200, "application/fhir+json; charset=utf-8"},
    {"application/json", 200, "application/json; charset=utf-8"},
    {"application/json+fhir", 200, "application/json+fhir; charset=utf-8"},
    {"text/json", 200, "text/json; charset=utf-8"},
    {"application/fhir+xml", 200, "application/fhir+xml; charset=utf-8"},
    {"APPLICATION/FHIR+XML", 200, "application/fhir+xml; charset=utf-8"},
    {"application/xml", 200, "application/xml; charset=utf-8"},
    {"text/xml", 200, "text/xml; charset=utf-8"},
    {"application/xml+fhir", 200, "application/xml+fhir; charset=utf-8"},
    {"application/fhir+xml;fhirVersion=4.0", 200, "application/fhir+xml; charset=utf-8"},
    {"application/fhir+json; fhirVersion=\"3.0\"", 406, ""},
    {"application/fhir+json;q=0", 406, ""},
    {"application/fhir+json;q=0.0, */*;q=0", 406, ""},
    {"application/fhir+json;q=0, */*", 200, "application/fhir+xml; charset=utf-8"},
    {"application/fhir+xml;q=0.5, */*;q=0.8", 200, "application/fhir+json; charset=utf-8"},
    {"application/fhir+xml;q=0.8, application/fhir+json;q=0.50", 200, "application/fhir+xml; charset=utf-8"},
    {"application/fhir+xml;q=0.05, application/fhir+json;q=0.5", 200, "application/fhir+json; charset=utf-8"},
    {"application/fhir+xml, application/fhir+json", 200, "application/fhir+xml; charset=utf-8"},
    {"application/json, application/fhir+xml", 200, "application/json; charset=utf-8"},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200, "application/fhir+json; charset=utf-8"},
    {"application/*", 200, "application/fhir+json; charset=utf-8"},
    {"application/*;q=0, */*", 406, ""},
    {"image/png", 406, ""},
};

TEST_F(FormatsTest, Accept_ChoosesTheFormatAndItsName) {
  const std::string path = PathOfPatient();
  for (const AcceptCase& row : kAcceptCases) {
    const Response response = Get(path, {{"Accept", row.accept}});
    EXPECT_EQ(response.status, row.status) << row.accept;
    if (row.status == 200) {
      EXPECT_EQ(Field(response, "Content-Type"), row.content_type) << row.accept;
      EXPECT_EQ(Field(response, "Vary"), "Accept");
      EXPECT_EQ(response.body.front(),
                std::string_view(row.content_type).find("xml") == std::string_view::npos ? '{' : '<')
          << row.accept;
    } else {
      EXPECT_EQ(IssueCode(response), "not-supported") << row.accept;
    }
  }
}

TEST_F(FormatsTest, Format_OfTheQueryWinsOverAccept) {
  const std::string path = PathOfPatient();
  for (const char* format : {"xml", "application/fhir%2Bxml", "application/fhir+xml", "text/xml", "application/xml"}) {
    EXPECT_TRUE(IsXml(Get(path + "?_format=" + format, {{"Accept", "application/fhir+json"}}), "Patient")) << format;
  }
  for (const char* format : {"json", "application/fhir+json", "application/json"}) {
    EXPECT_EQ(Get(path + "?_format=" + format, {{"Accept", "application/fhir+xml"}}).body.front(), '{') << format;
  }
  EXPECT_EQ(Get(path + "?_format=ttl").status, 406);
  EXPECT_EQ(Get(path + "?_format=json%3BfhirVersion%3D5.0").status, 406);
}

TEST_F(FormatsTest, Pretty_IndentsBothFormats) {
  const std::string path = PathOfPatient();
  EXPECT_NE(Get(path + "?_pretty=true").body.find("\n  \""), std::string::npos);
  EXPECT_NE(Get(path + "?_pretty=true&_format=xml").body.find("\n  <name>"), std::string::npos);
  EXPECT_EQ(Get(path + "?_format=xml").body.find("\n  <name>"), std::string::npos);
  EXPECT_EQ(Get(path + "?_pretty=false").body, store_.state.versions.begin()->second[0].body);
}

TEST_F(FormatsTest, XmlBody_IsTheSameResourceAsItsJson) {
  for (const char* type : {"application/fhir+xml", "application/xml", "text/xml; charset=UTF-8", "application/xml+fhir",
                           "application/fhir+xml; fhirVersion=4.0"}) {
    store_.state = {};
    const Response created = Post("/fhir/Patient", std::string(kPatientXml), {{"Content-Type", type}});
    ASSERT_EQ(created.status, 201) << type << created.body;
    const std::string from_xml = store_.state.versions.begin()->second[0].body;
    store_.state = {};
    Post("/fhir/Patient", kPatient);
    EXPECT_EQ(from_xml, store_.state.versions.begin()->second[0].body) << "stored as JSON, whatever came in";
  }
}

TEST_F(FormatsTest, XmlBody_RoundTripsThroughAnUpdate) {
  const std::string path = PathOfPatient();
  const Response read = Get(path, {{"Accept", "application/fhir+xml"}});
  const Response updated =
      Put(path, read.body, {{"Content-Type", "application/fhir+xml"}, {"Accept", "application/fhir+xml"}});
  ASSERT_EQ(updated.status, 200) << updated.body;
  EXPECT_TRUE(IsXml(updated, "Patient"));
  EXPECT_NE(updated.body.find(R"(<versionId value="2"/>)"), std::string::npos);
  EXPECT_NE(updated.body.find(R"(<family value="Test"/>)"), std::string::npos);
}

TEST_F(FormatsTest, WrongXml_IsRefusedWithItsPlace) {
  const Fields xml{{"Content-Type", "application/fhir+xml"}};
  EXPECT_EQ(Post("/fhir/Patient", "<Patient xmlns=\"http://hl7.org/fhir\">", xml).status, 400);
  EXPECT_EQ(Post("/fhir/Patient", "<Patient/>", xml).status, 400);
  const Response unknown =
      Post("/fhir/Patient", R"(<Patient xmlns="http://hl7.org/fhir"><nmae value="x"/></Patient>)", xml);
  EXPECT_EQ(unknown.status, 400);
  EXPECT_NE(unknown.body.find("Patient"), std::string::npos);
  const Response entity =
      Post("/fhir/Patient", R"(<!DOCTYPE p [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"/>)", xml);
  EXPECT_EQ(entity.status, 400);
  EXPECT_TRUE(store_.state.versions.empty());
}

TEST_F(FormatsTest, UnknownBodyTypes_Are415) {
  for (const char* type : {"text/plain", "application/fhir+turtle", "application/fhir+xml; charset=iso-8859-1",
                           "application/fhir+json; charset=latin1", "application/fhir+json; fhirVersion=3.0"}) {
    const Response response = Post("/fhir/Patient", kPatient, {{"Content-Type", type}});
    EXPECT_EQ(response.status, 415) << type;
    EXPECT_EQ(IssueCode(response), "not-supported") << type;
  }
  EXPECT_TRUE(store_.state.versions.empty());
}

TEST_F(FormatsTest, BundlesAndOutcomes_AreXmlToo) {
  PathOfPatient();
  const Fields xml{{"Accept", "application/fhir+xml"}};
  EXPECT_TRUE(IsXml(Get("/fhir/Patient?identifier=urn:oid:1.2.3%7CA1", xml), "Bundle"));
  EXPECT_TRUE(IsXml(Get("/fhir/Patient/_history", xml), "Bundle"));
  EXPECT_TRUE(IsXml(Get("/fhir/metadata", xml), "CapabilityStatement"));
  const Response absent = Get("/fhir/Patient/none", xml);
  EXPECT_EQ(absent.status, 404);
  EXPECT_TRUE(IsXml(absent, "OperationOutcome"));
  const Response wrong = Post("/fhir/Patient", "{", xml);
  EXPECT_EQ(wrong.status, 400);
  EXPECT_TRUE(IsXml(wrong, "OperationOutcome"));
}

TEST_F(FormatsTest, Transaction_InXmlAnswersInXml) {
  const std::string bundle =
      R"(<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><resource>)" + std::string(kPatientXml) +
      R"(</resource><request><method value="POST"/><url value="Patient"/></request></entry>)"
      R"(<entry><request><method value="GET"/><url value="Patient/none"/></request></entry></Bundle>)";
  const Response response =
      Post("/fhir", bundle, {{"Content-Type", "application/fhir+xml"}, {"Accept", "application/fhir+xml"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_TRUE(IsXml(response, "Bundle"));
  EXPECT_NE(response.body.find(R"(<status value="201 Created"/>)"), std::string::npos);
  EXPECT_NE(response.body.find("<outcome><OperationOutcome>"), std::string::npos) << response.body;
}

TEST_F(FormatsTest, Binary_AsFhirXmlAndAsNativeXml) {
  const Response document = Post("/fhir/Binary", "<ClinicalDocument/>", {{"Content-Type", "text/xml"}});
  ASSERT_EQ(document.status, 201) << document.body;
  EXPECT_EQ(Json(document).FindText("contentType"), "text/xml");
  const std::string path = "/fhir/Binary/" + std::string(Json(document).FindText("id"));
  EXPECT_EQ(Get(path, {{"Accept", "text/xml"}}).body, "<ClinicalDocument/>");
  EXPECT_TRUE(IsXml(Get(path, {{"Accept", "application/fhir+xml"}}), "Binary"));
  const Response fhir =
      Post("/fhir/Binary", R"(<Binary xmlns="http://hl7.org/fhir"><contentType value="text/plain"/></Binary>)",
           {{"Content-Type", "application/fhir+xml"}});
  ASSERT_EQ(fhir.status, 201) << fhir.body;
  EXPECT_EQ(Json(fhir).FindText("contentType"), "text/plain");
}

TEST_F(FormatsTest, ErrorsMadeElsewhere_TakeTheFormOfTheRequest) {
  const auto handler = gateway::rest::AdaptErrors([](gateway::http::Request&) {
    return gateway::http::ErrorResponse(404, fhir::ErrorCode::kNotFound, "There is nothing at this path.",
                                        gateway::rest::ErrorBody);
  });
  const auto ask = [&](std::string target, Fields fields) {
    auto request = MakeRequest(Method::kGet, std::move(target), "", std::move(fields));
    return handler(request);
  };
  EXPECT_TRUE(IsXml(ask("/nowhere", {{"Accept", "application/fhir+xml"}}), "OperationOutcome"));
  EXPECT_TRUE(IsXml(ask("/nowhere?_format=xml", {}), "OperationOutcome"));
  EXPECT_EQ(Json(ask("/nowhere", {})).FindText("resourceType"), "OperationOutcome");
  EXPECT_EQ(Json(ask("/nowhere", {{"Accept", "image/png"}})).FindText("resourceType"), "OperationOutcome");
}

TEST_F(FormatsTest, Convert_ABundleDeeperAndLargerThanWhatIsTakenIn) {
  std::string deep = R"({"resourceType":"Questionnaire","item":[)";
  std::string close = "]}";
  for (int i = 0; i < 60; ++i) {
    deep += R"({"linkId":"1","item":[)";
    close = "]}" + close;
  }
  const auto xml = gateway::rest::Convert(deep + R"({"linkId":"x"})" + close, {.format = Format::kXml});
  ASSERT_TRUE(xml);
  EXPECT_NE(xml->find(R"(<linkId value="x"/>)"), std::string::npos);
  EXPECT_FALSE(gateway::rest::Convert("no JSON", {.format = Format::kXml}));
  EXPECT_EQ(*gateway::rest::Convert("not looked at", {}), "not looked at");
}

}  // namespace
}  // namespace tests::rest
