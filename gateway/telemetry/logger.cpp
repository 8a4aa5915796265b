#include "gateway/telemetry/logger.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace gateway::telemetry {
namespace {

constexpr std::size_t kFieldBytesMax = 128;
constexpr std::size_t kDetailBytesMax = 1'000;
constexpr std::size_t kPendingBytesMax = 1024 * 1024;  // past it, who logs waits

/// Characters that ids and codes may hold; the rest becomes '?'.
constexpr std::array<bool, 256> MakePlainTable() {
  std::array<bool, 256> plain{};
  for (const std::string_view range : {"az", "AZ", "09"}) {
    for (char c = range[0]; c <= range[1]; ++c) {
      plain[static_cast<unsigned char>(c)] = true;
    }
  }
  for (const char c : std::string_view("-_.:/{}$[]*,|^+#")) {
    plain[static_cast<unsigned char>(c)] = true;
  }
  return plain;
}
constexpr std::array<bool, 256> kPlain = MakePlainTable();

void AppendCleaned(std::string& line, std::string_view text) {
  for (char c : text.substr(0, kFieldBytesMax)) {
    line += kPlain[static_cast<unsigned char>(c)] ? c : '?';
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
  thread_local time_t second = -1;
  thread_local std::string text;  // of that second, made once by each thread
  if (at.tv_sec != second) {
    second = at.tv_sec;
    tm utc{};
    gmtime_r(&second, &utc);
    text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec);
  }
  line += text;
  fmt::format_to(std::back_inserter(line), "{:06}Z", at.tv_nsec / 1000);
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

Field Count(Key key, std::int64_t count) {
  return {key, count, false};
}
Field Micros(Key key, std::int64_t micros) {
  return Count(key, micros);
}
Field Bytes(Key key, std::int64_t bytes) {
  return Count(key, bytes);
}
Field Flag(Key key, bool value) {
  return {key, value, false};
}
Field Id(Key key, std::string_view id) {
  return {key, id, true};
}
Field Code(Key key, std::string_view code) {
  return {key, code, true};
}
Field Code(Key key, fhir::ErrorCode code) {
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
  std::mutex mutex;  // guards all below, and calls of sink
  std::condition_variable advanced;
  std::string pending;   // lines that wait for the writing thread
  bool writing = false;  // then that thread alone uses fd, without the lock

  /// One thread writes at a time, and takes along what others add meanwhile: they do not wait for its system call.
  void Write(std::string_view line) {
    std::unique_lock lock(mutex);
    if (sink) {
      sink(line);
      return;
    }
    advanced.wait(lock, [this] { return pending.size() < kPendingBytesMax; });
    pending += line;
    if (writing) {
      return;
    }
    writing = true;
    std::string batch;
    while (!pending.empty()) {
      batch.clear();
      batch.swap(pending);
      lock.unlock();
      WriteAll(fd, batch);
      lock.lock();
      advanced.notify_all();
    }
    writing = false;
    advanced.notify_all();
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
  std::unique_lock lock(state_->mutex);
  state_->advanced.wait(lock, [this] { return !state_->writing; });
  ::close(std::exchange(state_->fd, fd));
  return {};
}

void Logger::Log(Level level, Literal component, Literal message, std::initializer_list<Field> fields) {
  if (!Enabled(level)) {
    return;
  }
  std::string line;
  line.reserve(512);
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
      const fmt::format_int digits(*number);
      line.append(digits.data(), digits.size());
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
