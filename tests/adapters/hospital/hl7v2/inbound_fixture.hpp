// Messages translated by the shipped rules and applied to the real store.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/hospital/hl7v2/messages/store_faults.hpp"
#include "adapters/hospital/hl7v2/messages/translate.hpp"
#include "tests/adapters/hospital/hl7v2/message_files.hpp"
#include "tests/adapters/reaction_fixture.hpp"

namespace tests::adapters_support {

class InboundTest : public ReactionTest {
 protected:
  void SetUp() override {
    Register({});
    maps_ = tests::hl7v2::ShippedMaps();
    ASSERT_TRUE(maps_);
  }

  fhir::Result<std::vector<port::Outcome>> TrySend(const std::string& raw) {
    namespace messages = ::adapters::hospital::hl7v2::messages;
    auto translated = messages::Translate(raw, tests::hl7v2::TestPartner(), *maps_);
    for (const auto& fault : translated.faults) {
      ADD_FAILURE() << ::adapters::hospital::hl7v2::er7::ToPlace(fault.location) << ": " << fault.text;
    }
    messages::NumberChanges(translated.changes);
    return TryApply(std::move(translated.changes), System());
  }

  std::vector<port::Outcome> Send(const std::string& raw) {
    auto outcomes = TrySend(raw);
    if (!outcomes) {
      ADD_FAILURE() << outcomes.error().public_text.text << " / " << outcomes.error().internal_text.text;
      return {};
    }
    return *std::move(outcomes);
  }

  std::shared_ptr<const ::adapters::hospital::hl7v2::messages::MapSet> maps_;
};

}  // namespace tests::adapters_support
