// The R4 conformance resources that the generator packed and the linker put into the library's read-only data.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "fhir/packages/registry.hpp"

namespace fhir::packages {

/// The packed file (its form stands in fhir/codegen/resources.py), as it lies in the program.
std::string_view EmbeddedResources();

/// The index of a packed file, and the texts behind it. `packed` must outlive both. One plain group of 64 kB stays
/// inflated, since neighbours are often asked for one after another.
/// Errors: kInternal when the bytes are no packed file.
struct PackedResources {
  std::vector<Registry::Row> rows;
  std::unique_ptr<const TextStore> texts;
};
Result<PackedResources> OpenPacked(std::string_view packed);

}  // namespace fhir::packages
