// Where in a message an element of a mapped resource came from: for a refusal that comes after the mapping and names
// the element alone.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace adapters::mapping {

/// One element that a rule filled out of the message.
struct Origin {
  /// Below the resource in the names of FHIRPath, each step after the first with its index:
  /// "location.extension[1].value[0]". The first has none, since the store joins what it has with what arrives.
  std::string path;
  std::string place;  ///< "PID-3[2].1"
};

/// The place of what a path below the resource ("name[1].family") is about: that of the element, of what stands in it,
/// or of the nearest element around it that came from the message. Where these are several, what their places have in
/// common: the field, else the segment. Empty when nothing is.
std::string PlaceOf(std::span<const Origin> origins, std::string_view path);

}  // namespace adapters::mapping
