// fhir_bench [--seconds S] [--rounds N] [--only TEXT] PATH...: measures the FHIR library on one core and prints
// [{name, rate, unit, p50_ms, p99_ms, floor, ratio, aim, input}]. PATH is a JSON resource, also .bz2, or a folder of
// them. Work and floor take turns; each figure is the median of the rounds, each ratio the median of their ratios.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <fmt/format.h>

#include "fhir/base/archive.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/value.hpp"
#include "fhir/xml/writer.hpp"
#include "tests/bench/fhir/bench_case.hpp"
#include "tests/bench/fhir/start_figures.hpp"

namespace {

using bench::BenchCase;
using bench::Corpus;

constexpr std::size_t kCorpusBytesMax = 32u * 1024 * 1024;
constexpr std::size_t kFileBytesMax = 512u * 1024 * 1024;

struct Options {
  double seconds = 1;
  int rounds = 5;
  std::string only;
  std::vector<std::string> paths;
};

std::string ReadFile(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  if (path.extension() != ".bz2") {
    return std::move(text).str();
  }
  auto plain = fhir::Decompress(text.str(), fhir::Compression::kBzip2, kFileBytesMax);
  return plain ? *std::move(plain) : std::string();
}

/// The files in name order, until there is enough to measure.
Corpus LoadCorpus(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      const auto extension = entry.path().extension();
      if (extension == ".json" || extension == ".bz2") {
        files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  Corpus corpus;
  for (const auto& file : files) {
    std::string text = ReadFile(file);
    fhir::IssueList issues;
    const auto document = fhir::json::ReadJson(text, {.body_bytes_max = kFileBytesMax}, issues);
    if (!document) {
      continue;  // an index or a list of a package
    }
    corpus.xml.push_back(fhir::xml::WriteXml(document->root()));
    corpus.xml_bytes += corpus.xml.back().size();
    corpus.json_bytes += text.size();
    corpus.json.push_back(std::move(text));
    if (corpus.json_bytes > kCorpusBytesMax) {
      break;
    }
  }
  corpus.name = fmt::format("{} files of {} kB", corpus.json.size(),
                            corpus.json_bytes / 1000 / std::max<std::size_t>(corpus.json.size(), 1));
  return corpus;
}

struct Run {
  double rate;
  double milliseconds;  // of one turn
};

/// Processor time of this thread: what else runs on the machine slows the clock on the wall, and this one less.
double ProcessorSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

Run Measure(const std::function<double()>& work, double seconds) {
  const double start_s = ProcessorSeconds();
  double done = 0;
  double elapsed_s = 0;
  int turns = 0;
  do {
    done += work();
    ++turns;
    elapsed_s = ProcessorSeconds() - start_s;
  } while (elapsed_s < seconds);
  return {done / elapsed_s, elapsed_s * 1000 / turns};
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// The aim as the table shows it. A rate that was set on another machine is told apart from the ratio that it meant.
fhir::json::Value Aim(const BenchCase& one, double rate) {
  using fhir::json::Value;
  if (one.ratio_min > 0 && one.rate_min > 0) {
    return Value::String(fmt::format("{:.2f}; >= {:.0f}: {} on this machine", one.ratio_min, one.rate_min,
                                     rate >= one.rate_min ? "reached" : "not reached"));
  }
  if (one.ratio_min > 0) {
    return Value::Number(fmt::format("{:.2f}", one.ratio_min));
  }
  return one.rate_min > 0 ? Value::String(fmt::format(">= {:.0f}", one.rate_min)) : Value();
}

fhir::json::Value Figures(const BenchCase& one, const Options& options) {
  using fhir::json::Value;
  std::vector<double> rates;
  std::vector<double> floors;
  std::vector<double> ratios;
  std::vector<double> times;
  one.work();  // what is made once is made here
  for (int round = 0; round < options.rounds; ++round) {
    const Run ours = Measure(one.work, options.seconds);
    rates.push_back(ours.rate);
    times.push_back(ours.milliseconds);
    if (one.floor) {
      floors.push_back(Measure(one.floor, options.seconds).rate);
      ratios.push_back(ours.rate / floors.back());
    }
  }
  const auto number = [](double value, int places) { return Value::Number(fmt::format("{:.{}f}", value, places)); };
  Value figures = Value::Object();
  figures.Set("name", Value::String(one.name));
  figures.Set("rate", number(Median(rates), 1));
  figures.Set("unit", Value::String(one.unit));
  figures.Set("p50_ms", number(Median(times), 3));
  figures.Set("p99_ms", number(*std::max_element(times.begin(), times.end()), 3));
  figures.Set("floor", one.floor ? number(Median(floors), 1) : Value());
  figures.Set("ratio", one.floor ? number(Median(ratios), 3) : Value());
  figures.Set("aim", Aim(one, Median(rates)));
  figures.Set("input", Value::String(one.input));
  return figures;
}

Options ParseOptions(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--seconds" && i + 1 < count) {
      options.seconds = std::stod(words[++i]);
    } else if (word == "--rounds" && i + 1 < count) {
      options.rounds = std::stoi(words[++i]);
    } else if (word == "--only" && i + 1 < count) {
      options.only = words[++i];
    } else {
      options.paths.emplace_back(word);
    }
  }
  return options;
}

}  // namespace

int main(int count, char** words) {
  std::vector<fhir::json::Value> results = bench::StartFigures();
  const Options options = ParseOptions(count, words);
  const Corpus corpus = LoadCorpus(options.paths);
  if (corpus.json.empty()) {
    fmt::print(stderr, "fhir_bench: no resource to measure with\n");
    return 2;
  }
  std::vector<BenchCase> cases;
  for (const auto& make : {bench::JsonCases, bench::XmlCases, bench::TerminologyCases, bench::FhirPathCases,
                           bench::ValidationCases, bench::Hl7v2Cases}) {
    std::vector<BenchCase> made = make(corpus);
    std::move(made.begin(), made.end(), std::back_inserter(cases));
  }
  for (const BenchCase& one : cases) {
    if (one.name.find(options.only) == std::string::npos) {
      continue;
    }
    fmt::print(stderr, "  {}\n", one.name);
    results.push_back(Figures(one, options));
  }
  fmt::print("{}\n", fhir::json::WriteValue(fhir::json::Value::Array(std::move(results))));
  return 0;
}
