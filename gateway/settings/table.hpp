// The form in which every setting is declared once: the loader, the schema and config/passerelle.yaml all read these
// rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gateway/settings/settings.hpp"

namespace gateway::settings {

enum class Kind : std::uint8_t { kText, kCount, kMillis, kFlag, kTexts, kTextMap, kSection, kList };

/// What a text stands for.
enum class Form : std::uint8_t {
  kPlain,
  kPath,     ///< made relative to the configuration file
  kSecret,   ///< a path, or env:NAME
  kAddress,  ///< HOST:PORT
  kChoice,   ///< one of Facts::choices
  kZone,     ///< IANA time zone name
};

/// Where a setting lives in its struct, deduced from a pointer to member.
struct Member {
  Kind kind;
  void* (*at)(void* object);
  void* (*append)(void* list);  // kList: adds an element with its defaults
};

struct Facts {
  std::string_view about;
  std::string_view unit = {};
  std::int64_t min = 0;
  std::int64_t max = INT64_MAX;
  Form form = Form::kPlain;
  std::string_view choices = {};  ///< "a|b"; an empty alternative allows the empty text
  std::string_view example = {};  ///< shown in the commented element of a list
  bool required = false;
  bool needs_restart = true;
};

struct Setting {
  std::string_view name;
  Member member;
  Facts facts;
  std::span<const Setting> children = {};  ///< kSection and kList
};

template <typename T>
struct MemberPointer;
template <typename Class, typename Type>
struct MemberPointer<Type Class::*> {
  using Object = Class;
  using Value = Type;
};

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

template <auto pointer>
constexpr Member At() {
  using Object = typename MemberPointer<decltype(pointer)>::Object;
  using Value = typename MemberPointer<decltype(pointer)>::Value;
  Member member{Kind::kSection, [](void* object) -> void* { return &(static_cast<Object*>(object)->*pointer); },
                nullptr};
  if constexpr (std::is_same_v<Value, std::string>) {
    member.kind = Kind::kText;
  } else if constexpr (std::is_same_v<Value, std::size_t>) {
    member.kind = Kind::kCount;
  } else if constexpr (std::is_same_v<Value, std::int64_t>) {
    member.kind = Kind::kMillis;
  } else if constexpr (std::is_same_v<Value, bool>) {
    member.kind = Kind::kFlag;
  } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
    member.kind = Kind::kTexts;
  } else if constexpr (std::is_same_v<Value, std::map<std::string, std::string>>) {
    member.kind = Kind::kTextMap;
  } else if constexpr (IsVector<Value>::value) {
    member.kind = Kind::kList;
    member.append = [](void* list) -> void* { return &static_cast<Value*>(list)->emplace_back(); };
  }
  return member;
}

/// All sections.
std::span<const Setting> AllSettings();

std::span<const Setting> TlsSettings();
std::span<const Setting> HttpSettings();
std::span<const Setting> MllpSettings();
std::span<const Setting> PartnerSettings();
std::span<const Setting> DestinationSettings();
std::span<const Setting> RoutingSettings();

/// A problem that no single setting shows, at the dotted path of the setting to change ("access.mode",
/// "partners[1].name").
struct Problem {
  std::string path;
  std::string text;
};

std::vector<Problem> FindProblems(const Settings& settings);

/// Checks one text against its form; empty when it is well formed, else what was expected.
std::string CheckForm(const Facts& facts, std::string_view text);

}  // namespace gateway::settings
