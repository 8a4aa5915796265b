// The least that could serve a read or a create: a Poco HTTPServer handler with one prepared statement per request.
//   http_floor CONNINFO    creates its table, prints "listening on PORT", serves until standard input ends
//   POST /…                inserts the body, 201 with Location;   GET /…/<id>  sends the body of that id
#include <atomic>
#include <iostream>
#include <memory>
#include <string>

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/StreamCopier.h>
#include <fmt/format.h>
#include <libpq-fe.h>

namespace {

std::string g_conninfo;
std::atomic<std::uint64_t> g_next_id{1};

/// One connection per server thread, as a pool would give.
class Database {
 public:
  Database() : connection_(PQconnectdb(g_conninfo.c_str())) {
    PQclear(PQprepare(connection_, "read", "SELECT body FROM floor_resource WHERE type = 1 AND id = $1", 1, nullptr));
    PQclear(PQprepare(connection_, "create",
                      "INSERT INTO floor_resource (type, id, version, body) VALUES (1, $1, 1, $2)", 2, nullptr));
  }
  ~Database() { PQfinish(connection_); }
  PGconn* get() { return connection_; }

 private:
  PGconn* connection_;
};

PGconn* OwnConnection() {
  thread_local Database database;
  return database.get();
}

class Handler : public Poco::Net::HTTPRequestHandler {
 public:
  void handleRequest(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override {
    if (request.getMethod() == "POST") {
      Create(request, response);
    } else {
      Read(request, response);
    }
  }

 private:
  static void Read(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) {
    const std::string id = request.getURI().substr(request.getURI().rfind('/') + 1);
    const char* values[] = {id.c_str()};
    PGresult* rows = PQexecPrepared(OwnConnection(), "read", 1, values, nullptr, nullptr, 1);
    if (PQntuples(rows) == 1) {
      response.setContentType("application/fhir+json");
      response.sendBuffer(PQgetvalue(rows, 0, 0), static_cast<std::size_t>(PQgetlength(rows, 0, 0)));
    } else {
      response.setStatus(Poco::Net::HTTPResponse::HTTP_NOT_FOUND);
      response.sendBuffer("", 0);
    }
    PQclear(rows);
  }

  static void Create(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) {
    std::string body;
    Poco::StreamCopier::copyToString(request.stream(), body);
    const std::string id = fmt::format("floor-{}", g_next_id.fetch_add(1));
    const char* values[] = {id.c_str(), body.data()};
    const int lengths[] = {static_cast<int>(id.size()), static_cast<int>(body.size())};
    const int formats[] = {0, 1};
    PGresult* done = PQexecPrepared(OwnConnection(), "create", 2, values, lengths, formats, 1);
    const bool good = PQresultStatus(done) == PGRES_COMMAND_OK;
    PQclear(done);
    response.setStatus(good ? Poco::Net::HTTPResponse::HTTP_CREATED
                            : Poco::Net::HTTPResponse::HTTP_INTERNAL_SERVER_ERROR);
    response.set("Location", "/fhir/Observation/" + id);
    response.sendBuffer(body.data(), good ? body.size() : 0);
  }
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
    return new Handler;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: http_floor CONNINFO\n";
    return 2;
  }
  g_conninfo = argv[1];
  PGconn* setup = PQconnectdb(argv[1]);
  PGresult* made = PQexec(setup,
                          "SET client_min_messages = error; DROP TABLE IF EXISTS floor_resource;"
                          "CREATE TABLE floor_resource (type smallint, id text COLLATE \"C\", version bigint,"
                          " body bytea COMPRESSION lz4, PRIMARY KEY (type, id))");
  if (PQresultStatus(made) != PGRES_COMMAND_OK) {
    std::cerr << PQerrorMessage(setup);
    return 1;
  }
  PQclear(made);
  PQfinish(setup);
  Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
  Poco::Net::HTTPServerParams::Ptr parameters = new Poco::Net::HTTPServerParams;
  parameters->setMaxThreads(64);
  parameters->setMaxQueued(64);
  Poco::ThreadPool pool(2, 64);
  Poco::Net::HTTPServer server(new Factory, pool, socket, parameters);
  server.start();
  std::cout << "listening on " << socket.address().port() << std::endl;
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  server.stopAll(true);
  return 0;
}
