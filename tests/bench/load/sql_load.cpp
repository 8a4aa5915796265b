// Load on PostgreSQL: statements with their parameters over kept connections, one at a time on each.
//   sql_load CONNINFO CLIENTS SECONDS FILE
// FILE: a line "Q <SQL>" gives a statement, each line "V <parameters, separated by tabs>" after it one execution of it.
// Statements are prepared once on each connection; parameters are texts; results come in binary form.
//   sql_load CONNINFO count FILE   prints for each V line how many rows it gives
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "tests/bench/load/clients.hpp"

namespace {

struct Execution {
  std::size_t statement = 0;
  std::vector<std::string> values;
};

struct Script {
  std::vector<std::string> statements;
  std::vector<Execution> executions;
};

Script ReadScript(const std::string& path) {
  const std::string content = bench::ReadFile(path);
  Script script;
  for (std::size_t at = 0; at < content.size();) {
    const std::size_t end = std::min(content.find('\n', at), content.size());
    const std::string line = content.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("Q ")) {
      script.statements.push_back(line.substr(2));
    } else if (line.starts_with("V") && !script.statements.empty()) {
      Execution execution{.statement = script.statements.size() - 1, .values = {}};
      for (std::size_t begin = 2; begin <= line.size();) {
        const std::size_t tab = std::min(line.find('\t', begin), line.size());
        execution.values.push_back(line.substr(begin, tab - begin));
        begin = tab + 1;
      }
      script.executions.push_back(std::move(execution));
    }
  }
  if (script.executions.empty()) {
    bench::Die(path + ": nothing to execute");
  }
  return script;
}

/// One connection with all statements prepared.
class Session {
 public:
  Session(const std::string& conninfo, const Script& script)
      : script_(script), connection_(PQconnectdb(conninfo.c_str())) {
    Check(PQexec(connection_, "SET enable_seqscan = off; SET jit = off"));
    for (std::size_t i = 0; i < script.statements.size(); ++i) {
      Check(PQprepare(connection_, fmt::format("q{}", i).c_str(), script.statements[i].c_str(), 0, nullptr));
    }
  }
  ~Session() { PQfinish(connection_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Rows of the execution.
  int Run(std::size_t number) {
    const Execution& execution = script_.executions[number % script_.executions.size()];
    std::vector<const char*> values;
    for (const std::string& value : execution.values) {
      values.push_back(value.c_str());
    }
    PGresult* result = PQexecPrepared(connection_, fmt::format("q{}", execution.statement).c_str(),
                                      static_cast<int>(values.size()), values.data(), nullptr, nullptr, 1);
    const int rows = PQntuples(result);
    Check(result);
    return rows;
  }

 private:
  void Check(PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      bench::Die(PQerrorMessage(connection_));
    }
    PQclear(result);
  }

  const Script& script_;
  PGconn* connection_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[2]) == "count") {
    const Script script = ReadScript(argv[3]);
    Session session(argv[1], script);
    for (std::size_t i = 0; i < script.executions.size(); ++i) {
      fmt::print("{}\n", session.Run(i));
    }
    return 0;
  }
  if (argc != 5) {
    bench::Die("usage: sql_load CONNINFO CLIENTS SECONDS FILE, or sql_load CONNINFO count FILE");
  }
  const Script script = ReadScript(argv[4]);
  const int clients = std::atoi(argv[2]);
  bench::Print(bench::RunClosedLoop(clients, std::atof(argv[3]), 0, [&](int client) -> bench::Exchange {
    auto session = std::make_shared<Session>(argv[1], script);
    const std::size_t offset =
        script.executions.size() * static_cast<std::size_t>(client) / static_cast<std::size_t>(clients);
    return [session, offset](std::uint64_t number) { return session->Run(offset + number) >= 0; };
  }));
}
