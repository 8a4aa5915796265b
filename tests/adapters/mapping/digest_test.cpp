#include "adapters/mapping/digest.hpp"

#include <gtest/gtest.h>

namespace {

TEST(DigestUuid, SameText_GivesSameVersion5Uuid) {
  const auto uuid = adapters::mapping::DigestUuid("x");
  EXPECT_EQ(uuid, adapters::mapping::DigestUuid("x"));
  EXPECT_NE(uuid, adapters::mapping::DigestUuid("y"));
  EXPECT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '5');
}

}  // namespace
