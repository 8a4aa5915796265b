#include "adapters/mapping/outbound/outbound_map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"

namespace {

using adapters::mapping::outbound::OutboundInput;
using adapters::mapping::outbound::OutboundMap;
using testing::HasSubstr;

constexpr std::string_view kHead = R"yaml(name: x
resource: Patient
message: {type: ADT, version: "2.5"}
patient: "'Patient/' + id"
tables: {gender: {codes: {male: M}, otherwise: U}}
parts: {pid: {segment: PID, fields: {1: {count: true}}}}
)yaml";

std::string Refusal(std::string_view rest) {
  const auto map = OutboundMap::Load(std::string(kHead) + std::string(rest), "x.yaml");
  return map ? "" : map.error().public_text.text;
}

std::string Event(std::string_view event) {
  return "events:\n  - " + std::string(event) + "\nsegments: [pid]\n";
}

std::string Segment(std::string_view segment) {
  return "events: [{event: A31, structure: ADT_A05}]\nsegments:\n  - " + std::string(segment) + "\n";
}

TEST(OutboundRules, RightRules_Load) {
  EXPECT_EQ(Refusal(Event("{event: A31, structure: ADT_A05, when: active}")), "");
  EXPECT_EQ(Refusal(Segment("{segment: PID, fields: {5: {each: name, components: [family, [given.first()]]}}}")), "");
}

TEST(OutboundRules, WrongRules_AreRefusedByFileAndLine) {
  EXPECT_THAT(Refusal(Event("{event: A31, structure: ADT_A05, when: 'family ='}")), HasSubstr("x.yaml:8: 'family ='"));
  EXPECT_THAT(Refusal(Event("{event: A31, structure: ADT_A05, when: 'famly.exists()'}")), HasSubstr("x.yaml:8: "));
  EXPECT_THAT(Refusal(Event("{event: A31}")), HasSubstr("x.yaml:8: 'structure' is missing"));
  EXPECT_THAT(Refusal(Event("{event: A31, structure: x, on: monday}")), HasSubstr("on must be one of"));
  EXPECT_THAT(Refusal(Segment("nobody")), HasSubstr("x.yaml:9: no part is called 'nobody'"));
  EXPECT_THAT(Refusal(Segment("{segment: PI, fields: {1: id}}")), HasSubstr("three characters"));
  EXPECT_THAT(Refusal(Segment("{segment: PID, fields: {x: id}}")), HasSubstr("'x' is no field number"));
  EXPECT_THAT(Refusal(Segment("{segment: PID, fields: {201: id}}")), HasSubstr("'201' is no field number"));
  EXPECT_EQ(Refusal(Segment("{segment: PID, fields: {200: id}}")), "");
  EXPECT_THAT(Refusal(Segment("{segment: PID, fields: {8: {from: gender, table: sex}}}")),
              HasSubstr("no table is called 'sex'"));
  EXPECT_THAT(Refusal(Segment("{segment: PID, fields: {8: {from: gender, value: M}}}")), HasSubstr("one of: from"));
  EXPECT_THAT(Refusal(Segment("{segment: PID, fields: {8: {form: gender}}}")), HasSubstr("unknown key 'form'"));
  EXPECT_THAT(Refusal("events: []\nsegments: [pid]\n"), HasSubstr("x.yaml:7: events must be a list"));
  const auto other =
      OutboundMap::Load("name: x\nresource: Patent\nmessage: {}\npatient: id\nevents: []\nsegments: []\n", "x.yaml");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().public_text.text, HasSubstr("x.yaml:2: 'Patent' is not a FHIR resource type"));
}

TEST(OutboundRules, AnIncludedPartThatIsWrong_IsRefusedByItsOwnFileAndLine) {
  const auto includes = [](const std::string&, const std::string&) -> fhir::Result<adapters::mapping::IncludedFile> {
    return adapters::mapping::IncludedFile{"shared.yaml", "parts:\n  pv1: {segment: PV1, fields: {2: '('}}\n"};
  };
  const auto map =
      OutboundMap::Load(std::string(kHead) + "include: [shared.yaml]\n" + Segment("pv1"), "x.yaml", includes);
  ASSERT_FALSE(map);
  EXPECT_THAT(map.error().public_text.text, HasSubstr("shared.yaml:2: '('"));
}

TEST(OutboundRules, Run_MakesSegmentsOfTheChange) {
  const auto map = OutboundMap::Load(std::string(kHead) +
                                         R"yaml(events:
  - {event: A28, structure: ADT_A05, when: "%before.id.empty()"}
  - {event: A29, structure: ADT_A21, on: delete}
segments:
  - pid
  - segment: NK1
    each: contact
    when: name.exists()
    fields:
      1: {count: true}
      2: {each: name, components: [family, given.first()]}
      3: {from: gender, table: gender}
      4: [{value: a}, {from: birthDate}]
      5: {value: fixed}
      6: {from: "%message.event.code"}
)yaml",
                                     "x.yaml");
  ASSERT_TRUE(map) << map.error().public_text.text;
  fhir::IssueList issues;
  const auto patient = fhir::json::ReadJson(
      R"({"resourceType":"Patient","id":"p","contact":[{"gender":"male"},{"name":{"family":"A","given":["B"]},)"
      R"("gender":"female"},{"name":{"family":"C"}}]})",
      {}, issues);
  ASSERT_TRUE(patient);
  OutboundInput input;
  input.resource = &patient->root();
  input.timestamp = [](std::string_view text) { return std::string(text); };
  const auto event = map->EventOf(input);
  ASSERT_TRUE(event && *event != nullptr);
  EXPECT_EQ((*event)->event, "A28");
  const auto segments = map->Run(input, **event);
  ASSERT_TRUE(segments) << segments.error().public_text.text;
  ASSERT_EQ(segments->size(), 3u);
  const auto& first = (*segments)[1];
  EXPECT_EQ(first.name, "NK1");
  EXPECT_EQ(first.fields.at(1)[0][0][0], "1");
  EXPECT_EQ(first.fields.at(2)[0][1][0], "B");
  EXPECT_EQ(first.fields.at(3)[0][0][0], "U");
  EXPECT_FALSE(first.fields.contains(4)) << "constants say nothing beside what is not there";
  EXPECT_EQ(first.fields.at(5)[0][0][0], "fixed");
  EXPECT_EQ(first.fields.at(6)[0][0][0], "A28");
  EXPECT_EQ((*segments)[2].fields.at(1)[0][0][0], "2");
  EXPECT_FALSE((*segments)[2].fields.contains(3));

  input.before = &patient->root();
  const auto update = map->EventOf(input);
  ASSERT_TRUE(update);
  EXPECT_EQ(*update, nullptr);
  input.deleted = true;
  const auto deleted = map->EventOf(input);
  ASSERT_TRUE(deleted && *deleted != nullptr);
  EXPECT_EQ((*deleted)->event, "A29");
}

}  // namespace
