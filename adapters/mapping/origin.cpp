#include "adapters/mapping/origin.hpp"

#include <algorithm>
#include <vector>

namespace adapters::mapping {
namespace {

/// "name[1].given[2].extension.value" → "name.given[2].extension[0].value[0]", as origins are written.
std::string AsOrigin(std::string_view path) {
  std::string whole;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('.'), path.size());
    const std::string_view step = path.substr(0, end);
    if (whole.empty()) {
      whole = step.substr(0, step.find('['));
    } else {
      whole += '.';
      whole += step;
      whole += step.ends_with(']') ? "" : "[0]";
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return whole;
}

/// Whether an element is the one at `path` or stands in it.
bool IsAt(std::string_view element, std::string_view path) {
  return path.empty() || (element.starts_with(path) && (element.size() == path.size() || element[path.size()] == '.'));
}

/// "PID-3[2].1" cut to its field with repetition, its field, its segment.
std::vector<std::string_view> Widening(std::string_view place) {
  const std::size_t field = place.find('-');
  if (field == std::string_view::npos) {
    return {place, place, place, place};
  }
  const std::string_view repetition = place.substr(0, place.find('.', field));
  return {place, repetition, repetition.substr(0, repetition.find('[', field)), place.substr(0, field)};
}

std::string Common(const std::vector<std::string_view>& places) {
  const auto first = Widening(places.front());
  for (std::size_t width = 0; width < first.size(); ++width) {
    if (std::all_of(places.begin(), places.end(),
                    [&](std::string_view place) { return Widening(place)[width] == first[width]; })) {
      return std::string(first[width]);
    }
  }
  return {};
}

}  // namespace

std::string PlaceOf(std::span<const Origin> origins, std::string_view path) {
  std::string around = AsOrigin(path);
  while (true) {
    std::vector<std::string_view> places;
    for (const Origin& origin : origins) {
      if (IsAt(origin.path, around)) {
        places.push_back(origin.place);
      }
    }
    if (!places.empty()) {
      return Common(places);
    }
    if (around.empty()) {
      return {};
    }
    const std::size_t last = around.rfind('.');
    around.resize(last == std::string::npos ? 0 : last);
  }
}

}  // namespace adapters::mapping
