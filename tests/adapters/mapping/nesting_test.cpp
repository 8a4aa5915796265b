// What stands below what, over a flat list of groups.
#include "adapters/mapping/nesting.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "adapters/mapping/address.hpp"

namespace {

using adapters::mapping::Cell;
using adapters::mapping::Nesting;
using adapters::mapping::Occurrence;
using adapters::mapping::PackGroup;

/// Groups without fields, in order.
class NamesAlone final : public adapters::mapping::Source {
 public:
  explicit NamesAlone(std::vector<std::string> names) : names_(std::move(names)) {}

  std::size_t Groups(std::uint32_t group) const override {
    return static_cast<std::size_t>(
        std::count_if(names_.begin(), names_.end(), [&](const std::string& name) { return PackGroup(name) == group; }));
  }
  std::size_t Position(std::uint32_t group, std::uint16_t occurrence) const override {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (PackGroup(names_[i]) == group && occurrence-- == 0) {
        return i;
      }
    }
    return names_.size();
  }
  std::size_t Repetitions(std::uint32_t, std::uint16_t, std::uint16_t) const override { return 0; }
  std::string_view Text(const Cell&, int, int) const override { return {}; }
  bool IsNull(const Cell&) const override { return false; }
  void ForEachCell(const std::function<void(const Cell&)>&) const override {}

 private:
  std::vector<std::string> names_;
};

class NestingOfResults : public testing::Test {
 protected:
  void SetUp() override {
    nesting_.Add(PackGroup("OBR"), {PackGroup("ORC")});
    nesting_.Add(PackGroup("SPM"), {PackGroup("OBR")});
    nesting_.Add(PackGroup("OBX"), {PackGroup("OBR"), PackGroup("SPM")});
    nesting_.Add(PackGroup("NTE"), {PackGroup("OBR"), PackGroup("OBX")});
  }

  bool Reads(std::string_view at, std::uint16_t at_number, std::string_view other, std::uint16_t other_number) const {
    return nesting_.Reads(source_, {PackGroup(at), at_number}, {PackGroup(other), other_number});
  }

  Nesting nesting_;
  const NamesAlone source_{
      {"MSH", "OBX", "PID", "ORC", "OBR", "NTE", "OBX", "NTE", "OBX", "SPM", "OBX", "OBR", "OBX", "SPM"}};
};

TEST_F(NestingOfResults, Result_ReadsTheNearestOrderBeforeIt) {
  EXPECT_TRUE(Reads("OBX", 1, "OBR", 0));
  EXPECT_TRUE(Reads("OBX", 4, "OBR", 1));
  EXPECT_FALSE(Reads("OBX", 1, "OBR", 1));
  EXPECT_FALSE(Reads("OBX", 4, "OBR", 0));
  EXPECT_TRUE(Reads("OBX", 4, "ORC", 0)) << "two steps up";
}

TEST_F(NestingOfResults, ResultBeforeAnyOrder_ReadsNone) {
  EXPECT_FALSE(Reads("OBX", 0, "OBR", 0));
  EXPECT_FALSE(Reads("OBX", 0, "OBR", 1));
}

TEST_F(NestingOfResults, Order_ReadsItsOwnResultsAlone) {
  EXPECT_TRUE(Reads("OBR", 0, "OBX", 1));
  EXPECT_TRUE(Reads("OBR", 0, "OBX", 2));
  EXPECT_FALSE(Reads("OBR", 0, "OBX", 0)) << "before it";
  EXPECT_FALSE(Reads("OBR", 0, "OBX", 4)) << "of the next order";
  EXPECT_FALSE(Reads("OBR", 0, "OBX", 3)) << "about the specimen";
}

TEST_F(NestingOfResults, NoteOfAResult_IsNotOneOfTheOrder) {
  EXPECT_TRUE(Reads("OBR", 0, "NTE", 0));
  EXPECT_FALSE(Reads("OBR", 0, "NTE", 1));
  EXPECT_TRUE(Reads("OBX", 1, "NTE", 1));
  EXPECT_FALSE(Reads("OBX", 1, "NTE", 0));
}

TEST_F(NestingOfResults, Result_ReadsTheSpecimenBesideIt) {
  EXPECT_TRUE(Reads("OBX", 1, "SPM", 0)) << "which comes after it";
  EXPECT_TRUE(Reads("OBX", 3, "SPM", 0)) << "below which it stands";
  EXPECT_FALSE(Reads("OBX", 1, "SPM", 1));
  EXPECT_FALSE(Reads("OBX", 4, "SPM", 0));
}

TEST_F(NestingOfResults, GroupsThatNobodyOwns_AreReadFromEverywhere) {
  EXPECT_TRUE(Reads("OBX", 4, "PID", 0));
  EXPECT_TRUE(Reads("PID", 0, "OBX", 4));
}

TEST(Nesting, CircleOfOwners_Ends) {
  Nesting nesting;
  nesting.Add(PackGroup("OBR"), {PackGroup("OBX")});
  nesting.Add(PackGroup("OBX"), {PackGroup("OBR")});
  const NamesAlone source{{"OBR", "OBX", "OBR", "OBX"}};
  EXPECT_TRUE(nesting.Reads(source, {PackGroup("OBX"), 1}, {PackGroup("OBR"), 1}));
  EXPECT_FALSE(nesting.Reads(source, {PackGroup("OBX"), 0}, {PackGroup("OBR"), 1}));
  EXPECT_FALSE(nesting.CanStandBelow(PackGroup("PID"), PackGroup("OBR")));
}

}  // namespace
