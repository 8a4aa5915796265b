// One stretch of a schedule's time, one appointment: through the real store, with its exclusion in the database.
#include "adapters/platform/booking.hpp"

#include <atomic>
#include <thread>

#include "tests/adapters/platform/agenda_fixture.hpp"

namespace tests::adapters_support {
namespace {

class BookingTest : public AgendaTest {
 protected:
  void SetUp() override {
    Register({&booking_});
    AddSchedule("sch", "urn:oid:1.2.3");
    AddSlot("s1", "09:00", "09:20");
    AddSlot("s2", "09:20", "09:40");
  }

  /// The booking fails, blames the first slot, and leaves no appointment.
  void ExpectRefused(std::string_view id, const std::vector<std::string>& slots, fhir::ErrorCode code,
                     std::string_view expression = "Appointment.slot[0]") {
    const auto booked = Book(id, slots);
    ASSERT_FALSE(booked);
    EXPECT_EQ(booked.error().code, code);
    EXPECT_EQ(booked.error().expression, expression);
    EXPECT_FALSE(Exists("Appointment", id));
  }

  std::string ClaimCount() {
    auto connection = SharedDb().Connect();
    const auto rows = connection->Execute({"count_claims", "SELECT count(*) FROM time_claim"}, {});
    return rows ? std::to_string((*rows)[0].Int(0)) : "failed";
  }

  adapters::platform::Booking booking_;
};

TEST_F(BookingTest, FreeSlot_TurnsBusy_AndIsClaimed) {
  ASSERT_TRUE(Book("a1", {"s1"}));
  EXPECT_EQ(SlotStatus("s1"), "busy");
  EXPECT_EQ(SlotStatus("s2"), "free");
  EXPECT_EQ(ClaimCount(), "1");
}

TEST_F(BookingTest, SecondBookingOfASlot_IsAConflict_AndLeavesNothing) {
  ASSERT_TRUE(Book("a1", {"s1"}));
  ExpectRefused("a2", {"s1"}, fhir::ErrorCode::kConflict);
  EXPECT_EQ(ClaimCount(), "1");
}

TEST_F(BookingTest, SecondOfTwoSlotsTaken_NamesIt_AndTheFirstStaysFree) {
  ASSERT_TRUE(Book("a1", {"s2"}));
  ExpectRefused("a2", {"s1", "s2"}, fhir::ErrorCode::kConflict, "Appointment.slot[1]");
  EXPECT_EQ(SlotStatus("s1"), "free");
  EXPECT_EQ(ClaimCount(), "1");
}

TEST_F(BookingTest, OverlappingSlotOfOneSchedule_IsAConflict_EvenWhileItsStatusIsFree) {
  AddSlot("s1b", "09:10", "09:30");
  ASSERT_TRUE(Book("a1", {"s1"}));
  ExpectRefused("a2", {"s1b"}, fhir::ErrorCode::kConflict);
  EXPECT_EQ(SlotStatus("s1b"), "free");
}

TEST_F(BookingTest, AdjacentSlots_AndSameTimeOfAnotherSchedule_DoNotConflict) {
  AddSchedule("other", "urn:oid:1.2.3");
  AddSlot("o1", "09:00", "09:20", "other");
  EXPECT_TRUE(Book("a1", {"s1"}));
  EXPECT_TRUE(Book("a2", {"s2"}));
  EXPECT_TRUE(Book("a3", {"o1"}));
}

TEST_F(BookingTest, StatusesThatGiveTimeBack_FreeTheSlotForOthers) {
  int n = 0;
  for (const std::string_view status : {"cancelled", "noshow", "entered-in-error"}) {
    const std::string first = fmt::format("first-{}", n);
    const std::string second = fmt::format("second-{}", n++);
    ASSERT_TRUE(Book(first, {"s1"})) << status;
    ASSERT_TRUE(Book(first, {"s1"}, status)) << status;
    EXPECT_EQ(SlotStatus("s1"), "free") << status;
    ASSERT_TRUE(Book(second, {"s1"})) << status;
    ASSERT_TRUE(TryDelete("Appointment", second)) << status;
    EXPECT_EQ(SlotStatus("s1"), "free") << status;
  }
  EXPECT_EQ(ClaimCount(), "0");
}

TEST_F(BookingTest, StatusesThatKeepTime_ChangeNothing) {
  ASSERT_TRUE(Book("a1", {"s1"}));
  for (const std::string_view status : {"arrived", "checked-in", "fulfilled"}) {
    ASSERT_TRUE(Book("a1", {"s1"}, status));
    EXPECT_EQ(SlotStatus("s1"), "busy") << status;
  }
  EXPECT_EQ(ClaimCount(), "1");
}

TEST_F(BookingTest, ProposedAppointment_HoldsNoTime) {
  ASSERT_TRUE(Book("a1", {"s1"}, "proposed"));
  EXPECT_EQ(SlotStatus("s1"), "free");
  EXPECT_TRUE(Book("a2", {"s1"}));
  const auto late = Book("a1", {"s1"});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, fhir::ErrorCode::kConflict);
}

TEST_F(BookingTest, Reschedule_FreesTheOldSlotAndTakesTheNew) {
  ASSERT_TRUE(Book("a1", {"s1"}));
  ASSERT_TRUE(Book("a1", {"s2"}));
  EXPECT_EQ(SlotStatus("s1"), "free");
  EXPECT_EQ(SlotStatus("s2"), "busy");
  EXPECT_TRUE(Book("a2", {"s1"}));
  ExpectRefused("a3", {"s2"}, fhir::ErrorCode::kConflict);
}

TEST_F(BookingTest, RescheduleToAnOverlappingSlot_DoesNotCollideWithItself) {
  AddSlot("s1b", "09:10", "09:30");
  ASSERT_TRUE(Book("a1", {"s1"}));
  ASSERT_TRUE(Book("a1", {"s1b"}));
  EXPECT_EQ(SlotStatus("s1"), "free");
  EXPECT_EQ(SlotStatus("s1b"), "busy");
}

TEST_F(BookingTest, RescheduleToATakenSlot_KeepsTheOldOne) {
  ASSERT_TRUE(Book("a1", {"s1"}));
  ASSERT_TRUE(Book("a2", {"s2"}));
  ASSERT_FALSE(Book("a1", {"s2"}));
  EXPECT_EQ(ValueOf("Appointment", "a1", "slot.reference"), "Slot/s1");
  EXPECT_EQ(SlotStatus("s1"), "busy");
  EXPECT_EQ(ClaimCount(), "2");
}

TEST_F(BookingTest, SlotThatDoesNotExist_IsInvalid) {
  ExpectRefused("a1", {"nowhere"}, fhir::ErrorCode::kInvalid);
}

TEST_F(BookingTest, SlotThatEndsBeforeItBegins_IsInvalid) {
  AddSlot("backwards", "10:00", "09:50");
  ExpectRefused("a1", {"backwards"}, fhir::ErrorCode::kInvalid);
}

TEST_F(BookingTest, CancellingAfterTheSlotWasDeleted_Succeeds) {
  ASSERT_TRUE(Book("a1", {"s1"}));
  ASSERT_TRUE(TryDelete("Slot", "s1"));
  const auto cancelled = Book("a1", {"s1"}, "cancelled");
  EXPECT_TRUE(cancelled) << cancelled.error().public_text.text;
  EXPECT_EQ(ClaimCount(), "0");
  EXPECT_FALSE(Exists("Slot", "s1"));
}

TEST_F(BookingTest, SlotElsewhereOrWithoutReference_IsInvalid) {
  for (const std::string_view slot :
       {R"({"reference":"https://elsewhere.example/fhir/Slot/s1"})", R"({"identifier":{"value":"s1"}})"}) {
    const auto booked =
        TrySave("a1", fmt::format(R"({{"resourceType":"Appointment","id":"a1","status":"booked","slot":[{}],)"
                                  R"("participant":[{{"actor":{{"display":"ward 3"}},"status":"accepted"}}]}})",
                                  slot));
    ASSERT_FALSE(booked) << slot;
    EXPECT_EQ(booked.error().code, fhir::ErrorCode::kInvalid) << slot;
    EXPECT_EQ(booked.error().expression, "Appointment.slot[0]") << slot;
  }
}

class BookedSlotTest : public AgendaTest {
 protected:
  void SetUp() override {
    AgendaTest::SetUp();
    Register({&booking_, &booked_slot_});
    AddSchedule("sch", "https://platform.example/agenda");
    AddSlot("s1", "09:00", "09:20");
    AddSlot("s2", "09:20", "09:40");
    ASSERT_TRUE(Book("a1", {"s1"}));
  }

  std::string Busy(std::string_view from, std::string_view to) const {
    std::string json = SlotJson("s1", from, to, "sch");
    return json.replace(json.find("free"), 4, "busy");
  }

  adapters::platform::Booking booking_;
  adapters::platform::BookedSlot booked_slot_;
};

TEST_F(BookedSlotTest, MovedFreedOrDeleted_IsAConflict) {
  const auto moved = TrySave("s1", Busy("10:00", "10:20"));
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, fhir::ErrorCode::kConflict);
  EXPECT_FALSE(TrySave("s1", SlotJson("s1", "09:00", "09:20", "sch")));
  EXPECT_FALSE(TryDelete("Slot", "s1"));
  EXPECT_EQ(SlotStatus("s1"), "busy");
}

TEST_F(BookedSlotTest, OtherElementsMayChange) {
  std::string json = Busy("09:00", "09:20");
  json.insert(json.size() - 1, R"(,"comment":"room 2")");
  const auto saved = TrySave("s1", json);
  EXPECT_TRUE(saved) << saved.error().public_text.text;
}

TEST_F(BookedSlotTest, AfterItsAppointmentMovedOrEnded_IsFreeToChange) {
  ASSERT_TRUE(Book("a1", {"s2"}));
  EXPECT_EQ(SlotStatus("s1"), "free");
  EXPECT_TRUE(TrySave("s1", SlotJson("s1", "10:00", "10:20", "sch")));
  ASSERT_TRUE(Book("a1", {"s2"}, "cancelled"));
  EXPECT_TRUE(TryDelete("Slot", "s2"));
}

TEST_F(BookingTest, SixtyFourAtOnce_ExactlyOneWins) {
  std::atomic<int> won{0};
  std::atomic<int> conflicts{0};
  std::vector<std::thread> threads;
  threads.reserve(64);
  for (int i = 0; i < 64; ++i) {
    threads.emplace_back([&, i] {
      const auto booked = Book(fmt::format("race-{}", i), {"s1"});
      won += booked ? 1 : 0;
      conflicts += !booked && booked.error().code == fhir::ErrorCode::kConflict ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(conflicts, 63);
  int exist = 0;
  for (int i = 0; i < 64; ++i) {
    exist += Exists("Appointment", fmt::format("race-{}", i)) ? 1 : 0;
  }
  EXPECT_EQ(exist, 1);
  EXPECT_EQ(ClaimCount(), "1");
  EXPECT_EQ(SlotStatus("s1"), "busy");
}

}  // namespace
}  // namespace tests::adapters_support
