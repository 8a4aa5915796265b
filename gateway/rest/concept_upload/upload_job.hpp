// The job of $upload-external-code-system: reads an uploaded file as a stream, stores its concepts page by page, and
// then writes the CodeSystem that names them, as the party that asked. Until that write nobody sees anything of it, and
// with it everybody sees all.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "adapters/port/concept_loads.hpp"
#include "adapters/port/jobs.hpp"
#include "fhir/concept_files/concept_file.hpp"
#include "gateway/rest/service.hpp"

namespace gateway::rest::concept_upload {

inline constexpr std::string_view kUploadJob = "upload-code-system";

struct UploadOrder {
  std::string upload;     ///< name of the pieces
  std::string file_name;  ///< for messages
  std::string url, version, name, title;
  fhir::concept_files::FileOptions file;
};

std::string WriteUploadOrder(const UploadOrder& order);
fhir::Result<UploadOrder> ReadUploadOrder(std::string_view text);

struct UploadLimits {
  std::size_t concepts_max = 1'000'000;
  std::size_t file_bytes_max = std::size_t{4} * 1024 * 1024 * 1024;  ///< unpacked
};

/// `loads` is borrowed; the service is kept alive. The result of a job is what AnswerUpload reads.
std::unique_ptr<adapters::port::JobKind> MakeUploadJob(std::shared_ptr<const Service> service,
                                                       adapters::port::ActorOfOwner actor_of,
                                                       adapters::port::ConceptLoads& loads,
                                                       const UploadLimits& limits = {});

/// What a job that is done came to: 200 with what was made, or the status and OperationOutcome of a refusal.
struct UploadAnswer {
  int status = 200;
  std::string body;
};
fhir::Result<UploadAnswer> ReadUploadAnswer(const adapters::port::Job& job);

}  // namespace gateway::rest::concept_upload
