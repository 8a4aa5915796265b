#include "fhir/base/source_position.hpp"

#include <string>

#include <gtest/gtest.h>

namespace fhir {
namespace {

TEST(SourcePosition, EveryByte_OfEveryKindOfLineEnd_IsWhereEditorsShowIt) {
  const std::string text = "ab\nc\r\nd\re\xC3\xA9\xE2\x82\xAC!\n";
  const SourcePosition expected[] = {{1, 1}, {1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}, {3, 1}, {3, 2}, {4, 1},
                                     {4, 2}, {4, 2}, {4, 3}, {4, 3}, {4, 3}, {4, 4}, {4, 5}, {5, 1}};
  ASSERT_EQ(std::size(expected), text.size() + 1);
  const LineIndex index(text);
  for (std::size_t offset = 0; offset <= text.size(); ++offset) {
    EXPECT_EQ(PositionOf(text, offset), expected[offset]) << offset;
    EXPECT_EQ(index.Find(offset), expected[offset]) << offset;
  }
}

TEST(SourcePosition, OffsetPastTheEnd_IsTheEnd) {
  EXPECT_EQ(PositionOf("a\nb", 99), (SourcePosition{2, 2}));
  EXPECT_EQ(LineIndex("a\nb").Find(99), (SourcePosition{2, 2}));
  EXPECT_EQ(PositionOf("", 0), (SourcePosition{1, 1}));
  EXPECT_EQ(LineIndex("").Find(5), (SourcePosition{1, 1}));
}

}  // namespace
}  // namespace fhir
