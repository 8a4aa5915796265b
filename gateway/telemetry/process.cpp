#include "gateway/telemetry/process.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

namespace gateway::telemetry {
namespace {

/// Field 22 of /proc/self/stat: start in clock ticks after boot. The command's name, field 2, may hold spaces, so
/// reading starts behind its closing parenthesis.
double StartTicks() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) {
    return 0;
  }
  std::istringstream rest(text.substr(end + 1));
  std::string skipped;
  for (int i = 3; i < 22; ++i) {
    rest >> skipped;
  }
  double ticks = 0;
  rest >> ticks;
  return ticks;
}

double Now(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

}  // namespace

double ResidentMemoryBytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double OpenFileDescriptors() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) {
    return 0;
  }
  double count = -3;  // ".", ".." and the folder's own descriptor
  while (readdir(folder) != nullptr) {
    ++count;
  }
  closedir(folder);
  return count;
}

double FileDescriptorsMax() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double UptimeSeconds() {
  return Now(CLOCK_BOOTTIME) - StartTicks() / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double StartTimeSeconds() {
  // Once: two clocks that are read one after the other give a little different time at each scrape.
  static const double start = Now(CLOCK_REALTIME) - UptimeSeconds();
  return start;
}

}  // namespace gateway::telemetry
