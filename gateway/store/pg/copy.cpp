#include "gateway/store/pg/copy.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <iterator>
#include <utility>

namespace gateway::store::pg {
namespace {

constexpr std::size_t kCopyPieceBytes = 64 * 1024;

}  // namespace

fhir::Result<CopyIn> CopyIn::Begin(Connection& connection, const Statement& statement) {
  GW_TRY(connection.EnsureBegun());
  GW_TRY(connection.Check(statement.name, connection.Answer(PQsendQuery(connection.handle_, statement.sql))));
  return CopyIn(connection, statement.name);
}

CopyIn::CopyIn(CopyIn&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      name_(other.name_),
      buffer_(std::move(other.buffer_)),
      row_started_(other.row_started_) {}

CopyIn::~CopyIn() {
  if (connection_ == nullptr || connection_->broken_) {
    return;
  }
  // An error by intent: the rows so far are dropped.
  PQclear(connection_->Answer(PQputCopyEnd(connection_->handle_, "abandoned")));
}

void CopyIn::Separate() {
  if (row_started_) {
    buffer_.push_back('\t');
  }
  row_started_ = true;
}

void CopyIn::Text(std::string_view value) {
  Separate();
  for (const char c : value) {
    switch (c) {
      case '\\':
        buffer_ += "\\\\";
        break;
      case '\n':
        buffer_ += "\\n";
        break;
      case '\r':
        buffer_ += "\\r";
        break;
      case '\t':
        buffer_ += "\\t";
        break;
      default:
        buffer_.push_back(c);
    }
  }
}

void CopyIn::Bytes(std::string_view value) {
  Separate();
  constexpr char kHex[] = "0123456789abcdef";
  buffer_ += "\\\\x";
  for (const char c : value) {
    buffer_.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
    buffer_.push_back(kHex[static_cast<unsigned char>(c) & 15]);
  }
}

void CopyIn::Int(std::int64_t value) {
  Separate();
  fmt::format_to(std::back_inserter(buffer_), "{}", value);
}

void CopyIn::Null() {
  Separate();
  buffer_ += "\\N";
}

fhir::Result<void> CopyIn::EndRow() {
  buffer_.push_back('\n');
  row_started_ = false;
  return buffer_.size() < kCopyPieceBytes ? fhir::Result<void>() : Flush();
}

fhir::Result<void> CopyIn::Flush() {
  if (PQputCopyData(connection_->handle_, buffer_.data(), static_cast<int>(buffer_.size())) != 1) {
    return std::unexpected(connection_->Failure(name_, nullptr));
  }
  buffer_.clear();
  connection_->SendAll();
  return connection_->Lost() ? std::unexpected(connection_->Failure(name_, nullptr)) : fhir::Result<void>();
}

fhir::Result<std::int64_t> CopyIn::Finish() {
  GW_TRY(Flush());
  Connection& connection = *std::exchange(connection_, nullptr);
  auto rows = connection.Check(name_, connection.Answer(PQputCopyEnd(connection.handle_, nullptr)));
  if (!rows) {
    return std::unexpected(std::move(rows).error());
  }
  return rows->affected();
}

}  // namespace gateway::store::pg
