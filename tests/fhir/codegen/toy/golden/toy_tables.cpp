// Generated from package (sha256 of package.json ad46879d96ac94ee) by fhir/codegen/generate.py. Edit those.
#include "fhir/metadata/tables.hpp"

#ifdef __clang__
#pragma clang diagnostic ignored "-Woverlength-strings"
#endif

namespace fhir::metadata {
namespace {

constexpr TypeRow kToyTypes[] = {
{1,65535,0,1,0,1,4,0}, {7,65535,1,5,2,4,3,0}, {10,0,6,3,18,3,2,0}, {11,0,9,1,26,1,0,0}, {0,0,10,1,28,1,0,0},
};
constexpr ElementRow kToyElements[] = {
{0,0,3,0,0,65535,0,0,0,0,0}, {0,0,4,1,0,65535,0,0,0,0,1}, {2,2,3,1,1,0,0,0,0,0,3}, {3,4,3,1,2,65535,0,0,0,0,4},
{5,4,0,1,2,65535,0,0,0,0,4}, {6,6,2,1,3,65535,0,0,0,1,0}, {0,0,3,2,0,65535,0,0,0,0,0}, {8,8,0,2,1,65535,0,1,0,0,0},
{9,9,2,2,2,65535,0,0,0,1,0}, {0,0,3,3,0,65535,0,0,0,0,0}, {0,0,3,4,0,65535,0,0,0,0,0},
};
constexpr NameSlot kToyElementSlots[] = {
{0,0,2}, {0,65535,0}, {0,65535,0}, {9,2,6}, {0,65535,0}, {0,1,2}, {38,5,3}, {0,65535,0}, {0,65535,0}, {0,65535,0},
{0,65535,0}, {0,65535,0}, {0,65535,0}, {15,3,8}, {0,65535,0}, {0,65535,0}, {27,4,11}, {0,65535,0}, {0,65535,0},
{0,6,2}, {44,7,6}, {0,65535,0}, {0,65535,0}, {0,65535,0}, {50,8,4}, {0,65535,0}, {0,9,2}, {0,65535,0}, {0,10,2},
{0,65535,0},
};
constexpr NameSlot kToyTypeSlots[] = {
{61,3,4}, {41,1,3}, {0,65535,0}, {54,2,7}, {0,4,2}, {2,0,7}, {0,65535,0}, {0,65535,0}, {0,65535,0}, {0,65535,0},
{0,65535,0}, {0,65535,0}, {0,65535,0}, {0,65535,0}, {0,65535,0}, {0,65535,0},
};

constexpr SearchRow kToySearchParameters[] = {
{7,0,2,2,12,13,0,0,3}, {7,1,2,2,12,14,0,0,3},
};
constexpr SearchComponentRow kToySearchComponents[] = {
{},
};

constexpr BindingRow kToyBindings[] = {
{15,0,3},
};
constexpr std::uint16_t kToyBindingCodes[] = {
16, 17, 18,
};
constexpr std::uint16_t kToyBindingSystems[] = {
19, 19, 19,
};

constexpr CompartmentRow kToyCompartments[] = {
{1,1,0,1},
};
constexpr std::uint16_t kToyCompartmentCodes[] = {
2,
};

constexpr TypeId kToyTargets[] = {
1,
};

constexpr StringRow kToyStrings[] = {
{0,2}, {2,7}, {9,6}, {15,8}, {23,4}, {27,11}, {38,3}, {41,3}, {44,6}, {50,4}, {54,7}, {61,4}, {65,45}, {110,25},
{135,31}, {166,34}, {200,4}, {204,8}, {212,3}, {215,36},
};
constexpr char kToyText[] =
"id"
"Element"
"colour"
"markCode"
"mark"
"markElement"
"toy"
"Pet"
"friend"
"part"
"Pet.toy"
"code"
"http://toy.example/SearchParameter/Pet-colour"
"Element.where(id = 'a|b')"
"Pet.colour | (Pet.mark as code)"
"http://toy.example/ValueSet/colour"
"blue"
"dark-red"
"red"
"http://toy.example/CodeSystem/colour";

}  // namespace

constinit const Tables kToyTables = {
    {kToyText, 251},
    {kToyStrings, 20},
    {kToyTypes, 5},
    {kToyTypeSlots, 16},
    {kToyElements, 11},
    {kToyElementSlots, 30},
    {kToyTargets, 1},
    {kToySearchParameters, 2},
    {kToySearchComponents, 0},
    {kToyBindings, 1},
    {kToyBindingCodes, 3},
    {kToyBindingSystems, 3},
    {kToyCompartments, 1},
    {kToyCompartmentCodes, 1},
    4,
};

}  // namespace fhir::metadata
