#include "fhir/validation/primitives.hpp"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace fhir::validation {
namespace {

std::string Unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain += text[i];
      continue;
    }
    switch (text[++i]) {
      case 's':
        plain += ' ';
        break;
      case 't':
        plain += '\t';
        break;
      case 'n':
        plain += '\n';
        break;
      case 'r':
        plain += '\r';
        break;
      case '0':
        plain += '\x01';
        break;
      default:
        break;  // \e: nothing
    }
  }
  return plain;
}

std::string_view Problem(std::string_view type, std::string_view text, const Limits& limits = {}) {
  return PrimitiveProblem(metadata::Definitions::R4().FindType(type), text, limits);
}

TEST(PrimitiveProblem, TableOfValues_IsJudgedAsItSays) {
  std::ifstream file(GW_SOURCE_DIR "/tests/fhir/validation/data/primitives.txt");
  std::string line;
  int values = 0;
  while (std::getline(file, line)) {
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const std::size_t first = line.find(' ');
    const std::size_t second = line.find(' ', first + 1);
    const std::string type = line.substr(0, first);
    const bool good = line.substr(first + 1, second - first - 1) == "ok";
    EXPECT_EQ(Problem(type, Unescape(std::string_view(line).substr(second + 1))).empty(), good) << line;
    ++values;
  }
  EXPECT_GT(values, 150);
}

TEST(PrimitiveProblem, EveryPrimitiveTypeOfTheStandard_HasARule) {
  const auto& definitions = metadata::Definitions::R4();
  int primitives = 0;
  for (metadata::TypeId type = 0; !definitions.TypeName(type).empty(); ++type) {
    if (definitions.Kind(type) == metadata::TypeKind::kPrimitive) {
      EXPECT_NE(PrimitiveProblem(type, "\x01", {}), PrimitiveProblem(metadata::kNoType, "\x01", {}))
          << definitions.TypeName(type);
      ++primitives;
    }
  }
  EXPECT_EQ(primitives, 20);
}

TEST(PrimitiveAdvice, WhiteSpaceAtTheEndsOfAString_IsHardlyMeant) {
  const auto advice = [](std::string_view type, std::string_view text) {
    return !PrimitiveAdvice(metadata::Definitions::R4().FindType(type), text).empty();
  };
  EXPECT_TRUE(advice("string", " a"));
  EXPECT_TRUE(advice("string", "a\n"));
  EXPECT_TRUE(advice("string", "\t"));
  EXPECT_FALSE(advice("string", "a b"));
  EXPECT_FALSE(advice("string", ""));
  EXPECT_FALSE(advice("markdown", "  a\n"));
  EXPECT_FALSE(advice("code", " a"));  // an error on its own
}

TEST(PrimitiveProblem, StringAtTheLimitAndOneMore_IsJudgedByTheLimit) {
  const Limits limits;
  EXPECT_TRUE(Problem("string", std::string(limits.string_bytes_max, 'a'), limits).empty());
  EXPECT_FALSE(Problem("string", std::string(limits.string_bytes_max + 1, 'a'), limits).empty());
  EXPECT_TRUE(Problem("base64Binary", std::string(2 * limits.string_bytes_max, 'A'), limits).empty());
}

TEST(PrimitiveProblem, XhtmlAtTheDepthLimitAndOneMore_IsJudgedByTheLimit) {
  const auto nested = [](int depth) {
    std::string text = R"(<div xmlns="http://www.w3.org/1999/xhtml">)";
    for (int i = 1; i < depth; ++i) {
      text += "<b>";
    }
    text += "a";
    for (int i = 1; i < depth; ++i) {
      text += "</b>";
    }
    return text + "</div>";
  };
  EXPECT_TRUE(Problem("xhtml", nested(100)).empty());
  EXPECT_FALSE(Problem("xhtml", nested(101)).empty());
}

}  // namespace
}  // namespace fhir::validation
