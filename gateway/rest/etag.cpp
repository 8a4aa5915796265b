#include "gateway/rest/etag.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gateway::rest {
namespace {

std::string_view TrimTag(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ') || text.ends_with('\t')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view StrongPart(std::string_view tag) {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

}  // namespace

std::string FormatEtag(std::int64_t version) {
  return fmt::format("W/\"{}\"", version);
}

std::optional<std::int64_t> ParseEtag(std::string_view tag) {
  tag = StrongPart(TrimTag(tag));
  if (tag.size() < 3 || !tag.starts_with('"') || !tag.ends_with('"')) {
    return std::nullopt;
  }
  tag = tag.substr(1, tag.size() - 2);
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), version);
  if (error != std::errc() || end != tag.data() + tag.size() || version < 1) {
    return std::nullopt;
  }
  return version;
}

fhir::Result<std::optional<adapters::port::VersionTags>> ParseTags(std::string_view name,
                                                                   std::optional<std::string_view> field) {
  const std::string_view list = TrimTag(field.value_or(""));
  if (list.empty()) {
    return std::nullopt;
  }
  adapters::port::VersionTags tags;
  if (list == "*") {
    return tags;
  }
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    const auto version = ParseEtag(list.substr(at, comma - at));
    if (!version) {
      return fhir::Fail(fhir::ErrorCode::kMalformed, fmt::format("{} must be version tags, e.g. W/\"3\", or *", name));
    }
    tags.versions.push_back(*version);
    at = comma + 1;
  }
  return tags;
}

fhir::Result<void> ReadPreconditions(const http::Headers& headers, adapters::port::Change& change) {
  GW_ASSIGN(change.if_match, ParseTags("If-Match", headers.Get("If-Match")));
  GW_ASSIGN(change.if_none_match, ParseTags("If-None-Match", headers.Get("If-None-Match")));
  return {};
}

bool NoneMatchNames(std::string_view field, std::string_view tag) {
  while (!field.empty()) {
    const std::size_t comma = field.find(',');
    const std::string_view item = TrimTag(field.substr(0, comma));
    if (item == "*" || (!item.empty() && StrongPart(item) == StrongPart(tag))) {
      return true;
    }
    field = comma == std::string_view::npos ? std::string_view() : field.substr(comma + 1);
  }
  return false;
}

}  // namespace gateway::rest
