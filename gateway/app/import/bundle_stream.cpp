#include "gateway/app/import/bundle_stream.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "fhir/json/parts.hpp"

namespace gateway::app {
namespace {

using fhir::json::JsonText;
using fhir::json::JsonValueEnd;
using fhir::json::SkipJsonSpace;

constexpr std::size_t kPieceMin = 256u * 1024;

}  // namespace

/// Holds more of the stream, in growing pieces, so that looking for an end again costs no more than reading did.
bool BundleStream::More() {
  held_.erase(0, std::exchange(at_, 0));
  const std::size_t begun = held_.size();
  if (!from_ || begun > bytes_max_) {
    return false;
  }
  const std::size_t piece = std::max(kPieceMin, begun);
  held_.resize(begun + piece);
  from_.read(held_.data() + begun, static_cast<std::streamsize>(piece));
  held_.resize(begun + static_cast<std::size_t>(from_.gcount()));
  return held_.size() > begun;
}

/// The next character that is no white space, 0 at the end.
char BundleStream::Peek() {
  do {
    at_ = SkipJsonSpace(held_, at_);
  } while (at_ == held_.size() && More());
  return at_ < held_.size() ? held_[at_] : '\0';
}

bool BundleStream::Value(std::string& value) {
  Peek();
  std::size_t end = JsonValueEnd(held_, at_);
  while (end == std::string::npos && More()) {
    end = JsonValueEnd(held_, at_);
  }
  if (end == std::string::npos || end - at_ > bytes_max_) {
    problem_ = held_.size() - at_ > bytes_max_ ? fmt::format("an entry has more than {} bytes", bytes_max_)
                                               : "the text ends in the middle";
    return false;
  }
  value.assign(held_, at_, end - at_);
  at_ = end;
  return true;
}

bool BundleStream::Broken() {
  problem_ = problem_.empty() ? "is not JSON" : problem_;
  return false;
}

/// One member, up to the first entry when it is `entry`.
bool BundleStream::Member() {
  std::string name;
  std::string value;
  if (Peek() != '"' || !Value(name) || Peek() != ':') {
    return Broken();
  }
  ++at_;
  if (name == "\"entry\"" && Peek() == '[') {
    ++at_;
    in_entries_ = true;
    return true;
  }
  if (!Value(value)) {
    return Broken();
  }
  if (name == "\"type\"") {
    type_ = JsonText(value);
  }
  if (name == "\"resourceType\"" && value != "\"Bundle\"") {
    problem_ = "is no Bundle";
    return false;
  }
  return true;
}

bool BundleStream::ToEntries() {
  if (Peek() != '{') {
    return Broken();
  }
  do {
    ++at_;  // the bracket, then commas
    if (Peek() == '}') {
      return false;
    }
    if (!Member()) {
      return false;
    }
  } while (!in_entries_ && Peek() == ',');
  return in_entries_ || (Peek() == '}' ? false : Broken());
}

std::optional<std::string> BundleStream::Next() {
  if (!in_entries_ || !problem_.empty()) {
    return std::nullopt;
  }
  if (Peek() == ']') {
    in_entries_ = false;
    ++at_;
    while (problem_.empty() && Peek() == ',') {
      ++at_;
      Member();
    }
    if (problem_.empty() && (in_entries_ || Peek() != '}')) {
      Broken();
    }
    return std::nullopt;
  }
  std::string entry;
  if (Peek() != '{' || !Value(entry)) {
    Broken();
    return std::nullopt;
  }
  if (Peek() == ',') {
    ++at_;
  } else if (Peek() != ']') {
    Broken();
  }
  return entry;
}

}  // namespace gateway::app
