// An agenda of one schedule (or more) and appointments on it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/adapters/reaction_fixture.hpp"

namespace tests::adapters_support {

class AgendaTest : public ReactionTest {
 protected:
  static std::string SlotJson(std::string_view id, std::string_view from, std::string_view to,
                              std::string_view schedule) {
    return fmt::format(R"({{"resourceType":"Slot","id":"{}","schedule":{{"reference":"Schedule/{}"}},"status":"free",)"
                       R"("start":"2026-03-02T{}:00+01:00","end":"2026-03-02T{}:00+01:00"}})",
                       id, schedule, from, to);
  }

  static std::string AppointmentJson(std::string_view id, std::string_view status,
                                     const std::vector<std::string>& slots) {
    std::string list;
    for (const std::string& slot : slots) {
      list += fmt::format(R"({}{{"reference":"Slot/{}"}})", list.empty() ? "" : ",", slot);
    }
    return fmt::format(R"({{"resourceType":"Appointment","id":"{}","status":"{}","slot":[{}],)"
                       R"("participant":[{{"actor":{{"display":"ward 3"}},"status":"accepted"}}]}})",
                       id, status, list);
  }

  void AddSchedule(std::string_view id, std::string_view identifier_system) {
    Save(id, fmt::format(R"({{"resourceType":"Schedule","id":"{}","identifier":[{{"system":"{}","value":"1"}}],)"
                         R"("actor":[{{"display":"Dr Test"}}]}})",
                         id, identifier_system));
  }

  void AddSlot(std::string_view id, std::string_view from, std::string_view to, std::string_view schedule = "sch") {
    Save(id, SlotJson(id, from, to, schedule));
  }

  fhir::Result<void> Book(std::string_view id, const std::vector<std::string>& slots,
                          std::string_view status = "booked") {
    return TrySave(id, AppointmentJson(id, status, slots));
  }

  std::string SlotStatus(std::string_view id) { return ValueOf("Slot", id, "status"); }
};

}  // namespace tests::adapters_support
