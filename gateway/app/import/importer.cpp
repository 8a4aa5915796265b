#include "gateway/app/import/importer.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "fhir/json/value.hpp"
#include "gateway/app/import/turns.hpp"

namespace gateway::app {
namespace {

constexpr std::size_t kAnswerBytesMax = 256u * 1024 * 1024;

/// A file to read, or lines of one that is being read.
using Work = std::variant<std::string, LoadGroup>;

/// What to do, in order. thread-safe.
class WorkList {
 public:
  WorkList(const ImportOrder& order, ImportReport& report, Turns& turns)
      : order_(order), report_(report), turns_(turns) {}

  struct Numbered {
    std::size_t number = 0;
    Work work;
  };

  std::optional<Numbered> Next() {
    const std::lock_guard lock(mutex_);
    while (lines_ || at_ < order_.files.size()) {
      if (lines_) {
        if (auto group = lines_->Next()) {
          return Numbered{turns_.Begin(), *std::move(group)};
        }
        lines_.reset();
        report_.FileDone(false);
      } else if (const std::string& path = order_.files[at_++]; IsLineFile(path)) {
        lines_ = std::make_unique<LineGroups>(
            path, order_.limits,
            [this](const std::string& place, std::string_view why) { report_.Failed(place, why); });
      } else {
        return Numbered{turns_.Begin(), path};
      }
    }
    return std::nullopt;
  }

 private:
  const ImportOrder& order_;
  ImportReport& report_;
  Turns& turns_;
  std::mutex mutex_;
  std::size_t at_ = 0;                 // guarded by mutex_
  std::unique_ptr<LineGroups> lines_;  // guarded by mutex_
};

/// Why all connections stop. thread-safe.
class StopSign {
 public:
  void Set(std::string why) {
    const std::lock_guard lock(mutex_);
    if (!set_.exchange(true)) {
      why_ = std::move(why);
    }
  }
  bool set() const { return set_; }
  std::string why() const {
    const std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  std::atomic<bool> set_ = false;
  mutable std::mutex mutex_;
  std::string why_;  // guarded by mutex_
};

/// What an answer to a batch says of an entry; empty when it was done.
std::string RefusalOf(const fhir::json::Value& entry) {
  const fhir::json::Value* response = entry.Find("response");
  const std::string_view status = response == nullptr ? std::string_view() : response->FindText("status");
  if (status.starts_with('2') || status.starts_with('3')) {
    return {};
  }
  const fhir::json::Value* outcome = response == nullptr ? nullptr : response->Find("outcome");
  const int number = status.size() >= 3 ? std::atoi(std::string(status.substr(0, 3)).c_str()) : 0;
  return ReasonOf(number, outcome == nullptr ? std::string() : fhir::json::WriteValue(*outcome));
}

/// For each entry of a batch what the answer says against it, empty when it was done; nothing when the answer does not
/// tell.
std::optional<std::vector<std::string>> RefusalsOf(const LoadGroup& group, const LinkAnswer& answer) {
  const auto body = fhir::json::ReadValue(answer.body, {.bytes_max = kAnswerBytesMax});
  const fhir::json::Value* entries = body ? body->Find("entry") : nullptr;
  if (entries == nullptr || entries->items().size() != group.items.size()) {
    return std::nullopt;
  }
  std::vector<std::string> reasons;
  reasons.reserve(entries->items().size());
  for (const fhir::json::Value& entry : entries->items()) {
    reasons.push_back(RefusalOf(entry));
  }
  return reasons;
}

/// One connection at work.
class Loader {
 public:
  Loader(const ImportOrder& order, ImportReport& report, Turns& turns, StopSign& stop)
      : order_(order), report_(report), turns_(turns), stop_(stop), link_(order.link, order.connect()) {}

  void Do(const WorkList::Numbered& work) {
    number_ = work.number;
    if (const auto* group = std::get_if<LoadGroup>(&work.work)) {
      Load(*group);
      return;
    }
    const std::string& path = std::get<std::string>(work.work);
    bool bundle = false;
    ReadJsonFile(
        path, order_.limits,
        [&](const LoadGroup& group) {
          bundle = bundle || group.size() > 1 || group.kind != GroupKind::kUnit;
          Load(group);
          return !stop_.set();
        },
        [this](const std::string& place, std::string_view why) { report_.Failed(place, why); });
    report_.FileDone(bundle);
  }

 private:
  /// The answer, or nothing when all stop.
  std::optional<LinkAnswer> Send(const LoadGroup& group) {
    const auto key = KeyOf(group);
    auto answer = key ? link_.Post(BundleOf(group), *key) : fhir::Result<LinkAnswer>(std::unexpected(key.error()));
    if (!answer) {
      report_.Failed(PlaceOf(group, 0), answer.error().public_text.text, group.size());
      stop_.Set(answer.error().public_text.text);
      return std::nullopt;
    }
    if (answer->status == 401) {
      report_.Failed(PlaceOf(group, 0), ReasonOf(answer->status, answer->body), group.size());
      stop_.Set("the server does not accept who asks; see --token-file");
      return std::nullopt;
    }
    return *std::move(answer);
  }

  /// Sends a group, once more when it was refused and something before it was still on its way.
  void Load(const LoadGroup& group) {
    const bool early = turns_.AnyEarlier(number_);
    auto answer = Send(group);
    if (!answer) {
      return;
    }
    if (group.kind == GroupKind::kBatch && answer->accepted()) {
      TakeBatch(group, *std::move(answer), early);
      return;
    }
    if (!answer->accepted() && early) {
      turns_.AwaitEarlier(number_);
      if (stop_.set()) {
        return;
      }
      answer = Send(group);
      if (!answer) {
        return;
      }
    }
    if (answer->accepted()) {
      report_.Loaded(group.size());
    } else if (group.kind == GroupKind::kWhole || group.size() == 1) {
      report_.Failed(PlaceOf(group, 0), ReasonOf(answer->status, answer->body), group.size());
    } else {
      for (std::size_t i = 0; i < group.items.size() && !stop_.set(); ++i) {
        Load(SingleOf(group, i));
      }
    }
  }

  /// Counts the entries of a batch. When some were refused and it was `early`, the same batch goes once more: under the
  /// same key its other entries are not done twice, and a later repeat of the file finds each under the key it had.
  void TakeBatch(const LoadGroup& group, LinkAnswer answer, bool early) {
    auto reasons = RefusalsOf(group, answer);
    if (reasons && early && std::ranges::any_of(*reasons, [](const std::string& reason) { return !reason.empty(); })) {
      turns_.AwaitEarlier(number_);
      auto again = stop_.set() ? std::nullopt : Send(group);
      if (!again) {
        return;
      }
      if (again->accepted()) {
        reasons = RefusalsOf(group, *again);
      }
    }
    if (!reasons) {
      report_.Failed(PlaceOf(group, 0), "the answer does not tell what became of the entries", group.size());
      return;
    }
    std::size_t loaded = 0;
    for (std::size_t i = 0; i < reasons->size(); ++i) {
      if ((*reasons)[i].empty()) {
        ++loaded;
      } else {
        report_.Failed(PlaceOf(group, i), (*reasons)[i]);
      }
    }
    report_.Loaded(loaded);
  }

  const ImportOrder& order_;
  ImportReport& report_;
  Turns& turns_;
  StopSign& stop_;
  ServerLink link_;
  std::size_t number_ = 0;
};

/// Ends a turn on every way out: others may wait for it.
class Turn {
 public:
  Turn(Turns& turns, std::size_t number) : turns_(turns), number_(number) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { turns_.End(number_); }

 private:
  Turns& turns_;
  const std::size_t number_;
};

void WorkOff(const ImportOrder& order, ImportReport& report, Turns& turns, StopSign& stop, WorkList& list) {
  try {
    Loader loader(order, report, turns, stop);
    while (!stop.set()) {
      const auto work = list.Next();
      if (!work) {
        return;
      }
      const Turn turn(turns, work->number);
      loader.Do(*work);
    }
  } catch (const std::exception& fault) {
    stop.Set(fmt::format("a fault of this program: {}", fault.what()));
  }
}

}  // namespace

std::string Import(const ImportOrder& order, ImportReport& report) {
  Turns turns;
  StopSign stop;
  WorkList list(order, report, turns);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::max<std::size_t>(order.connections, 1); ++i) {
      threads.emplace_back([&] { WorkOff(order, report, turns, stop, list); });
    }
  }
  report.End();
  return stop.why();
}

}  // namespace gateway::app
