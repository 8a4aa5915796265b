// Concepts of large code systems: files that are uploaded piece by piece, and what was made of them, page by page.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "adapters/port/jobs.hpp"
#include "fhir/base/error.hpp"

namespace adapters::port {

/// A CodeSystem resource that has this extension takes its concepts from the load of that name, if the load is of the
/// resource's own url.
inline constexpr std::string_view kConceptsExtension =
    "https://passerelle.example/fhir/StructureDefinition/codesystem-concepts";

/// The pieces of one upload, numbered from 0.
struct UploadedPieces {
  std::int64_t pieces = 0;
  bool gapless = true;
};

/// A load that is whole.
struct ConceptLoad {
  std::string url;
  std::int64_t concepts = 0;
  std::string head;      ///< the CodeSystem resource to write, as far as the file says it
  std::string skeleton;  ///< see fhir/terminology/skeleton_bytes.hpp
};

/// thread-safe.
class ConceptLoads {
 public:
  virtual ~ConceptLoads() = default;

  /// Keeps a piece; the same number again takes its place. Nobody but the owner finds it.
  /// Errors: kTooLarge when the pieces of the owner that wait would be more than the limit.
  virtual fhir::Result<void> WritePiece(const JobOwner& owner, std::string_view upload, int piece,
                                        std::string_view bytes) = 0;
  virtual fhir::Result<UploadedPieces> CountPieces(const JobOwner& owner, std::string_view upload) = 0;
  /// Errors: kNotFound.
  virtual fhir::Result<std::string> ReadPiece(const JobOwner& owner, std::string_view upload, int piece) = 0;
  virtual fhir::Result<void> DropPieces(const JobOwner& owner, std::string_view upload) = 0;

  /// Pages `first` and on. What is there stays: the same load has the same pages.
  virtual fhir::Result<void> WritePages(std::string_view load, std::uint32_t first,
                                        std::span<const std::string> pages) = 0;
  /// Makes the load whole, after its pages.
  virtual fhir::Result<void> Finish(std::string_view load, const ConceptLoad& what) = 0;
  virtual fhir::Result<void> Drop(std::string_view load) = 0;

  /// Errors: kNotFound for a load that is not there, or not whole.
  virtual fhir::Result<ConceptLoad> ReadLoad(std::string_view load) = 0;
  virtual fhir::Result<std::string> ReadPage(std::string_view load, std::uint32_t page) = 0;
};

}  // namespace adapters::port
