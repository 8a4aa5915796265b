#include "fhir/terminology/large_system_writer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace fhir::terminology {
namespace {

constexpr std::uint32_t kNoPosition = CodeIndex::kNone;
constexpr std::size_t kCodeBytesMax = 1'024;
constexpr std::size_t kNamesMax = 1'000;  // of properties, which are declared and asked for one by one

/// Codes are not health data; one of a file is named so that it can be found.
std::unexpected<Error> RefuseLine(std::int64_t line, std::string_view text) {
  return Fail(ErrorCode::kInvalid, fmt::format("line {}: {}", line, text));
}

}  // namespace

std::uint32_t LargeSystemWriter::NumberOf(std::string_view code) {
  const auto at = [this](std::uint32_t number) { return code_texts_[number]; };
  if (code_texts_.size() == codes_capacity_) {
    codes_capacity_ = std::max<std::size_t>(codes_capacity_ * 2, 1'024);
    codes_.Reset(codes_capacity_);
    for (std::uint32_t number = 0; number < code_texts_.size(); ++number) {
      codes_.Insert(code_texts_[number], number, at);
    }
  }
  if (const std::uint32_t known = codes_.Find(code, at); known != CodeIndex::kNone) {
    return known;
  }
  const auto number = static_cast<std::uint32_t>(code_texts_.size());
  code_texts_.push_back(texts_.Keep(code));
  position_of_.push_back(kNoPosition);
  ++undefined_;
  return codes_.Insert(code_texts_.back(), number, at);
}

Result<void> LargeSystemWriter::Add(const GivenConcept& given) {
  if (given.code.empty() || given.code.size() > kCodeBytesMax) {
    return RefuseLine(given.line, fmt::format("expected a code of 1 to {} bytes", kCodeBytesMax));
  }
  if (concepts() == concepts_max_) {
    return Fail(ErrorCode::kTooLarge, fmt::format("line {}: more than {} concepts", given.line, concepts_max_));
  }
  const std::uint32_t number = NumberOf(given.code);
  if (position_of_[number] != kNoPosition) {
    return RefuseLine(given.line,
                      fmt::format("the code {} is already that of line {}", given.code, lines_[position_of_[number]]));
  }
  position_of_[number] = static_cast<std::uint32_t>(hashes_.size());
  --undefined_;
  hashes_.push_back(CodeHash(given.code));
  lines_.push_back(static_cast<std::uint32_t>(given.line));
  for (const std::string_view parent : given.parents) {
    links_.push_back({number, NumberOf(parent), lines_.back()});
  }
  for (const std::string_view child : given.children) {
    links_.push_back({NumberOf(child), number, lines_.back()});
  }
  AddRow(given);
  if (properties_.size() > kNamesMax) {
    return Fail(ErrorCode::kTooLarge, fmt::format("line {}: more than {} names of properties", given.line, kNamesMax));
  }
  return page_->concepts.size() == kPageConcepts ? FlushPage() : Result<void>();
}

void LargeSystemWriter::AddRow(const GivenConcept& given) {
  ConceptPage& page = *page_;
  Concept entry;
  entry.page = &page;
  entry.code = page.texts.Keep(given.code);
  entry.display = page.texts.Keep(given.display);
  entry.definition = page.texts.Keep(given.definition);
  entry.first_property = static_cast<std::uint32_t>(page.properties.size());
  entry.property_count = static_cast<std::uint32_t>(given.properties.size());
  for (const ConceptProperty& property : given.properties) {
    page.properties.push_back({.name = page.texts.Keep(property.name),
                               .type = page.texts.Keep(property.type),
                               .value = page.texts.Keep(property.value)});
    if (std::ranges::find(properties_, property.name, &std::pair<std::string, std::string>::first) ==
        properties_.end()) {
      properties_.emplace_back(property.name, property.type);
    }
    if (property.name == "inactive") {
      entry.inactive |= property.value == "true";
    } else if (property.name == "status") {
      entry.inactive |= property.value == "inactive" || property.value == "retired";
    } else if (property.name == "notSelectable" || property.name == "abstract") {
      entry.abstract |= property.value == "true";
    }
  }
  entry.first_designation = static_cast<std::uint32_t>(page.designations.size());
  entry.designation_count = static_cast<std::uint32_t>(given.designations.size());
  for (const ConceptDesignation& designation : given.designations) {
    page.designations.push_back({.language = page.texts.Keep(designation.language),
                                 .use_system = page.texts.Keep(designation.use_system),
                                 .use = page.texts.Keep(designation.use),
                                 .value = page.texts.Keep(designation.value)});
  }
  page.concepts.push_back(entry);
}

Result<void> LargeSystemWriter::FlushPage() {
  const auto number = static_cast<std::uint32_t>((hashes_.size() - 1) / kPageConcepts);
  GW_TRY(sink_(number, *page_));
  page_ = std::make_unique<ConceptPage>();
  return {};
}

Result<ConceptSkeleton> LargeSystemWriter::Finish() {
  if (hashes_.empty()) {
    return Fail(ErrorCode::kInvalid, "there is no concept in it");
  }
  if (!page_->concepts.empty()) {
    GW_TRY(FlushPage());
  }
  for (Link& link : links_) {
    for (std::uint32_t* end : {&link.child, &link.parent}) {
      if (position_of_[*end] == kNoPosition) {
        return RefuseLine(link.line, fmt::format("the code {}, named as {} there, is not in the file",
                                                 code_texts_[*end], end == &link.parent ? "a parent" : "a child"));
      }
      *end = position_of_[*end];
    }
  }
  std::ranges::sort(links_, {}, [](const Link& link) { return std::pair(link.child, link.parent); });
  const auto twice = std::ranges::unique(
      links_, [](const Link& a, const Link& b) { return a.child == b.child && a.parent == b.parent; });
  links_.erase(twice.begin(), twice.end());
  ConceptSkeleton skeleton;
  skeleton.first_parent.assign(hashes_.size() + 1, 0);
  skeleton.parents.reserve(links_.size());
  for (const Link& link : links_) {
    ++skeleton.first_parent[link.child + 1];
    skeleton.parents.push_back(link.parent);
  }
  for (std::size_t i = 1; i < skeleton.first_parent.size(); ++i) {
    skeleton.first_parent[i] += skeleton.first_parent[i - 1];
  }
  links_ = {};
  skeleton.hashes = std::move(hashes_);
  GW_TRY(CheckCircles(skeleton));
  return skeleton;
}

// Concepts without children are taken away until there is none left; what stays is above itself.
Result<void> LargeSystemWriter::CheckCircles(const ConceptSkeleton& skeleton) const {
  const std::size_t count = skeleton.hashes.size();
  std::vector<std::uint32_t> children(count);
  for (const std::uint32_t parent : skeleton.parents) {
    ++children[parent];
  }
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (children[i] == 0) {
      open.push_back(i);
    }
  }
  std::size_t taken = 0;
  while (!open.empty()) {
    const std::uint32_t at = open.back();
    open.pop_back();
    ++taken;
    for (std::uint32_t i = skeleton.first_parent[at]; i < skeleton.first_parent[at + 1]; ++i) {
      if (--children[skeleton.parents[i]] == 0) {
        open.push_back(skeleton.parents[i]);
      }
    }
  }
  if (taken == count) {
    return {};
  }
  const auto rest = std::ranges::find_if(children, [](std::uint32_t left) { return left > 0; });
  return RefuseLine(lines_[static_cast<std::size_t>(rest - children.begin())], "the hierarchy has a circle here");
}

}  // namespace fhir::terminology
