#include "fhir/terminology/skeleton_bytes.hpp"

#include <cstdint>
#include <vector>

namespace fhir::terminology {
namespace {

// "PSK1", the number of concepts, the number of parents, then the three lists. Numbers are of four bytes, lowest first.
constexpr std::string_view kSkeletonMark = "PSK1";

void PutWord(std::string& out, std::uint32_t word) {
  for (int shift = 0; shift < 32; shift += 8) {
    out += static_cast<char>(word >> shift);
  }
}

std::uint32_t WordAt(std::string_view bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (int i = 3; i >= 0; --i) {
    word = word << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  }
  return word;
}

std::vector<std::uint32_t> TakeWords(std::string_view& bytes, std::size_t count) {
  std::vector<std::uint32_t> words(count);
  for (std::size_t i = 0; i < count; ++i) {
    words[i] = WordAt(bytes, 4 * i);
  }
  bytes.remove_prefix(4 * count);
  return words;
}

}  // namespace

std::string WriteSkeleton(const ConceptSkeleton& skeleton) {
  std::string out(kSkeletonMark);
  out.reserve(12 + 4 * (skeleton.hashes.size() + skeleton.first_parent.size() + skeleton.parents.size()));
  PutWord(out, static_cast<std::uint32_t>(skeleton.hashes.size()));
  PutWord(out, static_cast<std::uint32_t>(skeleton.parents.size()));
  for (const auto* list : {&skeleton.hashes, &skeleton.first_parent, &skeleton.parents}) {
    for (const std::uint32_t word : *list) {
      PutWord(out, word);
    }
  }
  return out;
}

Result<ConceptSkeleton> ReadSkeleton(std::string_view bytes) {
  const std::size_t head = kSkeletonMark.size() + 8;
  if (!bytes.starts_with(kSkeletonMark) || bytes.size() < head) {
    return Fail(ErrorCode::kInternal, {"the concepts of a code system cannot be read"}, {"bytes of no skeleton"});
  }
  const std::uint64_t concepts = WordAt(bytes, 4);
  const std::uint64_t parents = WordAt(bytes, 8);
  if (bytes.size() != head + 4 * (2 * concepts + 1 + parents)) {
    return Fail(ErrorCode::kInternal, {"the concepts of a code system cannot be read"}, {"a skeleton that is cut"});
  }
  bytes.remove_prefix(head);
  ConceptSkeleton skeleton;
  skeleton.hashes = TakeWords(bytes, concepts);
  skeleton.first_parent = TakeWords(bytes, concepts + 1);
  skeleton.parents = TakeWords(bytes, parents);
  return skeleton;
}

}  // namespace fhir::terminology
