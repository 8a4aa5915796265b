// A statement under construction: text and the values of its parameters. Values enter only as $n; identifiers come from
// constants of this folder and numbers from generated tables.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/store/search_sql/snapshot.hpp"

namespace gateway::store::search_sql {

/// A number of a transaction, which the server reads as xid8.
enum class Xid : std::uint64_t {};

using SqlValue =
    std::variant<std::int64_t, std::string, std::vector<std::int64_t>, std::vector<std::string>, Xid, std::vector<Xid>>;

/// thread-compatible.
class SqlText {
 public:
  /// `as_of`: the state that the statement asks for; null: the current one. Borrowed.
  explicit SqlText(const Snapshot* as_of = nullptr) : as_of_(as_of) { text_.reserve(1024); }

  SqlText& operator<<(std::string_view constant) {
    text_ += constant;
    return *this;
  }
  /// A number of a generated table (type code, parameter id, alias), never a value of a request.
  SqlText& operator<<(int number) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    text_.append(digits, end);
    return *this;
  }

  SqlText& Bind(std::int64_t value) { return BindAs(value, "::bigint"); }
  SqlText& Bind(std::string value) { return BindAs(std::move(value), "::text"); }
  SqlText& Bind(std::vector<std::int64_t> value) { return BindAs(std::move(value), "::bigint[]"); }
  SqlText& Bind(std::vector<std::string> value) { return BindAs(std::move(value), "::text[]"); }
  /// Decimal text, compared as numeric.
  SqlText& BindDecimal(std::string value) { return BindAs(std::move(value), "::text::numeric"); }

  /// The shortest text that reads back as the same number.
  SqlText& BindDouble(double value) { return BindAs(ShortestText(value), "::text::float8"); }

  const Snapshot* as_of() const { return as_of_; }
  /// The numbers of `as_of`, each one parameter of the statement however often it is used.
  SqlText& AppendXmin() { return BindOnce(xmin_, Xid{as_of_->xmin}); }
  SqlText& AppendXmax() { return BindOnce(xmax_, Xid{as_of_->xmax}); }
  SqlText& AppendInProgress() {
    std::vector<Xid> ids;
    if (in_progress_ == 0) {
      for (const std::uint64_t id : as_of_->in_progress) {
        ids.push_back(Xid{id});
      }
    }
    return BindOnce(in_progress_, std::move(ids));
  }

  /// A table alias that no other part of the statement uses.
  std::string NewAlias() { return "t" + std::to_string(++aliases_); }

  const std::string& text() const { return text_; }
  const std::vector<SqlValue>& values() const { return values_; }
  /// The next two leave nothing behind.
  std::vector<SqlValue> TakeValues() { return std::exchange(values_, {}); }
  std::string TakeText() { return std::exchange(text_, {}); }

 private:
  static std::string ShortestText(double value) {
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
  }
  SqlText& BindAs(SqlValue value, std::string_view cast) {
    values_.push_back(std::move(value));
    *this << "$" << static_cast<int>(values_.size()) << cast;
    return *this;
  }

  SqlText& BindOnce(int& number, SqlValue value) {
    const std::string_view cast = std::holds_alternative<Xid>(value) ? "::xid8" : "::xid8[]";
    if (number == 0) {
      BindAs(std::move(value), cast);
      number = static_cast<int>(values_.size());
      return *this;
    }
    return *this << "$" << number << cast;
  }

  const Snapshot* as_of_;
  std::string text_;
  std::vector<SqlValue> values_;
  int aliases_ = 0;
  int xmin_ = 0;  // numbers of parameters; 0: not bound yet
  int xmax_ = 0;
  int in_progress_ = 0;
};

}  // namespace gateway::store::search_sql
