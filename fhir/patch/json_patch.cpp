#include "fhir/patch/json_patch.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/decimal.hpp"

namespace fhir::patch {
namespace {

using json::Member;
using json::Value;
using Outcome = std::expected<void, Failure>;

constexpr std::size_t kValueBytes = 8;  // quotes, comma and the like of one value; only an estimate is needed
constexpr std::size_t kMegabyte = 1024 * 1024;

struct Size {
  std::size_t bytes = 0;  // of JSON text, roughly
  std::size_t values = 0;
};

void AddSize(const Value& value, Size& size) {
  size.bytes += kValueBytes + value.text().size();
  ++size.values;
  for (const Value& item : value.items()) {
    AddSize(item, size);
  }
  for (const Member& member : value.members()) {
    size.bytes += member.name.size();
    AddSize(member.value, size);
  }
}

Size SizeOf(const Value& value) {
  Size size;
  AddSize(value, size);
  return size;
}

std::size_t DepthOf(const Value& value) {
  std::size_t depth = 0;
  for (const Value& item : value.items()) {
    depth = std::max(depth, DepthOf(item));
  }
  for (const Member& member : value.members()) {
    depth = std::max(depth, DepthOf(member.value));
  }
  return depth + (value.IsArray() || value.IsObject() ? 1 : 0);
}

std::vector<const Member*> MembersByName(const Value& object) {
  std::vector<const Member*> members;
  members.reserve(object.members().size());
  for (const Member& member : object.members()) {
    members.push_back(&member);
  }
  std::ranges::sort(members, {}, [](const Member* member) -> const std::string& { return member->name; });
  return members;
}

/// Equality of section 4.6: numbers by value, objects whatever the order of their members.
bool Equal(const Value& left, const Value& right) {
  if (left.kind() != right.kind()) {
    return false;
  }
  switch (left.kind()) {
    case Value::Kind::kNumber: {
      const auto order = CompareDecimals(left.text(), right.text());
      return order ? *order == std::strong_ordering::equal : left.text() == right.text();
    }
    case Value::Kind::kArray:
      return std::ranges::equal(left.items(), right.items(), Equal);
    case Value::Kind::kObject: {
      if (left.members().size() != right.members().size()) {
        return false;
      }
      const auto same = [](const Member* a, const Member* b) {
        return a->name == b->name && Equal(a->value, b->value);
      };
      return std::ranges::equal(MembersByName(left), MembersByName(right), same);
    }
    default:
      return left == right;
  }
}

std::unexpected<Failure> NoSuchPlace(std::string_view member) {
  return Refuse(FailureKind::kPathNotFound, fmt::format("'{}' leads to nothing in the resource", member));
}

class JsonPatcher {
 public:
  JsonPatcher(Value& document, std::size_t patch_bytes, const PatchLimits& limits)
      : document_(document),
        limits_(limits),
        bytes_(SizeOf(document).bytes),
        values_made_max_(((patch_bytes + bytes_) / kMegabyte + 1) * limits.values_made_per_megabyte_max) {}

  Outcome Apply(const JsonStep& step) {
    switch (step.operation) {
      case JsonOperation::kAdd:
        return Copy(step.path, step.value);
      case JsonOperation::kRemove: {
        Value removed;
        return Take(step.path, "path", removed);
      }
      case JsonOperation::kReplace:
        return Replace(step);
      case JsonOperation::kMove: {
        // A move onto itself changes nothing, and may not lose the place it needs.
        if (step.from == step.path) {
          return Find(document_, step.from, step.from.size()) == nullptr ? Outcome(NoSuchPlace("from")) : Outcome();
        }
        Value moved;
        if (Outcome taken = Take(step.from, "from", moved); !taken) {
          return taken;
        }
        const Outcome counted = Count(step.path, moved, SizeOf(moved).bytes);
        return counted ? Put(step.path, std::move(moved)) : counted;
      }
      case JsonOperation::kCopy: {
        const Value* source = Find(document_, step.from, step.from.size());
        return source == nullptr ? Outcome(NoSuchPlace("from")) : Copy(step.path, *source);
      }
      case JsonOperation::kTest: {
        const Value* found = Find(document_, step.path, step.path.size());
        if (found == nullptr) {
          return NoSuchPlace("path");
        }
        return Equal(*found, step.value) ? Outcome()
                                         : Outcome(Refuse(FailureKind::kTestFailed, "another value is there"));
      }
    }
    return {};
  }

 private:
  static std::unexpected<Failure> TooLargeResult() {
    return Refuse(FailureKind::kTooLarge, "a smaller result is expected");
  }

  /// Items behind the index of an insertion or removal all move.
  Outcome CountMoved(const Value& array, std::size_t index) {
    items_moved_ += array.items().size() - index;
    return items_moved_ > limits_.items_moved_max
               ? Outcome(Refuse(FailureKind::kTooLarge, "fewer changes of long arrays are expected"))
               : Outcome();
  }

  /// What comes in is bounded in depth and size; what goes out is not subtracted, so that the bound is on the work.
  Outcome Count(const Pointer& path, const Value& value, std::size_t value_bytes) {
    bytes_ += value_bytes;
    if (bytes_ > limits_.result_bytes_max || path.size() + DepthOf(value) > limits_.depth_max) {
      return TooLargeResult();
    }
    return {};
  }

  /// The same for a value that is still to be made: copies of copies double the document each time.
  Outcome CountMade(const Pointer& path, const Value& value) {
    const Size size = SizeOf(value);
    values_made_ += size.values;
    return values_made_ > values_made_max_ ? Outcome(TooLargeResult()) : Count(path, value, size.bytes);
  }

  Outcome Copy(const Pointer& path, const Value& value) {
    const Outcome counted = CountMade(path, value);
    return counted ? Put(path, Value(value)) : counted;
  }

  Outcome Put(const Pointer& path, Value value) {
    if (path.empty()) {
      document_ = std::move(value);
      return {};
    }
    Value* parent = Find(document_, path, path.size() - 1);
    if (parent == nullptr) {
      return NoSuchPlace("path");
    }
    const std::string& last = path.back();
    if (parent->IsObject()) {
      parent->Set(last, std::move(value));
      return {};
    }
    if (!parent->IsArray()) {
      return NoSuchPlace("path");
    }
    const auto index = last == "-" ? std::optional(parent->items().size()) : ArrayIndex(last);
    if (!index || *index > parent->items().size()) {
      return NoSuchPlace("path");
    }
    if (Outcome moved = CountMoved(*parent, *index); !moved) {
      return moved;
    }
    parent->items().insert(parent->items().begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
    return {};
  }

  Outcome Take(const Pointer& path, std::string_view member, Value& out) {
    Value* found = Find(document_, path, path.size());
    if (found == nullptr) {
      return NoSuchPlace(member);
    }
    out = std::move(*found);
    if (path.empty()) {
      document_ = Value();
      return {};
    }
    Value& parent = *Find(document_, path, path.size() - 1);
    if (parent.IsArray()) {
      const std::size_t index = *ArrayIndex(path.back());
      if (Outcome moved = CountMoved(parent, index); !moved) {
        return moved;
      }
      parent.items().erase(parent.items().begin() + static_cast<std::ptrdiff_t>(index));
    } else {
      auto& members = parent.members();
      members.erase(std::ranges::find(members, path.back(), &Member::name));
    }
    return {};
  }

  Outcome Replace(const JsonStep& step) {
    Value* found = Find(document_, step.path, step.path.size());
    if (found == nullptr) {
      return NoSuchPlace("path");
    }
    if (Outcome counted = CountMade(step.path, step.value); !counted) {
      return counted;
    }
    *found = step.value;
    return {};
  }

  Value& document_;
  const PatchLimits& limits_;
  std::size_t bytes_;
  const std::size_t values_made_max_;
  std::size_t values_made_ = 0;
  std::size_t items_moved_ = 0;
};

}  // namespace

std::expected<void, Failure> ApplyJsonPatch(const JsonPatch& patch, Value& document, const PatchLimits& limits) {
  return ApplyFirstSteps(patch, patch.steps.size(), document, limits);
}

std::expected<void, Failure> ApplyFirstSteps(const JsonPatch& patch, std::size_t steps, Value& document,
                                             const PatchLimits& limits) {
  JsonPatcher patcher(document, patch.text_bytes, limits);
  for (std::size_t i = 0; i < steps; ++i) {
    if (Outcome outcome = patcher.Apply(patch.steps[i]); !outcome) {
      Failure failure = std::move(outcome).error();
      failure.operation = i;
      failure.path = patch.path_texts[i];
      return std::unexpected(std::move(failure));
    }
  }
  return {};
}

}  // namespace fhir::patch
