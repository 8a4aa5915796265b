// The server over real sockets on loopback: every limit and deadline of it, at the limit and past it.
#include "gateway/http/server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "fhir/base/archive.hpp"
#include "gateway/http/client.hpp"
#include "raw_client.hpp"

namespace gateway::http {
namespace {

using std::chrono::milliseconds;

/// Opens once.
class Gate {
 public:
  void Open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class HttpServer : public testing::Test {
 protected:
  HttpServer() {
    options_.http.address = "127.0.0.1:0";
    options_.metrics = &metrics_;
  }

  /// Serves an echo, "/slow" that waits for the gate, and "/throw".
  void Serve() {
    auto server = Server::Create(options_, [this](Request& request) -> Response {
      ++handled_;
      if (request.path == "/slow") {
        entered_.Open();
        gate_.Wait();
      } else if (request.path == "/throw") {
        throw 1;
      }
      Response response;
      response.headers.Add("Content-Type", "text/plain");
      response.body = request.path + "|" + request.body;
      return response;
    });
    ASSERT_TRUE(server) << server.error().public_text.text;
    server_ = *std::move(server);
    server_->Start();
  }

  std::string ExchangeOnce(std::string_view bytes) {
    RawClient client(server_->port());
    return client.Exchange(bytes);
  }

  std::string Counted(std::string_view line) const {
    return metrics_.Exposition().find(line) == std::string::npos ? metrics_.Exposition() : std::string();
  }

  telemetry::Metrics metrics_;
  ServerOptions options_;
  Gate gate_;
  Gate entered_;
  std::atomic<int> handled_{0};
  std::unique_ptr<Server> server_;
};

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

std::string Post(std::string_view body, std::string_view more = "") {
  return "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more) +
         "\r\n" + std::string(body);
}

TEST_F(HttpServer, KeepAlive_ManyRequests_OneConnection) {
  Serve();
  RawClient client(server_->port());
  for (int i = 0; i < 5; ++i) {
    const std::string response = client.Exchange(kGet);
    EXPECT_EQ(StatusOf(response), 200);
    EXPECT_EQ(BodyOf(response), "/x|");
    EXPECT_NE(response.find("\r\nDate: "), std::string::npos);
    EXPECT_EQ(response.find("\r\nServer:"), std::string::npos);
    EXPECT_EQ(response.find("\r\nConnection:"), std::string::npos);
  }
}

TEST_F(HttpServer, Pipelined_AnsweredInOrder) {
  Serve();
  RawClient client(server_->port());
  client.Send(Post("one") + Post("two") + std::string(kGet) + Post("three"));
  EXPECT_EQ(BodyOf(client.ReadResponse()), "/x|one");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "/x|two");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "/x|");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "/x|three");
}

TEST_F(HttpServer, Head_SameLengthNoBody) {
  Serve();
  RawClient client(server_->port());
  client.Send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string response = client.ReadResponse(true);
  EXPECT_NE(response.find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_EQ(BodyOf(client.Exchange(kGet)), "/x|");
}

TEST_F(HttpServer, Head_HasTheHeaderOfACompressedGet) {
  options_.http.compress_from_bytes = 64;
  Serve();
  RawClient client(server_->port());
  const std::string rest = " /" + std::string(400, 'a') + " HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
  const std::string get = client.Exchange("GET" + rest);
  client.Send("HEAD" + rest);
  const std::string head = client.ReadResponse(true);
  const auto fields = [](const std::string& response) {
    const std::string all = response.substr(0, response.find("\r\n\r\n"));
    return all.substr(0, all.find("Date:")) + all.substr(all.find("\r\n", all.find("Date:")));
  };
  EXPECT_NE(get.find("Content-Encoding: gzip"), std::string::npos);
  EXPECT_EQ(fields(head), fields(get));
}

TEST_F(HttpServer, RefusalOfABody_TakesTheFormTheRequestAsksFor) {
  options_.http.body_bytes_max = 2'000;
  options_.adapt_refusal = [](const Request& request, Response& refusal) {
    refusal.body = "as " + std::string(request.headers.Get("Accept").value_or("it is"));
  };
  Serve();
  EXPECT_EQ(BodyOf(ExchangeOnce(Post(std::string(2'001, 'b'), "Accept: x/y\r\n"))), "as x/y");
  // A header that was refused says nothing about what is accepted.
  EXPECT_EQ(ExchangeOnce("GET /x HTTP/1.1\r\nAccept: x/y\r\n\r\n").find("as "), std::string::npos);
}

TEST_F(HttpServer, Http10AndConnectionClose_EndTheConnection) {
  Serve();
  for (const char* bytes : {"GET /x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"}) {
    RawClient client(server_->port());
    const std::string response = client.Exchange(bytes);
    EXPECT_EQ(StatusOf(response), 200);
    EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(client.ReadsEnd());
  }
}

TEST_F(HttpServer, BodyThatIsNotWanted_IsNotWaitedFor) {
  options_.wants_body = [](const Request& request) { return request.headers.Get("X-Party").has_value(); };
  options_.http.body_budget_bytes = 2 * options_.http.body_bytes_max;
  Serve();
  for (const char* framing : {"Content-Length: 60000000\r\n", "Transfer-Encoding: chunked\r\n",
                              "Content-Length: 999999999999\r\n", "Content-Length: 5\r\nExpect: 100-continue\r\n"}) {
    SCOPED_TRACE(framing);
    RawClient client(server_->port());
    client.Send("POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(framing) + "\r\n");
    const std::string response = client.ReadResponse();
    EXPECT_EQ(StatusOf(response), 200) << "the handler decides, not 100 or 413";
    EXPECT_EQ(BodyOf(response), "/x|");
    EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
  }
  RawClient client(server_->port());
  EXPECT_EQ(BodyOf(client.Exchange(Post("five5", "X-Party: a\r\n"))), "/x|five5");
  EXPECT_EQ(BodyOf(client.Exchange(kGet)), "/x|") << "a request without a body keeps its connection";
}

TEST_F(HttpServer, RequestsPerConnection_AtLimit_Closes) {
  options_.http.requests_per_connection_max = 2;
  Serve();
  RawClient client(server_->port());
  EXPECT_EQ(client.Exchange(kGet).find("Connection: close"), std::string::npos);
  EXPECT_NE(client.Exchange(kGet).find("Connection: close"), std::string::npos);
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(HttpServer, Smuggling_Refused_ConnectionEndsAndSecondRequestIsNeverSeen) {
  Serve();
  for (const char* bytes : {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: "
                            "chunked\r\n\r\n0\r\n\r\nGET /y HTTP/1.1\r\n"
                            "Host: a\r\n\r\n",
                            "GET /x HTTP/1.1\nHost: a\n\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n",
                            "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n"}) {
    RawClient client(server_->port());
    const std::string response = client.Exchange(bytes);
    EXPECT_EQ(StatusOf(response), 400) << bytes;
    EXPECT_NE(response.find("OperationOutcome"), std::string::npos);
    EXPECT_TRUE(client.ReadsEnd());
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServer, HeaderLimits_AtAndPast_AcceptedThenRefused) {
  options_.http.request_line_bytes_max = 100;
  options_.http.header_bytes_max = 200;
  options_.http.query_parameters_max = 2;
  Serve();
  const auto target = [](std::size_t line) {
    return "GET /" + std::string(line - 14, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  EXPECT_EQ(StatusOf(ExchangeOnce(target(100))), 200);
  EXPECT_EQ(StatusOf(ExchangeOnce(target(101))), 414);
  EXPECT_EQ(StatusOf(ExchangeOnce("GET /?a&b HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
  EXPECT_EQ(StatusOf(ExchangeOnce("GET /?a&b&c HTTP/1.1\r\nHost: a\r\n\r\n")), 414);
  const auto header = [](std::size_t bytes) {
    return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(bytes - 14, 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(StatusOf(ExchangeOnce(header(200))), 200);
  EXPECT_EQ(StatusOf(ExchangeOnce(header(201))), 431);
}

TEST_F(HttpServer, MethodAndVersion_NotServed_501And505) {
  Serve();
  EXPECT_EQ(StatusOf(ExchangeOnce("BREW / HTTP/1.1\r\nHost: a\r\n\r\n")), 501);
  EXPECT_EQ(StatusOf(ExchangeOnce("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")), 505);
}

TEST_F(HttpServer, BodyLimit_AtAndPast_AcceptedThenRefused) {
  options_.http.body_bytes_max = 2'000;
  Serve();
  EXPECT_EQ(StatusOf(ExchangeOnce(Post(std::string(2'000, 'b')))), 200);
  EXPECT_EQ(StatusOf(ExchangeOnce(Post(std::string(2'001, 'b')))), 413);
  const std::string head = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(StatusOf(ExchangeOnce(head + "7d0\r\n" + std::string(2'000, 'b') + "\r\n0\r\n\r\n")), 200);
  EXPECT_EQ(StatusOf(ExchangeOnce(head + "7d1\r\n" + std::string(2'001, 'b') + "\r\n0\r\n\r\n")), 413);
}

TEST_F(HttpServer, HundredMegabytes_AnsweredBeforeTheBodyIsRead) {
  Serve();
  RawClient client(server_->port());
  // Not a byte of the body is sent: the answer comes all the same.
  const std::string response = client.Exchange("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n");
  EXPECT_EQ(StatusOf(response), 413);
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServer, HundredMegabytes_SentAnyway_ClientStillReadsTheAnswer) {
  Serve();
  RawClient client(server_->port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n");
  client.Send(std::string(4 * 1024 * 1024, 'x'));
  EXPECT_EQ(StatusOf(client.ReadResponse()), 413);
}

TEST_F(HttpServer, BodyCutShort_HandlerNeverSeesIt) {
  Serve();
  for (const char* bytes : {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
                            "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
                            "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"}) {
    RawClient client(server_->port());
    client.Send(bytes);
    client.EndSending();
    EXPECT_EQ(StatusOf(client.ReadResponse()), 400) << bytes;
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServer, HeaderAByteAtATime_408) {
  options_.http.header_timeout_ms = 150;
  Serve();
  RawClient client(server_->port());
  std::atomic<bool> answered{false};
  std::thread dripping([&] {
    for (int i = 0; i < 2'000 && !answered; ++i) {
      if (!client.Send(i == 0 ? "GET / HTTP/1.1\r\nX: " : "x")) {
        break;
      }
      std::this_thread::sleep_for(milliseconds(5));
    }
  });
  EXPECT_EQ(StatusOf(client.ReadResponse()), 408);
  answered = true;
  dripping.join();
}

TEST_F(HttpServer, BodyStalls_408) {
  options_.http.body_stall_timeout_ms = 100;
  Serve();
  EXPECT_EQ(StatusOf(ExchangeOnce("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")), 408);
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServer, BodyBelowItsRate_408) {
  options_.http.body_stall_timeout_ms = 100;
  options_.http.body_bytes_per_second_min = 1'000'000;
  Serve();
  RawClient client(server_->port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n");
  std::atomic<bool> answered{false};
  std::thread dripping([&] {
    for (int i = 0; i < 2'000 && !answered && client.Send("x"); ++i) {
      std::this_thread::sleep_for(milliseconds(5));
    }
  });
  EXPECT_EQ(StatusOf(client.ReadResponse()), 408);
  answered = true;
  dripping.join();
}

TEST_F(HttpServer, WholeRequestDeadline_408) {
  options_.http.request_timeout_ms = 100;
  Serve();
  EXPECT_EQ(StatusOf(ExchangeOnce("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")), 408);
}

TEST_F(HttpServer, ClientThatDoesNotReadItsAnswer_IsCutAfterTheWriteTimeout) {
  options_.http.write_timeout_ms = 150;
  Serve();
  RawClient client(server_->port());
  std::string large;
  large.resize(32'000'000, 'x');  // more than the sockets' buffers take
  ASSERT_TRUE(client.Send(Post(large)));
  EXPECT_EQ(server_->Stop(milliseconds(60'000)), 0u) << "it was still being sent";
  EXPECT_EQ(client.ReadResponse(), "") << "the answer came whole: this tests nothing";
}

TEST_F(HttpServer, Idle_ClosedWithoutAWord) {
  options_.http.idle_timeout_ms = 50;
  Serve();
  RawClient client(server_->port());
  EXPECT_EQ(StatusOf(client.Exchange(kGet)), 200);
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(HttpServer, ExpectContinue_AskedForOnlyWhenTheBodyIsWanted) {
  Serve();
  RawClient client(server_->port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(StatusOf(client.ReadResponse()), 100);
  client.Send("abc");
  EXPECT_EQ(BodyOf(client.ReadResponse()), "/x|abc");
  EXPECT_EQ(StatusOf(client.Exchange(
                "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\nExpect: 100-continue\r\n\r\n")),
            413);
}

TEST_F(HttpServer, Gzip_BothWays_AndItsLimit) {
  options_.http.body_bytes_max = 100'000;
  Serve();
  const std::string text(100'000, 'z');
  const std::string response =
      ExchangeOnce(Post(*fhir::GzipCompress(text), "Content-Encoding: gzip\r\nAccept-Encoding: br, gzip;q=0.5\r\n"));
  EXPECT_NE(response.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_NE(response.find("Vary: Accept-Encoding\r\n"), std::string::npos);
  EXPECT_EQ(*fhir::Decompress(BodyOf(response), fhir::Compression::kGzip, 1'000'000), "/x|" + text);
  EXPECT_EQ(StatusOf(ExchangeOnce(Post(*fhir::GzipCompress(text + "z"), "Content-Encoding: gzip\r\n"))), 413);
  EXPECT_EQ(StatusOf(ExchangeOnce(Post("not gzip", "Content-Encoding: gzip\r\n"))), 400);
  EXPECT_EQ(StatusOf(ExchangeOnce(Post(fhir::GzipCompress(text)->substr(0, 50), "Content-Encoding: gzip\r\n"))), 400);
  EXPECT_EQ(StatusOf(ExchangeOnce(Post("x", "Content-Encoding: br\r\n"))), 415);
  EXPECT_EQ(ExchangeOnce(Post(text, "Accept-Encoding: gzip;q=0\r\n")).find("Content-Encoding"), std::string::npos);
}

TEST_F(HttpServer, LargeBodies_OneAfterAnother_AndPastTheDeadline503) {
  options_.http.body_budget_bytes = 3'000;
  options_.http.body_budget_from_bytes = 1'024;
  options_.http.body_budget_timeout_ms = 50;
  Serve();
  RawClient holder(server_->port());
  holder.Send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n" + std::string(2'000, 'x'));
  entered_.Wait();
  const std::string refused = ExchangeOnce(Post(std::string(2'000, 'x')));
  EXPECT_EQ(StatusOf(refused), 503);
  EXPECT_NE(refused.find("Retry-After: "), std::string::npos);
  EXPECT_EQ(StatusOf(ExchangeOnce(Post(std::string(1'024, 'x')))), 200) << "small bodies need no share";
  gate_.Open();
  EXPECT_EQ(StatusOf(holder.ReadResponse()), 200);
  EXPECT_EQ(StatusOf(ExchangeOnce(Post(std::string(2'000, 'x')))), 200);
}

TEST_F(HttpServer, TooManyBusyConnections_503ThenServedAgain) {
  options_.http.connections_max = 1;
  options_.http.connections_queue_max = 1;
  options_.http.queue_timeout_ms = 50;
  Serve();
  RawClient busy(server_->port());
  busy.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  entered_.Wait();
  const std::string refused = ExchangeOnce(kGet);
  EXPECT_EQ(StatusOf(refused), 503);
  EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_NE(refused.find("OperationOutcome"), std::string::npos);
  gate_.Open();
  EXPECT_EQ(StatusOf(busy.ReadResponse()), 200);
  EXPECT_EQ(StatusOf(ExchangeOnce(kGet)), 200);
}

TEST_F(HttpServer, ConnectionFlood_EveryOneIsAnsweredOrClosed) {
  options_.http.connections_max = 1;
  options_.http.connections_queue_max = 0;
  Serve();
  RawClient busy(server_->port());
  busy.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  entered_.Wait();
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 60; ++i) {
    crowd.push_back(std::make_unique<RawClient>(server_->port()));
    ASSERT_TRUE(crowd.back()->connected());
  }
  for (const auto& client : crowd) {
    EXPECT_EQ(StatusOf(client->ReadResponse()), 503);
  }
  gate_.Open();
  EXPECT_EQ(StatusOf(busy.ReadResponse()), 200);
}

TEST_F(HttpServer, IdleConnections_MakePlaceForANewOne) {
  options_.http.connections_max = 2;
  options_.http.queue_timeout_ms = 10'000;
  Serve();
  RawClient first(server_->port());
  RawClient second(server_->port());
  ASSERT_EQ(StatusOf(first.Exchange(kGet)), 200);
  ASSERT_EQ(StatusOf(second.Exchange(kGet)), 200);
  EXPECT_EQ(StatusOf(ExchangeOnce(kGet)), 200);
  // Which one had been idle longest is the server's to see: an answer is read before its thread begins to wait.
  const bool first_stays = StatusOf(first.Exchange(kGet)) == 200;
  const bool second_stays = StatusOf(second.Exchange(kGet)) == 200;
  EXPECT_NE(first_stays, second_stays) << "one went";
}

TEST_F(HttpServer, ClientThatLeaves_IsToldToWhomItMatters) {
  Gate seen_waiting;
  Gate seen_gone;
  options_.around = [&](const Handler& next, Request& request, const std::function<bool()>& waits) {
    if (request.path == "/slow") {
      EXPECT_TRUE(waits()) << "more requests on their way are no farewell";
      seen_waiting.Open();
      while (waits()) {
        std::this_thread::yield();
      }
      seen_gone.Open();
    }
    return next(request);
  };
  gate_.Open();
  Serve();
  {
    RawClient client(server_->port());
    client.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    seen_waiting.Wait();
  }
  seen_gone.Wait();
  EXPECT_EQ(BodyOf(ExchangeOnce(kGet)), "/x|") << "the others are handled as without it";
}

TEST_F(HttpServer, HandlerThrows_500AndTheServerGoesOn) {
  Serve();
  EXPECT_EQ(StatusOf(ExchangeOnce("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n")), 500);
  EXPECT_EQ(StatusOf(ExchangeOnce(kGet)), 200);
  EXPECT_EQ(Counted("passerelle_http_refusals_total{status=\"500\"} 1\n"), "");
}

TEST_F(HttpServer, Stop_FinishesTheRequestInFlight_RefusesNewConnections) {
  Serve();
  RawClient idle(server_->port());
  ASSERT_EQ(StatusOf(idle.Exchange(kGet)), 200);
  RawClient busy(server_->port());
  busy.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  entered_.Wait();
  std::size_t cut = 99;
  std::thread stopping([&] { cut = server_->Stop(std::chrono::seconds(30)); });
  EXPECT_TRUE(idle.ReadsEnd());
  // Connections are ended one by one, the listening socket among them: in no order that a client could count on.
  bool refused = false;
  for (int attempt = 0; attempt < 10'000 && !refused; ++attempt) {
    refused = !RawClient(server_->port()).connected();
  }
  EXPECT_TRUE(refused);
  gate_.Open();
  const std::string response = busy.ReadResponse();
  EXPECT_EQ(StatusOf(response), 200);
  EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
  stopping.join();
  EXPECT_EQ(cut, 0u);
}

TEST_F(HttpServer, Stop_PastItsGrace_CutsAndCounts) {
  Serve();
  RawClient busy(server_->port());
  busy.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  entered_.Wait();
  EXPECT_EQ(server_->Stop(milliseconds(10)), 1u);
  gate_.Open();
}

TEST_F(HttpServer, PortInUse_IsSaid) {
  Serve();
  options_.http.address = "127.0.0.1:" + std::to_string(server_->port());
  const auto second = Server::Create(options_, [](Request&) { return Response{}; });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_NE(second.error().public_text.text.find(std::to_string(server_->port())), std::string::npos);
}

TEST_F(HttpServer, ResponseHeaderWithALineBreak_IsLeftOut) {
  auto server = Server::Create(options_, [](Request&) {
    Response response;
    response.headers.Add("X-Bad", "a\r\nSet-Cookie: b");
    response.headers.Add("Content-Length", "99");
    return response;
  });
  server_ = *std::move(server);
  server_->Start();
  const std::string response = ExchangeOnce(kGet);
  EXPECT_EQ(response.find("Set-Cookie"), std::string::npos);
  EXPECT_NE(response.find("Content-Length: 0\r\n"), std::string::npos);
}

TEST_F(HttpServer, OwnClient_KeepsTheConnection_BoundsTheAnswer) {
  Serve();
  const std::string url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/a%20b?x=1";
  Client client(ClientOptions{.response_bytes_max = 10});
  ClientRequest request{Method::kPost, url, {}, "12345"};
  const auto first = client.Send(request);
  ASSERT_TRUE(first) << first.error().public_text.text;
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(first->body, "/a b|12345");
  request.body += "6";
  const auto second = client.Send(request);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, fhir::ErrorCode::kTooLarge);
}

TEST_F(HttpServer, OwnClient_Failures_AreValues) {
  options_.http.idle_timeout_ms = 20;
  Serve();
  const std::string base = "http://127.0.0.1:" + std::to_string(server_->port());
  Client client(ClientOptions{.read_timeout_ms = 100});
  EXPECT_EQ(client.Send({Method::kGet, "ftp://a/", {}, {}}).error().code, fhir::ErrorCode::kMalformed);
  EXPECT_EQ(client.Send({Method::kGet, "http://u:p@a/", {}, {}}).error().code, fhir::ErrorCode::kMalformed);
  const auto slow = client.Send({Method::kGet, base + "/slow", {}, {}});
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code, fhir::ErrorCode::kTimeout);
  EXPECT_EQ(slow.error().retry, fhir::Retry::kLater);
  gate_.Open();
  ASSERT_TRUE(client.Send({Method::kGet, base + "/x", {}, {}}));
  std::this_thread::sleep_for(milliseconds(60));  // until the server has closed the kept connection
  EXPECT_TRUE(client.Send({Method::kGet, base + "/x", {}, {}}));
  server_->Stop(milliseconds(100));
  const auto refused = client.Send({Method::kGet, base + "/x", {}, {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, fhir::ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace gateway::http
