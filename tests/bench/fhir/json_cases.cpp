#include <cstdlib>

#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/xml/writer.hpp"
#include "tests/bench/fhir/bench_case.hpp"
#include "tests/bench/floors/parse_floors.hpp"

namespace bench {
namespace {

fhir::model::Document Read(std::string_view text) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(text, {.body_bytes_max = text.size()}, issues);
  if (!document) {
    std::abort();
  }
  return *std::move(document);
}

}  // namespace

std::vector<BenchCase> JsonCases(const Corpus& corpus) {
  const double megabytes = static_cast<double>(corpus.json_bytes) / kMegabyte;
  const auto dom = [&corpus, megabytes] {
    std::size_t members = 0;
    for (const std::string& text : corpus.json) {
      members += ParseJsonDom(text);
    }
    return members == 0 ? 0 : megabytes;
  };
  const auto read = [&corpus, megabytes] {
    for (const std::string& text : corpus.json) {
      const auto document = Read(text);
    }
    return megabytes;
  };
  const auto to_xml = [&corpus, megabytes] {
    std::size_t bytes = 0;
    for (const std::string& text : corpus.json) {
      bytes += fhir::xml::WriteXml(Read(text).root()).size();
    }
    return bytes == 0 ? 0 : megabytes;
  };
  auto documents = std::make_shared<std::vector<fhir::model::Document>>();
  const auto write = [&corpus, documents] {
    if (documents->empty()) {
      for (const std::string& text : corpus.json) {
        documents->push_back(Read(text));
      }
    }
    std::size_t bytes = 0;
    for (const auto& document : *documents) {
      bytes += fhir::json::WriteJson(document.root()).size();
    }
    return static_cast<double>(bytes) / kMegabyte;
  };
  return {
      {.name = "json read", .unit = "MB/s", .input = corpus.name, .work = read, .floor = dom, .ratio_min = 0.5},
      {.name = "json write", .unit = "MB/s", .input = corpus.name, .work = write},
      {.name = "json to xml",
       .unit = "MB/s",
       .input = corpus.name,
       .work = to_xml,
       .floor = dom,
       .ratio_min = 0.22,  // 150 MB/s where the floor makes 690
       .rate_min = 150},
  };
}

}  // namespace bench
