#include "gateway/rest/prefer.hpp"

#include <string_view>

namespace gateway::rest {
namespace {

void ApplyPreference(std::string_view item, Preferences& preferences) {
  if (item == "return=minimal") {
    preferences.result = PreferReturn::kMinimal;
  } else if (item == "return=representation") {
    preferences.result = PreferReturn::kRepresentation;
  } else if (item == "return=OperationOutcome") {
    preferences.result = PreferReturn::kOperationOutcome;
  } else if (item == "handling=strict") {
    preferences.lenient = false;
  } else if (item == "handling=lenient") {
    preferences.lenient = true;
  } else if (item == "respond-async") {
    preferences.respond_async = true;
  }
}

}  // namespace

Preferences ReadPreferences(const http::Request& request) {
  Preferences preferences;
  for (const auto& [name, value] : request.headers.fields()) {
    if (!http::EqualsIgnoringCase(name, "Prefer")) {
      continue;
    }
    std::string_view left = value;
    while (!left.empty()) {
      const std::size_t end = left.find_first_of(",;");
      std::string_view item = left.substr(0, end);
      while (item.starts_with(' ')) {
        item.remove_prefix(1);
      }
      while (item.ends_with(' ')) {
        item.remove_suffix(1);
      }
      ApplyPreference(item, preferences);
      left = end == std::string_view::npos ? std::string_view() : left.substr(end + 1);
    }
  }
  return preferences;
}

}  // namespace gateway::rest
