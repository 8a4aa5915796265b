// CodeSystem/$upload-external-code-system: a file of concepts, read in the background. The name is HAPI's, whose form
// (Parameters with `system` and an Attachment `file`) is taken as well; large files come as they are, whole or in
// pieces, with the parameters in the URL. Source: https://hapifhir.io/hapi-fhir/docs/tools/hapi_fhir_cli.html
#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "adapters/port/concept_loads.hpp"
#include "fhir/base/base64.hpp"
#include "fhir/base/text.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "gateway/rest/accept_job.hpp"
#include "gateway/rest/concept_upload/upload_job.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/parameters.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;
using concept_upload::UploadOrder;

constexpr ParameterRow kUploadParameters[] = {
    {.name = "system", .required = true},
    {.name = "version"},
    {.name = "name"},
    {.name = "title"},
    {.name = "file", .kind = ParameterKind::kAttachment},
    {.name = "fileName"},
    {.name = "format"},
    {.name = "column", .repeats = true},
    {.name = "delimiter"},
    {.name = "encoding"},
    {.name = "parentLengths"},
    {.name = "mergeRows", .kind = ParameterKind::kBoolean},
    {.name = "upload"},
    {.name = "piece", .kind = ParameterKind::kInteger},
    {.name = "last", .kind = ParameterKind::kBoolean},
};
constexpr std::size_t kUploadNameMax = 64;
constexpr std::int64_t kPiecesMax = 100'000;

/// The write itself is checked when it is done; a party that may never write a CodeSystem does not fill the tables.
fhir::Result<void> CheckMayUpload(const Call& call) {
  const port::Grants* const grants = call.actor.grants.get();
  if (grants != nullptr && grants->unrestricted) {
    return {};
  }
  std::uint16_t allowed = 0;
  if (grants != nullptr) {
    if (const auto found = grants->by_type.find(call.type); found != grants->by_type.end()) {
      for (const port::Grant& grant : found->second.grants) {
        allowed |= grant.interactions;
      }
    }
  }
  constexpr std::uint16_t kNeeded = port::kCreate | port::kUpdate;
  if ((allowed & kNeeded) != kNeeded) {
    return fhir::Fail(fhir::ErrorCode::kForbidden, "the party may not create and update CodeSystem");
  }
  return {};
}

fhir::Result<void> ReadLayout(const Parameters& parameters, fhir::concept_files::CsvLayout& layout) {
  for (const std::string_view column : parameters.Texts("column")) {
    layout.columns.emplace_back(column);
  }
  if (const std::string_view delimiter = parameters.Text("delimiter"); !delimiter.empty()) {
    const std::string_view byte = delimiter == "tab" || delimiter == "\\t" ? "\t" : delimiter;
    if (byte.size() != 1 || byte == "\"" || byte == "\n" || byte == "\r") {
      return parameters.Refuse(fhir::ErrorCode::kMalformed, "delimiter", "a delimiter is one character, or tab");
    }
    layout.delimiter = byte.front();
  }
  if (const std::string_view encoding = parameters.Text("encoding"); !encoding.empty()) {
    if (!fhir::FindCharset(encoding)) {
      return parameters.Refuse(fhir::ErrorCode::kUnsupported, "encoding", "this server does not know that encoding");
    }
    layout.encoding = encoding;
  }
  for (std::string_view rest = parameters.Text("parentLengths"); !rest.empty();) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), length);
    if (error != std::errc() || end != item.data() + item.size() || length == 0 ||
        (!layout.parent_lengths.empty() && length <= layout.parent_lengths.back())) {
      return parameters.Refuse(fhir::ErrorCode::kMalformed, "parentLengths",
                               "expected lengths of codes, ascending, with commas: 1,3,4,5");
    }
    layout.parent_lengths.push_back(length);
  }
  layout.merge_rows = parameters.Flag("mergeRows");
  return {};
}

fhir::Result<UploadOrder> OrderOfUpload(const Parameters& parameters, std::string_view content_type) {
  namespace files = fhir::concept_files;
  UploadOrder order;
  order.url = parameters.Text("system");
  order.version = parameters.Text("version");
  order.name = parameters.Text("name");
  order.title = parameters.Text("title");
  order.file_name = parameters.Text("fileName");
  if (const auto* file = parameters.Element("file"); file != nullptr && order.file_name.empty()) {
    const std::string_view url = file->ChildValue("url");  // HAPI puts the file's name there
    order.file_name = url.empty() ? file->ChildValue("title") : url.substr(url.rfind('/') + 1);
  }
  std::optional<files::FileFormat> format;
  if (const std::string_view word = parameters.Text("format"); !word.empty()) {
    format = files::FormatOf(word);
    if (!format) {
      return parameters.Refuse(fhir::ErrorCode::kUnsupported, "format", "a format is csv, claml or ndjson");
    }
  } else {
    format = files::FormatOfName(order.file_name);
    if (!format && content_type.starts_with("text/csv")) {
      format = files::FileFormat::kCsv;
    } else if (!format && content_type.find("ndjson") != std::string_view::npos) {
      format = files::FileFormat::kNdjson;
    } else if (!format && content_type.find("xml") != std::string_view::npos) {
      format = files::FileFormat::kClaml;
    }
  }
  if (!format) {
    return parameters.Refuse(fhir::ErrorCode::kMalformed, "format",
                             "which format? Neither the parameter, nor the file's name, nor its type says it");
  }
  order.file.format = *format;
  if (order.file_name.empty()) {
    order.file_name = "the file";
  }
  GW_TRY(ReadLayout(parameters, order.file.csv));
  return order;
}

/// A name for the pieces: the client's own, or one that no client can write.
fhir::Result<std::string> UploadName(const Call& call, const Parameters& parameters) {
  const std::string_view name = parameters.Text("upload");
  if (name.empty()) {
    if (parameters.Has("piece") || parameters.Has("last")) {
      return parameters.Refuse(fhir::ErrorCode::kMalformed, "upload", "a piece needs the name of its upload");
    }
    return "/" + call.service.ports().operations.ids->NewUuid();
  }
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  if (!plain || name.size() > kUploadNameMax) {
    return parameters.Refuse(fhir::ErrorCode::kMalformed, "upload",
                             "the name of an upload is of letters, digits, '-' and '.', at most 64");
  }
  return std::string(name);
}

}  // namespace

fhir::Result<http::Response> UploadCodeSystem(Call& call) {
  const auto& operations = call.service.ports().operations;
  if (operations.concept_loads == nullptr || operations.ids == nullptr || operations.jobs == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  GW_TRY(CheckMayUpload(call));
  // With the parameters in the URL the body is the file.
  const bool bare = call.request.QueryValue("system").has_value();
  const std::string content_type(call.request.headers.Get("Content-Type").value_or(""));
  std::string bytes;
  if (bare) {
    bytes = std::exchange(call.request.body, {});
  }
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kUploadParameters));
  GW_ASSIGN(UploadOrder order, OrderOfUpload(parameters, bare ? content_type : std::string()));
  if (const auto* file = parameters.Element("file")) {
    auto decoded = fhir::DecodeBase64(file->ChildValue("data"));
    if (!decoded) {
      return parameters.Refuse(fhir::ErrorCode::kMalformed, "file", "the data of the file must be base64");
    }
    bytes = *std::move(decoded);
  }
  if (bytes.empty()) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "there is no file: it is the body, or the parameter \"file\"");
  }
  GW_ASSIGN(order.upload, UploadName(call, parameters));
  const std::int64_t piece = parameters.Number("piece").value_or(0);
  if (piece >= kPiecesMax) {
    return parameters.Refuse(fhir::ErrorCode::kTooLarge, "piece", "too many pieces");
  }
  const port::JobOwner owner = port::OwnerOf(call.actor);
  GW_TRY(operations.concept_loads->WritePiece(owner, order.upload, static_cast<int>(piece), bytes));
  if (parameters.Has("piece") && !parameters.Flag("last")) {
    return JsonResponse(call, 200, fhir::operation_outcome::ToOperationOutcome("kept: the next piece is expected"));
  }
  GW_ASSIGN(const port::UploadedPieces pieces, operations.concept_loads->CountPieces(owner, order.upload));
  if (!pieces.gapless || pieces.pieces != piece + 1) {
    return fhir::Fail(fhir::ErrorCode::kConflict,
                      fmt::format("{} pieces are here, where the last one has the number {}", pieces.pieces, piece));
  }
  return AcceptJob(call, {.kind = std::string(concept_upload::kUploadJob),
                          .owner = owner,
                          .parameters = concept_upload::WriteUploadOrder(order),
                          .lifetime_ms = call.options().job_lifetime_ms});
}

}  // namespace gateway::rest::operations
