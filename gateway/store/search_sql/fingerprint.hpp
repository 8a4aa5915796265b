// A digest of what a statement asks, so that a cursor fits no other query.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

/// 32 bytes: SHA-256 of a statement's text and values, grants included. A release that compiles a query to other text
/// gives another one.
std::string Fingerprint(std::string_view text, std::span<const SqlValue> values);

}  // namespace gateway::store::search_sql
