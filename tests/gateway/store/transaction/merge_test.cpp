// Merging what a feed knows into what is stored, rule by rule. Without a database.
#include "gateway/store/transaction/merge.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"

namespace gateway::store::transaction {
namespace {

fhir::model::Document ReadForMerge(std::string_view json) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(json, {}, issues);
  if (!document || issues.HasErrors()) {
    ADD_FAILURE() << "the test's own resource is not readable: " << json;
    return fhir::model::Document(fhir::metadata::Definitions::R4().FindType("Basic"));
  }
  return *std::move(document);
}

/// `stored` merged with `arriving`, as JSON. `change` may bring removals and joined lists.
std::string Merged(std::string_view stored, std::string_view arriving, adapters::port::Change change = {}) {
  change.verb = adapters::port::Verb::kMerge;
  change.resource = ReadForMerge(arriving);
  const fhir::model::Document before = ReadForMerge(stored);
  return fhir::json::WriteJson(Merge(before.root(), change).root());
}

/// The same for a type whose members are given alone.
std::string MergedMembers(std::string_view type, std::string_view stored, std::string_view arriving,
                          adapters::port::Change change = {}) {
  const std::string head = R"({"resourceType":")" + std::string(type) + "\"";
  const auto whole = [&](std::string_view members) {
    return head + (members.empty() ? "" : ",") + std::string(members) + "}";
  };
  const std::string merged = Merged(whole(stored), whole(arriving), std::move(change));
  EXPECT_TRUE(merged.starts_with(head)) << merged;
  return merged.substr(std::min(merged.size(), head.size() + 1), merged.size() - head.size() - 2);
}

TEST(Merge_Primitives, TakeThePlaceOfTheStored_OthersStay) {
  EXPECT_EQ(MergedMembers("Patient", R"("gender":"male","birthDate":"1979-03-28")", R"("gender":"female")"),
            R"("gender":"female","birthDate":"1979-03-28")");
  EXPECT_EQ(MergedMembers("Patient", R"("gender":"male")", R"("birthDate":"1979-03-28")"),
            R"("gender":"male","birthDate":"1979-03-28")");
}

TEST(Merge_IdOfTheChange_IsNotTaken, StoredIdStays) {
  EXPECT_EQ(Merged(R"({"resourceType":"Patient","id":"kept","active":true})",
                   R"({"resourceType":"Patient","id":"other","active":false})"),
            R"({"resourceType":"Patient","id":"kept","active":false})");
}

TEST(Merge_Extensions, TakeThePlaceOfThoseOfTheirUrl_OthersStayWhereTheyAre) {
  const std::string_view stored =
      R"("extension":[{"url":"urn:a","valueCode":"1"},{"url":"urn:b","valueCode":"2"},{"url":"urn:a","valueCode":"3"}])";
  EXPECT_EQ(MergedMembers("Patient", stored, R"("extension":[{"url":"urn:a","valueCode":"4"}])"),
            R"("extension":[{"url":"urn:a","valueCode":"4"},{"url":"urn:b","valueCode":"2"}])");
  EXPECT_EQ(MergedMembers("Patient", stored, R"("extension":[{"url":"urn:c","valueCode":"5"}])"),
            R"("extension":[{"url":"urn:a","valueCode":"1"},{"url":"urn:b","valueCode":"2"},)"
            R"({"url":"urn:a","valueCode":"3"},{"url":"urn:c","valueCode":"5"}])");
  EXPECT_EQ(MergedMembers("Patient", R"("active":true)",
                          R"("extension":[{"url":"urn:a","valueCode":"4"},{"url":"urn:a","valueCode":"5"}])"),
            R"("extension":[{"url":"urn:a","valueCode":"4"},{"url":"urn:a","valueCode":"5"}],"active":true)");
}

TEST(Merge_Lists, AreReplacedWhole) {
  EXPECT_EQ(MergedMembers("Patient", R"("name":[{"family":"A"},{"family":"B"}])", R"("name":[{"family":"C"}])"),
            R"("name":[{"family":"C"}])");
  EXPECT_EQ(MergedMembers("Patient", R"("name":[{"family":"A"}])", R"("name":[{"family":"C"},{"family":"D"}])"),
            R"("name":[{"family":"C"},{"family":"D"}])");
}

TEST(Merge_DataTypes, AreReplacedWhole) {
  EXPECT_EQ(MergedMembers("Patient", R"("maritalStatus":{"coding":[{"code":"M"}],"text":"married"})",
                          R"("maritalStatus":{"coding":[{"code":"D"}]})"),
            R"("maritalStatus":{"coding":[{"code":"D"}]})");
}

TEST(Merge_ChoiceOfAnotherType, TakesThePlaceOfTheStored) {
  EXPECT_EQ(MergedMembers("Patient", R"("deceasedBoolean":true)", R"("deceasedDateTime":"2025-01-01")"),
            R"("deceasedDateTime":"2025-01-01")");
  EXPECT_EQ(MergedMembers("Patient", R"("deceasedDateTime":"2025-01-01")", R"("deceasedBoolean":false)"),
            R"("deceasedBoolean":false)");
}

TEST(Merge_Period, KeepsTheBoundThatTheChangeDoesNotKnow) {
  EXPECT_EQ(MergedMembers("EpisodeOfCare", R"("period":{"start":"2025-01-01"})", R"("period":{"end":"2025-01-05"})"),
            R"("period":{"start":"2025-01-01","end":"2025-01-05"})");
  EXPECT_EQ(MergedMembers("EpisodeOfCare", R"("period":{"start":"2025-01-01","end":"2025-01-05"})",
                          R"("period":{"end":"2025-01-06"})"),
            R"("period":{"start":"2025-01-01","end":"2025-01-06"})");
  EXPECT_EQ(MergedMembers("EpisodeOfCare", "", R"("period":{"end":"2025-01-06"})"), R"("period":{"end":"2025-01-06"})");
}

TEST(Merge_BackboneThatDoesNotRepeat, IsMergedChildByChild) {
  EXPECT_EQ(MergedMembers("Encounter", R"("hospitalization":{"admitSource":{"text":"home"}})",
                          R"("hospitalization":{"dischargeDisposition":{"text":"home again"}})"),
            R"("hospitalization":{"admitSource":{"text":"home"},"dischargeDisposition":{"text":"home again"}})");
  EXPECT_EQ(MergedMembers("Encounter", R"("hospitalization":{"admitSource":{"text":"home"}})",
                          R"("hospitalization":{"admitSource":{"text":"transfer"}})"),
            R"("hospitalization":{"admitSource":{"text":"transfer"}})");
}

TEST(Merge_BackboneThatRepeats, IsReplacedAsAList) {
  EXPECT_EQ(MergedMembers("Patient", R"("contact":[{"gender":"male"},{"gender":"female"}])",
                          R"("contact":[{"gender":"other"}])"),
            R"("contact":[{"gender":"other"}])");
}

TEST(Merge_Identifiers, AreJoinedBySystemAndType_InTheStoredOrder) {
  EXPECT_EQ(MergedMembers("Patient", R"("identifier":[{"system":"urn:a","value":"1"},{"system":"urn:b","value":"2"}])",
                          R"("identifier":[{"system":"urn:c","value":"3"},{"system":"urn:a","value":"9"}])"),
            R"("identifier":[{"system":"urn:a","value":"9"},{"system":"urn:b","value":"2"},)"
            R"({"system":"urn:c","value":"3"}])");
}

TEST(Merge_IdentifierThatWasReplaced, StaysBesideTheNewOne_WhicheverArrives) {
  constexpr std::string_view kBoth =
      R"("identifier":[{"use":"old","system":"urn:a","value":"1"},{"system":"urn:a","value":"2"}])";
  EXPECT_EQ(MergedMembers("Encounter", R"("identifier":[{"system":"urn:a","value":"1"}])", kBoth), kBoth);
  EXPECT_EQ(MergedMembers("Encounter", kBoth, R"("identifier":[{"system":"urn:a","value":"2"}])"), kBoth);
  EXPECT_EQ(MergedMembers("Encounter", kBoth, R"("identifier":[{"system":"urn:a","value":"3"}])"),
            R"("identifier":[{"use":"old","system":"urn:a","value":"1"},{"system":"urn:a","value":"3"}])");
  EXPECT_EQ(MergedMembers("Encounter", kBoth, R"("identifier":[{"system":"urn:a","value":"1"}])"),
            R"("identifier":[{"system":"urn:a","value":"1"},{"system":"urn:a","value":"2"}])");
}

TEST(Merge_IdentifiersOfOneSystemAndTwoTypes, StayApart) {
  EXPECT_EQ(
      MergedMembers("Patient", R"("identifier":[{"type":{"coding":[{"code":"PI"}]},"system":"urn:a","value":"1"}])",
                    R"("identifier":[{"type":{"coding":[{"code":"AN"}]},"system":"urn:a","value":"2"}])"),
      R"("identifier":[{"type":{"coding":[{"code":"PI"}]},"system":"urn:a","value":"1"},)"
      R"({"type":{"coding":[{"code":"AN"}]},"system":"urn:a","value":"2"}])");
}

TEST(Merge_Meta, UnitesLabels_AndLeavesTheStoresOwnMembers) {
  EXPECT_EQ(MergedMembers(
                "Patient",
                R"("meta":{"versionId":"3","lastUpdated":"2025-01-01T00:00:00Z","profile":["urn:p"],)"
                R"("tag":[{"system":"urn:t","code":"x"}]})",
                R"("meta":{"versionId":"9","lastUpdated":"2026-01-01T00:00:00Z","source":"urn:feed",)"
                R"("profile":["urn:q","urn:p"],"tag":[{"system":"urn:t","code":"x"},{"system":"urn:t","code":"y"}]})"),
            R"("meta":{"versionId":"3","lastUpdated":"2025-01-01T00:00:00Z","source":"urn:feed",)"
            R"("profile":["urn:p","urn:q"],"tag":[{"system":"urn:t","code":"x"},{"system":"urn:t","code":"y"}]})");
  EXPECT_EQ(MergedMembers("Patient", R"("active":true)", R"("meta":{"profile":["urn:p"]})"),
            R"("meta":{"profile":["urn:p"]},"active":true)");
}

TEST(Merge_Removals, TakeAwayWhatTheChangeDoesNotSet) {
  adapters::port::Change change;
  change.removals = {"telecom", "deceased"};
  EXPECT_EQ(MergedMembers("Patient", R"("active":true,"telecom":[{"value":"1"},{"value":"2"}],"deceasedBoolean":true)",
                          R"("active":false)", std::move(change)),
            R"("active":false)");
  change = {};
  change.removals = {"telecom"};
  EXPECT_EQ(MergedMembers("Patient", R"("telecom":[{"value":"1"}])", R"("telecom":[{"value":"2"}])", std::move(change)),
            R"("telecom":[{"value":"2"}])");
}

std::string Movement(std::string_view key, std::string_view place) {
  return R"({"extension":[{"url":"urn:movement","valueString":")" + std::string(key) +
         R"("}],"location":{"display":")" + std::string(place) + "\"}}";
}

TEST(Merge_JoinedList, ReplacesEqualKeys_KeepsOthers_AppendsTheRest) {
  const auto joined = [](const std::string& stored, const std::string& arriving) {
    adapters::port::Change change;
    change.joined = {{"location", "urn:movement"}};
    return MergedMembers("Encounter", "\"location\":[" + stored + "]", "\"location\":[" + arriving + "]",
                         std::move(change));
  };
  const std::string a = Movement("1", "ward");
  const std::string b = Movement("2", "theatre");
  EXPECT_EQ(joined(a, b), "\"location\":[" + a + "," + b + "]");
  EXPECT_EQ(joined(a + "," + b, Movement("1", "corrected")),
            "\"location\":[" + Movement("1", "corrected") + "," + b + "]");
  EXPECT_EQ(joined(a, a), "\"location\":[" + a + "]");
  const std::string without_key = R"({"location":{"display":"unknown"}})";
  EXPECT_EQ(joined(without_key, without_key), "\"location\":[" + without_key + "," + without_key + "]")
      << "items without the key are never taken for one another";
}

TEST(Merge_JoinedListWithAnOrder, IsSortedByTheTimeOfItsItems) {
  const auto at = [](const std::string& number, const std::string& start) {
    std::string item = Movement(number, "ward");
    return item.replace(item.size() - 1, 1, R"(,"period":{"start":")" + start + R"("}})");
  };
  adapters::port::Change change;
  change.joined = {{.element = "location", .extension_url = "urn:movement", .order = "period.start"}};
  const std::string early = at("1", "2025-03-30T01:30:00+01:00");
  const std::string late = at("2", "2025-03-30T03:10:00+02:00");
  const std::string between = at("3", "2025-03-30T01:00:00Z");
  EXPECT_EQ(MergedMembers("Encounter", "\"location\":[" + early + "," + late + "]", "\"location\":[" + between + "]",
                          std::move(change)),
            "\"location\":[" + early + "," + between + "," + late + "]");
}

TEST(Merge_ItemsThatAreGone, LeaveTheOthers_AndAreNotAdded) {
  const auto without = [](const std::string& stored, const std::string& arriving) {
    adapters::port::Change change;
    change.joined = {{.element = "location", .extension_url = "urn:movement", .order = {}, .gone = true}};
    return MergedMembers("Encounter", R"("status":"planned")" + stored, "\"location\":[" + arriving + "]",
                         std::move(change));
  };
  const std::string a = Movement("1", "ward");
  const std::string b = Movement("2", "theatre");
  EXPECT_EQ(without(",\"location\":[" + a + "," + b + "]", Movement("2", "whatever")),
            R"("status":"planned","location":[)" + a + "]");
  EXPECT_EQ(without(",\"location\":[" + a + "]", a), R"("status":"planned")");
  EXPECT_EQ(without("", b), R"("status":"planned")");
}

TEST(Merge_ItemsThatAreGone, AreNotMadeWhereNothingIsStored) {
  adapters::port::Change change;
  change.joined = {{.element = "location", .extension_url = "urn:movement", .order = {}, .gone = true}};
  auto document = ReadForMerge(R"({"resourceType":"Encounter","location":[)" + Movement("1", "ward") + "]}");
  TakeWhatIsGone(document, change);
  EXPECT_EQ(fhir::json::WriteJson(document.root()), R"({"resourceType":"Encounter"})");
}

TEST(Merge_ListJoinedByTheWholeItem, KeepsOthers_AddsNoneTwice_AndLosesWhatIsNamed) {
  const auto link = [](std::string_view id, std::string_view type) {
    return R"({"other":{"reference":"Patient/)" + std::string(id) + R"("},"type":")" + std::string(type) + "\"}";
  };
  const auto merged = [&](const std::string& arriving, bool gone, std::vector<std::string> removals) {
    adapters::port::Change change;
    change.joined = {{.element = "link", .extension_url = {}, .order = {}, .gone = gone}};
    change.removals = std::move(removals);
    return MergedMembers("Patient", "\"link\":[" + link("a", "refer") + "," + link("b", "replaced-by") + "]",
                         "\"link\":[" + arriving + "]", std::move(change));
  };
  const std::string a = link("a", "refer");
  const std::string b = link("b", "replaced-by");
  const std::string c = link("c", "replaced-by");
  EXPECT_EQ(merged(c, false, {}), "\"link\":[" + a + "," + b + "," + c + "]");
  EXPECT_EQ(merged(b, false, {}), "\"link\":[" + a + "," + b + "]");
  EXPECT_EQ(merged(link("b", "refer"), true, {}), "\"link\":[" + a + "," + b + "]") << "another type is another item";
  EXPECT_EQ(merged(b, true, {}), "\"link\":[" + a + "]");
  EXPECT_EQ(merged(c, false, {"link[type=replaced-by]"}), "\"link\":[" + a + "," + c + "]");
}

TEST(Merge_RemovalOfAnItem, LeavesTheOthers) {
  adapters::port::Change change;
  change.removals = {"link[type=replaced-by]"};
  EXPECT_EQ(MergedMembers("Patient", R"("link":[{"type":"refer"},{"type":"replaced-by"}])", R"("active":true)",
                          std::move(change)),
            R"("active":true,"link":[{"type":"refer"}])");
}

TEST(Merge_JoinedListThatTheChangeDoesNotMention, StaysAsItIs) {
  adapters::port::Change change;
  change.joined = {{"location", "urn:movement"}};
  const std::string a = Movement("1", "ward");
  EXPECT_EQ(MergedMembers("Encounter", "\"location\":[" + a + "]", R"("status":"finished")", std::move(change)),
            R"("status":"finished","location":[)" + a + "]");
}

TEST(Merge_RemovedAndSet, IsJoinedAsIfNotRemoved) {
  adapters::port::Change change;
  change.joined = {{"location", "urn:movement"}};
  change.removals = {"location"};
  EXPECT_EQ(MergedMembers("Encounter", "\"location\":[" + Movement("1", "ward") + "]",
                          "\"location\":[" + Movement("2", "theatre") + "]", std::move(change)),
            "\"location\":[" + Movement("1", "ward") + "," + Movement("2", "theatre") + "]");
}

TEST(Merge_RemovalOfAPath, TakesTheChildAlone_AndAnElementLeftEmpty) {
  const auto removed = [](std::string_view stored) {
    adapters::port::Change change;
    change.removals = {"period.end", "hospitalization.dischargeDisposition"};
    return MergedMembers("Encounter", stored, R"("status":"in-progress")", std::move(change));
  };
  EXPECT_EQ(
      removed(R"("status":"finished","period":{"start":"2025-01-01","end":"2025-01-05"},)"
              R"("hospitalization":{"admitSource":{"text":"home"},"dischargeDisposition":{"text":"home"}})"),
      R"("status":"in-progress","period":{"start":"2025-01-01"},"hospitalization":{"admitSource":{"text":"home"}})");
  EXPECT_EQ(removed(R"("status":"finished","hospitalization":{"dischargeDisposition":{"text":"home"}})"),
            R"("status":"in-progress")");
  EXPECT_EQ(removed(R"("status":"planned")"), R"("status":"in-progress")");
}

TEST(Merge_SettledValue, IsNotOverwritten_OtherFactsAreTaken) {
  const auto late = [](std::string_view stored) {
    adapters::port::Change change;
    change.settled = {{"status", {"finished", "cancelled"}}};
    return MergedMembers("Encounter", stored, R"("status":"in-progress","priority":{"text":"late"})",
                         std::move(change));
  };
  EXPECT_EQ(late(R"("status":"finished")"), R"("status":"finished","priority":{"text":"late"})");
  EXPECT_EQ(late(R"("status":"cancelled")"), R"("status":"cancelled","priority":{"text":"late"})");
  EXPECT_EQ(late(R"("status":"planned")"), R"("status":"in-progress","priority":{"text":"late"})");
  EXPECT_EQ(late(""), R"("status":"in-progress","priority":{"text":"late"})");
}

TEST(Merge_IdentifierTypesGone, AreTakenAway_ButWhatTheChangeBrings) {
  const std::string_view pi = R"({"type":{"coding":[{"code":"PI"}]},"system":"urn:a","value":"1"})";
  const std::string_view ins = R"({"type":{"coding":[{"code":"INS-NIR"}]},"system":"urn:b","value":"2"})";
  const auto merged = [&](const std::string& arriving) {
    adapters::port::Change change;
    change.identifier_types_gone = {"INS-NIR"};
    return MergedMembers("Patient", "\"identifier\":[" + std::string(pi) + "," + std::string(ins) + "]", arriving,
                         std::move(change));
  };
  const std::string pi_alone = "\"identifier\":[" + std::string(pi) + "]";
  EXPECT_EQ(merged(pi_alone), pi_alone);
  EXPECT_EQ(merged(R"("gender":"female")"), pi_alone + R"(,"gender":"female")");
  const std::string both = "\"identifier\":[" + std::string(pi) + "," + std::string(ins) + "]";
  EXPECT_EQ(merged("\"identifier\":[" + std::string(ins) + "]"), both);
}

TEST(Merge_ExtensionsOfPrimitives, GoWithTheirValue) {
  EXPECT_EQ(MergedMembers("Patient",
                          R"("birthDate":"1979","_birthDate":{"extension":[{"url":"urn:x","valueString":"guess"}]})",
                          R"("birthDate":"1979-03-28")"),
            R"("birthDate":"1979-03-28")");
}

}  // namespace
}  // namespace gateway::store::transaction
