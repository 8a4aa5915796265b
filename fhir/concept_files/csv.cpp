#include "fhir/concept_files/csv.hpp"

#include <utility>

#include <fmt/format.h>

namespace fhir::concept_files {

Result<int> CsvReader::Get() {
  while (piece_.empty()) {
    if (ended_) {
      return -1;
    }
    GW_ASSIGN(piece_, source_.Next());
    ended_ = piece_.empty();
    if (!begun_ && piece_.starts_with("\xEF\xBB\xBF")) {
      piece_.remove_prefix(3);
    }
    begun_ = true;
  }
  const auto byte = static_cast<unsigned char>(piece_.front());
  piece_.remove_prefix(1);
  return byte;
}

void CsvReader::EndField() {
  fields_.push_back(std::move(field_));
  field_.clear();
}

Result<bool> CsvReader::Next() {
  fields_.clear();
  field_.clear();
  At at = At::kFieldStart;
  std::size_t bytes = 0;
  record_line_ = line_;
  while (true) {
    GW_ASSIGN(const int byte, Get());
    if (std::exchange(after_return_, false) && byte == '\n' && at != At::kQuoted) {
      record_line_ = fields_.empty() && field_.empty() ? line_ : record_line_;
      continue;
    }
    if (byte == -1) {
      if (at == At::kQuoted) {
        return Fail(ErrorCode::kInvalid,
                    fmt::format("line {}: a quote in this record is not closed until the file ends", record_line_));
      }
      if (at == At::kFieldStart && fields_.empty()) {
        return false;
      }
      EndField();
      return true;
    }
    if (++bytes > limits_.record_bytes_max) {
      return Fail(ErrorCode::kTooLarge, fmt::format("line {}: a record of more than {} bytes; a quote may be missing",
                                                    record_line_, limits_.record_bytes_max));
    }
    const char c = static_cast<char>(byte);
    if (at == At::kQuoted) {
      if (c == '"') {
        at = At::kAfterQuote;
      } else {
        line_ += c == '\n' ? 1 : 0;
        field_ += c;
      }
      continue;
    }
    if (c == '"') {
      if (at == At::kPlain) {
        return Fail(ErrorCode::kInvalid, fmt::format("line {}: a quote inside of a field without quotes", line_));
      }
      if (at == At::kAfterQuote) {
        field_ += c;
      }
      at = At::kQuoted;
    } else if (c == delimiter_) {
      EndField();
      at = At::kFieldStart;
      if (fields_.size() >= limits_.fields_max) {
        return Fail(ErrorCode::kTooLarge,
                    fmt::format("line {}: more than {} fields", record_line_, limits_.fields_max));
      }
    } else if (c == '\n' || c == '\r') {
      after_return_ = c == '\r';
      ++line_;
      if (at == At::kFieldStart && fields_.empty()) {
        record_line_ = line_;  // an empty line
        bytes = 0;
        continue;
      }
      EndField();
      return true;
    } else {
      if (at == At::kAfterQuote) {
        return Fail(ErrorCode::kInvalid, fmt::format("line {}: text after a closing quote", line_));
      }
      at = At::kPlain;
      field_ += c;
    }
  }
}

}  // namespace fhir::concept_files
