// JSON Patch on any JSON, apart from resources: pointers with escapes, ends of arrays, equality, roots that are no
// objects. Source: https://www.rfc-editor.org/rfc/rfc6902 and https://www.rfc-editor.org/rfc/rfc6901
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "fhir/json/value.hpp"
#include "fhir/patch/json_patch.hpp"

namespace {

using fhir::patch::FailureKind;

/// The document afterwards, or the kind of the failure.
std::string Patched(std::string_view document, std::string_view patch) {
  const auto named = [](FailureKind kind) -> std::string {
    switch (kind) {
      case FailureKind::kMalformed:
        return "malformed";
      case FailureKind::kPathNotFound:
        return "no path";
      case FailureKind::kTestFailed:
        return "test failed";
      default:
        return "other";
    }
  };
  auto value = fhir::json::ReadValue(document);
  EXPECT_TRUE(value) << document;
  const auto steps = fhir::patch::ReadJsonPatch(patch);
  if (!steps) {
    return named(steps.error().kind);
  }
  const auto done = fhir::patch::ApplyJsonPatch(*steps, *value, {});
  return done ? fhir::json::WriteValue(*value) : named(done.error().kind);
}

struct Row {
  std::string_view document;
  std::string_view patch;
  std::string_view result;
};

class JsonPatchValues : public testing::TestWithParam<Row> {};

TEST_P(JsonPatchValues, Patch_GivesTheDocumentOrTheFailure) {
  EXPECT_EQ(Patched(GetParam().document, GetParam().patch), GetParam().result) << GetParam().patch;
}

constexpr Row kPointers[] = {
    {R"({"a/b":1,"m~n":2})", R"([{"op":"remove","path":"/a~1b"}])", R"({"m~n":2})"},
    {R"({"a/b":1,"m~n":2})", R"([{"op":"remove","path":"/m~0n"}])", R"({"a/b":1})"},
    {R"({"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"~1":10})"},
    {R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])", "test failed"},
    {R"({"":1})", R"([{"op":"replace","path":"/","value":2}])", R"({"":2})"},
    {R"({"foo":{"":1}})", R"([{"op":"test","path":"/foo/","value":1}])", R"({"foo":{"":1}})"},
    {R"({"a":1})", R"([{"op":"test","path":"/~","value":1}])", "malformed"},
    {R"({"a":1})", R"([{"op":"test","path":"/a~","value":1}])", "malformed"},
    {R"({"a":1})", R"([{"op":"test","path":"#/a","value":1}])", "malformed"},
    {R"({"é%22 ":1})", R"([{"op":"remove","path":"/é%22 "}])", R"({})"},
    {R"({"1":["a"]})", R"([{"op":"add","path":"/1/0","value":"b"}])", R"({"1":["b","a"]})"},
};
INSTANTIATE_TEST_SUITE_P(Pointers, JsonPatchValues, testing::ValuesIn(kPointers));

constexpr Row kArrays[] = {
    {R"(["a"])", R"([{"op":"add","path":"/-","value":["b"]}])", R"(["a",["b"]])"},
    {R"(["a"])", R"([{"op":"add","path":"/1","value":"b"}])", R"(["a","b"])"},
    {R"(["a"])", R"([{"op":"add","path":"/2","value":"b"}])", "no path"},
    {R"(["a"])", R"([{"op":"add","path":"/-1","value":"b"}])", "no path"},
    {R"(["a","b"])", R"([{"op":"add","path":"/01","value":"x"}])", "no path"},
    {R"(["a","b"])", R"([{"op":"replace","path":"/1e0","value":"x"}])", "no path"},
    {R"(["a","b"])", R"([{"op":"test","path":"/00","value":"a"}])", "no path"},
    {R"(["a"])", R"([{"op":"test","path":"/-","value":"a"}])", "no path"},
    {R"(["a"])", R"([{"op":"replace","path":"/-","value":"b"}])", "no path"},
    {R"(["a"])", R"([{"op":"copy","from":"/-","path":"/0"}])", "no path"},
    {R"(["a"])", R"([{"op":"add","path":"/99999999999999999999","value":"b"}])", "no path"},
    {R"(["a"])", R"([{"op":"add","path":"/x","value":"b"}])", "no path"},
    {R"(["a","b","c"])", R"([{"op":"move","from":"/0","path":"/2"}])", R"(["b","c","a"])"},
    {R"(["a","b","c"])", R"([{"op":"move","from":"/0","path":"/3"}])", "no path"},
    {R"(["a","b","c"])", R"([{"op":"move","from":"/2","path":"/-"}])", R"(["a","b","c"])"},
    {R"([[1]])", R"([{"op":"copy","from":"/0","path":"/0/0"}])", R"([[[1],1]])"},
};
INSTANTIATE_TEST_SUITE_P(Arrays, JsonPatchValues, testing::ValuesIn(kArrays));

constexpr Row kEquality[] = {
    {R"({"a":{"x":1,"y":[2]}})", R"([{"op":"test","path":"/a","value":{"y":[2],"x":1}}])", R"({"a":{"x":1,"y":[2]}})"},
    {R"({"a":{"x":1}})", R"([{"op":"test","path":"/a","value":{"x":1,"y":2}}])", "test failed"},
    {R"([1,2])", R"([{"op":"test","path":"","value":[2,1]}])", "test failed"},
    {"1.0", R"([{"op":"test","path":"","value":1}])", "1.0"},
    {"1e2", R"([{"op":"test","path":"","value":100.00}])", "1e2"},
    {"-0", R"([{"op":"test","path":"","value":0}])", "-0"},
    {"0", R"([{"op":"test","path":"","value":false}])", "test failed"},
    {"null", R"([{"op":"test","path":"","value":null}])", "null"},
    {R"({"a":null})", R"([{"op":"test","path":"/a","value":null}])", R"({"a":null})"},
    {R"({})", R"([{"op":"test","path":"/a","value":null}])", "no path"},
    {R"("a")", R"([{"op":"test","path":"","value":"\u0061"}])", R"("a")"},
    {R"({"a":null})", R"([{"op":"replace","path":"/a","value":{}}])", R"({"a":{}})"},
    {R"({"a":{}})", R"([{"op":"add","path":"/a","value":null}])", R"({"a":null})"},
};
INSTANTIATE_TEST_SUITE_P(Equality, JsonPatchValues, testing::ValuesIn(kEquality));

constexpr Row kPlaces[] = {
    {R"({"a":1})", R"([{"op":"replace","path":"","value":[7]}])", "[7]"},
    {R"({"a":1})", R"([{"op":"add","path":"","value":null}])", "null"},
    {R"({"a":{"b":1}})", R"([{"op":"move","from":"/a/b","path":"/a"}])", R"({"a":1})"},
    {R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":"/a/b"}])", "malformed"},
    {R"({"a":{"b":1}})", R"([{"op":"move","from":"","path":"/a"}])", "malformed"},
    {R"({"a":1,"ab":2})", R"([{"op":"move","from":"/a","path":"/ab"}])", R"({"ab":1})"},
    {R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/a/c"}])", R"({"a":{"b":1,"c":{"b":1}}})"},
    {R"({"a":1})", R"([{"op":"copy","from":"","path":"/b"}])", R"({"a":1,"b":{"a":1}})"},
    {R"({"a":1})", R"([{"op":"remove","path":"/b"}])", "no path"},
    {R"({"a":1})", R"([{"op":"remove","path":"/a/b"}])", "no path"},
    {R"({"a":1})", R"([{"op":"add","path":"/b/c","value":1}])", "no path"},
    {R"({"a":1})", R"([{"op":"Add","path":"/b","value":1}])", "malformed"},
    {R"({"a":1})", R"([{"op":"add","path":"/b"}])", "malformed"},
    {R"({"a":1})", R"([{"op":"add","path":null,"value":1}])", "malformed"},
    {R"({"a":1})", R"([{"op":"add","value":1}])", "malformed"},
    {R"({"a":1})", R"([{"op":"copy","path":"/b"}])", "malformed"},
    {R"({"a":1})", R"([{"op":"move","from":null,"path":"/b"}])", "malformed"},
    {R"({"a":1})", R"([{"op":"add","op":"remove","path":"/a"}])", "malformed"},
    {R"({"a":1})", R"([{"op":"remove","path":"/a","value":7,"note":[]}])", R"({})"},
};
INSTANTIATE_TEST_SUITE_P(Places, JsonPatchValues, testing::ValuesIn(kPlaces));

}  // namespace
