// What a restricted party may not write although the resource itself is granted; and what every writer's links become.
#include <gmock/gmock.h>

#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kOwnSystem = "urn:platform";

class GuardedStore : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    for (const char* id : {"known", "known2"}) {
      Apply(Put(Verb::kUpdate, id, R"({"resourceType":"Patient","active":true})"));
    }
    Apply(Put(Verb::kUpdate, "stranger", R"({"resourceType":"Patient","active":false})"),
          Put(Verb::kUpdate, "foreign", R"({"resourceType":"Binary","contentType":"text/plain","data":"aGVsbG8="})"),
          Put(Verb::kUpdate, "own", R"({"resourceType":"Binary","contentType":"text/plain","data":"aGVsbG8="})"),
          Put(Verb::kUpdate, "e1", Encounter("Patient/known")), Put(Verb::kUpdate, "d1", Document("Binary/own")));
  }

  /// Sees active patients and binaries that documents of its own system attach; writes what it wants of three types.
  static port::Actor Platform() {
    auto grants = std::make_shared<port::Grants>();
    constexpr std::uint16_t kAll =
        port::kRead | port::kSearch | port::kChain | port::kCreate | port::kUpdate | port::kDelete;
    grants->by_type[Type("Patient")] = {
        .grants = {{port::kRead | port::kSearch, Conditional("Patient", "active=true").criteria}},
        .identifier_types_hidden = {}};
    grants->by_type[Type("Binary")] = {
        .grants = {{port::kCreate, {}},
                   {port::kRead,
                    Conditional("Binary", "_has:DocumentReference:attachment:identifier=urn:platform|").criteria}},
        .identifier_types_hidden = {}};
    for (const char* type : {"Appointment", "Encounter", "DocumentReference"}) {
      grants->by_type[Type(type)] = {.grants = {{kAll, {}}}, .identifier_types_hidden = {}};
    }
    grants->reserved_identifier_systems = {"urn:reserved:"};
    port::Actor actor;
    actor.kind = port::PartyKind::kPlatform;
    actor.party = "platform";
    actor.grants = std::move(grants);
    return actor;
  }

  static std::string Encounter(std::string_view patient, std::string_view system = kOwnSystem) {
    return fmt::format(R"({{"resourceType":"Encounter","status":"finished","class":{{"code":"VR"}},)"
                       R"("identifier":[{{"system":"{}","value":"1"}}],"subject":{{"reference":"{}"}}}})",
                       system, patient);
  }
  static std::string Document(std::string_view url, std::string_view more = "") {
    return fmt::format(
        R"({{"resourceType":"DocumentReference","status":"current","identifier":[{{"system":"{}","value":"1"}}],)"
        R"({}"subject":{{"reference":"Patient/known"}},"content":[{{"attachment":{{"url":"{}"}}}}]}})",
        kOwnSystem, more, url);
  }
  static std::string Booking(std::string_view first, std::string_view second) {
    return fmt::format(
        R"({{"resourceType":"Appointment","status":"booked","participant":[)"
        R"({{"actor":{{"reference":"{}"}},"status":"accepted"}},{{"actor":{{"reference":"{}"}},"status":"accepted"}}]}})",
        first, second);
  }

  fhir::Error ErrorOf(port::Change change) {
    std::vector<port::Change> changes;
    changes.push_back(std::move(change));
    const auto outcomes = TryApply(std::move(changes), Platform());
    if (outcomes) {
      ADD_FAILURE() << "the change was expected to fail";
      return {};
    }
    return outcomes.error();
  }
  bool Works(port::Change change) {
    std::vector<port::Change> changes;
    changes.push_back(std::move(change));
    const auto outcomes = TryApply(std::move(changes), Platform());
    EXPECT_TRUE(outcomes) << outcomes.error().public_text.text << " / " << outcomes.error().internal_text.text;
    return outcomes.has_value();
  }
};

TEST_F(GuardedStore, Create_ReferringToAPatientOutOfSight_IsForbiddenAsIfAbsent) {
  EXPECT_TRUE(Works(Create(Booking("Patient/known", "Patient/known2"))));
  const fhir::Error hidden = ErrorOf(Create(Booking("Patient/known", "Patient/stranger")));
  EXPECT_EQ(hidden.code, fhir::ErrorCode::kForbidden);
  EXPECT_EQ(hidden.expression, "Appointment.participant[1].actor.reference");
  const fhir::Error absent = ErrorOf(Create(Booking("Patient/known", "Patient/nobody")));
  EXPECT_EQ(absent.code, hidden.code);
  EXPECT_EQ(absent.public_text.text, hidden.public_text.text);
  EXPECT_EQ(absent.expression, hidden.expression);
  for (const char* form : {"http://localhost:8080/fhir/Patient/stranger", "Patient/stranger/_history/1",
                           "http://localhost:8080/fhir/Patient/stranger/_history/1", "Patient/stranger/_history/a:b"}) {
    EXPECT_EQ(ErrorOf(Create(Encounter(form))).code, fhir::ErrorCode::kForbidden) << form;
  }
  EXPECT_EQ(ErrorOf(Put(Verb::kUpdate, "new-id", Encounter("Patient/stranger"))).code, fhir::ErrorCode::kForbidden);
  EXPECT_THAT(Find(Ask("Encounter", {{"patient", "Patient/stranger"}})), ElementsAre());
}

TEST_F(GuardedStore, Update_MovingToAnotherPatient_IsForbiddenEvenAmongVisibleOnes) {
  EXPECT_TRUE(Works(Put(Verb::kUpdate, "e1", Encounter("http://localhost:8080/fhir/Patient/known", "urn:other"))));
  for (const Verb verb : {Verb::kUpdate, Verb::kMerge}) {
    const fhir::Error moved = ErrorOf(Put(verb, "e1", Encounter("Patient/known2")));
    EXPECT_EQ(moved.code, fhir::ErrorCode::kForbidden);
    EXPECT_EQ(moved.expression, "Encounter.subject.reference");
  }
  EXPECT_EQ(
      ErrorOf(Put(Verb::kUpdate, "e1", R"({"resourceType":"Encounter","status":"finished","class":{"code":"VR"}})"))
          .code,
      fhir::ErrorCode::kForbidden);
  Apply(Put(Verb::kUpdate, "a1", Booking("Patient/known", "Practitioner/x")));
  EXPECT_EQ(ErrorOf(Put(Verb::kUpdate, "a1", Booking("Patient/known", "Patient/known2"))).code,
            fhir::ErrorCode::kForbidden);
  // Somebody who sees everything may.
  Apply(Put(Verb::kUpdate, "e1", Encounter("Patient/known2")));
}

TEST_F(GuardedStore, Attachment_OfABinaryOutOfSight_IsForbidden) {
  EXPECT_TRUE(Works(Create(Document("Binary/own"))));
  const fhir::Error hidden = ErrorOf(Create(Document("Binary/foreign")));
  EXPECT_EQ(hidden.code, fhir::ErrorCode::kForbidden);
  EXPECT_EQ(hidden.expression, "DocumentReference.content.attachment.url");
  EXPECT_EQ(ErrorOf(Create(Document("Binary/nothing"))).public_text.text, hidden.public_text.text);
  EXPECT_EQ(ErrorOf(Create(Document("http://localhost:8080/fhir/Binary/foreign"))).code, fhir::ErrorCode::kForbidden);
  EXPECT_EQ(ErrorOf(Put(Verb::kUpdate, "d1", Document("Binary/foreign"))).code, fhir::ErrorCode::kForbidden);
  EXPECT_TRUE(Works(Put(Verb::kUpdate, "d1", Document("Binary/own", R"("description":"x",)"))));
  EXPECT_FALSE(store_->Read(Platform(), Type("Binary"), "foreign"));
}

TEST_F(GuardedStore, Attachment_OfABinaryOfTheSameUnitOfWork_IsAllowed) {
  std::vector<port::Change> together;
  together.push_back(Create(R"({"resourceType":"Binary","contentType":"text/plain","data":"aGVsbG8="})"));
  together.back().full_url = "urn:uuid:11111111-1111-4111-8111-111111111111";
  together.push_back(Create(Document("urn:uuid:11111111-1111-4111-8111-111111111111")));
  const auto outcomes = TryApply(std::move(together), Platform());
  EXPECT_TRUE(outcomes) << outcomes.error().public_text.text;

  const auto work = factory_->Begin(Platform());
  ASSERT_TRUE(work);
  fhir::IssueList issues;
  std::vector<port::Change> first;
  first.push_back(Create(R"({"resourceType":"Binary","contentType":"text/plain","data":"aGVsbG8="})"));
  const auto made = (*work)->Apply(std::move(first), issues);
  ASSERT_TRUE(made);
  std::vector<port::Change> second;
  second.push_back(Create(Document("Binary/" + made->front().resource.id)));
  EXPECT_TRUE((*work)->Apply(std::move(second), issues));
}

TEST_F(GuardedStore, DeletedId_IsNotBroughtBackByARestrictedParty) {
  Apply(Delete("Encounter", "e1"));
  for (const Verb verb : {Verb::kUpdate, Verb::kMerge}) {
    EXPECT_EQ(ErrorOf(Put(verb, "e1", Encounter("Patient/known"))).code, fhir::ErrorCode::kForbidden);
  }
  Apply(Put(Verb::kUpdate, "e1", Encounter("Patient/known")));
}

TEST_F(GuardedStore, ReservedIdentifierSystem_IsForbiddenUnlessStoredAlready) {
  const fhir::Error refused = ErrorOf(Create(Encounter("Patient/known", "urn:reserved:1")));
  EXPECT_EQ(refused.code, fhir::ErrorCode::kForbidden);
  EXPECT_EQ(refused.expression, "Encounter.identifier");
  EXPECT_EQ(ErrorOf(Create(Document("Binary/own", R"("masterIdentifier":{"system":"urn:reserved:2","value":"1"},)")))
                .expression,
            "DocumentReference.masterIdentifier");
  EXPECT_EQ(ErrorOf(Put(Verb::kUpdate, "e1", Encounter("Patient/known", "urn:reserved:1"))).code,
            fhir::ErrorCode::kForbidden);
  // What another has put there may stay.
  Apply(Put(Verb::kUpdate, "e2", Encounter("Patient/known", "urn:reserved:1")));
  auto kept = Encounter("Patient/known", "urn:reserved:1");
  kept.replace(kept.find("finished"), 8, "planned");
  EXPECT_TRUE(Works(Put(Verb::kUpdate, "e2", kept)));
}

TEST_F(GuardedStore, AbsoluteLinksToThisServer_AreStoredRelative) {
  const auto outcomes =
      Apply(Create(Encounter("http://localhost:8080/fhir/Patient/known/_history/1")),
            Create(Document("http://localhost:8080/fhir/Binary/own")),
            Create(Encounter("http://localhost:8080/fhir/Patient?_id=known2")),
            Create(Encounter("http://localhost:8080/fhirther/Patient/known")),
            Create(R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Basic",)"
                   R"("code":{"text":"x"},"subject":{"reference":"http://localhost:8080/fhir/Patient/known"}}}]})"));
  EXPECT_THAT(outcomes[0].resource.body, HasSubstr(R"("Patient/known/_history/1")"));
  EXPECT_THAT(outcomes[1].resource.body, HasSubstr(R"("Binary/own")"));
  EXPECT_THAT(outcomes[2].resource.body, HasSubstr(R"("Patient/known2")"));
  EXPECT_THAT(outcomes[3].resource.body, HasSubstr(R"("http://localhost:8080/fhirther/Patient/known")"));
  EXPECT_THAT(outcomes[4].resource.body, HasSubstr(R"("http://localhost:8080/fhir/Patient/known")"));
}

TEST_F(GuardedStore, UuidThatNoEntryHas_IsInvalidWhereEntriesHaveFullUrls) {
  constexpr std::string_view kUuid = "urn:uuid:11111111-1111-4111-8111-111111111111";
  const auto entries = [&](std::string json, std::string full_url) {
    std::vector<port::Change> changes;
    changes.push_back(Create(json));
    changes.back().full_url = std::move(full_url);
    changes.back().place = "Bundle.entry[0].resource";
    return TryApply(std::move(changes));
  };
  const auto dangling = entries(Encounter(kUuid), "urn:uuid:22222222-2222-4222-8222-222222222222");
  ASSERT_FALSE(dangling);
  EXPECT_EQ(dangling.error().code, fhir::ErrorCode::kInvalid);
  EXPECT_EQ(dangling.error().expression, "Bundle.entry[0].resource.subject");
  EXPECT_TRUE(entries(Encounter(kUuid), ""));
  const std::string bundle =
      fmt::format(R"({{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{{"resourceType":"Basic",)"
                  R"("code":{{"text":"x"}},"subject":{{"reference":"{}"}}}}}}]}})",
                  kUuid);
  EXPECT_TRUE(entries(bundle, "urn:uuid:22222222-2222-4222-8222-222222222222"));
}

TEST_F(GuardedStore, ChainBy_LetsNothingElseFindTheTarget) {
  Apply(Put(Verb::kUpdate, "m", R"({"resourceType":"Patient","active":true,"name":[{"family":"Member"}],
          "generalPractitioner":[{"reference":"Practitioner/gp"}],"identifier":[{"system":"urn:nir","value":"1"}]})"),
        Put(Verb::kUpdate, "gp", R"({"resourceType":"Practitioner"})"),
        Put(Verb::kUpdate, "em", Encounter("Patient/m")));
  auto grants = std::make_shared<port::Grants>();
  constexpr std::uint16_t kSee = port::kRead | port::kSearch | port::kChain;
  for (const char* type : {"Encounter", "Practitioner"}) {
    grants->by_type[Type(type)] = {.grants = {{kSee, {}}}, .identifier_types_hidden = {}};
  }
  grants->by_type[Type("Patient")] = {.grants = {{port::kChain, {}, {"identifier"}}}, .identifier_types_hidden = {}};
  port::Actor insurer;
  insurer.grants = grants;
  EXPECT_THAT(Find(Ask("Encounter", {{"patient.identifier", "urn:nir|1"}}), insurer), ElementsAre("em"));
  for (const char* criterion :
       {"patient.family", "subject:Patient.name", "patient._id", "patient.active",
        "patient.general-practitioner:Practitioner._id", "patient._has:Encounter:patient:status"}) {
    const char* value = std::string_view(criterion).ends_with("status")   ? "finished"
                        : std::string_view(criterion).ends_with("active") ? "true"
                        : std::string_view(criterion).ends_with("r._id")  ? "gp"
                        : std::string_view(criterion).ends_with("_id")    ? "m"
                                                                          : "member";
    EXPECT_THAT(Find(Ask("Encounter", {{criterion, value}}), insurer), ElementsAre()) << criterion;
    EXPECT_THAT(Find(Ask("Encounter", {{criterion, value}})), ::testing::Contains("em")) << criterion;
  }
  const auto by_patient = Ask("Practitioner", {{"_has:Patient:general-practitioner:identifier", "urn:nir|1"}});
  EXPECT_THAT(Find(by_patient, insurer), ElementsAre());
  EXPECT_THAT(Find(by_patient), ElementsAre("gp"));
}

}  // namespace
}  // namespace tests::store
