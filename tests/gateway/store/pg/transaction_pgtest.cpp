#include "gateway/store/pg/transaction.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "gateway/store/pg/copy.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::store::pg {
namespace {

using tests::support::Schema;
using tests::support::TestDatabase;

constexpr Statement kInsert{"x_insert", "INSERT INTO item (id, name) VALUES ($1::int, $2::text)"};
constexpr Statement kCount{"x_count", "SELECT count(*) FROM item"};
constexpr Statement kBadTable{"x_bad", "SELECT * FROM missing_table"};
constexpr Statement kTouch{"x_touch", "UPDATE item SET name = name || '+' WHERE id = $1::int"};

class TransactionTest : public testing::Test {
 protected:
  TransactionTest() : database_(Schema::kEmpty), connection_(database_.Connect()) {
    EXPECT_TRUE(
        connection_->ExecuteScript("x", "CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, raw bytea)"));
  }
  std::int64_t Count() { return (*database_.Connect()->Execute(kCount))[0].Int(0); }

  TestDatabase database_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(TransactionTest, Committed_IsSeenByOthers) {
  Transaction transaction(*connection_);
  ASSERT_TRUE(connection_->Execute(kInsert, Parameters().Int(1).Text("a")));
  EXPECT_EQ(Count(), 0);
  ASSERT_TRUE(transaction.Commit());
  EXPECT_EQ(Count(), 1);
  EXPECT_TRUE(connection_->idle());
}

TEST_F(TransactionTest, Destroyed_RollsBack) {
  {
    const Transaction transaction(*connection_);
    ASSERT_TRUE(connection_->Execute(kInsert, Parameters().Int(1).Text("a")));
    EXPECT_FALSE(connection_->idle());
  }
  EXPECT_TRUE(connection_->idle());
  EXPECT_EQ(Count(), 0);
}

TEST_F(TransactionTest, NothingSent_CostsNothing) {
  {
    Transaction transaction(*connection_);
    EXPECT_FALSE(connection_->idle());
    EXPECT_TRUE(transaction.Commit());
  }
  {
    const Transaction transaction(*connection_);
  }
  EXPECT_TRUE(connection_->idle());
}

TEST_F(TransactionTest, CommitAfterFailure_IsAnError) {
  Transaction transaction(*connection_);
  ASSERT_TRUE(connection_->Execute(kInsert, Parameters().Int(1).Text("a")));
  ASSERT_FALSE(connection_->Execute(kInsert, Parameters().Int(1).Text("a")));
  EXPECT_FALSE(transaction.Commit());
  EXPECT_EQ(Count(), 0);
}

TEST_F(TransactionTest, FirstStatementFails_NothingStaysOpen) {
  {
    const Transaction transaction(*connection_);
    EXPECT_FALSE(connection_->Execute(kBadTable));
  }
  EXPECT_TRUE(connection_->idle());
  EXPECT_TRUE(connection_->Execute(kCount));
}

TEST_F(TransactionTest, CommitWith_CommitsThePipelinesStatements) {
  Transaction transaction(*connection_);
  Pipeline pipeline(*connection_);
  for (int i = 0; i < 3; ++i) {
    pipeline.Add(kInsert, Parameters().Int(i).Text("n"));
  }
  const auto all = transaction.CommitWith(pipeline);
  ASSERT_TRUE(all) << all.error().internal_text.text;
  EXPECT_EQ(all->size(), 3u);
  EXPECT_EQ((*all)[2].affected(), 1);
  EXPECT_EQ(Count(), 3);
}

TEST_F(TransactionTest, CommitWith_OneFails_CommitsNothing) {
  {
    Transaction transaction(*connection_);
    Pipeline pipeline(*connection_);
    pipeline.Add(kInsert, Parameters().Int(1).Text("n"));
    pipeline.Add(kInsert, Parameters().Int(1).Text("n"));
    const auto all = transaction.CommitWith(pipeline);
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().code, fhir::ErrorCode::kConflict);
  }
  EXPECT_EQ(Count(), 0);
  EXPECT_TRUE(connection_->idle());
}

TEST_F(TransactionTest, PipelineAlone_IsOneImplicitTransaction) {
  {
    Pipeline pipeline(*connection_);
    pipeline.Add(kInsert, Parameters().Int(1).Text("n"));
    pipeline.Add(kBadTable);
    pipeline.Add(kCount);
    const auto all = pipeline.Run();
    ASSERT_FALSE(all);
    EXPECT_NE(all.error().internal_text.text.find("x_bad"), std::string::npos);
  }
  EXPECT_EQ(Count(), 0);
  // A statement whose Parse was skipped is prepared when it is needed.
  EXPECT_TRUE(connection_->Execute(kCount));
}

TEST_F(TransactionTest, PipelineOfLargeStatements_DoesNotBlock) {
  const std::string name(200'000, 'x');
  constexpr Statement kEchoBack{"x_echo", "SELECT $1::text"};
  Pipeline pipeline(*connection_);
  for (int i = 0; i < 100; ++i) {
    pipeline.Add(kEchoBack, Parameters().Text(name));
  }
  const auto all = pipeline.Run();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 100u);
  EXPECT_EQ((*all)[99][0].Text(0).size(), name.size());
}

TEST_F(TransactionTest, PipelineDropped_LeavesConnectionUsable) {
  {
    Pipeline pipeline(*connection_);
    pipeline.Add(kCount);
  }
  EXPECT_TRUE(connection_->Execute(kCount));
}

TEST_F(TransactionTest, Deadlock_IsConflictToTryAgain) {
  ASSERT_TRUE(connection_->Execute(kInsert, Parameters().Int(1).Text("a")));
  ASSERT_TRUE(connection_->Execute(kInsert, Parameters().Int(2).Text("b")));
  const auto other = database_.Connect();
  Transaction mine(*connection_);
  Transaction theirs(*other);
  ASSERT_TRUE(connection_->Execute(kTouch, Parameters().Int(1)));
  ASSERT_TRUE(other->Execute(kTouch, Parameters().Int(2)));
  fhir::Result<Rows> waited;
  std::thread waiter([&] {
    waited = other->Execute(kTouch, Parameters().Int(1));
    if (!waited) {
      theirs.Rollback();
    }
  });
  const auto direct = connection_->Execute(kTouch, Parameters().Int(2));
  mine.Rollback();
  waiter.join();
  ASSERT_NE(direct.has_value(), waited.has_value());
  const fhir::Error& error = direct ? waited.error() : direct.error();
  EXPECT_EQ(error.code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(error.retry, fhir::Retry::kLater);
}

TEST_F(TransactionTest, SerialisationFailure_IsConflictToTryAgain) {
  ASSERT_TRUE(connection_->Execute(kInsert, Parameters().Int(1).Text("a")));
  Transaction mine(*connection_, Isolation::kRepeatableRead);
  ASSERT_TRUE(connection_->Execute(kCount));
  ASSERT_TRUE(database_.Connect()->Execute(kTouch, Parameters().Int(1)));
  const auto rows = connection_->Execute(kTouch, Parameters().Int(1));
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(rows.error().retry, fhir::Retry::kLater);
}

constexpr Statement kCopy{"x_copy", "COPY item (id, name, raw) FROM STDIN"};

TEST_F(TransactionTest, Copy_WritesRowsAsTheyAre) {
  const std::string name = "tab\tnew\nline\\back\r\"";
  const std::string raw("\0\xff\t\\", 4);
  auto copy = CopyIn::Begin(*connection_, kCopy);
  ASSERT_TRUE(copy);
  for (int i = 0; i < 5000; ++i) {
    copy->Int(i);
    copy->Text(name);
    i == 0 ? copy->Null() : copy->Bytes(raw);
    ASSERT_TRUE(copy->EndRow());
  }
  const auto written = copy->Finish();
  ASSERT_TRUE(written);
  EXPECT_EQ(*written, 5000);
  const auto rows = connection_->ExecuteAdHoc("x", "SELECT name, raw FROM item WHERE id < 2 ORDER BY id", {});
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[1].Text(0), name);
  EXPECT_EQ((*rows)[1].Bytes(1), raw);
  EXPECT_TRUE((*rows)[0].IsNull(1));
}

TEST_F(TransactionTest, CopyDropped_WritesNothing) {
  {
    auto copy = CopyIn::Begin(*connection_, kCopy);
    ASSERT_TRUE(copy);
    copy->Int(1);
    copy->Text("a");
    copy->Null();
    ASSERT_TRUE(copy->EndRow());
  }
  EXPECT_EQ(Count(), 0);
  EXPECT_TRUE(connection_->Execute(kCount));
}

TEST_F(TransactionTest, CopyOfDuplicate_IsConflict) {
  auto copy = CopyIn::Begin(*connection_, kCopy);
  ASSERT_TRUE(copy);
  for (int i = 0; i < 2; ++i) {
    copy->Int(1);
    copy->Text("a");
    copy->Null();
    ASSERT_TRUE(copy->EndRow());
  }
  const auto written = copy->Finish();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, fhir::ErrorCode::kConflict);
  EXPECT_TRUE(connection_->Execute(kCount));
}

}  // namespace
}  // namespace gateway::store::pg
