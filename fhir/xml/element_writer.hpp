// Writes XML of any vocabulary, element by element: for what is no FHIR resource.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fhir::xml {

/// Elements stand in the order of the calls; an attribute without a value is left out. thread-compatible.
class ElementWriter {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Begins with the XML declaration, in UTF-8.
  ElementWriter();
  /// Opens an element, until Close.
  ElementWriter& Open(std::string_view name, Attributes attributes = {});
  /// An element without content.
  ElementWriter& Leaf(std::string_view name, Attributes attributes = {});
  /// An element with text alone. Nothing is written for an empty text.
  ElementWriter& Text(std::string_view name, std::string_view text, Attributes attributes = {});
  ElementWriter& Close();
  /// Closes what is open and gives the text away.
  std::string Finish();

 private:
  void Begin(std::string_view name, Attributes attributes);

  std::string text_;
  std::vector<std::string> open_;
};

}  // namespace fhir::xml
