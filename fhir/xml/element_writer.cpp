#include "fhir/xml/element_writer.hpp"

#include "fhir/xml/markup.hpp"

namespace fhir::xml {

ElementWriter::ElementWriter() : text_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") {}

void ElementWriter::Begin(std::string_view name, Attributes attributes) {
  text_ += '<';
  text_ += name;
  for (const auto& [attribute, value] : attributes) {
    if (!value.empty()) {
      text_ += ' ';
      text_ += attribute;
      text_ += "=\"";
      AppendAttributeText(text_, value);
      text_ += '"';
    }
  }
}

ElementWriter& ElementWriter::Open(std::string_view name, Attributes attributes) {
  Begin(name, attributes);
  text_ += '>';
  open_.emplace_back(name);
  return *this;
}

ElementWriter& ElementWriter::Leaf(std::string_view name, Attributes attributes) {
  Begin(name, attributes);
  text_ += "/>";
  return *this;
}

ElementWriter& ElementWriter::Text(std::string_view name, std::string_view text, Attributes attributes) {
  if (!text.empty()) {
    Open(name, attributes);
    AppendAttributeText(text_, text);
    Close();
  }
  return *this;
}

ElementWriter& ElementWriter::Close() {
  text_ += "</";
  text_ += open_.back();
  text_ += '>';
  open_.pop_back();
  return *this;
}

std::string ElementWriter::Finish() {
  while (!open_.empty()) {
    Close();
  }
  return std::move(text_);
}

}  // namespace fhir::xml
