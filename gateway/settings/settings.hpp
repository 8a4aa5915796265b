// The whole configuration as typed values. Load reads one YAML file; every setting stands once, in a table that also
// prints the JSON Schema and config/passerelle.yaml.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/limits.hpp"
#include "gateway/settings/exchange.hpp"
#include "gateway/settings/http.hpp"

namespace gateway::settings {

struct Embedded {
  std::string directory;  ///< set: run a private PostgreSQL there, and `connection` stays empty
};

struct Database {
  std::string connection;  ///< libpq conninfo or URI; a password comes by passfile or env:NAME
  Embedded embedded;
  std::size_t pool_size = 16;
  std::int64_t statement_timeout_ms = 30'000;
  std::int64_t acquire_timeout_ms = 5'000;
};

struct Party {
  std::string name;
  std::string kind = "hospital";  ///< hospital, platform, insurer, patient or operator
  std::string token_file;         ///< a file or env:NAME
  std::string policy;             ///< file name under policies_directory; empty: "<kind>.yaml"
  std::map<std::string, std::string> attributes;
};

struct Access {
  std::string mode = "open";  ///< deny or open; open is refused off loopback
  std::vector<Party> parties;
  std::string policies_directory = "policies";
};

struct Followup {
  std::string plans_directory = "plans";
};

struct Insurer {
  std::string tariffs_directory = "tariffs";
};

struct Audit {
  bool reads = true;
  bool writes = true;
  bool provenance = false;
};

struct Search {
  std::string zone = "Europe/Paris";
  std::string unknown_parameters = "refuse";  ///< refuse or ignore; Prefer: handling decides for one request
  std::size_t page_size_default = 50;
  std::size_t page_size_max = 1'000;
  std::size_t includes_max = 1'000;
  bool follow_patient_links = true;
  std::vector<std::string> narrative_types;  ///< resource types; empty: all; "none"
  std::vector<std::string> content_types;    ///< resource types, "*" for all
  std::int64_t cursor_lifetime_ms = 3'600'000;
  std::int64_t cursor_key_rotation_ms = 86'400'000;
  std::string cursor_key_file;  ///< a file or env:NAME; empty: keys of the database
};

/// What of the REST API's optional parts is offered; announced in the CapabilityStatement.
struct Rest {
  bool update_create = true;
  bool conditional_create = true;
  bool conditional_update = true;
  std::string conditional_delete = "single";  ///< not-supported, single or multiple
  std::size_t conditional_delete_max = 100;
  bool expunge_by_type = false;
};

/// What is checked of every resource before it is stored, besides structure, cardinality and required bindings.
struct Validation {
  bool invariants = true;
  std::string declared_profiles = "enforce";    ///< enforce or ignore
  std::string unknown_profile = "warning";      ///< information, warning or error
  std::string unknown_extension = "ignore";     ///< ignore, warning or error; the last two check known ones as well
  std::string local_references = "enforce";     ///< enforce or ignore
  std::string referenced_deletes = "refuse";    ///< refuse or allow
  bool type_rules = false;                      ///< the rules of single types that no definition says
  std::map<std::string, std::string> profiles;  ///< resource type to canonical
};

struct TerminologySettings {
  std::size_t cache_bytes_max = 128u * 1024 * 1024;  ///< half of it for code systems
  std::size_t upload_concepts_max = 1'000'000;
  std::size_t upload_bytes_max = 1024u * 1024 * 1024;
};

struct Repeats {
  std::int64_t lifetime_ms = 2'592'000'000;  ///< 30 days
};

/// Past versions of resources.
struct History {
  std::int64_t lifetime_ms = 0;  ///< 0: for ever
  std::size_t versions_min = 0;
};

struct JournalSettings {
  std::size_t dispatcher_threads = 2;
  std::int64_t poll_ms = 500;
  std::int64_t retry_first_ms = 1'000;
  std::int64_t retry_max_ms = 300'000;
  std::size_t attempts_max = 50;
  std::size_t inbound_threads = 2;
  std::size_t retention_months = 0;  ///< 0: for ever
};

/// When the exchange with partners asks for a person.
struct WatchSettings {
  std::int64_t period_ms = 10'000;
  std::int64_t waiting_ms = 300'000;  ///< age of what waits, in the journal or the outbox, that begins an alert
  std::size_t silence_messages = 20;  ///< expected by a partner's own history and missed; 0: silence is no alert
};

/// Long work in the background.
struct Jobs {
  std::size_t workers = 1;
  std::int64_t poll_ms = 1'000;
  std::int64_t lease_ms = 60'000;
  std::size_t open_per_party_max = 20;
  std::int64_t result_lifetime_ms = 21'600'000;  ///< 6 hours
  std::size_t export_file_bytes_max = 8u * 1024 * 1024;
  std::vector<std::string> import_sources;  ///< beginnings of URLs, each with a slash at its end; empty: none
};

struct Log {
  std::string level = "info";  ///< debug, info, warning or error
  std::string file;            ///< empty: standard error
};

struct Settings {
  Http http;
  Database database;
  Mllp mllp;
  std::vector<Partner> partners;
  std::vector<Destination> destinations;
  Routing routing;
  Access access;
  Followup followup;
  Insurer insurer;
  std::string mappings_directory = "mappings";
  Audit audit;
  Search search;
  History history;
  Repeats repeats;
  Rest rest;
  Validation validation;
  std::vector<std::string> packages;  ///< paths
  TerminologySettings terminology;
  JournalSettings journal;
  WatchSettings watch;
  Jobs jobs;
  Log log;
  fhir::Limits limits;
  std::int64_t shutdown_grace_ms = 10'000;
};

/// The defaults; relative paths are left relative.
Settings Defaults();

/// Reads and checks the file. Every *_file, *_directory and package path is made relative to the file's folder.
/// Errors: kConfiguration; the public text has one line for each problem, "FILE:LINE: …": not YAML, unknown key (with
///         the nearest known one), wrong type, out of bounds, missing name, a reference to a partner or destination
///         that is not listed, open access off loopback, secrets written into the file.
fhir::Result<Settings> Load(const std::string& path);

/// The same for text; `name` stands for the file in errors, `directory` is what paths are relative to.
fhir::Result<Settings> LoadText(std::string_view text, std::string_view name, std::string_view directory);

/// Checks what no single setting shows: open access off loopback, references by name, TLS pairs. For settings changed
/// by command-line options. Errors: kConfiguration.
fhir::Result<void> Check(const Settings& settings);

/// JSON Schema (2020-12) of the file, for editors: `passerelle print-config-schema`.
std::string PrintSchema();

/// config/passerelle.yaml: every setting at its default with its description, unit and bounds, commented out lists.
std::string PrintCommentedDefaults();

/// HOST:PORT, [IPV6]:PORT; port 0 to 65535. Errors: kConfiguration.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
fhir::Result<HostPort> ParseHostPort(std::string_view text);

/// 127.0.0.0/8, ::1 or localhost.
bool IsLoopback(std::string_view host);

/// The secret behind a *_file setting: the file's content without its last newline, or the variable's when it is
/// "env:NAME". Errors: kConfiguration, naming the setting but not the content; 64 KB at most.
fhir::Result<std::string> ReadSecret(std::string_view reference, std::string_view setting);

}  // namespace gateway::settings
