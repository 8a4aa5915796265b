// Who hears of an appointment, and what is put into the outbox for them.
#include "adapters/platform/notification.hpp"

#include "adapters/platform/booking.hpp"
#include "tests/adapters/platform/agenda_fixture.hpp"

namespace tests::adapters_support {
namespace {

constexpr std::string_view kPlatformSystem = "https://platform.example/schedule";

class NotificationTest : public AgendaTest {
 protected:
  void SetUp() override {
    Register({&booking_, &notification_});
    AddSchedule("sch", kPlatformSystem);
    AddSlot("s1", "09:00", "09:20");
  }

  adapters::platform::Booking booking_;
  adapters::platform::AppointmentNotification notification_{
      {{"platform", std::string(kPlatformSystem)}, {"another", "https://another.example/schedule"}}};
};

TEST_F(NotificationTest, HospitalsBooking_GoesToThePlatformOfTheSchedule) {
  const auto hospital = Party(port::PartyKind::kHospital, "chu");
  Save("a1", AppointmentJson("a1", "booked", {"s1"}), hospital);
  const auto messages = Outbox();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].destination, "platform");
  EXPECT_EQ(messages[0].kind, "rest-hook");
  EXPECT_EQ(messages[0].order_key, "Appointment/a1");
  EXPECT_EQ(messages[0].cause, "Appointment/a1/_history/1");
  const auto stored = store_->Read(System(), Type("Appointment"), "a1");
  ASSERT_TRUE(stored);
  EXPECT_EQ(messages[0].payload, "Appointment/a1\n" + stored->body);
}

TEST_F(NotificationTest, PlatformsOwnChange_IsNotSentBack) {
  const auto platform = Party(port::PartyKind::kPlatform, "platform");
  Save("a1", AppointmentJson("a1", "booked", {"s1"}), platform);
  EXPECT_TRUE(Outbox().empty());
}

TEST_F(NotificationTest, DeletedAppointment_IsToldWithAnEmptyBody) {
  Save("a1", AppointmentJson("a1", "booked", {"s1"}));
  ASSERT_TRUE(TryDelete("Appointment", "a1"));
  const auto messages = Outbox();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[1].payload, "Appointment/a1\n");
  EXPECT_EQ(messages[1].cause, "Appointment/a1/_history/2");
}

TEST_F(NotificationTest, RefusedBooking_TellsNobody) {
  Save("a1", AppointmentJson("a1", "booked", {"s1"}));
  ASSERT_FALSE(Book("a2", {"s1"}));
  EXPECT_EQ(Outbox().size(), 1u);
}

TEST_F(NotificationTest, CancellingAfterTheSlotWasDeleted_Succeeds) {
  Save("a1", AppointmentJson("a1", "booked", {"s1"}));
  ASSERT_TRUE(TryDelete("Slot", "s1"));
  EXPECT_TRUE(Book("a1", {"s1"}, "cancelled"));
}

TEST_F(NotificationTest, RescheduleToAnotherPlatform_TellsBoth) {
  AddSchedule("sch2", "https://another.example/schedule");
  AddSlot("t1", "09:00", "09:20", "sch2");
  Save("a1", AppointmentJson("a1", "booked", {"s1"}));
  Save("a1", AppointmentJson("a1", "booked", {"t1"}));
  const auto messages = Outbox();
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[1].destination, "platform");
  EXPECT_EQ(messages[2].destination, "another");
}

TEST_F(NotificationTest, RouteWithoutASystem_HearsOfEverySchedule) {
  adapters::platform::AppointmentNotification all(
      std::vector<adapters::platform::NotificationRoute>{{"everything", ""}});
  Register({&all});
  AddSchedule("sch", kPlatformSystem);
  AddSlot("s1", "09:00", "09:20");
  Save("a1", AppointmentJson("a1", "booked", {"s1"}));
  const auto messages = Outbox();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].destination, "everything");
}

}  // namespace
}  // namespace tests::adapters_support
