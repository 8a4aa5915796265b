#include "gateway/store/paging/cursor.hpp"

#include <gtest/gtest.h>

namespace gateway::store::paging {
namespace {
using search_sql::Direction;
using search_sql::kInProgressMax;
using search_sql::ParseSnapshot;

constexpr CipherKey kKey{9, 8, 7};
constexpr CipherKey kOlderKey{1, 2, 3};
constexpr std::int64_t kBegunUs = 1'750'000'000'000'000;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr CursorUse kUse{.fingerprint = "f", .party = "p"};

Cursor Example() {
  return {.snapshot = {.xmin = 1'000'000'000'000,
                       .xmax = 1'000'000'000'900,
                       .in_progress = {1'000'000'000'000, 1'000'000'000'899}},
          .begun_us = kBegunUs,
          .total = 12,
          .position = gateway::store::search_sql::Position{.keys = {std::nullopt, "12:a", ""}, .id = "p1"},
          .direction = Direction::kBefore};
}

fhir::Result<Cursor> Read(std::string_view text, const CursorUse& use = kUse, std::int64_t now_us = kBegunUs,
                          std::vector<CipherKey> keys = {kKey}) {
  KeyRing ring(std::move(keys));
  return ReadCursor(text, use, ring, now_us, kHourMs);
}

TEST(Cursor, WrittenAndRead_IsTheSame) {
  Cursor cursor = Example();
  const KeyRing ring({kKey});
  for (const bool whole : {true, false}) {
    if (!whole) {
      cursor = {
          .snapshot = {.xmin = 5, .xmax = 5, .in_progress = {}}, .begun_us = kBegunUs, .total = {}, .position = {}};
    }
    const auto text = WriteCursor(cursor, kUse, ring);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->find_first_of("+/="), std::string::npos);
    const auto read = Read(*text);
    ASSERT_TRUE(read) << read.error().public_text.text;
    EXPECT_EQ(*read, cursor);
  }
}

TEST(Cursor, AnyChange_IsRefusedAsMalformed) {
  const auto text = WriteCursor(Example(), kUse, KeyRing({kKey}));
  ASSERT_TRUE(text);
  const auto refused = [](const fhir::Result<Cursor>& read) {
    return !read && read.error().code == fhir::ErrorCode::kMalformed;
  };
  for (std::size_t i = 0; i + 1 < text->size(); ++i) {  // the last character may hold bits that mean nothing
    std::string forged = *text;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(refused(Read(forged))) << i;
    EXPECT_TRUE(refused(Read(std::string_view(*text).substr(0, i)))) << i;
  }
  EXPECT_TRUE(refused(Read(*text, {.fingerprint = "g", .party = "p"}))) << "another query";
  EXPECT_TRUE(refused(Read(*text, {.fingerprint = "f", .party = "q"}))) << "another party";
  EXPECT_TRUE(refused(Read(*text, {.fingerprint = "fp", .party = ""}))) << "the border between the two counts";
  EXPECT_TRUE(refused(Read(*text, kUse, kBegunUs, {kOlderKey}))) << "another installation";
  EXPECT_TRUE(refused(Read(*text + "AAAA")));
  EXPECT_TRUE(refused(Read("")));
  EXPECT_TRUE(refused(Read(std::string(20'000, 'A'))));
}

TEST(Cursor, Lifetime_EndsOnePastTheLimit) {
  const auto text = WriteCursor(Example(), kUse, KeyRing({kKey}));
  ASSERT_TRUE(text);
  EXPECT_TRUE(Read(*text, kUse, kBegunUs + kHourMs * 1000));
  const auto late = Read(*text, kUse, kBegunUs + kHourMs * 1000 + 1);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, fhir::ErrorCode::kGone);
  EXPECT_NE(late.error().public_text.text.find("Start again"), std::string::npos);
}

TEST(Cursor, KeyBeforeTheCurrentOne_IsStillAccepted) {
  const auto text = WriteCursor(Example(), kUse, KeyRing({kOlderKey}));
  ASSERT_TRUE(text);
  EXPECT_TRUE(Read(*text, kUse, kBegunUs, {kKey, kOlderKey}));
}

TEST(Cursor, ValuesOfSortKeys_AreNotReadable) {
  Cursor cursor = Example();
  cursor.position->keys = {"zzmarkzz"};
  const auto text = WriteCursor(cursor, kUse, KeyRing({kKey}));
  ASSERT_TRUE(text);
  // "zzmarkzz" in base64, at each of its three offsets.
  for (const char* trace : {"enptYXJrenp", "6em1hcmt6e", "p6bWFya3p6"}) {
    EXPECT_EQ(text->find(trace), std::string::npos);
  }
}

TEST(Cursor, LargestThatIsPossible_FitsARequestLine) {
  Cursor cursor = Example();
  cursor.snapshot.in_progress.clear();
  for (std::size_t i = 0; i < kInProgressMax; ++i) {
    cursor.snapshot.in_progress.push_back(cursor.snapshot.xmin +
                                          100'000 * i);  // none next to another: three bytes each
  }
  cursor.snapshot.xmax = cursor.snapshot.in_progress.back() + 1;
  cursor.position->keys = {std::string(800, 'a'), std::string(800, 'b'), std::string(800, 'c')};
  cursor.position->id = std::string(64, 'i');
  const auto text = WriteCursor(cursor, kUse, KeyRing({kKey}));
  ASSERT_TRUE(text);
  EXPECT_LT(text->size(), 10'000u);
  EXPECT_EQ(*Read(*text), cursor);
}

TEST(KeysOfAFile, EachLine_IsAKey) {
  const std::string one(64, 'a');
  const std::string two(64, '0');
  const auto keys = KeyRing::ParseKeys("# current\n" + one + "\r\n\n" + two + "\n");
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ(keys->front()[0], 0xaa);
  EXPECT_EQ(keys->back()[31], 0);
  for (const std::string& wrong :
       {std::string(), std::string("# none\n"), one + "a", one.substr(1), "g" + one.substr(1)}) {
    const auto refused = KeyRing::ParseKeys(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, fhir::ErrorCode::kConfiguration);
  }
}

TEST(SnapshotText, FormsOfTheServer_AreRead) {
  const auto plain = ParseSnapshot("748:748:");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->xmin, 748u);
  EXPECT_EQ(plain->xmax, 748u);
  EXPECT_TRUE(plain->in_progress.empty());
  const auto busy = ParseSnapshot("748:800:748,760,799");
  ASSERT_TRUE(busy);
  EXPECT_EQ(busy->in_progress, (std::vector<std::uint64_t>{748, 760, 799}));
  for (const char* wrong :
       {"", "1", "1:2", "1:", "2:1:", "1:5:0", "1:5:5", "1:5:3,2", "1:5:3,3", "1:5:3;4", "x:5:", "1:5:3x"}) {
    const auto read = ParseSnapshot(wrong);
    ASSERT_FALSE(read) << wrong;
    EXPECT_EQ(read.error().code, fhir::ErrorCode::kInternal) << wrong;
  }
}

TEST(SnapshotText, TransactionsUnderWay_AreBounded) {
  std::string text = "1:100000:1";
  for (std::size_t i = 2; i <= kInProgressMax; ++i) {
    text += "," + std::to_string(i);
  }
  EXPECT_TRUE(ParseSnapshot(text)) << "at the limit";
  const auto over = ParseSnapshot(text + ",99999");
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_EQ(over.error().retry, fhir::Retry::kLater);
}

}  // namespace
}  // namespace gateway::store::paging
