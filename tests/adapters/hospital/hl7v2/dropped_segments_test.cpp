// Each fact comes from its segment alone: without a segment (and what belongs to it) a message says less, and nothing
// else. Over all messages of tests/data/hl7v2.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/adapters/hospital/hl7v2/message_files.hpp"

namespace {

namespace hl7 = adapters::hospital::hl7v2;

/// What goes with a segment: the segments of these names right behind it.
const std::map<std::string, std::set<std::string>>& Belongings() {
  static const std::set<std::string> kOfOrders = {"OBR", "OBX", "NTE", "SPM", "PRT", "TQ1", "TQ2",
                                                  "RXO", "RXE", "RXD", "RXA", "RXR", "RXC"};
  static const std::set<std::string> kOfMedicines = {"OBX", "NTE", "RXR", "RXC"};
  static const std::map<std::string, std::set<std::string>> kBelongings = {
      {"IN1", {"IN2", "IN3"}},
      {"ORC", kOfOrders},
      {"OBR", {"OBX", "NTE", "SPM", "PRT", "TQ1"}},
      {"OBX", {"NTE", "PRT"}},
      {"SPM", {"OBX"}},
      {"RXO", kOfMedicines},
      {"RXE", kOfMedicines},
      {"RXD", kOfMedicines},
      {"RXA", kOfMedicines},
      {"RGS", {"AIS", "AIG", "AIL", "AIP", "NTE"}}};
  return kBelongings;
}

/// Facts that stand in for those of a segment that is not there: senders without movements tell places (PV1-3), an
/// appointment without a person takes the time of its place.
bool StandsIn(const std::string& segment, std::string_view fact) {
  return (segment == "ZBE" && fact.starts_with("Encounter.location")) ||
         (segment == "AIP" && (fact.starts_with("Schedule.") || fact.starts_with("Slot.")));
}

void AddFacts(const fhir::model::Node& node, const std::string& path, std::multiset<std::string>& facts) {
  if (node.HasValue() && node.value.find("urn:uuid:") == std::string_view::npos && node.name != "reference") {
    facts.insert(path + " = " + std::string(node.value));
  }
  for (const auto& child : node.children()) {
    if (!(node.parent == nullptr && child.name == "id")) {
      AddFacts(child, path + "." + std::string(child.name), facts);
    }
  }
}

/// "Patient.name.family = DUPONT" for every element with a value; ids and references are names, not facts. Nothing
/// where the message is refused.
std::multiset<std::string> FactsOf(const std::vector<std::string>& segments, const hl7::messages::MapSet& maps,
                                   bool& refused) {
  std::string raw;
  for (const std::string& segment : segments) {
    raw += segment + "\r";
  }
  const auto translated = hl7::messages::Translate(raw, tests::hl7v2::TestPartner(), maps);
  std::multiset<std::string> facts;
  refused = !translated.faults.empty();
  for (const auto& change : translated.changes) {
    if (!refused && change.resource) {
      AddFacts(change.resource->root(), std::string(change.resource->type_name()), facts);
    }
  }
  return facts;
}

std::vector<std::string> SegmentsOf(const std::string& name) {
  std::vector<std::string> segments;
  std::istringstream stream(tests::hl7v2::ReadData(name + ".hl7"));
  for (std::string segment; std::getline(stream, segment, '\r');) {
    segments.push_back(segment);
  }
  return segments;
}

/// Without the segment at `at` and what belongs to it.
std::vector<std::string> Without(std::vector<std::string> segments, std::size_t at) {
  const auto belongings = Belongings().find(segments[at].substr(0, 3));
  std::size_t end = at + 1;
  while (belongings != Belongings().end() && end < segments.size() &&
         belongings->second.contains(segments[end].substr(0, 3))) {
    ++end;
  }
  segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(at),
                 segments.begin() + static_cast<std::ptrdiff_t>(end));
  return segments;
}

TEST(DroppedSegments, TakeTheirFactsAway_AndAddNone) {
  const auto maps = tests::hl7v2::ShippedMaps();
  ASSERT_TRUE(maps);
  std::size_t less = 0;
  for (const std::string& name : tests::hl7v2::MessageNames()) {
    const auto segments = SegmentsOf(name);
    bool refused = false;
    const auto whole = FactsOf(segments, *maps, refused);
    ASSERT_FALSE(refused) << name;
    for (std::size_t at = 1; at < segments.size(); ++at) {
      const std::string segment = segments[at].substr(0, 3);
      const auto rest = FactsOf(Without(segments, at), *maps, refused);
      if (refused) {
        continue;  // a segment that the message needs
      }
      std::vector<std::string> added;
      std::set_difference(rest.begin(), rest.end(), whole.begin(), whole.end(), std::back_inserter(added));
      for (const std::string& fact : added) {
        EXPECT_TRUE(StandsIn(segment, fact)) << name << " without " << segment << " says " << fact;
      }
      less += rest.size() < whole.size() ? 1 : 0;
    }
  }
  EXPECT_GT(less, 100u);
}

}  // namespace
