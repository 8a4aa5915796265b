// Delivers outbox entries of kind "mllp": the payload is the whole ER7 message, the same bytes at every attempt.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "adapters/hospital/hl7v2/mllp/client.hpp"
#include "adapters/port/journal.hpp"

namespace adapters::hospital::hl7v2::mllp {

/// thread-safe; messages to one destination go one after another over one connection.
class Sender final : public port::Sender {
 public:
  /// `destinations`: name in the configuration → where it is.
  explicit Sender(std::map<std::string, ClientOptions> destinations);
  ~Sender() override;

  std::string_view kind() const override { return "mllp"; }
  /// AA and CA deliver; AE, AR, CE and CR are refusals for good (kPeerRefused, naming code and place); no connection
  /// and no answer are kLater; an unknown destination is kConfiguration, kNever.
  fhir::Result<std::string> Send(const port::OutboxEntry& entry) override;

 private:
  struct Line {
    explicit Line(ClientOptions options) : client(std::move(options)) {}
    std::mutex mutex;
    Client client;
  };
  std::map<std::string, std::unique_ptr<Line>> lines_;
};

}  // namespace adapters::hospital::hl7v2::mllp
