#include "tests/fuzz/packages_fuzz.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "fhir/base/archive.hpp"
#include "fhir/packages/registry_builder.hpp"

namespace fuzz {
namespace {

using fhir::packages::Registry;
using fhir::packages::RegistryBuilder;
using fhir::packages::ResourceName;

void Demand(bool holds, const char* what) {
  if (!holds) {
    std::fputs(what, stderr);
    std::abort();
  }
}

void Load(const Registry& empty, std::string_view packed) {
  const fhir::packages::PackageLimits limits{.packed_bytes_max = 1024 * 1024,
                                             .plain_bytes_max = 16 * 1024 * 1024,
                                             .plain_bytes_free = 1024 * 1024,
                                             .file_bytes_max = 1024 * 1024,
                                             .files_max = 1000};
  RegistryBuilder builder(empty, limits, {.body_bytes_max = 1024 * 1024, .depth_max = 50, .issues_max = 20});
  fhir::IssueList issues(20);
  if (const auto loaded = builder.LoadPackage("fuzz.tgz", packed, issues); !loaded) {
    Demand(loaded.error().public_text.text.starts_with("fuzz.tgz: "), "a refusal that does not name the package\n");
  }
  const auto registry = builder.Build(issues);
  for (const auto* type : {"ValueSet", "CodeSystem", "StructureDefinition"}) {
    registry->ForEach(type, [&](const ResourceName& name) {
      Demand(registry->Read(name.type, name.url).has_value() || name.url.find_first_of("|#") != std::string_view::npos,
             "what was loaded is not found\n");
    });
  }
}

}  // namespace

void TryPackage(std::string_view bytes) {
  static const Registry empty(nullptr, {}, nullptr);
  Load(empty, bytes);
  if (const auto packed = fhir::GzipCompress(bytes, 1)) {
    Load(empty, *packed);
  }
}

}  // namespace fuzz
