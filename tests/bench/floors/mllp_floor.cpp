// The least that could take ADT messages over MLLP: for each message the rows that a gateway wrote for the same
// message, by hand-written SQL, in the same two commits, then AA.
//   mllp_floor SOURCE TARGET PREFIX   reads what the database SOURCE holds of the messages whose control id begins with
//                                     PREFIX, prints "listening on PORT", writes to TARGET until standard input ends
//   mllp_floor keep TARGET -          takes any message: one INSERT of its raw bytes, one commit, then CA
// Both databases of the first form have the gateway's schema. Commit 1 is one statement: the message's raw bytes and
// its key. Commit 2 is one pipeline, so one round trip: an INSERT and an UPDATE per table that the message changed, and
// the end of the message. Nothing is parsed but the control id, nothing is read, nothing is decided.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct Column {
  const char* name;
  const char* type;
};

struct Table {
  const char* name;
  std::vector<Column> columns;
  std::size_t key_columns;  // the first ones, by which a row is found when it is closed
};

const std::vector<Table>& Tables() {
  static const std::vector<Table> tables = {
      {"resource_version",
       {{"id", "text"},
        {"type", "smallint"},
        {"version", "bigint"},
        {"last_updated", "bigint"},
        {"deleted", "boolean"},
        {"body", "bytea"}},
       3},
      {"idx_string",
       {{"id", "text"}, {"type", "smallint"}, {"parameter", "smallint"}, {"folded", "text"}, {"exact", "text"}},
       5},
      {"idx_token",
       {{"id", "text"},
        {"type", "smallint"},
        {"parameter", "smallint"},
        {"system", "text"},
        {"code", "text"},
        {"identifier_type", "text"}},
       6},
      {"idx_reference",
       {{"id", "text"},
        {"type", "smallint"},
        {"parameter", "smallint"},
        {"target_type", "smallint"},
        {"target", "text"}},
       5},
      {"idx_date",
       {{"id", "text"}, {"type", "smallint"}, {"parameter", "smallint"}, {"low", "bigint"}, {"high", "bigint"}},
       5},
      {"idx_number",
       {{"id", "text"}, {"type", "smallint"}, {"parameter", "smallint"}, {"low", "numeric"}, {"high", "numeric"}},
       5},
      {"idx_quantity",
       {{"id", "text"},
        {"type", "smallint"},
        {"parameter", "smallint"},
        {"low", "numeric"},
        {"high", "numeric"},
        {"system", "text"},
        {"code", "text"}},
       7},
      {"idx_uri", {{"id", "text"}, {"type", "smallint"}, {"parameter", "smallint"}, {"uri", "text"}}, 4},
  };
  return tables;
}

[[noreturn]] void Die(const std::string& message) {
  std::cerr << "mllp_floor: " << message << "\n";
  std::_Exit(1);
}

/// One statement of commit 2 with its arrays as PostgreSQL itself encoded them.
struct Write {
  std::string statement;
  std::vector<std::string> arrays;
};

using Plan = std::unordered_map<std::string, std::vector<Write>>;  // by control id; closings before insertions

PGconn* Connect(const std::string& conninfo) {
  PGconn* connection = PQconnectdb((conninfo + " options='-c plan_cache_mode=force_generic_plan'").c_str());
  if (PQstatus(connection) != CONNECTION_OK) {
    Die(PQerrorMessage(connection));
  }
  return connection;
}

PGresult* Checked(PGconn* connection, PGresult* result) {
  if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
    Die(PQerrorMessage(connection));
  }
  return result;
}

std::string CloseSql(const Table& table) {
  std::string arrays;
  std::string names;
  std::string equal;
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    const Column& column = table.columns[i];
    arrays += fmt::format("{}${}::{}[]", i == 0 ? "" : ", ", i + 1, column.type);
    names += fmt::format("{}{}", i == 0 ? "" : ", ", column.name);
    equal += fmt::format(" AND t.{} = w.{}", column.name, column.name);
  }
  return fmt::format(
      "UPDATE {} t SET closed_tx = pg_current_xact_id() FROM unnest({}) AS w({}) WHERE t.closed_tx IS NULL{}",
      table.name, arrays, names, equal);
}

/// Of rows that stay open, or that the same transaction closes again (a resource that it writes twice).
std::string InsertSql(const Table& table, bool passing) {
  std::string arrays;
  std::string names;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    arrays += fmt::format("{}${}::{}[]", i == 0 ? "" : ", ", i + 1, table.columns[i].type);
    names += fmt::format("{}{}", i == 0 ? "" : ", ", table.columns[i].name);
  }
  return fmt::format("INSERT INTO {} ({}{}) SELECT *{} FROM unnest({})", table.name, names,
                     passing ? ", closed_tx" : "", passing ? ", pg_current_xact_id()" : "", arrays);
}

/// What a message did with a row: closed one that another transaction had made, made one, or both.
struct Deed {
  const char* prefix;  // of the statement's name
  const char* tx;      // the column with the message's transaction
  const char* only;    // which of those rows
  bool by_key;         // the key alone is needed
};

constexpr Deed kCloses{"close", "closed_tx", "r.made_tx <> r.closed_tx", true};
constexpr Deed kPasses{"pass", "made_tx", "r.made_tx = r.closed_tx", false};
constexpr Deed kInserts{"insert", "made_tx", "r.made_tx IS DISTINCT FROM r.closed_tx", false};

/// The rows of one table that each message wrote so. A message's second transaction is the one that ended it, so the
/// transaction number of its row in `message` finds them.
void Load(PGconn* source, const Table& table, const Deed& deed, Plan& plan) {
  const std::size_t columns = deed.by_key ? table.key_columns : table.columns.size();
  std::string arrays;
  for (std::size_t i = 0; i < columns; ++i) {
    arrays += fmt::format(", array_agg(r.{})", table.columns[i].name);
  }
  const std::string sql = fmt::format(
      "SELECT p.control_id{} FROM {} r JOIN floor_plan p ON p.tx = (r.{}::text::bigint & 4294967295)"
      " WHERE {} GROUP BY 1",
      arrays, table.name, deed.tx, deed.only);
  PGresult* rows = Checked(source, PQexecParams(source, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1));
  for (int row = 0; row < PQntuples(rows); ++row) {
    Write write{fmt::format("{}_{}", deed.prefix, table.name), {}};
    for (std::size_t i = 1; i <= columns; ++i) {
      const int column = static_cast<int>(i);
      write.arrays.emplace_back(PQgetvalue(rows, row, column),
                                static_cast<std::size_t>(PQgetlength(rows, row, column)));
    }
    plan[PQgetvalue(rows, row, 0)].push_back(std::move(write));
  }
  PQclear(rows);
}

Plan LoadPlan(const std::string& conninfo, const std::string& prefix) {
  PGconn* source = Connect(conninfo);
  const char* values[] = {prefix.c_str()};
  PQclear(Checked(source, PQexec(source, "CREATE TEMP TABLE floor_plan (control_id text, tx bigint)")));
  PQclear(Checked(source, PQexecParams(source,
                                       "INSERT INTO floor_plan SELECT control_id, xmin::text::bigint FROM message"
                                       " WHERE state = 'committed' AND starts_with(control_id, $1)",
                                       1, nullptr, values, nullptr, nullptr, 0)));
  Plan plan;
  PGresult* messages = Checked(source, PQexec(source, "SELECT control_id FROM floor_plan"));
  for (int row = 0; row < PQntuples(messages); ++row) {
    plan[PQgetvalue(messages, row, 0)];
  }
  PQclear(messages);
  for (const Deed& deed : {kCloses, kPasses, kInserts}) {
    for (const Table& table : Tables()) {
      Load(source, table, deed, plan);
    }
  }
  PQfinish(source);
  return plan;
}

constexpr const char* kReceiveSql =
    "WITH digest AS (SELECT sha256($3::bytea) AS sha256),"
    " key AS (INSERT INTO message_key (bucket, partner, control_id, sha256, message_id, horizon_at)"
    "  SELECT get_byte(sha256, 0), 'chu', $1::text, sha256, nextval('message_number') * 256 + get_byte(sha256, 0),"
    "         now() + interval '30 days' FROM digest RETURNING bucket, message_id, sha256)"
    " INSERT INTO message (bucket, id, partner, channel, control_id, type, sha256, raw_bytes, encoding, raw)"
    " SELECT bucket, message_id, 'chu', 'mllp', $1::text, $2::text, sha256, length($3::bytea), 'plain', $3::bytea FROM "
    "key"
    " RETURNING id";
constexpr const char* kFinishSql =
    "UPDATE message SET state = 'committed', finished_at = now(), ack = $2::bytea, patient_key = sha256($2::bytea)"
    " WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint";

constexpr const char* kKeepTableSql =
    "CREATE TABLE IF NOT EXISTS kept_message (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, raw bytea NOT NULL)";
constexpr const char* kKeepSql = "INSERT INTO kept_message (raw) VALUES ($1::bytea)";

/// What one MLLP connection needs of the database.
class Writer {
 public:
  explicit Writer(const std::string& conninfo) : connection_(Connect(conninfo)) {
    Prepare("receive", kReceiveSql);
    Prepare("finish", kFinishSql);
    Prepare("begin", "BEGIN");
    Prepare("commit", "COMMIT");
    for (const Table& table : Tables()) {
      Prepare(fmt::format("insert_{}", table.name), InsertSql(table, /*passing=*/false));
      Prepare(fmt::format("pass_{}", table.name), InsertSql(table, /*passing=*/true));
      Prepare(fmt::format("close_{}", table.name), CloseSql(table));
    }
  }
  ~Writer() { PQfinish(connection_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  std::string Receive(const std::string& control_id, const std::string& type, std::string_view raw) {
    const char* values[] = {control_id.data(), type.data(), raw.data()};
    const int lengths[] = {static_cast<int>(control_id.size()), static_cast<int>(type.size()),
                           static_cast<int>(raw.size())};
    const int formats[] = {1, 1, 1};
    PGresult* rows = Checked(connection_, PQexecPrepared(connection_, "receive", 3, values, lengths, formats, 1));
    std::string id(PQgetvalue(rows, 0, 0), 8);
    PQclear(rows);
    return id;
  }

  void Commit(const std::string& message_id, const std::vector<Write>& writes, const std::string& answer) {
    PQenterPipelineMode(connection_);
    Send("begin", {});
    for (const Write& write : writes) {
      Send(write.statement.c_str(), write.arrays);
    }
    Send("finish", {message_id, answer});
    Send("commit", {});
    PQpipelineSync(connection_);
    for (std::size_t left = writes.size() + 3; left > 0; --left) {
      PQclear(Checked(connection_, PQgetResult(connection_)));
      PQclear(PQgetResult(connection_));
    }
    PQclear(PQgetResult(connection_));
    PQexitPipelineMode(connection_);
  }

 private:
  void Prepare(const std::string& name, const std::string& sql) {
    PQclear(Checked(connection_, PQprepare(connection_, name.c_str(), sql.c_str(), 0, nullptr)));
  }

  void Send(const char* statement, const std::vector<std::string>& parameters) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::string& parameter : parameters) {
      values.push_back(parameter.data());
      lengths.push_back(static_cast<int>(parameter.size()));
    }
    const std::vector<int> formats(parameters.size(), 1);
    if (PQsendQueryPrepared(connection_, statement, static_cast<int>(parameters.size()), values.data(), lengths.data(),
                            formats.data(), 1) == 0) {
      Die(PQerrorMessage(connection_));
    }
  }

  PGconn* connection_;
};

/// Of a gateway that only keeps: one row a message.
class Keeper {
 public:
  explicit Keeper(const std::string& conninfo) : connection_(Connect(conninfo)) {
    PQclear(Checked(connection_, PQprepare(connection_, "keep", kKeepSql, 0, nullptr)));
  }
  ~Keeper() { PQfinish(connection_); }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void Keep(std::string_view raw) {
    const char* values[] = {raw.data()};
    const int lengths[] = {static_cast<int>(raw.size())};
    const int formats[] = {1};
    PQclear(Checked(connection_, PQexecPrepared(connection_, "keep", 1, values, lengths, formats, 1)));
  }

 private:
  PGconn* connection_;
};

std::string Field(std::string_view message, int number) {
  std::size_t at = 0;
  for (int i = 1; i < number; ++i) {
    at = message.find('|', at) + 1;
  }
  return std::string(message.substr(at, message.find('|', at) - at));
}

std::string Acknowledgement(const char* code, std::string_view control_id) {
  return fmt::format("MSH|^~\\&|PASSERELLE|PASSERELLE|GAM|CHU|20260101000000||ACK|A{0}|P|2.5\rMSA|{1}|{0}\r",
                     control_id, code);
}

/// Reads frames and answers each until the peer goes. `answer`: a message's content → what is said.
template <typename Answerer>
void ServeFrames(int socket, const Answerer& answer) {
  constexpr std::string_view kFrameEnd = "\x1c\r";
  std::string buffer;
  std::vector<char> block(65536);
  for (;;) {
    const std::size_t end = buffer.find(kFrameEnd);
    if (end == std::string::npos) {
      const ssize_t received = recv(socket, block.data(), block.size(), 0);
      if (received <= 0) {
        break;
      }
      buffer.append(block.data(), static_cast<std::size_t>(received));
      continue;
    }
    const std::string frame = fmt::format("\x0b{}{}", answer(std::string_view(buffer).substr(1, end - 1)), kFrameEnd);
    if (send(socket, frame.data(), frame.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(frame.size())) {
      break;
    }
    buffer.erase(0, end + kFrameEnd.size());
  }
  close(socket);
}

void Serve(int socket, const Plan& plan, const std::string& conninfo) {
  Writer writer(conninfo);
  ServeFrames(socket, [&](std::string_view message) {
    const std::string control_id = Field(message, 10);
    const auto planned = plan.find(control_id);
    if (planned == plan.end()) {
      Die(fmt::format("the source has not committed the message {}", control_id));
    }
    std::string answer = Acknowledgement("AA", control_id);
    writer.Commit(writer.Receive(control_id, Field(message, 9), message), planned->second, answer);
    return answer;
  });
}

void ServeKeeping(int socket, const std::string& conninfo) {
  Keeper keeper(conninfo);
  ServeFrames(socket, [&](std::string_view message) {
    keeper.Keep(message);
    return Acknowledgement("CA", Field(message, 10));
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    Die("usage: mllp_floor SOURCE TARGET PREFIX, or mllp_floor keep TARGET -");
  }
  const bool keeps = std::string_view(argv[1]) == "keep";
  const Plan plan = keeps ? Plan() : LoadPlan(argv[1], argv[3]);
  const std::string target = argv[2];
  if (keeps) {
    PGconn* connection = Connect(target);
    PQclear(Checked(connection, PQexec(connection, kKeepTableSql)));
    PQfinish(connection);
  }
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), length) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    Die("cannot listen on loopback");
  }
  std::thread([&] {
    for (;;) {
      const int connection = accept(listener, nullptr, nullptr);
      if (connection >= 0) {
        const int on = 1;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (keeps) {
          std::thread(ServeKeeping, connection, target).detach();
        } else {
          std::thread(Serve, connection, std::cref(plan), target).detach();
        }
      }
    }
  }).detach();
  std::cout << "listening on " << ntohs(address.sin_port) << std::endl;
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  std::_Exit(0);
}
