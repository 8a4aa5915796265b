#include "fhir/terminology/concept_page.hpp"

namespace fhir::terminology {
namespace {

// The bytes of a page: its format's number, then for each concept flags, texts, properties and designations. Numbers
// are of seven bits a byte, lowest first; a text has its length before it.
constexpr char kPageFormat = 1;
constexpr unsigned kInactive = 1;
constexpr unsigned kAbstract = 2;

void PutNumber(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) {
    out += static_cast<char>(number | 0x80);
  }
  out += static_cast<char>(number);
}

void PutText(std::string& out, std::string_view text) {
  PutNumber(out, text.size());
  out += text;
}

/// Reads what Put wrote; after the first fault everything is empty and zero.
class PageBytes {
 public:
  explicit PageBytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t Number() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) {
        return Fault();
      }
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) {
        return number;
      }
    }
    return Fault();
  }
  std::string_view Text() {
    const std::uint64_t size = Number();
    if (size > bytes_.size()) {
      Fault();
      return {};
    }
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }
  bool whole() const { return !faulty_ && bytes_.empty(); }
  bool faulty() const { return faulty_; }

 private:
  std::uint64_t Fault() {
    faulty_ = true;
    bytes_ = {};
    return 0;
  }
  std::string_view bytes_;
  bool faulty_ = false;
};

void ReadConcept(PageBytes& bytes, ConceptPage& page, std::uint32_t position) {
  const auto keep = [&] { return page.texts.Keep(bytes.Text()); };
  Concept entry;
  entry.page = &page;
  entry.position = position;
  const std::uint64_t flags = bytes.Number();
  entry.inactive = (flags & kInactive) != 0;
  entry.abstract = (flags & kAbstract) != 0;
  entry.code = keep();
  entry.display = keep();
  entry.definition = keep();
  entry.first_property = static_cast<std::uint32_t>(page.properties.size());
  for (std::uint64_t left = bytes.Number(); left > 0 && !bytes.faulty(); --left) {
    ConceptProperty property;
    property.name = keep();
    property.type = keep();
    property.value = keep();
    page.properties.push_back(property);
  }
  entry.property_count = static_cast<std::uint32_t>(page.properties.size()) - entry.first_property;
  entry.first_designation = static_cast<std::uint32_t>(page.designations.size());
  for (std::uint64_t left = bytes.Number(); left > 0 && !bytes.faulty(); --left) {
    ConceptDesignation designation;
    designation.language = keep();
    designation.use_system = keep();
    designation.use = keep();
    designation.value = keep();
    page.designations.push_back(designation);
  }
  entry.designation_count = static_cast<std::uint32_t>(page.designations.size()) - entry.first_designation;
  page.concepts.push_back(entry);
}

}  // namespace

std::string WritePage(const ConceptPage& page) {
  std::string out(1, kPageFormat);
  PutNumber(out, page.concepts.size());
  for (const Concept& entry : page.concepts) {
    PutNumber(out, (entry.inactive ? kInactive : 0) | (entry.abstract ? kAbstract : 0));
    PutText(out, entry.code);
    PutText(out, entry.display);
    PutText(out, entry.definition);
    PutNumber(out, entry.property_count);
    for (std::uint32_t i = 0; i < entry.property_count; ++i) {
      const ConceptProperty& property = page.properties[entry.first_property + i];
      PutText(out, property.name);
      PutText(out, property.type);
      PutText(out, property.value);
    }
    PutNumber(out, entry.designation_count);
    for (std::uint32_t i = 0; i < entry.designation_count; ++i) {
      const ConceptDesignation& designation = page.designations[entry.first_designation + i];
      PutText(out, designation.language);
      PutText(out, designation.use_system);
      PutText(out, designation.use);
      PutText(out, designation.value);
    }
  }
  return out;
}

Result<std::shared_ptr<const ConceptPage>> ReadPage(std::string_view bytes, std::uint32_t first) {
  const auto no_page = [] {
    return Fail(ErrorCode::kInternal, {"concepts of a code system cannot be read"}, {"bytes that are no page"});
  };
  if (!bytes.starts_with(kPageFormat)) {
    return no_page();
  }
  PageBytes rest(bytes.substr(1));
  const std::uint64_t count = rest.Number();
  if (count > kPageConcepts) {
    return no_page();
  }
  const auto page = std::make_shared<ConceptPage>();
  page->concepts.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    ReadConcept(rest, *page, first + i);
  }
  if (!rest.whole()) {
    return no_page();
  }
  return std::shared_ptr<const ConceptPage>(page);
}

std::shared_ptr<const ConceptPage> BlankPage(std::uint32_t first, std::uint32_t concepts) {
  const auto page = std::make_shared<ConceptPage>();
  for (std::uint32_t i = 0; i < concepts; ++i) {
    Concept entry;
    entry.page = page.get();
    entry.position = first + i;
    page->concepts.push_back(entry);
  }
  return page;
}

}  // namespace fhir::terminology
