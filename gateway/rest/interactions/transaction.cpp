// POST [base] with a transaction or batch Bundle. Source: https://hl7.org/fhir/R4/http.html#transaction
//
// A transaction's writes are one unit of work, in the standard's order; its reads follow once they are committed, with
// the party's grants, as any other request. Each entry of a batch is a request of its own.
#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "fhir/base/base64.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/bundle/request.hpp"
#include "fhir/bundle/slim_bundle.hpp"
#include "fhir/bundle/writer.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "gateway/http/target.hpp"
#include "gateway/rest/body.hpp"
#include "gateway/rest/commit.hpp"
#include "gateway/rest/error_status.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/offered.hpp"
#include "gateway/rest/patch_body.hpp"
#include "gateway/rest/respond.hpp"
#include "gateway/rest/routes.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;
using fhir::bundle::HttpVerb;
using fhir::bundle::RequestBundle;
using fhir::bundle::RequestEntry;

/// A Bundle of more text than this is not made a tree whole: its resources are read one after another.
constexpr std::size_t kTreeBytesMax = 2u * 1024 * 1024;

/// What is wrong with the text of single entries, by their position.
using EntryFaults = std::map<std::size_t, fhir::IssueList>;

/// A Bundle as it is read. `texts` is empty, or has for each entry its resource where the tree has it not.
struct BundleIn {
  fhir::model::Document tree;
  std::vector<std::string_view> texts;
  EntryFaults faults;  ///< of a batch alone
};

/// What goes into one entry of the response. Owns what EntryOut borrows.
struct EntryAnswer {
  std::string status;
  std::string location;
  std::string etag;
  std::string last_modified;
  std::string resource;
  std::string outcome;
};

/// "Patient/$match", "$meta", "Patient/_search": what is asked for by its path, whatever the verb.
bool IsOperation(const RequestEntry& entry) {
  const std::string_view path = std::string_view(entry.url).substr(0, entry.url.find('?'));
  const std::string_view last = path.substr(path.rfind('/') + 1);
  return last.starts_with('$') || last == "_search";
}

bool IsWrite(const RequestEntry& entry) {
  return entry.verb != HttpVerb::kGet && entry.verb != HttpVerb::kHead && !IsOperation(entry);
}

std::unexpected<fhir::Error> EntryFailure(fhir::ErrorCode code, const RequestEntry& entry, std::string_view member,
                                          std::string text) {
  auto failure = fhir::Fail(code, std::move(text));
  failure.error().expression = entry.place + std::string(member);
  return failure;
}

/// Places an error that names no place, or one relative to the resource, at its entry.
fhir::Error AtEntry(fhir::Error error, const RequestEntry& entry, std::string_view member) {
  if (!error.expression.starts_with("Bundle.")) {
    error.expression = entry.place + std::string(member);
  }
  return error;
}

fhir::Result<port::Change> ChangeOf(Call& call, const RequestEntry& entry) {
  const std::string_view url = entry.url;
  const std::size_t question = url.find('?');
  const std::string_view path = url.substr(0, question);
  const std::size_t slash = path.find('/');
  port::Change change;
  change.type = call.definitions().FindType(path.substr(0, slash));
  if (!call.definitions().IsResource(change.type)) {
    return EntryFailure(fhir::ErrorCode::kNotFound, entry, ".request.url", "the url names no resource type of FHIR R4");
  }
  if (slash != std::string_view::npos) {
    change.id = path.substr(slash + 1);
    if (change.id.find('/') != std::string::npos || change.id.starts_with('_')) {
      return EntryFailure(fhir::ErrorCode::kUnsupported, entry, ".request.url",
                          "versions cannot be written in a transaction");
    }
  }
  const auto condition = [&](std::string_view text,
                             std::string_view member) -> fhir::Result<std::optional<fhir::search::Query>> {
    Call typed{.service = call.service, .request = call.request, .actor = call.actor, .type = change.type, .id = {}};
    auto query = ReadCondition(typed, text);
    return query ? std::move(query)
                 : fhir::Result<std::optional<fhir::search::Query>>(
                       std::unexpected(AtEntry(std::move(query).error(), entry, member)));
  };
  switch (entry.verb) {
    case HttpVerb::kPost: {
      change.verb = port::Verb::kCreate;
      change.id.clear();
      GW_ASSIGN(change.condition, condition(entry.if_none_exist, ".request.ifNoneExist"));
      break;
    }
    case HttpVerb::kPut:
    case HttpVerb::kPatch:
    case HttpVerb::kDelete: {
      change.verb = entry.verb == HttpVerb::kPut     ? port::Verb::kUpdate
                    : entry.verb == HttpVerb::kPatch ? port::Verb::kPatch
                                                     : port::Verb::kDelete;
      if (question != std::string_view::npos) {
        GW_ASSIGN(change.condition, condition(url.substr(question + 1), ".request.url"));
      }
      if (change.id.empty() && !change.condition) {
        return EntryFailure(fhir::ErrorCode::kMalformed, entry, ".request.url",
                            "an id or search parameters are needed");
      }
      auto if_match = ParseTags("ifMatch", entry.if_match);
      if (!if_match) {
        return std::unexpected(AtEntry(std::move(if_match).error(), entry, ".request.ifMatch"));
      }
      change.if_match = *std::move(if_match);
      if (change.verb == port::Verb::kUpdate) {
        auto if_none_match = ParseTags("ifNoneMatch", entry.if_none_match);
        if (!if_none_match) {
          return std::unexpected(AtEntry(std::move(if_none_match).error(), entry, ".request.ifNoneMatch"));
        }
        change.if_none_match = *std::move(if_none_match);
      }
      break;
    }
    case HttpVerb::kGet:
    case HttpVerb::kHead:
      return EntryFailure(fhir::ErrorCode::kInternal, entry, ".request.method", "a read changes nothing");
  }
  if (auto offered = HoldToOffer(call.options(), change); !offered) {
    return std::unexpected(AtEntry(std::move(offered).error(), entry, ".request"));
  }
  if (entry.verb == HttpVerb::kPatch) {
    auto patch = ReadPatchResource(call, *entry.resource);
    if (!patch) {
      return std::unexpected(AtEntry(std::move(patch).error(), entry, ".resource"));
    }
    change.patch = *std::move(patch);
  } else if (!entry.resource_text.empty() && entry.verb != HttpVerb::kDelete) {
    change.resource_text = entry.resource_text;
  } else if (entry.resource != nullptr && entry.verb != HttpVerb::kDelete) {
    change.resource.emplace(fhir::model::Document::CloneResource(*entry.resource));
    if (change.verb == port::Verb::kCreate) {
      change.resource->RemoveAll(change.resource->root(), "id");
    }
  }
  change.body_wanted = call.preferences.result == PreferReturn::kRepresentation;
  change.full_url = entry.full_url;
  change.place = entry.place + ".resource";
  return change;
}

/// What was found about one entry's resource, as an OperationOutcome.
std::string OutcomeOfEntry(const Call& call, const RequestEntry& entry) {
  fhir::IssueList own(call.options().limits.issues_max);
  for (const fhir::Issue& issue : call.issues.issues()) {
    const std::string_view place = issue.expression;
    if (place.starts_with(entry.place) && (place.size() == entry.place.size() || place[entry.place.size()] == '.')) {
      own.AddAt(issue.expression, issue.severity, issue.type, issue.text);
    }
  }
  return own.empty() ? fhir::operation_outcome::ToOperationOutcome("done")
                     : fhir::operation_outcome::ToOperationOutcome(own);
}

EntryAnswer AnswerOf(const Call& call, const RequestEntry& entry, port::Outcome outcome) {
  EntryAnswer answer;
  switch (outcome.effect) {
    case port::Effect::kCreated:
      answer.status = "201 Created";
      break;
    case port::Effect::kUpdated:
    case port::Effect::kUnchanged:
      answer.status = "200 OK";
      break;
    case port::Effect::kDeleted:
      answer.status = "204 No Content";
      break;
  }
  if (outcome.resource.version > 0) {
    answer.etag = FormatEtag(outcome.resource.version);
    answer.last_modified = fhir::FormatInstant(outcome.resource.last_updated_us);
  }
  if (outcome.effect != port::Effect::kDeleted && !outcome.resource.id.empty()) {
    answer.location = fmt::format("{}/{}/_history/{}", call.definitions().TypeName(outcome.resource.type),
                                  outcome.resource.id, outcome.resource.version);
    if (call.preferences.result == PreferReturn::kRepresentation) {
      answer.resource = std::move(outcome.resource.body);
    }
  }
  if (call.preferences.result == PreferReturn::kOperationOutcome) {
    answer.outcome = OutcomeOfEntry(call, entry);
  }
  return answer;
}

/// The entry's resource as the body of a request; a Binary that patches is sent as what it carries.
/// Source: https://hl7.org/fhir/R4/http.html#patch
void SetBody(const Call& call, const RequestEntry& entry, http::Request& request) {
  if (entry.verb == HttpVerb::kPatch && call.definitions().TypeName(entry.resource->type) == "Binary") {
    request.headers.Add("Content-Type", std::string(entry.resource->ChildValue("contentType")));
    request.body = fhir::DecodeBase64(entry.resource->ChildValue("data")).value_or(std::string());
    return;
  }
  request.headers.Add("Content-Type", "application/fhir+json");
  request.body =
      entry.resource_text.empty() ? fhir::json::WriteJson(*entry.resource) : std::string(entry.resource_text);
}

std::string_view ReturnPreference(const Call& call) {
  switch (call.preferences.result.value_or(PreferReturn::kMinimal)) {
    case PreferReturn::kRepresentation:
      return "return=representation";
    case PreferReturn::kOperationOutcome:
      return "return=OperationOutcome";
    case PreferReturn::kMinimal:
      return "return=minimal";
  }
  return "return=minimal";
}

/// An entry that is answered without being tried. Its outcome is JSON, as the Bundle is that it becomes a part of.
EntryAnswer Refused(const fhir::Error& error, const fhir::IssueList& issues = fhir::IssueList()) {
  const int status = StatusOf(error.code);
  EntryAnswer answer;
  answer.status = fmt::format("{} {}", status, http::ReasonPhrase(status));
  answer.outcome = fhir::operation_outcome::ToOperationOutcome(error, issues);
  return answer;
}

/// Runs one entry as a request of its own, through the same routes.
EntryAnswer RunAlone(const Call& call, const RequestEntry& entry) {
  http::Request request;
  switch (entry.verb) {
    case HttpVerb::kGet:
      request.method = http::Method::kGet;
      break;
    case HttpVerb::kHead:
      request.method = http::Method::kHead;
      break;
    case HttpVerb::kPost:
      request.method = http::Method::kPost;
      break;
    case HttpVerb::kPut:
      request.method = http::Method::kPut;
      break;
    case HttpVerb::kPatch:
      request.method = http::Method::kPatch;
      break;
    case HttpVerb::kDelete:
      request.method = http::Method::kDelete;
      break;
  }
  request.target = fmt::format("{}/{}", call.options().base_path, entry.url);
  request.actor = call.request.actor;
  request.request_id = call.request.request_id;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      request.headers.Add(std::string(name), std::string(value));
    }
  };
  add("If-None-Exist", entry.if_none_exist);
  add("If-Match", entry.if_match);
  add("If-None-Match", entry.if_none_match);
  add("If-Modified-Since", entry.if_modified_since);
  request.place = entry.place;
  if (const auto key = call.request.headers.Get("Idempotency-Key"); key && (IsWrite(entry) || IsOperation(entry))) {
    add("Idempotency-Key", *key);
  }
  add("Prefer", call.preferences.lenient ? (*call.preferences.lenient ? "handling=lenient" : "handling=strict") : "");
  if (IsWrite(entry)) {
    add("Prefer", ReturnPreference(call));
  }
  if (entry.resource != nullptr) {
    SetBody(call, entry, request);
  }
  http::Response response;
  auto target = http::ParseTarget(request.target);
  if (target) {
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    response = call.service.Dispatch(request);
  } else {
    return Refused(AtEntry(std::move(target).error(), entry, ".request.url"));
  }
  EntryAnswer answer;
  answer.status = fmt::format("{} {}", response.status, http::ReasonPhrase(response.status));
  answer.etag = response.headers.Get("ETag").value_or("");
  // Location is absolute in a response of its own and relative in a Bundle, which names the same server.
  std::string_view location = response.headers.Get("Location").value_or("");
  if (location.starts_with(call.options().base_url + "/")) {
    location.remove_prefix(call.options().base_url.size() + 1);
  }
  answer.location = location;
  if (entry.verb == HttpVerb::kHead && response.status < 400) {
    response.body.clear();
  }
  const bool outcome =
      response.status >= 400 || (IsWrite(entry) && call.preferences.result == PreferReturn::kOperationOutcome);
  (outcome ? answer.outcome : answer.resource) = std::move(response.body);
  return answer;
}

/// Operations are answered once the transaction is committed, as reads are: one that changes something could not be
/// taken back with the rest.
fhir::Result<void> CheckOperation(const Call& call, const RequestEntry& entry, std::string_view path) {
  http::Method method = http::Method::kGet;
  if (entry.verb == HttpVerb::kPost) {
    method = http::Method::kPost;
  } else if (entry.verb != HttpVerb::kGet && entry.verb != HttpVerb::kHead) {
    return EntryFailure(fhir::ErrorCode::kMalformed, entry, ".request.method",
                        "an operation is asked for by GET or POST");
  }
  const RouteRow* const row = call.service.FindRow(method, call.options().base_path + std::string(path));
  if (row == nullptr || (OperationOf(*row).empty() && !row->pattern.ends_with("/_search"))) {
    return EntryFailure(fhir::ErrorCode::kNotFound, entry, ".request.url", "this server has no such operation");
  }
  if (row->audit == AuditTime::kInTransaction) {
    return EntryFailure(fhir::ErrorCode::kUnsupported, entry, ".request.url",
                        "in a transaction, operations may only read: send this one by itself or in a batch");
  }
  return {};
}

/// A transaction is refused whole: what is wrong with the words of a read is found before anything is written.
fhir::Result<void> CheckRead(const Call& call, const RequestEntry& entry) {
  auto target = http::ParseTarget(fmt::format("/{}", entry.url));
  if (!target) {
    return std::unexpected(AtEntry(std::move(target).error(), entry, ".request.url"));
  }
  if (IsOperation(entry)) {
    GW_TRY(CheckOperation(call, entry, target->path));
  }
  const std::string_view path = std::string_view(target->path).substr(1);
  const std::string_view first = path.substr(0, path.find('/'));
  const fhir::metadata::TypeId type = call.definitions().FindType(first);
  if (!call.definitions().IsResource(type)) {
    return first.empty() || first == "metadata" || first.starts_with('_') || first.starts_with('$')
               ? fhir::Result<void>()
               : EntryFailure(fhir::ErrorCode::kNotFound, entry, ".request.url",
                              "the url names no resource type of FHIR R4");
  }
  if (path != first && path.substr(first.size()) != "/_search") {
    return {};
  }
  Call search{.service = call.service, .request = call.request, .actor = call.actor, .type = type, .id = {}};
  search.preferences = call.preferences;
  if (auto checked = CheckSearch(search, target->query); !checked) {
    return std::unexpected(AtEntry(std::move(checked).error(), entry, ".request.url"));
  }
  return {};
}

fhir::Result<std::vector<EntryAnswer>> RunTransaction(Call& call, const RequestBundle& bundle,
                                                      const std::vector<std::size_t>& order) {
  std::vector<std::size_t> writes;
  for (const std::size_t position : order) {
    if (IsWrite(bundle.entries[position])) {
      writes.push_back(position);
    } else {
      GW_TRY(CheckRead(call, bundle.entries[position]));
    }
  }
  std::vector<EntryAnswer> answers(bundle.entries.size());
  if (!writes.empty()) {
    GW_ASSIGN(std::vector<port::Outcome> outcomes, Commit(call, [&]() -> fhir::Result<Changes> {
                Changes changes;
                changes.reserve(writes.size());
                for (const std::size_t position : writes) {
                  GW_ASSIGN(port::Change change, ChangeOf(call, bundle.entries[position]));
                  changes.push_back(std::move(change));
                }
                return changes;
              }));
    if (outcomes.size() != writes.size()) {
      return fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"}, {"outcomes do not match the changes"});
    }
    for (std::size_t i = 0; i < writes.size(); ++i) {
      answers[writes[i]] = AnswerOf(call, bundle.entries[writes[i]], std::move(outcomes[i]));
    }
  }
  for (const std::size_t position : order) {
    if (!IsWrite(bundle.entries[position])) {
      answers[position] = RunAlone(call, bundle.entries[position]);
    }
  }
  return answers;
}

std::vector<EntryAnswer> RunBatch(Call& call, const RequestBundle& bundle, const EntryFaults& faults,
                                  const std::vector<std::size_t>& order) {
  std::vector<EntryAnswer> answers(bundle.entries.size());
  for (const std::size_t position : order) {
    const RequestEntry& entry = bundle.entries[position];
    if (const auto fault = faults.find(position); fault != faults.end()) {
      const auto failure = EntryFailure(fhir::ErrorCode::kMalformed, entry, "", "the entry is not well-formed");
      answers[position] = Refused(failure.error(), fault->second);
    } else if (entry.error) {
      fhir::Error error = *entry.error;
      error.code = error.code == fhir::ErrorCode::kInvalid ? fhir::ErrorCode::kMalformed : error.code;
      answers[position] = Refused(error);
    } else {
      answers[position] = RunAlone(call, entry);
    }
  }
  return answers;
}

/// The position of the entry that an expression is about, if `within` follows: ".resource".
std::optional<std::size_t> EntryOf(std::string_view expression, std::string_view within) {
  constexpr std::string_view kBefore = "Bundle.entry[";
  std::size_t position = 0;
  if (!expression.starts_with(kBefore)) {
    return std::nullopt;
  }
  expression.remove_prefix(kBefore.size());
  const std::size_t close = expression.find(']');
  const auto [end, problem] = std::from_chars(expression.data(), expression.data() + expression.size(), position);
  return problem == std::errc() && close != std::string_view::npos && end == expression.data() + close &&
                 expression.substr(close + 1).starts_with(within)
             ? std::optional(position)
             : std::nullopt;
}

/// The faults of a batch's text, where all of them are known and each lies in one entry's resource: that entry is
/// refused alone. An entry that is faulty itself may have been left out, and the others not be counted right.
std::optional<EntryFaults> FaultsOfEntries(const Call& call, const fhir::model::Node& bundle) {
  if (bundle.ChildValue("type") != "batch" || call.definitions().TypeName(bundle.type) != "Bundle" ||
      call.issues.truncated()) {
    return std::nullopt;
  }
  EntryFaults faults;
  for (const fhir::Issue& issue : call.issues.issues()) {
    const auto position = EntryOf(issue.expression, ".resource");
    if (!position) {
      return std::nullopt;
    }
    faults[*position].AddAt(issue.expression, issue.severity, issue.type, issue.text, issue.offset);
  }
  return faults;
}

fhir::Result<BundleIn> ReadBundle(Call& call) {
  if (call.request.body.size() > kTreeBytesMax) {
    GW_ASSIGN(const Format format, BodyFormat(call.request));
    auto slim =
        format == Format::kJson ? fhir::bundle::ReadSlimBundle(call.request.body, call.options().limits) : std::nullopt;
    if (slim) {
      return BundleIn{std::move(slim->tree), std::move(slim->resources), {}};
    }
  }
  GW_ASSIGN(fhir::model::Document document, ParseBody(call));
  std::optional<EntryFaults> faults = EntryFaults();
  if (call.issues.HasErrors()) {
    faults = FaultsOfEntries(call, document.root());
    if (!faults) {
      auto failure = fhir::Fail(fhir::ErrorCode::kMalformed, "the body is not a well-formed resource");
      const auto& issues = call.issues.issues();
      if (const auto position = EntryOf(issues.front().expression, ""); position && issues.size() == 1) {
        failure.error().expression = fmt::format("Bundle.entry[{}]", *position);
      }
      return failure;
    }
    call.issues = fhir::IssueList(call.options().limits.issues_max);
  }
  return BundleIn{std::move(document), {}, *std::move(faults)};
}

}  // namespace

fhir::Result<http::Response> Transaction(Call& call) {
  GW_ASSIGN(const BundleIn in, ReadBundle(call));
  auto bundle = fhir::bundle::ReadRequestBundle(in.tree.root(), call.options().limits);
  if (!bundle) {
    fhir::Error error = std::move(bundle).error();
    error.code = error.code == fhir::ErrorCode::kInvalid ? fhir::ErrorCode::kMalformed : error.code;
    return std::unexpected(std::move(error));
  }
  for (std::size_t i = 0; i < in.texts.size(); ++i) {
    bundle->entries[i].resource_text = in.texts[i];
  }
  GW_TRY(ReadRepeatKey(call.request));  // of a batch, it is refused whole
  call.audit.interaction = bundle->transaction ? "transaction" : "batch";
  const std::vector<std::size_t> order = fhir::bundle::ProcessingOrder(bundle->entries);
  std::vector<EntryAnswer> answers;
  if (bundle->transaction) {
    GW_ASSIGN(answers, RunTransaction(call, *bundle, order));
  } else {
    answers = RunBatch(call, *bundle, in.faults, order);
  }
  std::size_t bytes = 1024;
  for (const EntryAnswer& answer : answers) {
    bytes += answer.resource.size() + answer.outcome.size() + 512;
  }
  fhir::bundle::BundleHead head;
  head.type =
      bundle->transaction ? fhir::bundle::BundleType::kTransactionResponse : fhir::bundle::BundleType::kBatchResponse;
  fhir::bundle::BundleWriter writer(head, bytes);
  for (const EntryAnswer& answer : answers) {
    fhir::bundle::EntryOut entry;
    entry.resource = answer.resource;
    entry.response_status = answer.status;
    entry.response_location = answer.location;
    entry.response_etag = answer.etag;
    entry.response_last_modified = answer.last_modified;
    entry.response_outcome = answer.outcome;
    writer.Add(entry);
  }
  return JsonResponse(call, 200, std::move(writer).Finish());
}

}  // namespace gateway::rest
