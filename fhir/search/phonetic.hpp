// How names sound, for the parameters called phonetic: one key for spellings that a French or English ear does not
// tell apart.
//
// A word is folded (no accents, no capitals) and then, from left to right:
//   1. letters that are written for one sound become one: ph → f, sch, sh, ch → x, ck, q, qu, c before a, o, u or a
//      consonant → k, c before e, i, y → s, g before e, i, y → j, gn → n, w → v, z → s, y → i, bv → v, h →
//      nothing
//   2. letters that a French ear does not hear at the end of a word go: e, s, t, d, p, x, z, one after the other
//   3. m before b and p becomes n; a letter that repeats stands once
//   4. vowels go, but for one at the beginning, which is a
// So Dupont, Dupond and Dupon share dpn, Lefèvre and Lefebvre lfvr, Philippe and Filip flp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fhir::search {

/// The keys of the words of a text, in order; words without letters a to z have none. Cost: O(bytes).
std::vector<std::string> PhoneticKeys(std::string_view text);

}  // namespace fhir::search
