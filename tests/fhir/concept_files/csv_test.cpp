#include <gtest/gtest.h>

#include "fhir/base/archive.hpp"
#include "fhir/concept_files/csv.hpp"
#include "fhir/concept_files/unpacked_source.hpp"
#include "tests/fhir/concept_files/reading.hpp"

namespace fhir::concept_files {
namespace {

std::string ReadCsv(const std::string& text, CsvLayout layout = {}, std::size_t piece_bytes = 7) {
  return Read(text, {.format = FileFormat::kCsv, .csv = std::move(layout)}, piece_bytes);
}

TEST(CsvConcepts, UsualColumns_AreTakenByTheirNames) {
  EXPECT_EQ(ReadCsv("code,display,other,parent\nA,Alpha,x,\nB,\"Beta, \"\"b\"\"\",y,A\n"),
            "2 A|Alpha|\n3 B|Beta, \"b\"| ^A\n");
}

TEST(CsvConcepts, EveryPieceSize_ReadsTheSame) {
  const std::string text =
      "\xEF\xBB\xBF"
      "code;display\r\nA;\"two\r\nlines\"\r\n\r\nB;\"\"\r\nC;last";
  const std::string expected = "2 A|two\r\nlines|\n5 B||\n6 C|last|\n";
  for (std::size_t bytes = 3; bytes < text.size() + 1; ++bytes) {
    EXPECT_EQ(ReadCsv(text, {.delimiter = ';'}, bytes), expected) << bytes;
  }
}

// The columns of the WHO's ATC/DDD index: a row for each dose.
TEST(CsvConcepts, Atc_HasItsHierarchyByLengthsAndItsDosesTogether) {
  const CsvLayout atc{
      .columns = {"code=ATC code", "display=ATC level name", "property.ddd=DDD", "property.route=Adm.R"},
      .parent_lengths = {1, 3, 4, 5},
      .merge_rows = true};
  EXPECT_EQ(ReadCsv("ATC code,ATC level name,DDD,UOM,Adm.R,Note\n"
                    "A,ALIMENTARY TRACT,,,,\nA10,DIABETES,,,,\nA10B,ORAL,,,,\nA10BA,Biguanides,,,,\n"
                    "A10BA02,metformin,2,g,O,\nA10BA02,metformin,1,g,P,\n",
                    atc),
            "2 A|ALIMENTARY TRACT|\n3 A10|DIABETES| ^A\n4 A10B|ORAL| ^A10\n5 A10BA|Biguanides| ^A10B\n"
            "6 A10BA02|metformin| ^A10BA ddd(valueString)=2 route(valueString)=O ddd(valueString)=1 "
            "route(valueString)=P\n");
  EXPECT_EQ(ReadCsv("ATC code,ATC level name,DDD,Adm.R\nA,x,,\nA,y,,\n", atc),
            "invalid: line 3: another display for the code of line 2");
}

// As hospitals' tools write the CCAM: semicolons, accents of windows-1252, chapters as parents.
TEST(CsvConcepts, Ccam_IsReadInItsEncoding) {
  const CsvLayout ccam{.delimiter = ';',
                       .encoding = "windows-1252",
                       .columns = {"code=Code", "display=Libell\u00e9", "parent=Chapitre", "designation.en=Anglais"}};
  EXPECT_EQ(
      ReadCsv("Code;Libell\xE9;Chapitre;Anglais\n01;SYST\xC8ME NERVEUX;;\nAAFA001;Ex\xE9r\xE8se;01;Excision\n", ccam),
      "2 01|SYSTÈME NERVEUX|\n3 AAFA001|Exérèse| ^01 @en:Excision\n");
}

TEST(CsvConcepts, WhatIsWrong_IsToldWithItsLine) {
  EXPECT_EQ(ReadCsv(""), "invalid: the file is empty: a line with the names of the columns is expected");
  EXPECT_EQ(ReadCsv("id,display\nA,x\n"),
            "invalid: line 1: which column is the code? Say it by code=NAME; there are: id, display");
  EXPECT_EQ(ReadCsv("code\nA\n", {.columns = {"code=Code"}}),
            "invalid: line 1: there is no column \"Code\"; there are: code");
  EXPECT_TRUE(ReadCsv("code\nA\n", {.columns = {"kode=code"}})
                  .starts_with("invalid: column \"kode=code\": expected ROLE=NAME"));
  EXPECT_EQ(ReadCsv("code,display\nA,x\nB\n"), "invalid: line 3: 1 fields, where the first line has 2");
  EXPECT_EQ(ReadCsv("code,display\nA,\"x\nB,y\n"),
            "invalid: line 2: a quote in this record is not closed until the file ends");
  EXPECT_EQ(ReadCsv("code,display\nA,x\"y\n"), "invalid: line 2: a quote inside of a field without quotes");
  EXPECT_EQ(ReadCsv("code,display\nA,\"x\"y\n"), "invalid: line 2: text after a closing quote");
  EXPECT_EQ(ReadCsv("code,display\nA,\xE9t\xE9\n"),
            "invalid: line 2: a field that is no UTF-8; the parameter encoding may help");
}

TEST(CsvReader, Limits_HoldAtTheirValue) {
  const auto read = [](const std::string& text) {
    TextSource source(text, 5);
    CsvReader reader(source, ',', {.record_bytes_max = 10, .fields_max = 3});
    const auto next = reader.Next();
    return next ? (*next ? "read" : "end") : next.error().public_text.text;
  };
  EXPECT_EQ(read("123456789\n"), "read");
  EXPECT_EQ(read("1234567890\n"), "line 1: a record of more than 10 bytes; a quote may be missing");
  EXPECT_EQ(read("1,2,3\n"), "read");
  EXPECT_EQ(read("1,2,3,4\n"), "line 1: more than 3 fields");
}

TEST(UnpackedSource, PackedFile_IsReadAsItWas) {
  const auto packed = GzipCompress("code\nA\nB\n");
  ASSERT_TRUE(packed);
  const auto read = [&](std::string bytes, std::size_t bytes_max) {
    TextSource source(std::move(bytes), 10);
    UnpackedSource plain(source, bytes_max);
    std::string codes;
    const auto done = ReadConcepts(plain, {}, [&](const terminology::GivenConcept& given) -> Result<void> {
      codes += given.code;
      return {};
    });
    return done ? codes : std::string(Name(done.error().code));
  };
  EXPECT_EQ(read(*packed, 9), "AB");
  EXPECT_EQ(read(*packed, 8), Name(ErrorCode::kTooLarge));
  EXPECT_EQ(read(packed->substr(0, packed->size() - 3), 9), Name(ErrorCode::kMalformed));
}

}  // namespace
}  // namespace fhir::concept_files
