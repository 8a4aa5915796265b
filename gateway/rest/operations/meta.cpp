// $meta, $meta-add and $meta-delete: profiles, tags and security labels.
// Source: https://hl7.org/fhir/R4/resource-operation-meta.html, …-meta-add.html, …-meta-delete.html
//
// A change of labels makes a version, as any change does: what a page shows, what a version was and who changed it
// stay true. Labels of earlier versions can be read and not changed.
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "gateway/rest/commit.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/parameters.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;
using fhir::model::Document;
using fhir::model::Node;

constexpr ParameterRow kMetaParameters[] = {{.name = "meta", .kind = ParameterKind::kMeta, .required = true}};
constexpr std::string_view kLabelNames[] = {"profile", "security", "tag"};

/// Parameters with one parameter `return` and an empty valueMeta.
struct MetaAnswer {
  explicit MetaAnswer(const fhir::metadata::Definitions& definitions)
      : document(definitions.FindType("Parameters")), parameter(&document.Add(document.root(), "parameter")) {
    document.Add(*parameter, "name", "return");
  }
  Document document;
  Node* parameter;
};

http::Response AnswerMeta(const Call& call, const MetaAnswer& answer) {
  return JsonResponse(call, 200, fhir::json::WriteJson(answer.document.root()));
}

fhir::Result<http::Response> AnswerMetaOf(const Call& call, const port::StoredResource& resource) {
  fhir::IssueList ignored(1);
  GW_ASSIGN(const Document document, fhir::json::ReadJson(resource.body, call.options().limits, ignored));
  MetaAnswer answer(call.definitions());
  if (const Node* meta = document.root().Child("meta")) {
    answer.document.CopyInto(*answer.parameter, "valueMeta", *meta);
  }
  http::Response response = AnswerMeta(call, answer);
  response.headers.Add("ETag", FormatEtag(resource.version));
  return response;
}

/// A label is its system and code, a profile its URL; version and display do not count.
bool IsSameLabel(const Node& a, const Node& b) {
  return a.HasValue() || b.HasValue()
             ? a.value == b.value
             : a.ChildValue("system") == b.ChildValue("system") && a.ChildValue("code") == b.ChildValue("code");
}

Node* FindLabel(Node& meta, std::string_view name, const Node& label) {
  for (Node& child : meta.children()) {
    if (child.name == name && IsSameLabel(child, label)) {
      return &child;
    }
  }
  return nullptr;
}

enum class MetaChange { kAdd, kDelete };

void ChangeMeta(Document& document, const Node& labels, MetaChange change) {
  Node* meta = document.root().Child("meta");
  if (meta == nullptr) {
    meta = &document.Add(document.root(), "meta");
  }
  for (const Node& label : labels.children()) {
    bool is_label = false;
    for (const std::string_view name : kLabelNames) {
      is_label = is_label || label.name == name;
    }
    if (!is_label) {
      continue;
    }
    Node* present = FindLabel(*meta, label.name, label);
    if (change == MetaChange::kAdd && present == nullptr) {
      document.CopyInto(*meta, label.name, label);
    } else if (change == MetaChange::kDelete && present != nullptr) {
      document.Remove(*present);
    }
  }
}

fhir::Result<std::optional<std::int64_t>> VersionInPath(const Call& call) {
  const std::string_view text = call.request.PathParameter("version");
  if (text.empty()) {
    return std::optional<std::int64_t>();
  }
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size() || version < 1) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such version");
  }
  return std::optional(version);
}

fhir::Result<http::Response> AnswerMetaInUse(const Call& call) {
  port::ResourceViews* views = call.service.ports().operations.views;
  if (views == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  GW_ASSIGN(const port::MetaInUse in_use, views->FindMetaInUse(call.actor, call.type));
  if (in_use.truncated) {
    return fhir::Fail(fhir::ErrorCode::kTooCostly, "there are too many profiles and labels: ask about one type");
  }
  MetaAnswer answer(call.definitions());
  Node& meta = answer.document.Add(*answer.parameter, "valueMeta");
  for (const std::string& profile : in_use.profiles) {
    answer.document.Add(meta, "profile", profile);
  }
  const auto add = [&](std::string_view name, const std::vector<port::MetaInUse::Label>& labels) {
    for (const auto& [system, code] : labels) {
      Node& label = answer.document.Add(meta, name);
      if (!system.empty()) {
        answer.document.Add(label, "system", system);
      }
      answer.document.Add(label, "code", code);
    }
  };
  add("security", in_use.security);
  add("tag", in_use.tags);
  return AnswerMeta(call, answer);
}

fhir::Result<http::Response> AnswerChange(Call& call, MetaChange kind) {
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kMetaParameters));
  GW_ASSIGN(const auto if_match, ParseTags("If-Match", call.request.headers.Get("If-Match")));
  const Node& labels = *parameters.Element("meta");
  // A patch: it is made from what is stored when the resource is locked, so that nobody writes in between.
  GW_ASSIGN(const port::Outcome outcome, CommitOne(call, [&]() -> fhir::Result<port::Change> {
              port::Change change;
              change.verb = port::Verb::kPatch;
              change.type = call.type;
              change.id = call.id;
              change.if_match = if_match;
              change.patch = [&labels, kind](const Node& stored, std::string_view) -> fhir::Result<Document> {
                Document document = Document::CloneResource(stored);
                ChangeMeta(document, labels, kind);
                return document;
              };
              return change;
            }));
  return AnswerMetaOf(call, outcome.resource);
}

}  // namespace

fhir::Result<http::Response> Meta(Call& call) {
  GW_TRY(Parameters::Read(call, {}));
  if (call.id.empty()) {
    return AnswerMetaInUse(call);
  }
  GW_ASSIGN(const std::optional<std::int64_t> version, VersionInPath(call));
  GW_ASSIGN(const port::StoredResource resource,
            call.service.ports().store.Read(call.actor, call.type, call.id, version));
  if (resource.deleted) {
    return fhir::Fail(fhir::ErrorCode::kGone, "this resource has been deleted");
  }
  call.audit.entities.push_back({call.type, std::string(call.id), resource.version});
  return AnswerMetaOf(call, resource);
}

fhir::Result<http::Response> MetaAdd(Call& call) {
  return AnswerChange(call, MetaChange::kAdd);
}

fhir::Result<http::Response> MetaDelete(Call& call) {
  return AnswerChange(call, MetaChange::kDelete);
}

}  // namespace gateway::rest::operations
