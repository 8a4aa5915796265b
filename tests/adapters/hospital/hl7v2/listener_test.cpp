#include "adapters/hospital/hl7v2/mllp/listener.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>

#include "adapters/hospital/hl7v2/ack/ack.hpp"
#include "adapters/hospital/hl7v2/mllp/client.hpp"
#include "adapters/hospital/hl7v2/mllp/framing.hpp"
#include "adapters/hospital/hl7v2/mllp/sender.hpp"

namespace {

namespace mllp = adapters::hospital::hl7v2::mllp;
namespace ack = adapters::hospital::hl7v2::ack;
namespace er7 = adapters::hospital::hl7v2::er7;

std::string Ping(const std::string& id) {
  return "MSH|^~\\&|A|B|C|D|2025||ADT^A01|" + id + "|P|2.5\r";
}

mllp::Handler Answering(ack::Code code) {
  return [code](std::string frame, const mllp::Session& session) -> std::optional<std::string> {
    return ack::Build(er7::ReadHeader(frame), {.code = session.too_large ? ack::Code::kAR : code});
  };
}

/// A plain socket, to send what no proper client would.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    timeval limit{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~RawPeer() { ::close(socket_); }
  bool connected() const { return connected_; }
  void Send(std::string_view bytes) { (void)!::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void EndSending() { ::shutdown(socket_, SHUT_WR); }
  std::string ReadToEnd() {
    std::string all;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;) {
      all.append(buffer, static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  int socket_;
  bool connected_ = false;
};

mllp::ClientOptions At(std::uint16_t port) {
  return {.port = port, .answer_timeout_ms = 5'000};
}

TEST(MllpListener, ManyMessagesOnOneConnection_AreAnsweredInOrder) {
  auto listener = mllp::Listener::Start({}, Answering(ack::Code::kAA));
  ASSERT_TRUE(listener);
  mllp::Client client(At((*listener)->port()));
  for (int i = 0; i < 50; ++i) {
    const auto answer = client.Exchange(Ping(std::to_string(i)));
    ASSERT_TRUE(answer);
    EXPECT_EQ(ack::Read(*answer)->control_id, std::to_string(i));
  }
  EXPECT_EQ((*listener)->counters().connections, 1u);
  (*listener)->Stop(1'000);
}

TEST(MllpListener, PortInUse_IsAnExpectedFailure) {
  auto first = mllp::Listener::Start({}, Answering(ack::Code::kAA));
  ASSERT_TRUE(first);
  const auto second = mllp::Listener::Start({.port = (*first)->port()}, Answering(ack::Code::kAA));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, fhir::ErrorCode::kUnavailable);
}

TEST(MllpListener, AnswerThatNobodyWants_IsNotSent_AndTheNextFrameComes) {
  auto listener = mllp::Listener::Start({}, [](const std::string& frame, const mllp::Session&) {
    return std::optional<std::string>(frame == "quiet" ? "" : "loud");
  });
  ASSERT_TRUE(listener);
  RawPeer peer((*listener)->port());
  peer.Send(mllp::Frame("quiet") + mllp::Frame("quiet") + mllp::Frame("more"));
  peer.EndSending();
  EXPECT_EQ(peer.ReadToEnd(), mllp::Frame("loud"));
  EXPECT_EQ((*listener)->counters().frames, 3u);
  EXPECT_EQ((*listener)->counters().closed_unanswered, 0u);
}

TEST(MllpListener, NoAnswer_ClosesTheConnection) {
  auto listener = mllp::Listener::Start({}, [](std::string, const mllp::Session&) { return std::nullopt; });
  ASSERT_TRUE(listener);
  mllp::Client client(At((*listener)->port()));
  const auto answer = client.Exchange(Ping("1"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().retry, fhir::Retry::kLater);
}

TEST(MllpListener, HalfOpenFrame_IsClosedAfterTheFrameTimeout) {
  auto listener = mllp::Listener::Start({.frame_timeout_ms = 150}, Answering(ack::Code::kAA));
  ASSERT_TRUE(listener);
  RawPeer peer((*listener)->port());
  ASSERT_TRUE(peer.connected());
  peer.Send("\x0BMSH|^~\\&|half");
  EXPECT_EQ(peer.ReadToEnd(), "");
  EXPECT_EQ((*listener)->counters().frames, 0u);
}

TEST(MllpListener, PeerWhoDoesNotSpeakMllp_IsClosedAfterTheFrameTimeout) {
  auto listener = mllp::Listener::Start({.frame_timeout_ms = 150}, Answering(ack::Code::kAA));
  ASSERT_TRUE(listener);
  RawPeer peer((*listener)->port());
  ASSERT_TRUE(peer.connected());
  peer.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(peer.ReadToEnd(), "");
  EXPECT_EQ((*listener)->counters().closed_junk, 1u);
}

TEST(MllpListener, JunkBeforeAFrame_AtTheLimitIsSkipped_OneByteMoreEndsTheConnection) {
  auto listener = mllp::Listener::Start({}, Answering(ack::Code::kAA));
  ASSERT_TRUE(listener);
  RawPeer good((*listener)->port());
  good.Send(std::string(4096, 'x') + mllp::Frame(Ping("1")));
  good.EndSending();
  EXPECT_NE(good.ReadToEnd().find("MSA|AA|1"), std::string::npos);
  RawPeer bad((*listener)->port());
  bad.Send(std::string(4097, 'x'));
  EXPECT_EQ(bad.ReadToEnd(), "");
  EXPECT_EQ((*listener)->counters().closed_junk, 1u);
}

TEST(MllpListener, LineEndsBetweenFrames_AreNoJunk) {
  auto listener = mllp::Listener::Start({}, Answering(ack::Code::kAA));
  ASSERT_TRUE(listener);
  RawPeer peer((*listener)->port());
  peer.Send(std::string(10'000, '\n') + mllp::Frame(Ping("1")));
  peer.EndSending();
  EXPECT_NE(peer.ReadToEnd().find("MSA|AA|1"), std::string::npos);
}

TEST(MllpListener, FrameOverLimit_IsRejectedAndTheNextIsServed) {
  auto listener = mllp::Listener::Start({.frame_bytes_max = 1'000}, Answering(ack::Code::kAA));
  ASSERT_TRUE(listener);
  mllp::Client client(At((*listener)->port()));
  const auto large = client.Exchange(Ping("1") + "NTE|" + std::string(100'000, 'x'));
  ASSERT_TRUE(large);
  EXPECT_EQ(ack::Read(*large)->code, ack::Code::kAR);
  const auto small = client.Exchange(Ping("2"));
  ASSERT_TRUE(small);
  EXPECT_EQ(ack::Read(*small)->code, ack::Code::kAA);
}

TEST(MllpListener, ConnectionsOverLimit_AreClosedAtOnce) {
  std::promise<std::string> reason;
  auto listener = mllp::Listener::Start(
      {.connections_max = 1, .closed = [&](std::string_view why) { reason.set_value(std::string(why)); }},
      Answering(ack::Code::kAA));
  ASSERT_TRUE(listener);
  mllp::Client first(At((*listener)->port()));
  ASSERT_TRUE(first.Exchange(Ping("1")));
  RawPeer second((*listener)->port());
  EXPECT_EQ(second.ReadToEnd(), "");
  EXPECT_EQ((*listener)->counters().connections_refused, 1u);
  EXPECT_EQ(reason.get_future().get(), "no-place");
  EXPECT_TRUE(first.Exchange(Ping("2")));
}

TEST(MllpListener, Stop_EndsIdleConnections) {
  auto listener = mllp::Listener::Start({}, Answering(ack::Code::kAA));
  ASSERT_TRUE(listener);
  mllp::Client client(At((*listener)->port()));
  ASSERT_TRUE(client.Exchange(Ping("1")));
  (*listener)->Stop(5'000);
  EXPECT_EQ((*listener)->open_connections(), 0u);
  EXPECT_FALSE(client.Exchange(Ping("2")));
}

TEST(MllpListener, Stop_LetsTheMessageInHandBeAnswered_AndTakesNoOther) {
  std::promise<void> entered;
  std::promise<void> released;
  std::atomic<int> handled = 0;
  auto listener = mllp::Listener::Start({}, [&](std::string frame, const mllp::Session& session) {
    if (++handled == 1) {
      entered.set_value();
      released.get_future().wait();
    }
    return Answering(ack::Code::kAA)(std::move(frame), session);
  });
  ASSERT_TRUE(listener);
  RawPeer peer((*listener)->port());
  peer.Send(mllp::Frame(Ping("1")) + mllp::Frame(Ping("2")));
  entered.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] { (*listener)->Stop(60'000); });
  EXPECT_EQ(stopped.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout) << "it waits for the answer";
  released.set_value();
  const std::string answers = peer.ReadToEnd();
  EXPECT_NE(answers.find("MSA|AA|1"), std::string::npos);
  EXPECT_EQ(answers.find("MSA|AA|2"), std::string::npos) << "the sender keeps what was not answered";
  stopped.get();
  EXPECT_EQ(handled, 1);
}

TEST(MllpClient, AnswerToAnotherMessage_IsPassedOver) {
  auto listener = mllp::Listener::Start({}, [](std::string, const mllp::Session&) -> std::optional<std::string> {
    return ack::Build(er7::ReadHeader(Ping("other")), {.code = ack::Code::kAA});
  });
  ASSERT_TRUE(listener);
  auto options = At((*listener)->port());
  options.answer_timeout_ms = 200;
  mllp::Client client(options);
  const auto answer = client.Exchange(Ping("mine"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, fhir::ErrorCode::kTimeout);
}

TEST(MllpSender, Answers_DecideDeliveredOrNever) {
  for (const auto& [code, delivered] :
       {std::pair{ack::Code::kAA, true}, {ack::Code::kCA, true}, {ack::Code::kAE, false}, {ack::Code::kAR, false}}) {
    auto listener = mllp::Listener::Start({}, Answering(code));
    ASSERT_TRUE(listener);
    mllp::Sender sender({{"chu", At((*listener)->port())}});
    const auto sent = sender.Send({.message = {.destination = "chu", .payload = Ping("1")}});
    EXPECT_EQ(sent.has_value(), delivered);
    if (!sent) {
      EXPECT_EQ(sent.error().retry, fhir::Retry::kNever);
      EXPECT_EQ(sent.error().code, fhir::ErrorCode::kPeerRefused);
    }
  }
  mllp::Sender nobody({{"chu", At(1)}});
  EXPECT_EQ(nobody.Send({.message = {.destination = "chu", .payload = Ping("1")}}).error().retry, fhir::Retry::kLater);
  EXPECT_EQ(nobody.Send({.message = {.destination = "x"}}).error().code, fhir::ErrorCode::kConfiguration);
}

}  // namespace
