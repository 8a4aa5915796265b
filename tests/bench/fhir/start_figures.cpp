#include "tests/bench/fhir/start_figures.hpp"

#include <ctime>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "fhir/metadata/definitions.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"

namespace bench {
namespace {

double ProcessMs() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double ResidentMb() {
  std::size_t pages = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

fhir::json::Value Row(std::string name, double figure, std::string unit, std::string aim, std::string input) {
  using fhir::json::Value;
  Value row = Value::Object();
  row.Set("name", Value::String(std::move(name)));
  row.Set("rate", Value::Number(fmt::format("{:.1f}", figure)));
  row.Set("unit", Value::String(std::move(unit)));
  for (const char* unused : {"p50_ms", "p99_ms", "floor", "ratio"}) {
    row.Set(unused, Value());
  }
  row.Set("aim", Value::String(std::move(aim)));
  row.Set("input", Value::String(std::move(input)));
  return row;
}

}  // namespace

std::vector<fhir::json::Value> StartFigures() {
  const double begun_ms = ProcessMs();
  const auto& core = fhir::packages::Registry::Core();
  const fhir::terminology::Terminology terminology(core);
  const bool ready = fhir::metadata::Definitions::R4().FindType("Patient") != fhir::metadata::kNoType &&
                     core.Lookup("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/Patient");
  const double ready_ms = ProcessMs();
  const double resident_mb = ResidentMb();
  return {Row("tables ready", ready ? ready_ms : 0, "ms", "< 20",
              fmt::format("since the process began; {:.1f} ms for the tables", ready_ms - begun_ms)),
          Row("library and tables", resident_mb, "MB resident", "< 40", "before anything else is done")};
}

}  // namespace bench
