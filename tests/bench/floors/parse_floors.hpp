// The floors of reading: the least that a library could do with the same bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace bench {

/// RapidJSON's own DOM of a text; gives the number of its members. Ends the process when it is not JSON.
std::size_t ParseJsonDom(std::string_view text);

/// Xerces-C's SAX2 events of a text, thrown away; gives the number of elements.
std::size_t ParseXmlEvents(std::string_view text);

}  // namespace bench
