#include "gateway/store/search_sql/cursor.hpp"

#include <gtest/gtest.h>

namespace {

using gateway::store::search_sql::CursorKey;
using gateway::store::search_sql::Position;
using gateway::store::search_sql::ReadCursor;
using gateway::store::search_sql::SipHash;
using gateway::store::search_sql::WriteCursor;

constexpr CursorKey kKey{9, 8, 7};

TEST(Cursor, WrittenAndRead_IsTheSamePosition) {
  const Position position{.keys = {std::nullopt, "12:a", ""}, .id = "p1"};
  const std::string text = WriteCursor(position, 42, kKey);
  EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
  const auto read = ReadCursor(text, 42, kKey);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, "p1");
  EXPECT_EQ(read->keys, position.keys);
}

TEST(Cursor, AnyChange_IsRefused) {
  const std::string text = WriteCursor({.keys = {"x"}, .id = "p1"}, 42, kKey);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string forged = text;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(ReadCursor(forged, 42, kKey)) << i;
  }
  EXPECT_FALSE(ReadCursor(text, 43, kKey));
  EXPECT_FALSE(ReadCursor(text, 42, CursorKey{1}));
  EXPECT_FALSE(ReadCursor(text + "AAAA", 42, kKey));
  EXPECT_FALSE(ReadCursor("", 42, kKey));
  EXPECT_FALSE(ReadCursor(std::string(10'000, 'A'), 42, kKey));
}

// Vectors of the reference implementation: key 00..0f, input 00, 01, 02 … of the given length.
TEST(Cursor, SipHash_MeetsThePublishedVectors) {
  CursorKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<std::uint8_t>(i);
  }
  std::string input;
  EXPECT_EQ(SipHash(input, key), 0x726fdb47dd0e0e31u);
  for (char byte = 0; byte < 15; ++byte) {
    input += byte;
  }
  EXPECT_EQ(SipHash(input, key), 0xa129ca6149be45e5u);
}

}  // namespace
