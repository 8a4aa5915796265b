// What a benchmark of the FHIR library is: work, the floor it is held against, and what is aimed at.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace bench {

inline constexpr double kMegabyte = 1e6;  // bytes

/// Texts that every case works on.
struct Corpus {
  std::string name;               ///< for people: "8 Synthea bundles"
  std::vector<std::string> json;  ///< resources or bundles as they were published
  std::vector<std::string> xml;   ///< the same resources, written by this library
  std::size_t json_bytes = 0;
  std::size_t xml_bytes = 0;
};

struct BenchCase {
  std::string name;
  std::string unit;  ///< "MB/s", "resources/s", "evaluations/s"
  std::string input;
  std::function<double()> work;   ///< does it once, gives how many units that was
  std::function<double()> floor;  ///< the same for the least that could do the job; empty when there is none
  double ratio_min = 0;           ///< aim as a ratio to the floor; 0 when there is none
  double rate_min = 0;            ///< aim as a rate; 0 when there is none. Beside ratio_min: the rate that the ratio
                                  ///< meant on the machine where the aim was set
};

/// Adding cases: a file with a function of this form, a line in main.cpp and one in CMakeLists.txt.
std::vector<BenchCase> JsonCases(const Corpus& corpus);
std::vector<BenchCase> ValidationCases(const Corpus& corpus);
std::vector<BenchCase> XmlCases(const Corpus& corpus);
std::vector<BenchCase> TerminologyCases(const Corpus& corpus);
std::vector<BenchCase> FhirPathCases(const Corpus& corpus);
std::vector<BenchCase> Hl7v2Cases(const Corpus& corpus);

}  // namespace bench
