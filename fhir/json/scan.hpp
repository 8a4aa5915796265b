// The only place that touches RapidJSON: its SAX reader, hardened. Included by this folder's .cpp files alone.
//
// RapidJSON 1.1 leaves four gaps, closed here: it refuses numbers beyond the range of double though it is asked for
// their text alone, accepts an escaped low surrogate on its own, takes a NUL byte for the end of the input, and checks
// UTF-8 slowly.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "fhir/base/error.hpp"
#include "fhir/base/text.hpp"
#include "fhir/json/scan_errors.hpp"

namespace fhir::json {

/// Hands RapidJSON's events on with byte offsets. Sink has
///   bool Null(offset), Boolean(value, offset), Number(text, offset), String(text, offset), Key(text, in_source,
///   offset), StartObject(offset), EndObject(offset), StartArray(offset), EndArray(offset)
/// and stops the scan by false. Texts live until the next event, or as long as the source when in_source is true.
template <typename Sink>
class ScanAdapter {
 public:
  ScanAdapter(std::string_view source, const rapidjson::MemoryStream& stream, Sink& sink)
      : source_(source), stream_(stream), sink_(sink) {}

  const char* problem() const { return problem_; }

  bool Null() { return sink_.Null(stream_.Tell() - 4); }
  bool Bool(bool value) { return sink_.Boolean(value, stream_.Tell() - (value ? 4 : 5)); }
  bool RawNumber(const char*, rapidjson::SizeType length, bool) {
    const std::size_t start = stream_.Tell() - length;
    return sink_.Number(source_.substr(start, length), start);
  }
  bool String(const char* data, rapidjson::SizeType length, bool) {
    std::string_view text(data, length);
    return Locate(text) ? sink_.String(text, Start(length, text.data() != data)) : false;
  }
  bool Key(const char* data, rapidjson::SizeType length, bool) {
    std::string_view text(data, length);
    const bool in_source = Locate(text) && text.data() != data;
    return problem_ == nullptr && sink_.Key(text, in_source, Start(length, in_source));
  }
  bool StartObject() { return sink_.StartObject(stream_.Tell() - 1); }
  bool EndObject(rapidjson::SizeType) { return sink_.EndObject(stream_.Tell() - 1); }
  bool StartArray() { return sink_.StartArray(stream_.Tell() - 1); }
  bool EndArray(rapidjson::SizeType) { return sink_.EndArray(stream_.Tell() - 1); }

  // Numbers come as text; RapidJSON wants these to exist.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  /// Offset of a string's opening quote. With escapes the length says nothing: the quote is the nearest one before the
  /// closing quote that no backslash escapes.
  std::size_t Start(std::size_t length, bool in_source) const {
    const std::size_t end = stream_.Tell();
    if (in_source) {
      return end - length - 2;
    }
    std::size_t at = end - 1;
    while (at > 0) {
      at = source_.rfind('"', at - 1);
      std::size_t backslashes = 0;
      while (backslashes < at && source_[at - 1 - backslashes] == '\\') {
        ++backslashes;
      }
      if (backslashes % 2 == 0) {
        break;
      }
    }
    return at;
  }
  /// Points `text` into the source when its bytes stand there as they are. A string with escapes is checked for what
  /// escapes alone can bring in: NUL and half surrogate pairs.
  bool Locate(std::string_view& text) {
    const std::size_t end = stream_.Tell();
    if (end >= text.size() + 2 && source_[end - 2 - text.size()] == '"' &&
        (text.empty() || std::memcmp(source_.data() + end - 1 - text.size(), text.data(), text.size()) == 0)) {
      text = source_.substr(end - 1 - text.size(), text.size());
      return true;
    }
    if (text.find('\0') != std::string_view::npos) {
      problem_ = "a string contains U+0000";
    } else if (!ValidUtf8(text)) {
      problem_ = "a string contains half of a surrogate pair";
    }
    return problem_ == nullptr;
  }

  std::string_view source_;
  const rapidjson::MemoryStream& stream_;
  Sink& sink_;
  const char* problem_ = nullptr;
};

/// How a scan ended. `stopped`: the sink said false and knows why.
struct ScanEnd {
  bool stopped = false;
  bool number_too_big = false;
  std::optional<Error> error;
};

/// Parses `text` as one JSON value. `stream_text` is the text to parse in its place: equal but for masked numbers.
template <typename Sink>
ScanEnd Scan(std::string_view text, std::string_view stream_text, Sink& sink) {
  rapidjson::MemoryStream stream(stream_text.data(), stream_text.size());
  ScanAdapter<Sink> adapter(text, stream, sink);
  rapidjson::Reader reader;
  // The sink bounds the depth, so recursion is bounded too.
  const rapidjson::ParseResult result = reader.Parse<rapidjson::kParseNumbersAsStringsFlag>(stream, adapter);
  ScanEnd end;
  if (result.Code() == rapidjson::kParseErrorTermination) {
    if (adapter.problem() != nullptr) {
      end.error = MalformedAt(adapter.problem(), result.Offset());
    }
    end.stopped = adapter.problem() == nullptr;
  } else if (result.Code() == rapidjson::kParseErrorNumberTooBig) {
    end.number_too_big = true;
  } else if (result.IsError()) {
    end.error = MalformedAt(SyntaxProblem(static_cast<int>(result.Code())), result.Offset());
  } else if (stream.Tell() != stream_text.size()) {
    end.error = MalformedAt("a NUL byte", stream.Tell());
  }
  return end;
}

}  // namespace fhir::json
