#include "fhir/terminology/computed_system.hpp"

#include <gtest/gtest.h>

namespace {

using fhir::terminology::InComputedSystem;
using fhir::terminology::IsLanguageTag;
using fhir::terminology::IsMediaType;

TEST(IsLanguageTag, WellFormed_Holds) {
  for (const auto* tag :
       {"fr", "fr-FR", "de-CH-1996", "zh-Hant-TW", "sl-rozaj-biske", "es-419", "x-whatever", "en-a-bbb-x-a-ccc",
        "zh-min-nan", "i-klingon", "en-US-u-islamcal", "FR-fr", "qaa-Qaaa-QM-x-southern"}) {
    EXPECT_TRUE(IsLanguageTag(tag)) << tag;
  }
}

TEST(IsLanguageTag, Malformed_DoesNot) {
  for (const auto* tag : {"", "f", "-fr", "fr-", "fr--FR", "fr_FR", "fr-F", "a-DE", "en-a", "x", "x-", "fr-123456789",
                          "de-419-DE", "language"}) {
    EXPECT_EQ(IsLanguageTag(tag), std::string_view(tag) == "language")
        << tag;  // eight letters are reserved, and well-formed
  }
}

TEST(IsMediaType, Forms) {
  for (const auto* type : {"text/plain", "application/fhir+json; fhirVersion=4.0", "text/html;charset=\"utf-8\"",
                           "image/svg+xml", "application/hl7-v3+xml;a=b ;c=\"\\\"\""}) {
    EXPECT_TRUE(IsMediaType(type)) << type;
  }
  for (const auto* type : {"", "text", "text/", "/plain", "text/plain;", "text/plain;a", "text/plain;a=\"b",
                           "text plain", "text/pl ain", "text/plain;a=b x"}) {
    EXPECT_FALSE(IsMediaType(type)) << type;
  }
}

TEST(InComputedSystem, BySystem) {
  EXPECT_EQ(InComputedSystem("http://unitsofmeasure.org", "mm[Hg]"), true);
  EXPECT_EQ(InComputedSystem("http://unitsofmeasure.org", "furlong?"), false);
  EXPECT_EQ(InComputedSystem("urn:ietf:rfc:3986", "urn:oid:1.2.3"), true);
  EXPECT_EQ(InComputedSystem("urn:ietf:rfc:3986", "not a uri"), false);
  EXPECT_EQ(InComputedSystem("http://loinc.org", "1-8"), std::nullopt);
}

}  // namespace
