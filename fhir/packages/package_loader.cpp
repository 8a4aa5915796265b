// The part of RegistryBuilder that knows files, folders and packages.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/archive.hpp"
#include "fhir/json/value.hpp"
#include "fhir/packages/registry_builder.hpp"
#include "fhir/packages/version.hpp"

namespace fhir::packages {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLibrary = "package/";
constexpr std::string_view kManifest = "package/package.json";
constexpr std::string_view kIndex = "package/.index.json";

/// What the built-in definitions stand for: packages under these names are never missing.
constexpr std::string_view kBuiltIn = "hl7.fhir.r4.";

/// Files of the package's own folder; those below it are examples, schemas and the like.
bool IsLibraryFile(std::string_view path) {
  if (!path.starts_with(kLibrary) || !path.ends_with(".json")) {
    return false;
  }
  path.remove_prefix(kLibrary.size());
  return path.find('/') == std::string_view::npos;
}

Result<std::string> ReadFile(const fs::path& path, std::size_t bytes_max) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed) {
    return Fail(ErrorCode::kNotFound, fmt::format("{}: cannot be read: {}", path.string(), failed.message()));
  }
  if (size > bytes_max) {
    return Fail(ErrorCode::kTooLarge, fmt::format("{}: more than {} bytes", path.string(), bytes_max));
  }
  std::string content(size, '\0');
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file.read(content.data(), static_cast<std::streamsize>(size))) {
    failed = errno == 0 ? std::make_error_code(std::errc::io_error) : std::error_code(errno, std::generic_category());
    return Fail(ErrorCode::kNotFound, fmt::format("{}: cannot be read: {}", path.string(), failed.message()));
  }
  return content;
}

/// Whether a file that is no gzip archive was meant as a package: by its name, or because it is a zip archive.
bool IsOtherArchive(const fs::path& path, std::string_view content) {
  const std::string extension = path.extension().string();
  return extension == ".tgz" || extension == ".gz" || extension == ".zip" || content.starts_with("PK\x03\x04");
}

/// The error with the place before its text.
Error At(std::string_view label, std::string_view path, Error error) {
  std::string place(label);
  place.append(place.empty() || path.empty() ? "" : ": ").append(path);
  error.public_text.text = place + ": " + error.public_text.text;
  return error;
}

/// Entries of a folder in name order, hidden ones left out.
std::vector<fs::path> Entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (!at->path().filename().string().starts_with('.')) {
      entries.push_back(at->path());
    }
  }
  std::ranges::sort(entries);
  return entries;
}

bool IsFile(const fs::path& path) {
  std::error_code failed;
  return fs::is_regular_file(path, failed);
}
bool IsFolder(const fs::path& path) {
  std::error_code failed;
  return fs::is_directory(path, failed) && !fs::is_symlink(path, failed);
}

/// The files that .index.json lists and `present`, which is sorted, lacks. Nothing else is taken from the index: what a
/// resource is, it says itself.
std::vector<std::string> MissingFiles(std::string_view index, const std::vector<std::string>& present) {
  std::vector<std::string> missing;
  const auto value = json::ReadValue(index, {.bytes_max = 64u * 1024 * 1024, .depth_max = 8});
  const json::Value* files = value ? value->Find("files") : nullptr;
  if (files == nullptr) {
    return missing;
  }
  for (const json::Value& file : files->items()) {
    std::string name(file.FindText("filename"));
    if (!name.empty() && !std::ranges::binary_search(present, name)) {
      missing.push_back(std::move(name));
    }
  }
  return missing;
}

}  // namespace

/// A file that is no resource is passed over; a resource that cannot be read is an issue, not the end.
void RegistryBuilder::AddPackageFile(const File& file, IssueList& issues) {
  if (file.text.find("\"resourceType\"") == std::string_view::npos) {
    return;
  }
  if (auto added = AddText(file, issues); !added) {
    const Error error = At(file.label, file.path, std::move(added).error());
    issues.AddAt({}, Severity::kError, IssueType::kInvalid, error.public_text.text);
  }
}

Result<void> RegistryBuilder::LoadPackage(std::string_view label, std::string_view packed, IssueList& issues) {
  std::optional<Manifest> manifest;
  std::string index;
  std::vector<std::string> present;
  const auto take = [&](std::string_view path, std::string_view text) -> Result<void> {
    if (path == kManifest) {
      auto read = ReadManifest(text);
      if (!read) {
        return std::unexpected(At({}, path, std::move(read).error()));
      }
      manifest = *std::move(read);
    } else if (path == kIndex) {
      index = text;
    } else {
      present.emplace_back(path.substr(kLibrary.size()));
      AddPackageFile({.label = label, .path = path, .text = text}, issues);
    }
    return {};
  };
  const std::size_t rows_before = rows_.size();
  auto read = ReadTarGzip(packed, limits_, IsLibraryFile, take);
  if (read && !manifest) {
    read = Fail(ErrorCode::kInvalid, fmt::format("{}: expected in every package", kManifest));
  }
  if (!read) {
    rows_.resize(rows_before);  // all of a package or nothing
    return std::unexpected(At(label, {}, std::move(read).error()));
  }
  std::ranges::sort(present);
  for (const std::string& missing : MissingFiles(index, present)) {
    issues.AddAt({}, Severity::kWarning, IssueType::kNotFound,
                 fmt::format("{}: package/{}: listed in .index.json, and not there", label, missing));
  }
  packages_.push_back(*std::move(manifest));
  return {};
}

Result<void> RegistryBuilder::LoadPackageFolder(const fs::path& folder, IssueList& issues) {
  const std::string label = folder.filename().string();
  const fs::path library = folder / "package";
  GW_ASSIGN(const std::string text, ReadFile(library / "package.json", limits_.file_bytes_max));
  auto manifest = ReadManifest(text);
  if (!manifest) {
    return std::unexpected(At(label, kManifest, std::move(manifest).error()));
  }
  std::size_t files = 0;
  for (const fs::path& path : Entries(library)) {
    if (path.extension() != ".json" || path.filename() == "package.json" || !IsFile(path)) {
      continue;
    }
    if (++files > limits_.files_max) {
      return Fail(ErrorCode::kTooLarge, fmt::format("{}: more than {} files", label, limits_.files_max));
    }
    GW_ASSIGN(const std::string content, ReadFile(path, limits_.file_bytes_max));
    AddPackageFile({.label = label, .path = "package/" + path.filename().string(), .text = content}, issues);
  }
  folders_.insert(folder.parent_path());
  packages_.push_back(*std::move(manifest));
  return {};
}

Result<void> RegistryBuilder::LoadFile(const fs::path& path, IssueList& issues) {
  GW_ASSIGN(const std::string content, ReadFile(path, limits_.packed_bytes_max));
  const std::string label = path.filename().string();
  if (DetectCompression(std::string_view(content).substr(0, 16)) == Compression::kGzip) {
    folders_.insert(path.parent_path());
    return LoadPackage(label, content, issues);
  }
  if (content.empty()) {
    return Fail(ErrorCode::kInvalid, fmt::format("{}: is empty", label));
  }
  if (IsOtherArchive(path, content)) {
    return Fail(ErrorCode::kInvalid, fmt::format("{}: a package must be a gzip archive (.tgz)", label));
  }
  if (auto added = AddText({.label = label, .path = {}, .text = content}, issues); !added) {
    return std::unexpected(At(label, {}, std::move(added).error()));
  }
  return {};
}

Result<void> RegistryBuilder::LoadFolder(const fs::path& folder, IssueList& issues) {
  // Folders below are gone through as they come; a link to a folder is not followed, so there is no circle.
  std::vector<fs::path> open{folder};
  std::size_t files = 0;
  while (!open.empty()) {
    const fs::path at = std::move(open.back());
    open.pop_back();
    if (IsFile(at / "package" / "package.json")) {
      GW_TRY(LoadPackageFolder(at, issues));
      continue;
    }
    std::vector<fs::path> below;
    for (const fs::path& path : Entries(at)) {
      if (IsFolder(path)) {
        below.push_back(path);
        continue;
      }
      const std::string extension = path.extension().string();
      if (!IsFile(path) || (extension != ".json" && extension != ".xml" && extension != ".tgz")) {
        continue;
      }
      if (++files > limits_.files_max) {
        return Fail(ErrorCode::kTooLarge, fmt::format("{}: more than {} files", folder.string(), limits_.files_max));
      }
      if (auto loaded = LoadFile(path, issues); !loaded) {
        issues.AddAt({}, Severity::kError, IssueType::kInvalid, loaded.error().public_text.text);
      }
    }
    open.insert(open.end(), below.rbegin(), below.rend());
  }
  return {};
}

Result<void> RegistryBuilder::LoadPath(const fs::path& path, IssueList& issues) {
  std::error_code failed;
  return fs::is_directory(path, failed) ? LoadFolder(path, issues) : LoadFile(path, issues);
}

/// A package of the dependency's name among the files and folders beside those that were loaded: the version asked
/// for, else the highest.
bool RegistryBuilder::LoadBeside(const Manifest::Dependency& dependency, IssueList& issues) {
  std::optional<fs::path> best;
  std::string best_version;
  for (const fs::path& folder : folders_) {
    for (const fs::path& path : Entries(folder.empty() ? fs::path(".") : folder)) {
      std::string name = path.filename().string();
      name = name.ends_with(".tgz") ? name.substr(0, name.size() - 4) : name;
      if (!name.starts_with(dependency.name)) {
        continue;
      }
      std::string version = name.substr(dependency.name.size());
      if (!version.empty() && version.front() != '-' && version.front() != '#') {
        continue;
      }
      version.erase(0, 1);
      const bool exact = best_version != dependency.version && VersionMatches(version, dependency.version);
      if (!best || exact || (best_version != dependency.version && CompareVersions(best_version, version) < 0)) {
        best = path;
        best_version = version;
      }
    }
  }
  if (!best) {
    return false;
  }
  if (auto loaded = LoadPath(*best, issues); !loaded) {
    issues.AddAt({}, Severity::kWarning, IssueType::kInvalid, loaded.error().public_text.text);
    return false;
  }
  return true;
}

void RegistryBuilder::LoadDependencies(IssueList& issues) {
  const auto loaded = [this](const std::string& name) -> const Manifest* {
    const auto found = std::ranges::find(packages_, name, &Manifest::name);
    return found == packages_.end() ? nullptr : &*found;
  };
  // packages_ grows while dependencies of dependencies are found; each name is looked for once.
  std::set<std::string> seen;
  for (std::size_t i = 0; i < packages_.size(); ++i) {
    const Manifest asking = packages_[i];
    for (const Manifest::Dependency& dependency : asking.dependencies) {
      if (dependency.name.starts_with(kBuiltIn) || !seen.insert(dependency.name).second) {
        continue;
      }
      if (loaded(dependency.name) == nullptr) {
        LoadBeside(dependency, issues);
      }
      const Manifest* present = loaded(dependency.name);
      const std::string wanted = fmt::format("{}#{}", dependency.name, dependency.version);
      if (present == nullptr) {
        issues.AddAt({}, Severity::kWarning, IssueType::kNotFound,
                     fmt::format("{}#{}: depends on {}, which is not there", asking.name, asking.version, wanted));
      } else if (!VersionMatches(present->version, dependency.version)) {
        issues.AddAt({}, Severity::kInformation, IssueType::kInformational,
                     fmt::format("{}#{}: depends on {}; version {} is loaded", asking.name, asking.version, wanted,
                                 present->version));
      }
    }
  }
}

}  // namespace fhir::packages
