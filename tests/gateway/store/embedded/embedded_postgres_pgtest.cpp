#include "gateway/store/embedded/embedded_postgres.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "gateway/store/embedded/process.hpp"
#include "gateway/store/pg/connection.hpp"

namespace gateway::store::embedded {
namespace {

namespace fs = std::filesystem;

class EmbeddedPostgresTest : public testing::Test {
 protected:
  EmbeddedPostgresTest() {
    std::string pattern = (fs::temp_directory_path() / "passerelle-embedded-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    fs::permissions(folder_, fs::perms::others_exec, fs::perm_options::add);
  }
  ~EmbeddedPostgresTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  static EmbeddedOptions Options() {
    EmbeddedOptions options;
    options.start_ms_max = 60'000;
    options.cluster = {.connections_max = 20, .shared_buffers_mb = 16};
    return options;
  }
  std::unique_ptr<EmbeddedPostgres> Start(const EmbeddedOptions& options = Options()) const {
    auto started = EmbeddedPostgres::Start(folder_, options);
    EXPECT_TRUE(started) << started.error().internal_text.text;
    return started ? *std::move(started) : nullptr;
  }
  static fhir::Result<void> Run(const EmbeddedPostgres& postgres, const std::string& sql) {
    GW_ASSIGN(const auto connection, pg::Connection::Open({.conninfo = postgres.ConnInfo()}));
    return connection->ExecuteScript("e", sql);
  }
  static bool AwaitAnswer(const EmbeddedPostgres& postgres, const std::string& sql) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (Run(postgres, sql)) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // between attempts, not for a result
    }
    return false;
  }
  /// A gateway of another process that starts the database, writes to it, and is killed.
  bool KillAGateway(bool stops_with_gateway) const {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      EmbeddedOptions options = Options();
      options.stops_with_gateway = stops_with_gateway;
      auto started = EmbeddedPostgres::Start(folder_, options);
      const char ok = started && Run(**started, "CREATE TABLE kept AS SELECT 42 AS answer") ? 'y' : 'n';
      (void)!write(ready[1], &ok, 1);
      for (;;) {
        pause();
      }
    }
    close(ready[1]);
    char ok = 'n';
    (void)!read(ready[0], &ok, 1);
    close(ready[0]);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return ok == 'y';
  }

  fs::path folder_;
};

TEST_F(EmbeddedPostgresTest, Restart_KeepsData) {
  {
    const auto postgres = Start();
    ASSERT_TRUE(postgres);
    ASSERT_TRUE(Run(*postgres, "CREATE TABLE kept AS SELECT 42 AS answer"));
  }
  EXPECT_TRUE(ClusterProcesses(folder_ / "postgres").empty());
  const auto postgres = Start();
  ASSERT_TRUE(postgres);
  EXPECT_TRUE(Run(*postgres, "SELECT answer FROM kept"));
}

TEST_F(EmbeddedPostgresTest, Started_IsDurablePrivateAndNotRoot) {
  const auto postgres = Start();
  ASSERT_TRUE(postgres);
  const auto connection = pg::Connection::Open({.conninfo = postgres->ConnInfo()});
  const auto rows =
      (*connection)
          ->ExecuteAdHoc("e",
                         "SELECT current_setting('fsync') || current_setting('full_page_writes') || "
                         "current_setting('synchronous_commit'), current_setting('listen_addresses'), "
                         "current_setting('server_encoding'), current_setting('unix_socket_directories'), "
                         "current_setting('data_checksums')",
                         {});
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[0].Text(0), "ononon");
  EXPECT_EQ((*rows)[0].Text(1), "");
  EXPECT_EQ((*rows)[0].Text(2), "UTF8");
  EXPECT_EQ((*rows)[0].Text(4), "on");
  struct stat status{};
  ASSERT_EQ(stat((*rows)[0].String(3).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  EXPECT_NE(status.st_uid, 0u);
  EXPECT_LE((*rows)[0].Text(3).size() + 14, 107u);
  // Not in our session: the terminal's interrupt does not reach it.
  EXPECT_NE(getsid(postgres->postmaster_pid()), getsid(0));
}

/// A standby that takes no readers says that it starts up for as long as nobody promotes it: a long recovery.
class LongRecovery : public EmbeddedPostgresTest {
 protected:
  void SetUp() override {
    {
      ASSERT_TRUE(Start());
    }
    const fs::path data = folder_ / "postgres";
    std::ofstream(data / "standby.signal").close();
    std::ofstream(data / "postgresql.auto.conf", std::ios::app) << "hot_standby = off\n";
  }
};

TEST_F(LongRecovery, LongerThanTheLimitOfSilence_IsWaitedFor) {
  EmbeddedOptions options = Options();
  options.start_ms_max = 4'000;
  std::thread promoter([this] {
    std::this_thread::sleep_for(std::chrono::seconds(6));  // past the limit
    std::ofstream(folder_ / "postgres" / "promote").close();
    for (const pid_t process : ClusterProcesses(folder_ / "postgres")) {
      kill(process, SIGUSR1);
    }
  });
  const auto postgres = Start(options);
  promoter.join();
  ASSERT_TRUE(postgres);
  EXPECT_TRUE(Run(*postgres, "CREATE TABLE made AS SELECT 1 AS one"));
}

TEST_F(LongRecovery, AWishToStop_EndsTheStart) {
  EmbeddedOptions options = Options();
  options.stop_wanted = [] { return true; };
  const auto postgres = EmbeddedPostgres::Start(folder_, options);
  ASSERT_FALSE(postgres);
  EXPECT_EQ(postgres.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_NE(postgres.error().internal_text.text.find("told to stop"), std::string::npos);
  EXPECT_TRUE(ClusterProcesses(folder_ / "postgres").empty());
}

TEST_F(EmbeddedPostgresTest, SecondStart_IsRefusedNamingTheProcess) {
  const auto postgres = Start();
  ASSERT_TRUE(postgres);
  const auto second = EmbeddedPostgres::Start(folder_, Options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_NE(second.error().internal_text.text.find("process " + std::to_string(getpid())), std::string::npos);
  EXPECT_TRUE(Run(*postgres, "SELECT 1"));
}

TEST_F(EmbeddedPostgresTest, PostmasterKilled_ComesBackWithData) {
  const auto postgres = Start();
  ASSERT_TRUE(postgres);
  ASSERT_TRUE(Run(*postgres, "CREATE TABLE kept AS SELECT 42 AS answer"));
  kill(postgres->postmaster_pid(), SIGKILL);
  EXPECT_TRUE(AwaitAnswer(*postgres, "DO $$ BEGIN ASSERT (SELECT answer FROM kept) = 42; END $$"));
  EXPECT_GE(postgres->restarts(), 1);
}

TEST_F(EmbeddedPostgresTest, GatewayKilled_DatabaseEndsAndStartsAgain) {
  ASSERT_TRUE(KillAGateway(/*stops_with_gateway=*/true));
  const auto postgres = Start();
  ASSERT_TRUE(postgres);
  EXPECT_TRUE(Run(*postgres, "SELECT answer FROM kept"));
}

TEST_F(EmbeddedPostgresTest, OrphanLeftRunning_IsEndedAndDataKept) {
  ASSERT_TRUE(KillAGateway(/*stops_with_gateway=*/false));
  ASSERT_FALSE(ClusterProcesses(folder_ / "postgres").empty());
  const auto postgres = Start();
  ASSERT_TRUE(postgres);
  EXPECT_TRUE(Run(*postgres, "SELECT answer FROM kept"));
}

TEST_F(EmbeddedPostgresTest, PidFileOfAnotherProgram_IsNoHindrance) {
  {
    ASSERT_TRUE(Start());
  }
  FILE* file = fopen((folder_ / "postgres/postmaster.pid").c_str(), "w");
  ASSERT_NE(file, nullptr);
  fprintf(file, "%d\n", getpid());
  fclose(file);
  EXPECT_TRUE(Start());
}

TEST_F(EmbeddedPostgresTest, FolderOutOfReach_IsRefusedNamingIt) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "only root changes to another account";
  }
  const fs::path closed = folder_ / "closed";
  fs::create_directory(closed);
  fs::permissions(closed, fs::perms::owner_all);
  const auto refused = EmbeddedPostgres::Start(closed / "data", Options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_NE(refused.error().internal_text.text.find("may not enter " + closed.string() + ";"), std::string::npos)
      << refused.error().internal_text.text;
}

TEST_F(EmbeddedPostgresTest, FolderOfAMissingMajorVersion_IsRefused) {
  {
    ASSERT_TRUE(Start());
  }
  FILE* file = fopen((folder_ / "postgres/PG_VERSION").c_str(), "w");
  ASSERT_NE(file, nullptr);
  fputs("99\n", file);
  fclose(file);
  const auto refused = EmbeddedPostgres::Start(folder_, Options());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().internal_text.text.find("PostgreSQL 99"), std::string::npos);
}

}  // namespace
}  // namespace gateway::store::embedded
