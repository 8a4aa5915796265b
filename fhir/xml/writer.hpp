// Writes the element tree as FHIR XML. The same tree always gives the same bytes.
#pragma once

#include <string>

#include "fhir/model/document.hpp"

namespace fhir::xml {

struct WriteOptions {
  bool pretty = false;  ///< two spaces of indent, one element a line; narratives stay as they are
};

/// Writes a resource in UTF-8 with an XML declaration, elements in the order of the definition, whatever their order in
/// the tree. Values are written as they were read; the white space that XML would change, and what it reserves, as
/// references. A narrative is written byte for byte, but for entities of HTML, which become characters; one that is not
/// well-formed stands as text in a <div>. Characters that XML cannot hold become U+FFFD;
/// CheckLosses (losses.hpp) tells of both.
/// Cost: O(bytes), one growing string.
/// Source: https://hl7.org/fhir/R4/xml.html
std::string WriteXml(const model::Node& resource, const WriteOptions& options = {});

}  // namespace fhir::xml
