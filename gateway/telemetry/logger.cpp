#include "gateway/telemetry/logger.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <utility>

namespace gateway::telemetry {
namespace {

constexpr std::size_t kFieldBytesMax = 128;
constexpr std::size_t kDetailBytesMax = 1'000;

/// Characters that ids and codes may hold; the rest becomes '?'.
bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_.:/{}$[]*,|^+#").find(c) != std::string_view::npos;
}

void AppendCleaned(std::string& line, std::string_view text) {
  for (char c : text.substr(0, kFieldBytesMax)) {
    line += IsPlain(c) ? c : '?';
  }
}

/// A JSON string's inside: control characters and all that is not ASCII are escaped or replaced.
void AppendEscaped(std::string& line, std::string_view text) {
  for (char c : text.substr(0, kDetailBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      fmt::format_to(std::back_inserter(line), "\\u{:04x}", byte);
    } else if (byte >= 0x80) {
      line += '?';
    } else {
      line += c;
    }
  }
}

void AppendTime(std::string& line) {
  timespec at{};
  clock_gettime(CLOCK_REALTIME, &at);
  tm utc{};
  gmtime_r(&at.tv_sec, &utc);
  fmt::format_to(std::back_inserter(line), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900,
                 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, at.tv_nsec / 1000);
}

void WriteAll(int fd, std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(fd, line.data(), line.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return;  // A log that cannot be written must not stop the work it describes.
    }
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

int OpenLog(const std::string& file) {
  return ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

}  // namespace

std::string_view Name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

Field Count(Literal key, std::int64_t count) {
  return {key, count, false};
}
Field Micros(Literal key, std::int64_t micros) {
  return Count(key, micros);
}
Field Bytes(Literal key, std::int64_t bytes) {
  return Count(key, bytes);
}
Field Flag(Literal key, bool value) {
  return {key, value, false};
}
Field Id(Literal key, std::string_view id) {
  return {key, id, true};
}
Field Code(Literal key, std::string_view code) {
  return {key, code, true};
}
Field Code(Literal key, fhir::ErrorCode code) {
  return Code(key, fhir::Name(code));
}
Field Detail(const fhir::InternalText& text) {
  return {"detail", std::string_view(text.text), false};
}
Field RequestId(std::string_view id) {
  return Id("request_id", id);
}

struct Logger::State {
  std::atomic<Level> level{Level::kInfo};
  std::string file;
  Sink sink;
  int fd = -1;
  std::mutex mutex;  // guards fd, and calls of sink

  void Write(std::string_view line) {
    const std::scoped_lock lock(mutex);
    if (sink) {
      sink(line);
    } else {
      WriteAll(fd, line);
    }
  }
};

fhir::Result<std::unique_ptr<Logger>> Logger::Create(Level level, const std::string& file) {
  auto logger = std::make_unique<Logger>(level, Sink{});
  logger->state_->file = file;
  logger->state_->fd = STDERR_FILENO;
  if (!file.empty()) {
    logger->state_->fd = OpenLog(file);
    if (logger->state_->fd < 0) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, "log.file cannot be opened for writing: " + file);
    }
  }
  return logger;
}

Logger::Logger(Level level, Sink sink) : state_(std::make_unique<State>()) {
  state_->level = level;
  state_->sink = std::move(sink);
  state_->fd = STDERR_FILENO;
}

Logger::~Logger() {
  if (state_->fd > STDERR_FILENO) {
    ::close(state_->fd);
  }
}

bool Logger::Enabled(Level level) const {
  return level >= state_->level.load(std::memory_order_relaxed);
}
void Logger::SetLevel(Level level) {
  state_->level.store(level, std::memory_order_relaxed);
}

fhir::Result<void> Logger::Reopen() {
  if (state_->file.empty()) {
    return {};
  }
  const int fd = OpenLog(state_->file);
  if (fd < 0) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, "log.file cannot be opened for writing: " + state_->file);
  }
  const std::scoped_lock lock(state_->mutex);
  ::close(std::exchange(state_->fd, fd));
  return {};
}

void Logger::Log(Level level, Literal component, Literal message, std::initializer_list<Field> fields) {
  if (!Enabled(level)) {
    return;
  }
  std::string line;
  line.reserve(256);
  line += R"({"time":")";
  AppendTime(line);
  line += R"(","level":")";
  line += Name(level);
  line += R"(","component":")";
  AppendEscaped(line, component.text());
  line += R"(","message":")";
  AppendEscaped(line, message.text());
  line += '"';
  for (const Field& field : fields) {
    const auto* text = std::get_if<std::string_view>(&field.value());
    if (text != nullptr && text->empty()) {
      continue;
    }
    line += ",\"";
    AppendEscaped(line, field.key().text());
    line += "\":";
    if (const auto* number = std::get_if<std::int64_t>(&field.value())) {
      fmt::format_to(std::back_inserter(line), "{}", *number);
    } else if (const auto* flag = std::get_if<bool>(&field.value())) {
      line += *flag ? "true" : "false";
    } else {
      line += '"';
      if (field.cleaned()) {
        AppendCleaned(line, *text);
      } else {
        AppendEscaped(line, *text);
      }
      line += '"';
    }
  }
  line += "}\n";
  state_->Write(line);
}

void Logger::Debug(Literal component, Literal message, std::initializer_list<Field> fields) {
  Log(Level::kDebug, component, message, fields);
}
void Logger::Info(Literal component, Literal message, std::initializer_list<Field> fields) {
  Log(Level::kInfo, component, message, fields);
}
void Logger::Warning(Literal component, Literal message, std::initializer_list<Field> fields) {
  Log(Level::kWarning, component, message, fields);
}
void Logger::Error(Literal component, Literal message, std::initializer_list<Field> fields) {
  Log(Level::kError, component, message, fields);
}

}  // namespace gateway::telemetry
