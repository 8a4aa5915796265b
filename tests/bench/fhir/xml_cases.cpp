#include <cstdlib>

#include "fhir/xml/reader.hpp"
#include "fhir/xml/writer.hpp"
#include "tests/bench/fhir/bench_case.hpp"
#include "tests/bench/floors/parse_floors.hpp"

namespace bench {

std::vector<BenchCase> XmlCases(const Corpus& corpus) {
  const double megabytes = static_cast<double>(corpus.xml_bytes) / kMegabyte;
  const auto events = [&corpus, megabytes] {
    std::size_t elements = 0;
    for (const std::string& text : corpus.xml) {
      elements += ParseXmlEvents(text);
    }
    return elements == 0 ? 0 : megabytes;
  };
  const auto read = [&corpus, megabytes] {
    for (const std::string& text : corpus.xml) {
      fhir::IssueList issues;
      if (!fhir::xml::ReadXml(text, {.body_bytes_max = text.size()}, issues)) {
        std::abort();
      }
    }
    return megabytes;
  };
  return {{.name = "xml read",
           .unit = "MB/s",
           .input = corpus.name + " as XML",
           .work = read,
           .floor = events,
           .ratio_min = 0.59,  // 60 MB/s where the floor makes 101
           .rate_min = 60}};
}

}  // namespace bench
