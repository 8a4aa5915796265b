#include "fhir/bundle/writer.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "fhir/json/writer.hpp"

namespace fhir::bundle {
namespace {

std::string_view CodeOf(SearchMode mode) {
  switch (mode) {
    case SearchMode::kMatch:
      return "match";
    case SearchMode::kInclude:
      return "include";
    case SearchMode::kOutcome:
      return "outcome";
    case SearchMode::kNone:
      break;
  }
  return {};
}

/// One JSON object whose empty members are left out.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectText() { out_ += '}'; }
  ObjectText(const ObjectText&) = delete;
  ObjectText& operator=(const ObjectText&) = delete;

  void Text(std::string_view name, std::string_view text) {
    if (!text.empty()) {
      Name(name);
      json::AppendQuoted(out_, text);
    }
  }
  void Bytes(std::string_view name, std::string_view bytes) {
    if (!bytes.empty()) {
      Name(name);
      out_ += bytes;
    }
  }
  void Name(std::string_view name) {
    out_ += first_ ? "\"" : ",\"";
    first_ = false;
    out_ += name;
    out_ += "\":";
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace

std::string_view Code(BundleType type) {
  switch (type) {
    case BundleType::kSearchset:
      return "searchset";
    case BundleType::kHistory:
      return "history";
    case BundleType::kTransaction:
      return "transaction";
    case BundleType::kBatch:
      return "batch";
    case BundleType::kTransactionResponse:
      return "transaction-response";
    case BundleType::kBatchResponse:
      return "batch-response";
    case BundleType::kCollection:
      return "collection";
    case BundleType::kDocument:
      return "document";
  }
  return "collection";
}

BundleWriter::BundleWriter(const BundleHead& head, std::size_t bytes_expected) {
  out_.reserve(bytes_expected);
  out_ += R"({"resourceType":"Bundle")";
  const auto text = [this](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      fmt::format_to(std::back_inserter(out_), ",\"{}\":", name);
      json::AppendQuoted(out_, value);
    }
  };
  text("id", head.id);
  if (!head.identifier.empty()) {
    out_ += ",\"identifier\":";
    ObjectText identifier(out_);
    identifier.Text("system", "urn:ietf:rfc:3986");
    identifier.Text("value", head.identifier);
  }
  text("type", Code(head.type));
  text("timestamp", head.timestamp);
  if (head.total) {
    fmt::format_to(std::back_inserter(out_), ",\"total\":{}", *head.total);
  }
  if (!head.links.empty()) {
    char separator = '[';
    out_ += ",\"link\":";
    for (const Link& link : head.links) {
      out_ += std::exchange(separator, ',');
      ObjectText object(out_);
      object.Text("relation", link.relation);
      object.Text("url", link.url);
    }
    out_ += ']';
  }
}

void BundleWriter::Add(const EntryOut& entry) {
  out_ += has_entries_ ? "," : ",\"entry\":[";
  has_entries_ = true;
  ObjectText object(out_);
  object.Text("fullUrl", entry.full_url);
  object.Bytes("resource", entry.resource);
  if (entry.mode != SearchMode::kNone) {
    object.Name("search");
    ObjectText search(out_);
    if (!entry.match_grade.empty()) {
      search.Name("extension");
      out_ += '[';
      {
        // Source: https://hl7.org/fhir/R4/extension-match-grade.html
        ObjectText extension(out_);
        extension.Text("url", "http://hl7.org/fhir/StructureDefinition/match-grade");
        extension.Text("valueCode", entry.match_grade);
      }
      out_ += ']';
    }
    search.Text("mode", CodeOf(entry.mode));
    search.Bytes("score", entry.score);
  }
  if (!entry.request_method.empty()) {
    object.Name("request");
    ObjectText request(out_);
    request.Text("method", entry.request_method);
    request.Text("url", entry.request_url);
    request.Text("ifNoneExist", entry.if_none_exist);
  }
  if (!entry.response_status.empty()) {
    object.Name("response");
    ObjectText response(out_);
    response.Text("status", entry.response_status);
    response.Text("location", entry.response_location);
    response.Text("etag", entry.response_etag);
    response.Text("lastModified", entry.response_last_modified);
    response.Bytes("outcome", entry.response_outcome);
  }
}

std::string BundleWriter::Finish() && {
  out_ += has_entries_ ? "]}" : "}";
  return std::move(out_);
}

}  // namespace fhir::bundle
