#include "gateway/rest/concept_upload/upload_job.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/concept_files/unpacked_source.hpp"
#include "fhir/json/value.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/terminology/large_system_writer.hpp"
#include "fhir/terminology/skeleton_bytes.hpp"
#include "gateway/http/target.hpp"

namespace gateway::rest::concept_upload {
namespace {

namespace port = adapters::port;
namespace terms = fhir::terminology;
using fhir::json::Value;

constexpr std::size_t kPagesAtOnce = 16;
constexpr fhir::json::ValueLimits kTextLimits{.bytes_max = 64u * 1024 * 1024, .depth_max = 64};

std::string TextIn(const Value& value, std::string_view name) {
  return std::string(value.FindText(name));
}

/// The pieces of an upload, one after another. An error of the store is told apart from one of the file.
class UploadedBytes final : public fhir::concept_files::ByteSource {
 public:
  UploadedBytes(port::ConceptLoads& loads, const port::JobOwner& owner, const std::string& upload, std::int64_t pieces,
                const port::JobRun& run)
      : loads_(loads), owner_(owner), upload_(upload), pieces_(pieces), run_(run) {}

  fhir::Result<std::string_view> Next() override {
    if (run_.Stopping()) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, {"the node stops"}, {}, fhir::Retry::kLater);
    }
    piece_.clear();
    while (piece_.empty() && next_ < pieces_) {
      GW_ASSIGN(piece_, loads_.ReadPiece(owner_, upload_, static_cast<int>(next_++)));
    }
    return std::string_view(piece_);
  }

 private:
  port::ConceptLoads& loads_;
  const port::JobOwner& owner_;
  const std::string& upload_;
  const std::int64_t pieces_;
  const port::JobRun& run_;
  std::int64_t next_ = 0;
  std::string piece_;
};

/// Stores pages, some at a time.
class PageStack {
 public:
  PageStack(port::ConceptLoads& loads, std::string_view load) : loads_(loads), load_(load) {}
  fhir::Result<void> Take(std::uint32_t number, const terms::ConceptPage& page) {
    pages_.push_back(terms::WritePage(page));
    return pages_.size() < kPagesAtOnce ? fhir::Result<void>() : Flush(number + 1);
  }
  /// `end` is the number after the last page.
  fhir::Result<void> Flush(std::uint32_t end) {
    if (!pages_.empty()) {
      GW_TRY(loads_.WritePages(load_, end - static_cast<std::uint32_t>(pages_.size()), pages_));
      pages_.clear();
    }
    return {};
  }

 private:
  port::ConceptLoads& loads_;
  const std::string_view load_;
  std::vector<std::string> pages_;
};

std::string_view TypeOfProperty(std::string_view element) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"valueCode", "code"},         {"valueInteger", "integer"}, {"valueBoolean", "boolean"},
      {"valueDateTime", "dateTime"}, {"valueDecimal", "decimal"}, {"valueString", "string"}};
  const auto found = std::ranges::find(kTypes, element, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kTypes) ? std::string_view("Coding") : found->second;
}

/// The CodeSystem that names the load: what the order says, before what the file says.
Value ResourceOf(const UploadOrder& order, Value head, const terms::LargeSystemWriter& written, std::string_view load) {
  Value resource = Value::Object();
  resource.Set("resourceType", Value::String("CodeSystem"));
  for (fhir::json::Member& member : head.members()) {
    // What only its own version can say, or what this server says.
    if (member.name != "resourceType" && member.name != "id" && member.name != "meta" && member.name != "text" &&
        member.name != "content" && member.name != "count" && member.name != "extension") {
      resource.Set(member.name, std::move(member.value));
    }
  }
  for (const auto& [name, text] : {std::pair("url", &order.url), std::pair("version", &order.version),
                                   std::pair("name", &order.name), std::pair("title", &order.title)}) {
    if (!text->empty()) {
      resource.Set(name, Value::String(*text));
    }
  }
  if (resource.Find("status") == nullptr) {
    resource.Set("status", Value::String("active"));
  }
  std::vector<Value> declared;
  if (const Value* given = resource.Find("property")) {
    declared = given->items();
  }
  for (const auto& [name, element] : written.properties()) {
    if (std::ranges::none_of(declared, [&](const Value& each) { return each.FindText("code") == name; })) {
      Value property = Value::Object();
      property.Set("code", Value::String(name));
      property.Set("type", Value::String(std::string(TypeOfProperty(element))));
      declared.push_back(std::move(property));
    }
  }
  if (!declared.empty()) {
    resource.Set("property", Value::Array(std::move(declared)));
  }
  resource.Set("caseSensitive", Value::Boolean(true));
  // None of them stands in the resource; the extension says where they are.
  resource.Set("content", Value::String("not-present"));
  resource.Set("count", Value::Integer(static_cast<std::int64_t>(written.concepts())));
  Value extension = Value::Object();
  extension.Set("url", Value::String(std::string(port::kConceptsExtension)));
  extension.Set("valueString", Value::String(std::string(load)));
  resource.Set("extension", Value::Array({std::move(extension)}));
  return resource;
}

/// What only a system whose concepts stand in the resource may be.
fhir::Result<void> CheckHead(const UploadOrder& order, const Value& head) {
  const auto refuse = [](std::string text) { return fhir::Fail(fhir::ErrorCode::kInvalid, std::move(text)); };
  if (const std::string url = TextIn(head, "url"); !url.empty() && url != order.url) {
    return refuse("line 1: the file is of another code system than the parameter system");
  }
  if (head.Find("supplements") != nullptr || head.FindText("content") == "supplement") {
    return refuse("line 1: a supplement cannot be uploaded; store it as a CodeSystem");
  }
  const Value* sensitive = head.Find("caseSensitive");
  if (sensitive != nullptr && sensitive->AsBoolean() == false) {
    return refuse("line 1: a code system whose codes have no case cannot be uploaded; store it as a CodeSystem");
  }
  return {};
}

class UploadJob final : public port::JobKind {
 public:
  UploadJob(std::shared_ptr<const Service> service, port::ActorOfOwner actor_of, port::ConceptLoads& loads,
            const UploadLimits& limits)
      : service_(std::move(service)), actor_of_(std::move(actor_of)), loads_(loads), limits_(limits) {}

  std::string_view name() const override { return kUploadJob; }

  /// The first step makes the load, the second one the resource: a node that goes on after another does not read the
  /// file again once it was whole.
  fhir::Result<port::JobStep> Step(const port::Job& job, const port::JobRun& run) override {
    GW_ASSIGN(const UploadOrder order, ReadUploadOrder(job.parameters));
    if (job.position.empty()) {
      const auto loaded = Load(job, order, run);
      if (loaded) {
        return port::JobStep{.finished = false, .position = "loaded", .done = *loaded, .total = *loaded, .result = {}};
      }
      if (!IsOfFile(loaded.error())) {
        return std::unexpected(loaded.error());
      }
      fhir::Error error = loaded.error();
      error.public_text.text = fmt::format("{}: {}", order.file_name, error.public_text.text);
      GW_TRY(loads_.Drop(job.id));
      return Finished(422, fhir::operation_outcome::ToOperationOutcome(error), 0);
    }
    return WriteResource(job, order);
  }

  fhir::Result<void> Forget(const port::Job& job) override {
    GW_ASSIGN(const UploadOrder order, ReadUploadOrder(job.parameters));
    return loads_.DropPieces(job.owner, order.upload);
  }

 private:
  static bool IsOfFile(const fhir::Error& error) {
    return error.code == fhir::ErrorCode::kInvalid || error.code == fhir::ErrorCode::kMalformed ||
           error.code == fhir::ErrorCode::kTooLarge || error.code == fhir::ErrorCode::kUnsupported;
  }

  static port::JobStep Finished(int status, std::string body, std::int64_t concepts) {
    Value result = Value::Object();
    result.Set("status", Value::Integer(status));
    result.Set("body", Value::String(std::move(body)));
    return {.finished = true,
            .position = {},
            .done = concepts,
            .total = concepts,
            .result = fhir::json::WriteValue(result)};
  }

  /// The number of concepts.
  fhir::Result<std::int64_t> Load(const port::Job& job, const UploadOrder& order, const port::JobRun& run) {
    GW_ASSIGN(const port::UploadedPieces pieces, loads_.CountPieces(job.owner, order.upload));
    UploadedBytes packed(loads_, job.owner, order.upload, pieces.pieces, run);
    fhir::concept_files::UnpackedSource source(packed, limits_.file_bytes_max);
    PageStack stack(loads_, job.id);
    terms::LargeSystemWriter writer(limits_.concepts_max, [&](std::uint32_t number, const terms::ConceptPage& page) {
      return stack.Take(number, page);
    });
    GW_ASSIGN(Value head, fhir::concept_files::ReadConcepts(
                              source, order.file, [&](const terms::GivenConcept& given) { return writer.Add(given); }));
    GW_TRY(CheckHead(order, head));
    GW_ASSIGN(const terms::ConceptSkeleton skeleton, writer.Finish());
    const auto concepts = static_cast<std::int64_t>(writer.concepts());
    GW_TRY(
        stack.Flush(static_cast<std::uint32_t>((writer.concepts() + terms::kPageConcepts - 1) / terms::kPageConcepts)));
    GW_TRY(loads_.Finish(job.id, {.url = order.url,
                                  .concepts = concepts,
                                  .head = fhir::json::WriteValue(ResourceOf(order, std::move(head), writer, job.id)),
                                  .skeleton = terms::WriteSkeleton(skeleton)}));
    return concepts;
  }

  fhir::Result<port::JobStep> WriteResource(const port::Job& job, const UploadOrder& order) {
    GW_ASSIGN(const port::ConceptLoad load, loads_.ReadLoad(job.id));
    GW_ASSIGN(const Value resource, fhir::json::ReadValue(load.head, kTextLimits));
    GW_ASSIGN(port::Actor actor, actor_of_(job.owner));
    actor.request_id = job.id;
    const std::string version = TextIn(resource, "version");
    http::Request request;
    request.method = http::Method::kPut;
    request.path = service_->options().base_path + "/CodeSystem";
    request.query = {{"url", order.url}};
    // Another version is another code system; one without a version replaces one without.
    request.query.emplace_back(version.empty() ? "version:missing" : "version", version.empty() ? "true" : version);
    request.target = request.path;
    for (const auto& [name, value] : request.query) {
      request.target += fmt::format("{}{}={}", request.target == request.path ? "?" : "&", http::PercentEncode(name),
                                    http::PercentEncode(value));
    }
    request.actor = &actor;
    request.request_id = actor.request_id;
    request.body = load.head;
    request.headers.Add("Content-Type", "application/fhir+json");
    request.headers.Add("Prefer", "return=minimal");
    const http::Response response = service_->Dispatch(request);
    if (response.status == 503) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, {"the server cannot write at the moment"}, {},
                        fhir::Retry::kLater);
    }
    if (response.status >= 300) {
      GW_TRY(loads_.Drop(job.id));
      return Finished(response.status, response.body, 0);
    }
    const std::string_view location = response.headers.Get("Location").value_or("");
    return Finished(200, AnswerOf(location, load.concepts), load.concepts);
  }

  /// As the operation's result is known elsewhere: how many concepts, and the CodeSystem.
  static std::string AnswerOf(std::string_view location, std::int64_t concepts) {
    // [base]/CodeSystem/[id]/_history/[version]
    const std::size_t at = location.find("CodeSystem/");
    const std::string_view reference = at == std::string_view::npos ? std::string_view() : location.substr(at);
    const auto parameter = [](std::string_view name, std::string_view element, Value value) {
      Value made = Value::Object();
      made.Set("name", Value::String(std::string(name)));
      made.Set(std::string(element), std::move(value));
      return made;
    };
    Value target = Value::Object();
    target.Set("reference", Value::String(std::string(reference.substr(0, reference.find("/_history")))));
    Value answer = Value::Object();
    answer.Set("resourceType", Value::String("Parameters"));
    answer.Set("parameter", Value::Array({parameter("conceptCount", "valueInteger", Value::Integer(concepts)),
                                          parameter("target", "valueReference", std::move(target))}));
    return fhir::json::WriteValue(answer);
  }

  const std::shared_ptr<const Service> service_;
  const port::ActorOfOwner actor_of_;
  port::ConceptLoads& loads_;
  const UploadLimits limits_;
};

Value TextsValue(const std::vector<std::string>& texts) {
  std::vector<Value> items;
  items.reserve(texts.size());
  for (const std::string& text : texts) {
    items.push_back(Value::String(text));
  }
  return Value::Array(std::move(items));
}

}  // namespace

std::string WriteUploadOrder(const UploadOrder& order) {
  Value value = Value::Object();
  for (const auto& [name, text] :
       {std::pair("upload", &order.upload), std::pair("fileName", &order.file_name), std::pair("url", &order.url),
        std::pair("version", &order.version), std::pair("name", &order.name), std::pair("title", &order.title),
        std::pair("encoding", &order.file.csv.encoding)}) {
    value.Set(name, Value::String(*text));
  }
  value.Set("format", Value::Integer(static_cast<int>(order.file.format)));
  value.Set("delimiter", Value::String(std::string(1, order.file.csv.delimiter)));
  value.Set("columns", TextsValue(order.file.csv.columns));
  std::vector<Value> lengths;
  lengths.reserve(order.file.csv.parent_lengths.size());
  for (const std::size_t length : order.file.csv.parent_lengths) {
    lengths.push_back(Value::Integer(static_cast<std::int64_t>(length)));
  }
  value.Set("parentLengths", Value::Array(std::move(lengths)));
  value.Set("mergeRows", Value::Boolean(order.file.csv.merge_rows));
  return fhir::json::WriteValue(value);
}

fhir::Result<UploadOrder> ReadUploadOrder(std::string_view text) {
  GW_ASSIGN(const Value value, fhir::json::ReadValue(text, kTextLimits));
  UploadOrder order;
  order.upload = TextIn(value, "upload");
  order.file_name = TextIn(value, "fileName");
  order.url = TextIn(value, "url");
  order.version = TextIn(value, "version");
  order.name = TextIn(value, "name");
  order.title = TextIn(value, "title");
  order.file.csv.encoding = TextIn(value, "encoding");
  if (const std::string delimiter = TextIn(value, "delimiter"); !delimiter.empty()) {
    order.file.csv.delimiter = delimiter.front();
  }
  const auto integer = [](const Value* from) { return from == nullptr ? 0 : from->AsInteger().value_or(0); };
  order.file.format = static_cast<fhir::concept_files::FileFormat>(integer(value.Find("format")));
  if (const Value* columns = value.Find("columns")) {
    for (const Value& column : columns->items()) {
      order.file.csv.columns.push_back(column.text());
    }
  }
  if (const Value* lengths = value.Find("parentLengths")) {
    for (const Value& length : lengths->items()) {
      order.file.csv.parent_lengths.push_back(static_cast<std::size_t>(integer(&length)));
    }
  }
  const Value* merge = value.Find("mergeRows");
  order.file.csv.merge_rows = merge != nullptr && merge->AsBoolean().value_or(false);
  return order;
}

fhir::Result<UploadAnswer> ReadUploadAnswer(const port::Job& job) {
  GW_ASSIGN(const Value value, fhir::json::ReadValue(job.result, kTextLimits));
  const Value* status = value.Find("status");
  return UploadAnswer{.status = static_cast<int>(status == nullptr ? 500 : status->AsInteger().value_or(500)),
                      .body = TextIn(value, "body")};
}

std::unique_ptr<port::JobKind> MakeUploadJob(std::shared_ptr<const Service> service, port::ActorOfOwner actor_of,
                                             port::ConceptLoads& loads, const UploadLimits& limits) {
  return std::make_unique<UploadJob>(std::move(service), std::move(actor_of), loads, limits);
}

}  // namespace gateway::rest::concept_upload
