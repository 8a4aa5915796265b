#include "gateway/app/import/resource_files.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "fhir/json/parts.hpp"
#include "fhir/json/writer.hpp"
#include "gateway/app/import/bundle_stream.hpp"
#include "gateway/app/import/unpacked_file.hpp"
#include "gateway/app/validation/resource_lines.hpp"

namespace gateway::app {
namespace {

using fhir::json::FindJson;
using fhir::json::JsonElements;
using fhir::json::JsonMembers;
using fhir::json::JsonText;

bool EndsWith(std::string_view path, std::string_view ending) {
  return path.size() >= ending.size() &&
         std::ranges::equal(path.substr(path.size() - ending.size()), ending,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

std::string_view WithoutPacking(std::string_view path) {
  for (const std::string_view ending : {".gz", ".bz2"}) {
    if (EndsWith(path, ending)) {
      path.remove_suffix(ending.size());
      return path;
    }
  }
  return path;
}

/// An entry that a resource was made into, or why it cannot be.
struct MadeEntry {
  std::string entry;
  std::string type;
  bool has_id = false;
  std::string_view problem;
};

MadeEntry EntryOf(std::string_view resource, std::string_view full_url) {
  MadeEntry made;
  const auto members = JsonMembers(resource);
  if (!members) {
    made.problem = "is not JSON";
    return made;
  }
  made.type = JsonText(FindJson(*members, "resourceType"));
  if (made.type.empty()) {
    made.problem = "has no resourceType";
    return made;
  }
  const std::string id = JsonText(FindJson(*members, "id"));
  made.has_id = !id.empty();
  std::string url;
  fhir::json::AppendQuoted(url, made.has_id ? fmt::format("{}/{}", made.type, id) : made.type);
  made.entry.reserve(resource.size() + 200);
  made.entry += "{";
  if (!full_url.empty()) {
    made.entry += fmt::format("\"fullUrl\":{},", full_url);
  }
  made.entry += "\"resource\":";
  made.entry += resource;
  made.entry += fmt::format(R"(,"request":{{"method":"{}","url":{}}}}})", made.has_id ? "PUT" : "POST", url);
  return made;
}

/// The type of the resource in an entry, for people.
std::string TypeIn(std::string_view entry) {
  const auto members = JsonMembers(entry);
  const auto resource = members ? JsonMembers(FindJson(*members, "resource")) : std::nullopt;
  std::string type = resource ? JsonText(FindJson(*resource, "resourceType")) : std::string();
  return type.empty() ? "no resource" : type;
}

/// Fills groups of the items it is given and hands them on.
class Grouping {
 public:
  Grouping(GroupKind kind, std::string file, const GroupLimits& limits, const GroupSink& take)
      : kind_(kind), file_(std::move(file)), limits_(limits), take_(take) {}

  /// `alone`: a group of its own. False when no more is wanted.
  bool Add(LoadItem item, bool alone = false) {
    if (alone && !Give()) {
      return false;
    }
    bytes_ += item.entry.size();
    group_.items.push_back(std::move(item));
    const bool room = !alone && group_.items.size() < limits_.group_items_max && bytes_ < limits_.group_bytes_max;
    return room || Give();
  }
  bool Give() {
    if (group_.items.empty()) {
      return true;
    }
    group_.kind = kind_;
    group_.file = file_;
    bytes_ = 0;
    return take_(std::exchange(group_, {}));
  }

 private:
  const GroupKind kind_;
  const std::string file_;
  const GroupLimits& limits_;
  const GroupSink& take_;
  LoadGroup group_;
  std::size_t bytes_ = 0;
};

/// One file of JSON on its way into groups.
class JsonFile {
 public:
  JsonFile(const std::string& path, const GroupLimits& limits, const GroupSink& take, const ProblemSink& problem)
      : path_(path), limits_(limits), take_(take), problem_(problem) {}

  void Read() {
    std::string text;
    {
      auto file = UnpackedFile::Open(path_);
      if (!file) {
        problem_(path_, Reason(file.error()));
        return;
      }
      text = ReadStart((*file)->stream(), limits_.body_bytes_max);
      if (!(*file)->problem().empty()) {
        problem_(path_, (*file)->problem());
        return;
      }
    }
    if (text.size() > limits_.body_bytes_max) {
      text = {};
      ReadLarge();
      return;
    }
    ReadHeld(std::move(text));
  }

 private:
  std::string_view Reason(const fhir::Error& error) const {
    std::string_view text = error.public_text.text;
    if (text.starts_with(path_ + ": ")) {
      text.remove_prefix(path_.size() + 2);
    }
    return text;
  }

  fhir::Result<LoadItem> ItemOf(std::string entry, std::size_t number, std::string type) {
    GW_ASSIGN(std::string digest, keys_.Next(entry));
    return LoadItem{.entry = std::move(entry), .number = number, .type = std::move(type), .digest = std::move(digest)};
  }

  /// False when no more is wanted.
  bool AddEntry(Grouping& groups, std::string entry, std::size_t number, std::string type, bool alone = false) {
    auto item = ItemOf(std::move(entry), number, std::move(type));
    if (!item) {
      problem_(path_, item.error().public_text.text);
      return false;
    }
    return groups.Add(*std::move(item), alone);
  }

  void ReadHeld(std::string text) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) {
      text.erase(0, kByteOrderMark.size());
    }
    const auto members = JsonMembers(text);
    if (!members) {
      problem_(path_, "is not JSON");
      return;
    }
    const std::string type = JsonText(FindJson(*members, "type"));
    if (JsonText(FindJson(*members, "resourceType")) != "Bundle" || type == "document" || type == "message") {
      ReadSingle(text);
      return;
    }
    const std::string_view list = FindJson(*members, "entry");
    const auto entries = list.empty() ? std::vector<std::string_view>() : JsonElements(list);
    if (!entries) {
      problem_(path_, "its entries are not a list");
    } else if (type == "transaction") {
      const std::size_t count = entries->size();
      GiveWhole(std::move(text), count);
    } else if (type == "batch") {
      GiveBatch(*entries);
    } else if (type == "collection" || type == "searchset") {
      GiveCollection(*entries);
    } else {
      RefuseType(type);
    }
  }

  void RefuseType(const std::string& type) {
    problem_(path_, fmt::format("a Bundle of type {} holds nothing to load", type.empty() ? "(none)" : type));
  }

  void ReadSingle(std::string_view text) {
    MadeEntry made = EntryOf(text, {});
    if (!made.problem.empty()) {
      problem_(path_, made.problem);
      return;
    }
    Grouping groups(GroupKind::kUnit, path_, limits_, take_);
    if (AddEntry(groups, std::move(made.entry), 0, std::move(made.type))) {
      groups.Give();
    }
  }

  void GiveWhole(std::string body, std::size_t entries) {
    LoadGroup whole;
    whole.kind = GroupKind::kWhole;
    whole.file = path_;
    whole.entries = entries;
    auto digest = keys_.Next(body);
    if (!digest) {
      problem_(path_, digest.error().public_text.text);
      return;
    }
    whole.digest = *std::move(digest);
    whole.body = std::move(body);
    take_(std::move(whole));
  }

  void GiveBatch(const std::vector<std::string_view>& entries) {
    Grouping groups(GroupKind::kBatch, path_, limits_, take_);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!AddEntry(groups, std::string(entries[i]), i, TypeIn(entries[i]))) {
        return;
      }
    }
    groups.Give();
  }

  /// The entry of a collection with a request; nothing, and a problem told, where it carries no resource. What a search
  /// says of itself is no resource to load.
  std::optional<MadeEntry> LoadEntryOf(std::string_view entry, std::size_t number) {
    const auto members = JsonMembers(entry);
    const std::string_view resource = members ? FindJson(*members, "resource") : std::string_view();
    MadeEntry made = EntryOf(resource, members ? FindJson(*members, "fullUrl") : std::string_view());
    if (!made.problem.empty()) {
      problem_(fmt::format("{}: entry {}", path_, number), resource.empty() ? "has no resource" : made.problem);
      return std::nullopt;
    }
    return made.type == "OperationOutcome" ? std::nullopt : std::optional(std::move(made));
  }

  void GiveCollection(const std::vector<std::string_view>& entries) {
    if (entries.size() > limits_.entries_max) {
      Grouping groups(GroupKind::kUnit, path_, limits_, take_);
      for (std::size_t i = 0; i < entries.size(); ++i) {
        auto made = LoadEntryOf(entries[i], i);
        if (made && !AddEntry(groups, std::move(made->entry), i, std::move(made->type), !made->has_id)) {
          return;
        }
      }
      groups.Give();
      return;
    }
    LoadGroup all;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (auto made = LoadEntryOf(entries[i], i)) {
        all.items.push_back({.entry = std::move(made->entry), .number = i, .type = {}, .digest = {}});
      }
    }
    if (!all.items.empty()) {
      const std::size_t count = all.items.size();
      std::string body = BundleOf(all);
      all = {};
      GiveWhole(std::move(body), count);
    }
  }

  void ReadLarge() {
    auto file = UnpackedFile::Open(path_);
    if (!file) {
      problem_(path_, Reason(file.error()));
      return;
    }
    BundleStream bundle((*file)->stream(), limits_.body_bytes_max / 2);
    if (bundle.ToEntries()) {
      const std::string& type = bundle.type();
      if (type == "batch" || type == "collection" || type == "searchset") {
        GiveStream(bundle);
      } else if (type == "transaction") {
        problem_(path_, fmt::format("is a transaction of more than {} bytes, the most that is sent at once",
                                    limits_.body_bytes_max));
      } else if (type.empty()) {
        problem_(path_, "has no type before its entries, as a Bundle must that is sent in parts");
      } else {
        RefuseType(type);
      }
    } else if (bundle.problem().empty()) {
      problem_(path_, fmt::format("is a resource of more than {} bytes", limits_.body_bytes_max));
    }
    if (!(*file)->problem().empty()) {
      problem_(path_, (*file)->problem());
    } else if (!bundle.problem().empty()) {
      problem_(path_, bundle.problem());
    }
  }

  void GiveStream(BundleStream& bundle) {
    const bool batch = bundle.type() == "batch";
    Grouping groups(batch ? GroupKind::kBatch : GroupKind::kUnit, path_, limits_, take_);
    std::size_t number = 0;
    for (auto entry = bundle.Next(); entry; entry = bundle.Next(), ++number) {
      if (batch) {
        std::string type = TypeIn(*entry);
        if (!AddEntry(groups, *std::move(entry), number, std::move(type))) {
          return;
        }
        continue;
      }
      auto made = LoadEntryOf(*entry, number);
      if (made && !AddEntry(groups, std::move(made->entry), number, std::move(made->type), !made->has_id)) {
        return;
      }
    }
    groups.Give();
  }

  const std::string path_;
  const GroupLimits& limits_;
  const GroupSink& take_;
  const ProblemSink& problem_;
  KeyChain keys_;
};

}  // namespace

bool IsLoadable(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  return !name.starts_with('.') && (EndsWith(WithoutPacking(name), ".json") || IsLineFile(name));
}

bool IsLineFile(std::string_view path) {
  return IsNdjson(WithoutPacking(path));
}

void ReadJsonFile(const std::string& path, const GroupLimits& limits, const GroupSink& take,
                  const ProblemSink& problem) {
  JsonFile(path, limits, take, problem).Read();
}

struct LineGroups::Reading {
  std::string path;
  GroupLimits limits;
  ProblemSink problem;
  std::unique_ptr<UnpackedFile> file;
  std::optional<ResourceLines> lines;
  KeyChain keys;
  std::optional<LoadItem> next;  // a line without an id, which goes alone after what stands before it
  bool any_line = false;

  std::optional<LoadItem> Line(bool& has_id);
  void TellEnd();
};

/// The next line that is a resource; tells of those that are not.
std::optional<LoadItem> LineGroups::Reading::Line(bool& has_id) {
  while (auto line = lines->Next()) {
    any_line = true;
    const std::string place = fmt::format("{}:{}", path, line->number);
    if (line->too_long) {
      problem(place, fmt::format("has more than {} bytes", limits.body_bytes_max / 2));
      continue;
    }
    auto digest = keys.Next(line->text);
    MadeEntry made = EntryOf(line->text, {});
    if (!digest || !made.problem.empty()) {
      problem(place, digest ? made.problem : std::string_view(digest.error().public_text.text));
      continue;
    }
    has_id = made.has_id;
    return LoadItem{.entry = std::move(made.entry),
                    .number = line->number,
                    .type = std::move(made.type),
                    .digest = *std::move(digest)};
  }
  return std::nullopt;
}

void LineGroups::Reading::TellEnd() {
  if (!file->problem().empty()) {
    problem(path, file->problem());
  } else if (!any_line) {
    problem(path, "holds no resource");
  }
  lines.reset();
}

LineGroups::LineGroups(std::string path, const GroupLimits& limits, ProblemSink problem)
    : reading_(std::make_unique<Reading>()) {
  reading_->path = std::move(path);
  reading_->limits = limits;
  reading_->problem = std::move(problem);
  auto file = UnpackedFile::Open(reading_->path);
  if (!file) {
    reading_->problem(reading_->path, "cannot be read");
    return;
  }
  reading_->file = *std::move(file);
  reading_->lines.emplace(reading_->file->stream(), limits.body_bytes_max / 2);
}

LineGroups::~LineGroups() = default;

std::optional<LoadGroup> LineGroups::Next() {
  Reading& from = *reading_;
  LoadGroup group;
  group.file = from.path;
  group.lines = true;
  if (from.next) {
    group.items.push_back(*std::exchange(from.next, std::nullopt));
    return group;
  }
  std::size_t bytes = 0;
  while (from.lines && group.items.size() < from.limits.group_items_max && bytes < from.limits.group_bytes_max) {
    bool has_id = false;
    auto item = from.Line(has_id);
    if (!item) {
      from.TellEnd();
      break;
    }
    bytes += item->entry.size();
    if (!has_id && !group.items.empty()) {
      from.next = std::move(item);
      break;
    }
    group.items.push_back(*std::move(item));
    if (!has_id) {
      break;
    }
  }
  return group.items.empty() ? std::nullopt : std::optional(std::move(group));
}

}  // namespace gateway::app
