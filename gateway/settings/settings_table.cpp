// All sections, and the settings of those that are not exchange or HTTP: names, units, bounds and descriptions.
#include "gateway/settings/table.hpp"

namespace gateway::settings {
namespace {

constexpr std::int64_t kHourMillis = 3'600'000;
constexpr std::int64_t kLargestBody = 1024LL * 1024 * 1024;

constexpr Setting kEmbedded[] = {
    {"directory",
     At<&Embedded::directory>(),
     {.about = "Run a private PostgreSQL there, instead of `connection`.", .form = Form::kPath}},
};

constexpr Setting kDatabase[] = {
    {"connection",
     At<&Database::connection>(),
     {.about = "libpq connection string or URI, may list several hosts; without a password: use passfile=, a client "
               "certificate, or env:NAME for the whole string."}},
    {"embedded", At<&Database::embedded>(), {.about = "The database this program runs itself."}, kEmbedded},
    {"pool_size",
     At<&Database::pool_size>(),
     {.about = "Connections to PostgreSQL.", .unit = "connections", .min = 2, .max = 1'000}},
    {"statement_timeout_ms",
     At<&Database::statement_timeout_ms>(),
     {.about = "Longest run of one statement.", .unit = "ms", .min = 10, .max = kHourMillis}},
    {"acquire_timeout_ms",
     At<&Database::acquire_timeout_ms>(),
     {.about = "How long a request waits for a free connection before 503.",
      .unit = "ms",
      .min = 1,
      .max = kHourMillis}},
};

constexpr Setting kParty[] = {
    {"name", At<&Party::name>(), {.about = "Name in the audit trail.", .example = "hospital", .required = true}},
    {"kind",
     At<&Party::kind>(),
     {.about = "What it is.", .form = Form::kChoice, .choices = "hospital|platform|insurer|patient|operator"}},
    {"token_file",
     At<&Party::token_file>(),
     {.about = "Its bearer token: a file, or env:NAME.", .form = Form::kSecret, .example = "tokens/hospital"}},
    {"policy", At<&Party::policy>(), {.about = "File under policies_directory. Empty: KIND.yaml."}},
    {"attributes",
     At<&Party::attributes>(),
     {.about = "What its policy may refer to.", .example = "organization=https://finess.esante.gouv.fr|990000010"}},
};

constexpr Setting kAccess[] = {
    {"mode",
     At<&Access::mode>(),
     {.about = "deny: only what a party's policy grants. open: everything without a token, on loopback alone.",
      .form = Form::kChoice,
      .choices = "deny|open"}},
    {"parties", At<&Access::parties>(), {.about = "Who may call."}, kParty},
    {"policies_directory",
     At<&Access::policies_directory>(),
     {.about = "Folder of the policies.", .form = Form::kPath}},
};

constexpr Setting kFollowup[] = {
    {"plans_directory",
     At<&Followup::plans_directory>(),
     {.about = "Folder of the PlanDefinitions.", .form = Form::kPath}},
};

constexpr Setting kInsurer[] = {
    {"tariffs_directory",
     At<&Insurer::tariffs_directory>(),
     {.about = "Folder of the dated tariff rules.", .form = Form::kPath}},
};

constexpr Setting kAudit[] = {
    {"reads", At<&Audit::reads>(), {.about = "An AuditEvent for each read and search."}},
    {"writes", At<&Audit::writes>(), {.about = "An AuditEvent in the transaction of each write."}},
    {"provenance",
     At<&Audit::provenance>(),
     {.about =
          "A Provenance in the transaction of each HL7 v2 message that wrote something: it ties the versions to the "
          "message's number in the journal."}},
};

constexpr Setting kSearch[] = {
    {"zone", At<&Search::zone>(), {.about = "Time zone of dates without one.", .form = Form::kZone}},
    {"unknown_parameters",
     At<&Search::unknown_parameters>(),
     {.about = "A search parameter that is not known: 400, or left out. A request's Prefer: handling decides first.",
      .form = Form::kChoice,
      .choices = "refuse|ignore"}},
    {"page_size_default",
     At<&Search::page_size_default>(),
     {.about = "Matches on a page without _count.", .unit = "resources", .min = 1, .max = 10'000}},
    {"page_size_max",
     At<&Search::page_size_max>(),
     {.about = "Largest _count; a larger one is lowered to it.", .unit = "resources", .min = 1, .max = 10'000}},
    {"includes_max",
     At<&Search::includes_max>(),
     {.about = "Included resources of one page.", .unit = "resources", .min = 0, .max = 100'000}},
    {"follow_patient_links",
     At<&Search::follow_patient_links>(),
     {.about = "A search by a patient also finds what refers to the patients that it replaces (Patient.link)."}},
    {"narrative_types",
     At<&Search::narrative_types>(),
     {.about =
          "Resource types whose narrative _text searches. Empty: all; none: none. Indexed when a resource is written.",
      .example = "Composition"}},
    {"content_types",
     At<&Search::content_types>(),
     {.about = "Resource types whose texts _content searches; * means all. Costs more than all else a resource is "
               "indexed by.",
      .example = "DocumentReference"}},
    {"cursor_lifetime_ms",
     At<&Search::cursor_lifetime_ms>(),
     {.about = "How long the pages of a walk can be had, from its first page; then 410. Equal on all nodes.",
      .unit = "ms",
      .min = 1'000,
      .max = 24 * kHourMillis}},
    {"cursor_key_file",
     At<&Search::cursor_key_file>(),
     {.about = "Keys that seal page links: a file or env:NAME, 64 hexadecimal digits a line, the first in use. Empty: "
               "the nodes share keys by the database.",
      .form = Form::kSecret}},
    {"cursor_key_rotation_ms",
     At<&Search::cursor_key_rotation_ms>(),
     {.about = "Age at which the database's key is followed by a new one.",
      .unit = "ms",
      .min = 1'000,
      .max = 30 * 24 * kHourMillis}},
};

constexpr Setting kHistory[] = {
    {"lifetime_ms",
     At<&History::lifetime_ms>(),
     {.about = "How long a version can be had after another one followed it; then it is deleted in the background. Not "
               "the current one, nor the audit trail. 0: for ever; else at least a day.",
      .unit = "ms",
      .min = 0,
      .max = 100 * 366 * 24 * kHourMillis}},
    {"versions_min",
     At<&History::versions_min>(),
     {.about = "Newest past versions of each resource that stay whatever their age.",
      .unit = "versions",
      .min = 0,
      .max = 1'000}},
};

constexpr Setting kRepeats[] = {
    {"lifetime_ms",
     At<&Repeats::lifetime_ms>(),
     {.about = "How long a write's Idempotency-Key is known.",
      .unit = "ms",
      .min = 1'000,
      .max = 366 * 24 * kHourMillis}},
};

constexpr Setting kRest[] = {
    {"update_create",
     At<&Rest::update_create>(),
     {.about = "A PUT to an id that never was creates the resource; else 405."}},
    {"conditional_create", At<&Rest::conditional_create>(), {.about = "If-None-Exist is obeyed; else 400."}},
    {"conditional_update", At<&Rest::conditional_update>(), {.about = "A PUT by search parameters; else 400."}},
    {"conditional_delete",
     At<&Rest::conditional_delete>(),
     {.about = "A DELETE by search parameters: refused with 400, of one match, or of several at once.",
      .form = Form::kChoice,
      .choices = "not-supported|single|multiple"}},
    {"conditional_delete_max",
     At<&Rest::conditional_delete_max>(),
     {.about = "Matches of one DELETE, when it may have several. Beyond: 412, and nothing is deleted.",
      .unit = "resources",
      .min = 1,
      .max = 10'000}},
    {"expunge_by_type",
     At<&Rest::expunge_by_type>(),
     {.about = "Whether an operator may erase past versions and deleted resources of a whole type or of the system by "
               "$expunge."}},
};

constexpr Setting kValidation[] = {
    {"invariants", At<&Validation::invariants>(), {.about = "Constraints of the definitions; best practices apart."}},
    {"declared_profiles",
     At<&Validation::declared_profiles>(),
     {.about = "Profiles that a resource names in meta.profile.", .form = Form::kChoice, .choices = "enforce|ignore"}},
    {"unknown_profile",
     At<&Validation::unknown_profile>(),
     {.about = "A profile in meta.profile that is not loaded; an error refuses the resource.",
      .form = Form::kChoice,
      .choices = "information|warning|error"}},
    {"unknown_extension",
     At<&Validation::unknown_extension>(),
     {.about = "An extension whose definition is not loaded. Not ignored: those that are loaded are checked as well.",
      .form = Form::kChoice,
      .choices = "ignore|warning|error"}},
    {"local_references",
     At<&Validation::local_references>(),
     {.about =
          "References to resources of this server. Enforced: a resource that refers to none that is there, or to a "
          "deleted one, is refused; files that are loaded must then come in their order.",
      .form = Form::kChoice,
      .choices = "enforce|ignore"}},
    {"referenced_deletes",
     At<&Validation::referenced_deletes>(),
     {.about =
          "A delete of a resource that others refer to; AuditEvent and Provenance, which tell what was, do not count.",
      .form = Form::kChoice,
      .choices = "refuse|allow"}},
    {"type_rules",
     At<&Validation::type_rules>(),
     {.about =
          "Rules of single types that are not in their definitions: entries of Bundles, answers to Questionnaires."}},
    {"profiles",
     At<&Validation::profiles>(),
     {.about = "Profile that every resource of a type must keep.",
      .example = "Patient=https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient"}},
};

constexpr Setting kJournal[] = {
    {"dispatcher_threads",
     At<&JournalSettings::dispatcher_threads>(),
     {.about =
          "Threads that deliver the outbox; two for each destination if that is more, so that none waits for another.",
      .unit = "threads",
      .min = 1,
      .max = 256}},
    {"poll_ms",
     At<&JournalSettings::poll_ms>(),
     {.about = "Longest time until waiting work is seen without a notification.",
      .unit = "ms",
      .min = 10,
      .max = 60'000}},
    {"retry_first_ms",
     At<&JournalSettings::retry_first_ms>(),
     {.about = "Wait after the first failed delivery, or the first failed attempt at a message that was received; "
               "doubled after each.",
      .unit = "ms",
      .min = 10,
      .max = kHourMillis}},
    {"retry_max_ms",
     At<&JournalSettings::retry_max_ms>(),
     {.about = "Longest wait between two of them.", .unit = "ms", .min = 10, .max = 24 * kHourMillis}},
    {"attempts_max",
     At<&JournalSettings::attempts_max>(),
     {.about = "Deliveries before the dead letters; attempts before a received message is refused.",
      .unit = "attempts",
      .min = 1,
      .max = 100'000}},
    {"inbound_threads",
     At<&JournalSettings::inbound_threads>(),
     {.about = "Threads that work on received messages which wait in the journal.",
      .unit = "threads",
      .min = 1,
      .max = 256}},
    {"retention_months",
     At<&JournalSettings::retention_months>(),
     {.about = "Received messages of a month are dropped together when it ended so many months ago, but for those that "
               "wait or are parked. Repeats are recognised for 30 days, and messages kept for as long. 0: for ever.",
      .unit = "months",
      .min = 0,
      .max = 1'200}},
};

constexpr Setting kWatch[] = {
    {"period_ms",
     At<&WatchSettings::period_ms>(),
     {.about = "How often it is looked.", .unit = "ms", .min = 100, .max = kHourMillis}},
    {"waiting_ms",
     At<&WatchSettings::waiting_ms>(),
     {.about =
          "Age of a message that waits to be worked on, or of an outbox entry that waits to be delivered, at which an "
          "alert begins.",
      .unit = "ms",
      .min = 100,
      .max = 24 * kHourMillis}},
    {"silence_messages",
     At<&WatchSettings::silence_messages>(),
     {.about = "Messages of a partner that its own history (the same time of earlier weeks, or days in the first week) "
               "makes expected since its last one, at which its silence is an alert. 0: never.",
      .unit = "messages",
      .max = 1'000'000}},
};

constexpr Setting kTerminology[] = {
    {"cache_bytes_max",
     At<&TerminologySettings::cache_bytes_max>(),
     {.about =
          "Memory for compiled code systems, value sets and concept maps. Half of it is for code systems, whose "
          "concepts take about 150 bytes each, and of uploaded ones 21; one that does not fit is compiled for every "
          "question.",
      .unit = "bytes",
      .min = 1024 * 1024,
      .max = 64LL * 1024 * 1024 * 1024}},
    {"upload_concepts_max",
     At<&TerminologySettings::upload_concepts_max>(),
     {.about = "Concepts of one uploaded code system. While it is read, about 100 bytes of memory for each.",
      .unit = "concepts",
      .min = 1'000,
      .max = 2'000'000}},
    {"upload_bytes_max",
     At<&TerminologySettings::upload_bytes_max>(),
     {.about = "Files of code systems of one party that are in the database until their job is forgotten. Unpacked, a "
               "file may be four times as large.",
      .unit = "bytes",
      .min = 1024 * 1024,
      .max = 64LL * 1024 * 1024 * 1024}},
};

constexpr Setting kJobs[] = {
    {"workers",
     At<&Jobs::workers>(),
     {.about = "Jobs that this node works at at a time.", .unit = "jobs", .min = 1, .max = 64}},
    {"poll_ms",
     At<&Jobs::poll_ms>(),
     {.about = "Longest time until a job is seen that another node was asked for.",
      .unit = "ms",
      .min = 10,
      .max = 60'000}},
    {"lease_ms",
     At<&Jobs::lease_ms>(),
     {.about = "After a crash, how long until another node goes on with a job.",
      .unit = "ms",
      .min = 1'000,
      .max = kHourMillis}},
    {"open_per_party_max",
     At<&Jobs::open_per_party_max>(),
     {.about = "Jobs of one party that are not ended. Beyond: 503.", .unit = "jobs", .min = 1, .max = 10'000}},
    {"result_lifetime_ms",
     At<&Jobs::result_lifetime_ms>(),
     {.about = "How long the result of a job can be had, from its end; then 404. An export keeps the index rows of its "
               "state "
               "for that time.",
      .unit = "ms",
      .min = 1'000,
      .max = 30 * 24 * kHourMillis}},
    {"export_file_bytes_max",
     At<&Jobs::export_file_bytes_max>(),
     {.about = "One file of an export; it is in memory twice while it is sent. A larger resource is a file of its own.",
      .unit = "bytes",
      .min = 1'024,
      .max = kLargestBody}},
    {"import_sources",
     At<&Jobs::import_sources>(),
     {.about = "Beginnings of the URLs that $import may read, each with a slash at its end. Empty: $import is refused.",
      .example = "https://files.example/fhir/"}},
};

constexpr Setting kLog[] = {
    {"level",
     At<&Log::level>(),
     {.about = "Least important lines to write.", .form = Form::kChoice, .choices = "debug|info|warning|error"}},
    {"file", At<&Log::file>(), {.about = "File for the lines. Empty: standard error.", .form = Form::kPath}},
};

constexpr Setting kLimits[] = {
    {"body_bytes_max",
     At<&fhir::Limits::body_bytes_max>(),
     {.about = "One resource or Bundle as text.", .unit = "bytes", .min = 1'024, .max = kLargestBody}},
    {"depth_max",
     At<&fhir::Limits::depth_max>(),
     {.about = "Nested objects and arrays.", .unit = "levels", .min = 8, .max = 1'000}},
    {"string_bytes_max",
     At<&fhir::Limits::string_bytes_max>(),
     {.about = "One string; base64Binary and xhtml may fill the body.",
      .unit = "bytes",
      .min = 1'024,
      .max = kLargestBody}},
    {"issues_max",
     At<&fhir::Limits::issues_max>(),
     {.about = "Issues kept for one operation.", .unit = "issues", .min = 1, .max = 10'000}},
    {"entries_max",
     At<&fhir::Limits::entries_max>(),
     {.about = "Entries of one Bundle.", .unit = "entries", .min = 1, .max = 1'000'000}},
};

std::vector<Setting> MakeSections() {
  return {
      {"http", At<&Settings::http>(), {.about = "The HTTP server."}, HttpSettings()},
      {"database", At<&Settings::database>(), {.about = "PostgreSQL 15 or newer, the only state."}, kDatabase},
      {"mllp", At<&Settings::mllp>(), {.about = "HL7 v2 over MLLP."}, MllpSettings()},
      {"partners", At<&Settings::partners>(), {.about = "Who we exchange with."}, PartnerSettings()},
      {"destinations", At<&Settings::destinations>(), {.about = "Where the outbox delivers."}, DestinationSettings()},
      {"routing", At<&Settings::routing>(), {.about = "What goes to which destination."}, RoutingSettings()},
      {"access", At<&Settings::access>(), {.about = "Who may see what."}, kAccess},
      {"followup", At<&Settings::followup>(), {.about = "Follow-up after a discharge."}, kFollowup},
      {"insurer", At<&Settings::insurer>(), {.about = "Claims."}, kInsurer},
      {"mappings_directory",
       At<&Settings::mappings_directory>(),
       {.about = "Folder of the mapping rules, which are read again on SIGHUP.", .form = Form::kPath}},
      {"audit", At<&Settings::audit>(), {.about = "The audit trail."}, kAudit},
      {"search", At<&Settings::search>(), {.about = "Search and paging."}, kSearch},
      {"history", At<&Settings::history>(), {.about = "Past versions of resources."}, kHistory},
      {"repeats", At<&Settings::repeats>(), {.about = "Writes that come twice."}, kRepeats},
      {"rest", At<&Settings::rest>(), {.about = "Optional parts of the REST API."}, kRest},
      {"validation",
       At<&Settings::validation>(),
       {.about = "What is checked before a resource is stored, whichever way it comes; structure, cardinality, values, "
                 "required codes and types of references always are."},
       kValidation},
      {"packages",
       At<&Settings::packages>(),
       {.about = "FHIR packages (.tgz), folders of them, or single resources, loaded at start: profiles, value sets, "
                 "code systems, search parameters.",
        .form = Form::kPath,
        .example = "packages/hl7.fhir.fr.core.tgz"}},
      {"terminology", At<&Settings::terminology>(), {.about = "Answers about codes."}, kTerminology},
      {"journal", At<&Settings::journal>(), {.about = "Journal and outbox."}, kJournal},
      {"watch", At<&Settings::watch>(), {.about = "Alerts about the exchange with partners."}, kWatch},
      {"jobs", At<&Settings::jobs>(), {.about = "Long work in the background, which every node takes part in."}, kJobs},
      {"log", At<&Settings::log>(), {.about = "Log lines in JSON."}, kLog},
      {"limits", At<&Settings::limits>(), {.about = "Limits on every resource, whatever way it arrives."}, kLimits},
      {"shutdown_grace_ms",
       At<&Settings::shutdown_grace_ms>(),
       {.about = "How long accepted work may go on after SIGTERM.", .unit = "ms", .min = 0, .max = 600'000}},
  };
}

}  // namespace

std::span<const Setting> AllSettings() {
  // Built at first use, as spans of tables in other files are no constant expressions; immutable after that.
  static const std::vector<Setting> sections = MakeSections();
  return sections;
}

Settings Defaults() {
  return {};
}

}  // namespace gateway::settings
