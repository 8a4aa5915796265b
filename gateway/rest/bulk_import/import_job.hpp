// The job of $import: reads files of NDJSON piece by piece and writes their resources as the party that asked, through
// the same door as any request. Every write carries a key of its source, so that a step done twice writes once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/jobs.hpp"
#include "gateway/rest/bulk_import/line_source.hpp"
#include "gateway/rest/service.hpp"

namespace gateway::rest::bulk_import {

inline constexpr std::string_view kImportJob = "import";

/// One file to read: resources of one type, a line each.
struct ImportInput {
  std::string type;
  std::string url;
};

struct ImportOrder {
  std::vector<ImportInput> inputs;
  std::string source;   ///< who says so: inputSource
  std::string request;  ///< the URL of the order
};

std::string WriteOrder(const ImportOrder& order);
fhir::Result<ImportOrder> ReadOrder(std::string_view text);

/// What became of one input.
struct ImportCounts {
  std::int64_t loaded = 0;
  std::int64_t failed = 0;
};

/// The counts of a job that is done, one for each input.
fhir::Result<std::vector<ImportCounts>> ReadCounts(const adapters::port::Job& job);

struct ImportOptions {
  std::vector<std::string> sources;  ///< prefixes of URLs that may be read
  PieceLimits piece = {};
  std::size_t group_lines = 100;  ///< of one transaction
};

/// `files` is borrowed; the service is kept alive.
std::unique_ptr<adapters::port::JobKind> MakeImportJob(std::shared_ptr<const Service> service,
                                                       adapters::port::ActorOfOwner actor_of,
                                                       adapters::port::JobFiles& files, Fetch fetch,
                                                       ImportOptions options);

}  // namespace gateway::rest::bulk_import
