// What both parsers over Xerces-C need of it. Included by their .cpp files alone.
#pragma once

#include <string>

#include <xercesc/util/XercesDefs.hpp>

namespace fhir::xml {

/// Sets the library up at the first call; it is taken down at the end of the process. thread-safe.
void UseLibrary();

/// UTF-16 from the parser, which has checked it, as UTF-8.
void AppendUtf8(std::string& out, const XMLCh* text);

/// Our words for what the parser found; its own may hold names out of the text. `code` is a XMLErrs::Codes.
const char* ProblemOf(unsigned int code);

}  // namespace fhir::xml
