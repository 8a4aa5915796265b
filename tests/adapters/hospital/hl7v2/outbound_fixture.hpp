// Changes by others than the hospital, the shipped rules under out/, and the messages they come to.
#pragma once

#include "adapters/hospital/hl7v2/er7/message.hpp"
#include "adapters/hospital/hl7v2/messages/outbound_messages.hpp"
#include "fhir/base/base64.hpp"
#include "tests/adapters/hospital/hl7v2/message_files.hpp"
#include "tests/adapters/reaction_fixture.hpp"

namespace tests::adapters_support {

namespace messages = ::adapters::hospital::hl7v2::messages;
namespace er7 = ::adapters::hospital::hl7v2::er7;

inline constexpr std::string_view kIppSystem = "urn:oid:1.2.250.1.71.4.2.2.990000010";

class OutboundTest : public ReactionTest {
 protected:
  virtual messages::OutboundRoute Route() const = 0;

  void SetUp() override {
    auto maps = messages::OutboundMaps::LoadFolder(std::string(GW_SOURCE_DIR) + "/config/mappings/hl7v2/out");
    ASSERT_TRUE(maps) << maps.error().public_text.text;
    outbound_ = std::make_unique<messages::OutboundMessages>(std::vector<messages::OutboundRoute>{Route()},
                                                             [maps = *maps] { return maps; });
    Register({outbound_.get()});
    AddPatient("p1", kIppSystem);
  }

  static messages::OutboundRoute RouteOf(std::string rules) {
    messages::OutboundRoute route;
    route.destination = "chu-out";
    route.partner = "chu";
    route.rules = std::move(rules);
    route.receiver.facility = "chu";
    route.receiver.patient_system = kIppSystem;
    route.receiver.authority_name = "CHU";
    route.receiver.authority_id = "990000010";
    return route;
  }

  void AddPatient(std::string_view id, std::string_view system) {
    Save(id, fmt::format(R"({{"resourceType":"Patient","id":"{}","identifier":[{{"system":"{}","value":"8000001"}}],)"
                         R"("name":[{{"use":"official","family":"ŒUVRARD","given":["ÉLOÏSE"]}}],"gender":"female",)"
                         R"("birthDate":"1977-07-01"}})",
                         id, system));
  }

  /// The newest message, which must be one that we would accept ourselves.
  std::string Newest() {
    const auto sent = Outbox();
    if (sent.empty()) {
      ADD_FAILURE() << "nothing was sent";
      return {};
    }
    const std::string payload = sent.back().payload;
    const auto back = messages::Translate(payload, hl7v2::TestPartner(), *hl7v2::ShippedMaps());
    EXPECT_TRUE(back.faults.empty()) << (back.faults.empty() ? ""
                                                             : er7::ToPlace(back.faults[0].location) + " " +
                                                                   back.faults[0].text + "\n" + payload);
    return payload;
  }

  static std::string Get(const std::string& payload, std::string_view address) {
    const auto parsed = er7::Message::Parse(payload, "UTF-8");
    return parsed ? std::string(parsed->Get(address)) : "unreadable";
  }

  /// Events of all messages, oldest first: "S12 S13".
  std::string Events() {
    std::string events;
    for (const auto& message : Outbox()) {
      events += (events.empty() ? "" : " ") + std::string(er7::ReadHeader(message.payload).trigger);
    }
    return events;
  }

  const port::Actor platform_ = Party(port::PartyKind::kPlatform, "visio");
  const port::Actor hospital_ = Party(port::PartyKind::kHospital, "chu");
  std::unique_ptr<messages::OutboundMessages> outbound_;
};

}  // namespace tests::adapters_support
