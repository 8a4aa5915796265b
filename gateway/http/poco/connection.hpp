// One connection: requests in order, one after another, until it is closed.
#pragma once

#include <memory>
#include <string>

#include "gateway/http/poco/body_reader.hpp"
#include "gateway/http/poco/core.hpp"
#include "gateway/http/poco/stream.hpp"
#include "gateway/http/wire/head.hpp"

namespace gateway::http::poco {

struct Peer {
  int descriptor = -1;
  std::string address;
  bool loopback = false;
};

/// thread-compatible; lives on its thread's stack.
class Connection {
 public:
  Connection(Core& core, Peer peer);

  /// Returns when the connection is to be closed. Throws nothing.
  void Run();

 private:
  enum class Next { kRequest, kClose };
  void Serve();
  Next ServeOne();
  /// Waits for a request and its whole head. kClose when there is none, or it was refused.
  Next ReadHead(std::size_t& head_bytes);
  bool FillRequest(const wire::Head& head, Request& request);
  Next Answer(Response response, bool head_only, bool keep_alive);
  /// Answers, then lets the peer read that answer before the connection goes.
  /// `request` when its header was read: what it accepts decides about the form of the answer.
  Next Refuse(const wire::Refusal& refusal, const Request* request = nullptr);
  void Linger();

  Core& core_;
  const Peer peer_;
  std::unique_ptr<Stream> stream_;
  Entry entry_;
  std::string input_;
  std::string output_;
  wire::HeadScanner scanner_;
  wire::Head head_;
  Request request_;
  std::size_t requests_ = 0;
  Deadline request_started_ = {};
  bool evicted_ = false;
};

}  // namespace gateway::http::poco
