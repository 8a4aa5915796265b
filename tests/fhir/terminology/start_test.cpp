// What the built-in definitions cost a process that has just begun: processor time and memory. A program of its own, so
// that nothing else has been done before.
#include <ctime>
#include <fstream>
#include <iostream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "fhir/metadata/definitions.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(GW_DEBUG)
constexpr bool kMeasured = false;  // unoptimised or watched code says nothing about speed
#else
constexpr bool kMeasured = true;
#endif
constexpr double kReadyMsMax = 20;
constexpr double kResidentMbMax = 40;

/// Processor time since the process began, loading of the program included.
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

TEST(Start, TablesAreReady_InTimeAndMemory) {
  const double before_ms = ProcessMs();
  const auto& definitions = fhir::metadata::Definitions::R4();
  const auto& core = fhir::packages::Registry::Core();
  const fhir::terminology::Terminology terminology(core);
  ASSERT_NE(definitions.FindType("Patient"), fhir::metadata::kNoType);
  ASSERT_TRUE(core.Lookup("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/Patient"));
  const double ready_ms = ProcessMs();
  const double resident_mb = ResidentMb();
  std::cout << "ready after " << ready_ms << " ms of processor time, " << ready_ms - before_ms
            << " of them for the tables; " << resident_mb << " MB resident\n";
  const auto answer =
      terminology.ValidateCode("http://hl7.org/fhir/ValueSet/administrative-gender",
                               {.system = "http://hl7.org/fhir/administrative-gender", .code = "female"});
  EXPECT_EQ(answer.verdict, fhir::terminology::Verdict::kMember);
  std::cout << "first code checked after " << ProcessMs() << " ms\n";
  if (kMeasured) {
    // Loading the shared libraries of the program is most of the whole, and varies with the machine's load.
    EXPECT_LT(ready_ms - before_ms, kReadyMsMax);
    EXPECT_LT(resident_mb, kResidentMbMax);
  }
}

}  // namespace
