// The money side of a finished video visit, from FHIR resources to FHIR resources, in the real store.
#include "adapters/insurer/claims.hpp"

#include <map>

#include "adapters/port/reference.hpp"
#include "fhir/validation/structure.hpp"
#include "tests/adapters/reaction_fixture.hpp"

namespace tests::adapters_support {
namespace {

/// One worked example of the tariff, as resources.
struct ClaimCase {
  const char* name;
  const char* start;  // of the visit
  const char* birth_date;
  const char* exemption;  // of the AMO coverage, "" for none
  const char* amo;
  const char* amc;
  const char* patient;
};

class VisitClaimsTest : public ReactionTest {
 protected:
  void SetUp() override {
    auto tariff = ::adapters::insurer::Tariff::Load(GW_SOURCE_DIR "/config/tariffs/teleconsultation.yaml");
    ASSERT_TRUE(tariff);
    std::vector<::adapters::insurer::Tariff> tariffs;
    tariffs.push_back(*std::move(tariff));
    claims_ = std::make_unique<::adapters::insurer::VisitClaims>(std::move(tariffs), "Europe/Paris");
    Register({claims_.get()});
    Save("amo", R"({"resourceType":"Organization","id":"amo","name":"AMO"})");
    Save("amc", R"({"resourceType":"Organization","id":"amc","name":"AMC"})");
    Save("dr", R"({"resourceType":"Practitioner","id":"dr"})");
  }

  void AddPatient(std::string_view birth_date) {
    Save("p1", fmt::format(R"({{"resourceType":"Patient","id":"p1","birthDate":"{}"}})", birth_date));
  }

  void AddCoverage(std::string_view id, std::string_view type, std::string_view payor, std::string_view exemption = "",
                   std::string_view period = R"("start":"2018-01-01")", std::string_view status = "active") {
    const std::string exception =
        exemption.empty()
            ? ""
            : fmt::format(R"(,"costToBeneficiary":[{{"valueMoney":{{"value":0,"currency":"EUR"}},)"
                          R"("exception":[{{"type":{{"coding":[{{"system":"urn:oid:1.2","code":"{}"}}]}}}}]}}])",
                          exemption);
    Save(id, fmt::format(
                 R"({{"resourceType":"Coverage","id":"{}","status":"{}",)"
                 R"("type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{}"}}]}},)"
                 R"("beneficiary":{{"reference":"Patient/p1"}},"period":{{{}}},)"
                 R"("payor":[{{"reference":"Organization/{}"}}]{}}})",
                 id, status, type, period, payor, exception));
  }

  void AddBoth(std::string_view exemption = "") {
    AddCoverage("c-amo", "PUBLICPOL", "amo", exemption);
    AddCoverage("c-amc", "EHCPOL", "amc");
  }

  static std::string Visit(std::string_view status, std::string_view start, std::string_view act = "TCG",
                           std::string_view encounter_class = "VR") {
    return fmt::format(R"({{"resourceType":"Encounter","id":"e1","status":"{}","class":{{"code":"{}"}},)"
                       R"("type":[{{"coding":[{{"system":"urn:oid:1.2.250.1.215.200.3.3","code":"{}"}}]}}],)"
                       R"("subject":{{"reference":"Patient/p1"}},)"
                       R"("participant":[{{"individual":{{"reference":"Practitioner/dr"}}}}],)"
                       R"("period":{{"start":"{}"}}}})",
                       status, encounter_class, act, start);
  }

  /// The one active resource of a type for an insurer.
  fhir::model::Document Of(std::string_view type, std::string_view insurer) {
    auto found = All(type, {{"status", "active"}});
    fhir::model::Document result(Type(type));
    int count = 0;
    for (auto& document : found) {
      if (document.root().FindValue("insurer.reference") == fmt::format("Organization/{}", insurer)) {
        result = std::move(document);
        ++count;
      }
    }
    EXPECT_EQ(count, 1) << type << " of " << insurer;
    return result;
  }

  /// Amount of a total's category in an ExplanationOfBenefit or ClaimResponse.
  static std::string Total(const fhir::model::Document& document, std::string_view category) {
    for (const auto& child : document.root().children()) {
      if (child.name == "total" && child.FindValue("category.coding.code") == category) {
        return std::string(child.FindValue("amount.value"));
      }
    }
    return {};
  }

  /// Version of everything on the money side, by its reference.
  std::map<std::string, std::string> Versions() {
    std::map<std::string, std::string> versions;
    for (const std::string_view type : {"Claim", "ClaimResponse", "ExplanationOfBenefit"}) {
      for (const auto& document : All(type)) {
        versions[fmt::format("{}/{}", type, document.id())] = document.root().FindValue("meta.versionId");
      }
    }
    return versions;
  }

  std::size_t CountAll() {
    return All("Claim").size() + All("ClaimResponse").size() + All("ExplanationOfBenefit").size();
  }

  std::unique_ptr<::adapters::insurer::VisitClaims> claims_;
};

class WorkedExample : public VisitClaimsTest, public testing::WithParamInterface<ClaimCase> {};

TEST_P(WorkedExample, Shares_StandInTheBenefits) {
  const ClaimCase& example = GetParam();
  AddPatient(example.birth_date);
  AddBoth(example.exemption);
  Save("e1", Visit("finished", example.start));
  ASSERT_EQ(CountAll(), 6u);
  const auto amo = Of("ExplanationOfBenefit", "amo");
  const auto amc = Of("ExplanationOfBenefit", "amc");
  EXPECT_EQ(Total(amo, "submitted"), "25.00");
  EXPECT_EQ(Total(amo, "benefit"), example.amo);
  EXPECT_EQ(Total(amc, "benefit"), example.amc);
  EXPECT_EQ(Total(amo, "patient-share"), example.patient);
  EXPECT_EQ(Total(Of("ClaimResponse", "amo"), "benefit"), example.amo);
  EXPECT_EQ(Total(Of("ClaimResponse", "amc"), "benefit"), example.amc);
  EXPECT_EQ(Of("Claim", "amo").root().FindValue("total.value"), "25.00");
}

INSTANTIATE_TEST_SUITE_P(
    Tariff, WorkedExample,
    testing::Values(ClaimCase{"Adult", "2024-05-15T10:00:00+02:00", "1979-03-28", "", "15.50", "7.50", "2.00"},
                    ClaimCase{"AdultWithAld", "2024-05-15T10:00:00+02:00", "1950-01-01", "4", "23.00", "0.00", "2.00"},
                    ClaimCase{"OtherExemption", "2024-05-15T10:00:00+02:00", "1950-01-01", "0", "15.50", "7.50",
                              "2.00"},
                    ClaimCase{"Minor", "2024-05-15T10:00:00+02:00", "2010-06-01", "", "17.50", "7.50", "0.00"},
                    ClaimCase{"TheDayBefore", "2024-05-14T10:00:00+02:00", "1979-03-28", "", "16.50", "7.50", "1.00"},
                    // 00:30 in Paris of the first day of the raised participation: in UTC still the day before.
                    ClaimCase{"FirstMinutesLocal", "2024-05-14T22:30:00Z", "1979-03-28", "", "15.50", "7.50", "2.00"},
                    // 00:30 in Paris on the eighteenth birthday, and 23:30 the evening before.
                    ClaimCase{"EighteenLocal", "2024-06-01T22:30:00Z", "2006-06-02", "", "15.50", "7.50", "2.00"},
                    ClaimCase{"EveOfEighteen", "2024-06-01T21:30:00Z", "2006-06-02", "", "17.50", "7.50", "0.00"}),
    [](const auto& example) { return std::string(example.param.name); });

TEST_F(VisitClaimsTest, ComplementaryPayer_IsChainedToTheCompulsoryOne) {
  AddPatient("1979-03-28");
  AddBoth();
  Save("e1", Visit("in-progress", "2024-05-15T10:00:00+02:00"));
  EXPECT_EQ(CountAll(), 0u);
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  const auto amo_claim = Of("Claim", "amo");
  const auto amo_response = Of("ClaimResponse", "amo");
  const auto amc_claim = Of("Claim", "amc");
  const auto amc_benefit = Of("ExplanationOfBenefit", "amc");
  EXPECT_EQ(amo_response.root().FindValue("request.reference"), fmt::format("Claim/{}", amo_claim.id()));
  const fhir::model::Node* insurance = amc_claim.root().Child("insurance");
  ASSERT_NE(insurance, nullptr);
  EXPECT_EQ(insurance->ChildValue("focal"), "false");
  EXPECT_EQ(insurance->FindValue("coverage.reference"), "Coverage/c-amo");
  EXPECT_EQ(insurance->FindValue("claimResponse.reference"), fmt::format("ClaimResponse/{}", amo_response.id()));
  ASSERT_NE(insurance->next, nullptr);
  EXPECT_EQ(insurance->next->ChildValue("focal"), "true");
  EXPECT_EQ(insurance->next->FindValue("coverage.reference"), "Coverage/c-amc");
  EXPECT_EQ(amc_benefit.root().FindValue("related.claim.reference"), fmt::format("Claim/{}", amo_claim.id()));
  EXPECT_EQ(amc_benefit.root().FindValue("claim.reference"), fmt::format("Claim/{}", amc_claim.id()));
  EXPECT_EQ(Of("ExplanationOfBenefit", "amo").root().Child("related"), nullptr);
}

TEST_F(VisitClaimsTest, EveryResource_IsAnEstimate_AndHasItsStructure) {
  AddPatient("1979-03-28");
  AddBoth();
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  for (const std::string_view type : {"Claim", "ClaimResponse", "ExplanationOfBenefit"}) {
    for (const auto& document : All(type)) {
      fhir::IssueList issues;
      fhir::validation::ValidateStructure(document.root(), {}, issues);
      EXPECT_FALSE(issues.HasErrors()) << type << " " << (issues.issues().empty() ? "" : issues.issues()[0].expression);
      EXPECT_EQ(document.root().ChildValue("use"), "predetermination") << type;
      EXPECT_EQ(document.root().FindValue("patient.reference"), "Patient/p1") << type;
    }
  }
}

TEST_F(VisitClaimsTest, SameVisitAgain_IsClaimedOnce) {
  AddPatient("1979-03-28");
  AddBoth();
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  const auto before = Versions();
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  std::string with_more = Visit("finished", "2024-05-15T10:00:00+02:00");
  with_more.replace(with_more.size() - 1, 1, R"(,"length":{"value":15,"unit":"min"}})");
  Save("e1", with_more);
  EXPECT_EQ(Versions(), before) << "what the visit says besides is not the payers' concern";
  EXPECT_EQ(CountAll(), 6u);
}

TEST_F(VisitClaimsTest, CorrectedVisit_CancelsItsClaims_AndIssuesOthersThatNameThem) {
  AddPatient("1979-03-28");
  AddBoth();
  Save("e1", Visit("finished", "2024-05-14T10:00:00+02:00"));
  const std::string first_claim(Of("Claim", "amo").id());
  const std::string first_benefit(Of("ExplanationOfBenefit", "amo").id());
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));

  EXPECT_EQ(CountAll(), 12u);
  for (const std::string_view type : {"Claim", "ClaimResponse", "ExplanationOfBenefit"}) {
    EXPECT_EQ(All(type, {{"status", "cancelled"}}).size(), 2u) << type;
  }
  EXPECT_EQ(ValueOf("ExplanationOfBenefit", first_benefit, "status"), "cancelled");
  EXPECT_EQ(Total(Parse(store_->Read(System(), Type("ExplanationOfBenefit"), first_benefit)->body), "benefit"), "16.50")
      << "what was issued is not rewritten";
  const auto claim = Of("Claim", "amo");
  EXPECT_EQ(claim.root().FindValue("related.claim.reference"), "Claim/" + first_claim);
  EXPECT_EQ(claim.root().FindValue("related.relationship.coding.code"), "prior");
  EXPECT_EQ(Total(Of("ExplanationOfBenefit", "amo"), "benefit"), "15.50");
  EXPECT_EQ(Of("ExplanationOfBenefit", "amc").root().FindValue("related.claim.reference"),
            fmt::format("Claim/{}", claim.id()));

  const auto before = Versions();
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  EXPECT_EQ(Versions(), before);
}

TEST_F(VisitClaimsTest, VisitCorrectedTwice_CountsOn) {
  AddPatient("1979-03-28");
  AddBoth();
  Save("e1", Visit("finished", "2024-05-14T10:00:00+02:00"));
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  Save("e1", Visit("finished", "2024-05-14T10:00:00+02:00"));
  EXPECT_EQ(CountAll(), 18u);
  const auto claim = Of("Claim", "amc");
  EXPECT_EQ(claim.root().FindValue("identifier.value"), "Encounter/e1/AMC/3");
  EXPECT_EQ(
      ValueOf("Claim", port::SplitReference(claim.root().FindValue("related.claim.reference")).id, "identifier.value"),
      "Encounter/e1/AMC/2");
}

TEST_F(VisitClaimsTest, VisitThatWasNone_HasItsClaimsCancelled) {
  for (const std::string_view status : {"in-progress", "cancelled", "entered-in-error"}) {
    SCOPED_TRACE(status);
    AddPatient("1979-03-28");
    AddBoth();
    Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
    ASSERT_EQ(All("Claim", {{"status", "active"}}).size(), 2u);
    Save("e1", Visit(status, "2024-05-15T10:00:00+02:00"));
    for (const std::string_view type : {"Claim", "ClaimResponse", "ExplanationOfBenefit"}) {
      EXPECT_TRUE(All(type, {{"status", "active"}}).empty()) << type;
    }
  }
  EXPECT_EQ(CountAll(), 18u) << "each time it was finished again it was claimed again";
}

TEST_F(VisitClaimsTest, DeletedVisit_HasItsClaimsCancelled) {
  AddPatient("1979-03-28");
  AddBoth();
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  ASSERT_TRUE(TryDelete("Encounter", "e1"));
  EXPECT_EQ(CountAll(), 6u);
  for (const std::string_view type : {"Claim", "ClaimResponse", "ExplanationOfBenefit"}) {
    EXPECT_EQ(All(type, {{"status", "cancelled"}}).size(), 2u) << type;
  }
}

TEST_F(VisitClaimsTest, VisitOfAnotherPatientAfterAll_LeavesNothingWithTheFirst) {
  AddPatient("1979-03-28");
  AddBoth();
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  Save("p2", R"({"resourceType":"Patient","id":"p2","birthDate":"1979-03-28"})");
  std::string visit = Visit("finished", "2024-05-15T10:00:00+02:00");
  visit.replace(visit.find("Patient/p1"), 10, "Patient/p2");
  Save("e1", visit);
  EXPECT_TRUE(All("ExplanationOfBenefit", {{"status", "active"}}).empty());
  EXPECT_EQ(All("ExplanationOfBenefit", {{"status", "cancelled"}, {"patient", "Patient/p1"}}).size(), 2u);
}

TEST_F(VisitClaimsTest, CoverageThatCameLate_IsClaimedWhenTheVisitIsToldAgain) {
  AddPatient("1979-03-28");
  AddCoverage("c-amo", "PUBLICPOL", "amo");
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  AddCoverage("c-amc", "EHCPOL", "amc");
  Save("e1", Visit("finished", "2024-05-15T10:00:01+02:00"));
  EXPECT_EQ(Total(Of("ExplanationOfBenefit", "amc"), "benefit"), "7.50");
  EXPECT_EQ(All("Claim", {{"status", "active"}}).size(), 2u);
}

TEST_F(VisitClaimsTest, WithoutACompulsoryCoverage_NothingIsClaimed) {
  AddPatient("1979-03-28");
  AddCoverage("c-amc", "EHCPOL", "amc");
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  EXPECT_EQ(CountAll(), 0u);
}

TEST_F(VisitClaimsTest, WithoutAComplementaryCoverage_OnlyTheCompulsoryIsClaimed) {
  AddPatient("1979-03-28");
  AddCoverage("c-amo", "PUBLICPOL", "amo");
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  EXPECT_EQ(CountAll(), 3u);
  EXPECT_EQ(Total(Of("ExplanationOfBenefit", "amo"), "benefit"), "15.50");
}

TEST_F(VisitClaimsTest, CoverageOutOfForce_DoesNotPay) {
  AddPatient("1979-03-28");
  AddCoverage("over", "PUBLICPOL", "amo", "", R"("start":"2018-01-01","end":"2024-05-14")");
  AddCoverage("not-begun", "PUBLICPOL", "amo", "", R"("start":"2024-05-16")");
  AddCoverage("cancelled", "PUBLICPOL", "amo", "", R"("start":"2018")", "cancelled");
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  EXPECT_EQ(CountAll(), 0u);
}

TEST_F(VisitClaimsTest, LastAndFirstDayOfACoverage_Pay) {
  AddPatient("1979-03-28");
  AddCoverage("c-amo", "PUBLICPOL", "amo", "", R"("start":"2024-05","end":"2024-05-15")");
  AddCoverage("c-amc", "EHCPOL", "amc", "", R"("start":"2024-05-15","end":"2024")");
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00"));
  EXPECT_EQ(CountAll(), 6u);
}

TEST_F(VisitClaimsTest, OtherActsAndOtherClasses_AreNotClaimed) {
  AddPatient("1979-03-28");
  AddBoth();
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00", "XYZ"));
  Save("e1", Visit("finished", "2024-05-15T10:00:00+02:00", "TCG", "AMB"));
  Save("e1", Visit("cancelled", "2024-05-15T10:00:00+02:00"));
  EXPECT_EQ(CountAll(), 0u);
}

TEST_F(VisitClaimsTest, CoverageOfAnotherPatient_DoesNotPay) {
  AddPatient("1979-03-28");
  AddBoth();
  Save("p2", R"({"resourceType":"Patient","id":"p2","birthDate":"1979-03-28"})");
  std::string visit = Visit("finished", "2024-05-15T10:00:00+02:00");
  visit.replace(visit.find("Patient/p1"), 10, "Patient/p2");
  Save("e1", visit);
  EXPECT_EQ(CountAll(), 0u);
}

}  // namespace
}  // namespace tests::adapters_support
