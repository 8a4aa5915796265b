// The checks of single types, one file a family; fhir/validation/families.cpp says which type each is for.
#pragma once

#include <string>
#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/family.hpp"

namespace fhir::validation {

/// fullUrl, links, the first entry of documents and messages, what a document holds together, results of a search.
/// Source: https://hl7.org/fhir/R4/bundle.html
void CheckBundle(const model::Node& bundle, const FamilyContext& context, IssueList& issues);

/// size and hash against data. Source: https://hl7.org/fhir/R4/datatypes.html#Attachment
void CheckAttachment(const model::Node& attachment, const FamilyContext& context, IssueList& issues);

/// A value in the system of URIs is a URI; a national number has the form and check digit of its kind. Source:
/// https://hl7.org/fhir/R4/datatypes.html#Identifier
void CheckIdentifier(const model::Node& identifier, const FamilyContext& context, IssueList& issues);

/// Codes that are numbers with a check digit, such as the CIP13 of a medication's pack.
void CheckCodingNumber(const model::Node& coding, const FamilyContext& context, IssueList& issues);

/// A code in the system of UCUM follows its grammar and has known units. Source: https://ucum.org/ucum
void CheckQuantity(const model::Node& quantity, const FamilyContext& context, IssueList& issues);

/// Answers against their Questionnaire. Source: https://hl7.org/fhir/R4/questionnaireresponse.html
void CheckQuestionnaireResponse(const model::Node& response, const FamilyContext& context, IssueList& issues);

/// Links between the items of a Questionnaire. Source: https://hl7.org/fhir/R4/questionnaire.html
void CheckQuestionnaire(const model::Node& questionnaire, const FamilyContext& context, IssueList& issues);

/// Content, supplements and properties of a CodeSystem. Source: https://hl7.org/fhir/R4/codesystem.html
void CheckCodeSystem(const model::Node& code_system, const FamilyContext& context, IssueList& issues);

/// Codes and filters of a ValueSet. Source: https://hl7.org/fhir/R4/valueset.html
void CheckValueSet(const model::Node& value_set, const FamilyContext& context, IssueList& issues);

/// A profile that a snapshot can be made of, with bindings where they have a meaning.
/// Source: https://hl7.org/fhir/R4/structuredefinition.html
void CheckStructureDefinition(const model::Node& definition, const FamilyContext& context, IssueList& issues);

/// What a definition says of itself and of single elements, as far as a snapshot does not show it: kind and type
/// against the base, the url of an extension, limits on types that have none. Source:
/// https://hl7.org/fhir/R4/elementdefinition.html
void CheckStructureDefinitionRows(const model::Node& definition, const FamilyContext& context, IssueList& issues);

/// The expression of a search parameter against its base types, and the parameter against the one it is derived from.
/// Source: https://hl7.org/fhir/R4/searchparameter.html
void CheckSearchParameter(const model::Node& parameter, const FamilyContext& context, IssueList& issues);

/// Parameters of an operation against the profiles of its input and output.
/// Source: https://hl7.org/fhir/R4/operationdefinition.html
void CheckOperationDefinition(const model::Node& definition, const FamilyContext& context, IssueList& issues);

/// Codes of a map against code systems that are complete. Source: https://hl7.org/fhir/R4/conceptmap.html
void CheckConceptMap(const model::Node& map, const FamilyContext& context, IssueList& issues);

/// Search parameters of a server against their definitions. Source: https://hl7.org/fhir/R4/capabilitystatement.html
void CheckCapabilityStatement(const model::Node& statement, const FamilyContext& context, IssueList& issues);

/// The form of SNOMED CT's codes; a system that is none but supplements one.
/// Source: https://hl7.org/fhir/R4/datatypes.html#Coding
void CheckCoding(const model::Node& coding, const FamilyContext& context, IssueList& issues);

/// Expressions of a Measure against its libraries. Source: https://hl7.org/fhir/R4/measure.html
void CheckMeasure(const model::Node& measure, const FamilyContext& context, IssueList& issues);

/// Groups and scores against their Measure. Source: https://hl7.org/fhir/R4/measurereport.html
void CheckMeasureReport(const model::Node& report, const FamilyContext& context, IssueList& issues);

/// Adds an issue at an element.
void Report(const model::Node& node, IssueType type, std::string text, IssueList& issues,
            Severity severity = Severity::kError);

}  // namespace fhir::validation
