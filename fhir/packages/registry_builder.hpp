// Puts packages, folders and single resources together into a registry.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"
#include "fhir/packages/manifest.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/packages/tar.hpp"

namespace fhir::packages {

/// Collects resources; later ones shadow earlier ones of the same type, url and version, and all of them the base's.
/// What cannot be read of a package or folder becomes an issue that names the package and the file, and the rest is
/// taken. thread-compatible.
class RegistryBuilder {
 public:
  /// `base` must outlive what Build returns.
  explicit RegistryBuilder(const Registry& base = Registry::Core(), const PackageLimits& limits = {},
                           const Limits& resource_limits = {});
  ~RegistryBuilder();
  RegistryBuilder(const RegistryBuilder&) = delete;
  RegistryBuilder& operator=(const RegistryBuilder&) = delete;

  /// A package (.tgz), the folder of an unpacked one, a folder of resources and packages (with those below it, in name
  /// order), or one resource: a Bundle stands for what is in it. JSON or XML.
  /// Errors: kNotFound, kTooLarge, kMalformed, kInvalid, kUnsupported when nothing of it can be taken.
  Result<void> LoadPath(const std::filesystem::path& path, IssueList& issues);

  /// The bytes of a package; `label` names it in messages. Resources are those of its folder `package`, without what
  /// has no canonical url; examples are left out.
  /// Cost:   one file after another; at most 64 bytes of memory for a byte of the largest, and the compressed texts.
  /// Errors: as ReadTarGzip and ReadManifest; kInvalid when there is no package/package.json.
  Result<void> LoadPackage(std::string_view label, std::string_view packed, IssueList& issues);

  /// Takes a resource with a canonical url. Its narrative is left out.
  /// Errors: kInvalid when it has no url.
  Result<void> AddResource(model::Document document);

  /// The registry of all that was added. The builder is empty after it. A package that another one asks for and nobody
  /// gave is looked for beside those that were loaded; what is not there becomes a warning in `issues`.
  std::unique_ptr<const Registry> Build(IssueList& issues);

 private:
  struct Texts;
  struct File {
    std::string_view label;  // of the package or folder
    std::string_view path;   // in it
    std::string_view text;
  };

  Result<void> LoadFolder(const std::filesystem::path& folder, IssueList& issues);
  Result<void> LoadPackageFolder(const std::filesystem::path& folder, IssueList& issues);
  Result<void> LoadFile(const std::filesystem::path& path, IssueList& issues);
  Result<void> AddText(const File& file, IssueList& issues);
  void AddPackageFile(const File& file, IssueList& issues);
  void LoadDependencies(IssueList& issues);
  bool LoadBeside(const Manifest::Dependency& dependency, IssueList& issues);

  const Registry& base_;
  PackageLimits limits_;
  Limits resource_limits_;
  std::unique_ptr<Texts> texts_;
  std::vector<Registry::Row> rows_;
  std::vector<Manifest> packages_;
  std::set<std::filesystem::path> folders_;  // that packages were in
};

}  // namespace fhir::packages
