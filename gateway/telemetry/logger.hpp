// Structured log: one JSON object a line. The shape of this interface makes it hard to log a resource: messages, keys
// and components are literals known at compile time, and a field is one of a few kinds of number, id or code.
//
// Redaction: there is no field that takes free text. Ids and codes are cut to 128 characters, and every character
// outside letters, digits and a few separators becomes '?', so that sentences, JSON and segments do not get through
// whole. A single plain word would: callers hand over ids and codes alone, never an element's value.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "fhir/base/error.hpp"

namespace gateway::telemetry {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };

std::string_view Name(Level level);

/// Text known at compile time. A std::string does not convert to it, on purpose.
class Literal {
 public:
  template <std::size_t n>
  consteval Literal(const char (&text)[n]) : text_(text, n - 1) {}  // NOLINT(google-explicit-constructor)
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// The name of a field. Those that every line has by itself do not compile: a JSON object must not say a name twice.
class Key {
 public:
  template <std::size_t n>
  consteval Key(const char (&text)[n]) : text_(text, n - 1) {  // NOLINT(google-explicit-constructor)
    if (text_ == "time" || text_ == "level" || text_ == "component" || text_ == "message") {
      throw "a field of the logger's own";
    }
  }
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// One key with its value; made by the functions below alone. Borrows its text until the line is written.
class Field {
 public:
  using Value = std::variant<std::int64_t, bool, std::string_view>;
  Key key() const { return key_; }
  const Value& value() const { return value_; }
  bool cleaned() const { return cleaned_; }

 private:
  Field(Key key, Value value, bool cleaned) : key_(key), value_(value), cleaned_(cleaned) {}
  friend Field Count(Key key, std::int64_t count);
  friend Field Flag(Key key, bool value);
  friend Field Id(Key key, std::string_view id);
  friend Field Code(Key key, std::string_view code);
  friend Field Detail(const fhir::InternalText& text);
  Key key_;
  Value value_;
  bool cleaned_;
};

/// A number of things.
Field Count(Key key, std::int64_t count);
/// Microseconds; the key should end in _us.
Field Micros(Key key, std::int64_t micros);
/// Bytes; the key should end in bytes.
Field Bytes(Key key, std::int64_t bytes);
Field Flag(Key key, bool value);
/// An identifier this program or a partner's software gave: logical id, request id, message control id, sequence.
Field Id(Key key, std::string_view id);
/// A word of a closed vocabulary: type name, state, route pattern, SQLSTATE, setting name, FHIRPath of an element.
Field Code(Key key, std::string_view code);
Field Code(Key key, fhir::ErrorCode code);
/// The operator's half of an error (key "detail"): free of patient values by the contract of fhir::InternalText.
/// Control characters are escaped and it is cut to 1,000 bytes.
Field Detail(const fhir::InternalText& text);
/// Key "request_id"; left out when empty.
Field RequestId(std::string_view id);

/// thread-safe: a line is written whole, by one write.
class Logger {
 public:
  using Sink = std::function<void(std::string_view line)>;

  /// Lines go to `file` (appended, created 0640), or to standard error when it is empty.
  /// Errors: kConfiguration if the file cannot be opened.
  static fhir::Result<std::unique_ptr<Logger>> Create(Level level, const std::string& file = {});
  /// Lines (with their newline) go to `sink`, one call at a time.
  Logger(Level level, Sink sink);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  bool Enabled(Level level) const;
  void SetLevel(Level level);
  /// Opens the file again, after it was rotated away.
  fhir::Result<void> Reopen();

  /// Writes {"time","level","component","message", fields…}. Cost: one comparison when the level is off.
  void Log(Level level, Literal component, Literal message, std::initializer_list<Field> fields = {});
  void Debug(Literal component, Literal message, std::initializer_list<Field> fields = {});
  void Info(Literal component, Literal message, std::initializer_list<Field> fields = {});
  void Warning(Literal component, Literal message, std::initializer_list<Field> fields = {});
  void Error(Literal component, Literal message, std::initializer_list<Field> fields = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gateway::telemetry
