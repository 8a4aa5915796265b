// The table of commands.
#include "gateway/app/commands/command.hpp"
#include "gateway/app/commands/convert.hpp"
#include "gateway/app/commands/fhirpath.hpp"
#include "gateway/app/commands/hl7.hpp"
#include "gateway/app/commands/import.hpp"
#include "gateway/app/commands/messages.hpp"
#include "gateway/app/commands/options.hpp"
#include "gateway/app/commands/plain.hpp"
#include "gateway/app/commands/serve.hpp"
#include "gateway/app/commands/terminology.hpp"
#include "gateway/app/commands/validate.hpp"

namespace gateway::app {
namespace {

constexpr OptionSpec kPackageOption{.name = "--package",
                                    .value = "F",
                                    .description = "load a FHIR package (.tgz), a folder or one resource",
                                    .repeats = true};
constexpr OptionSpec kOutboxOption{"--outbox", "", "the outbox instead of the journal"};

/// Where the messages are: the four options that say so, then those of the command.
std::vector<OptionSpec> DeskOptions(std::vector<OptionSpec> own) {
  std::vector<OptionSpec> options = {kConfigOption, kEmbeddedOption, kServerOption, kTokenOption};
  options.insert(options.end(), own.begin(), own.end());
  return options;
}

/// What chooses messages of the journal, and the options of the command.
std::vector<OptionSpec> ChoosingOptions(std::vector<OptionSpec> own) {
  std::vector<OptionSpec> options =
      DeskOptions({kOutboxOption,
                   {"--state", "STATE",
                    "received, committed, ignored, refused, parked, discarded; waiting, delivered, dead with --outbox"},
                   {"--partner", "NAME", "of this partner"},
                   {"--type", "TYPE", "of this type, e.g. ADT^A01"},
                   {"--control-id", "ID", "with this MSH-10"},
                   {"--patient", "SYSTEM|VALUE", "that name this patient"},
                   {"--error-code", "CODE", "with this condition of table 0357, e.g. 102"},
                   {"--error-place", "PLACE", "with this place, e.g. PID-7"},
                   {"--from", "TIME", "received at or after, e.g. 2026-01-31 or 2026-01-31T08:00:00+01:00"},
                   {"--to", "TIME", "received before"},
                   {"--text", "TEXT", "whose bytes contain this"}});
  options.insert(options.end(), own.begin(), own.end());
  return options;
}

}  // namespace

std::span<const CommandSpec> Commands() {
  static const std::vector<CommandSpec> commands = {
      {"serve",
       "",
       "run the gateway until SIGTERM; SIGHUP reads mappings and certificates again",
       {kConfigOption,
        kEmbeddedOption,
        {"--http", "HOST:PORT", "address of the FHIR API"},
        {"--mllp", "HOST:PORT", "address of the first MLLP listener"}},
       RunServe},
      {"migrate", "", "bring the database to this program's schema", {kConfigOption, kEmbeddedOption}, RunMigrate},
      {"check-config",
       "[FILE]",
       "check a configuration and the rules it names; nothing is started",
       {},
       RunCheckConfig},
      {"print-config-schema", "", "the configuration's JSON Schema, for editors", {}, RunPrintConfigSchema},
      {"hl7 send",
       "HOST:PORT FILE...",
       "send messages over MLLP and print each acknowledgement; 1 unless all are AA or CA",
       {{"--tls-ca", "FILE", "use TLS and trust these certificates"}},
       RunHl7Send},
      {"hl7 translate",
       "FILE...",
       "print the transaction Bundle a message would become, and the fields it did not map",
       {kConfigOption, {"--partner", "NAME", "whose message it is; the first partner without it"}},
       RunHl7Translate},
      {"messages list", "", "inbound messages, newest first",
       ChoosingOptions({{"--destination", "NAME", "for this destination, with --outbox"},
                        {"--before", "ID", "older than this entry: the next page"},
                        {"--count", "N", "at most so many (50)"}}),
       RunMessagesList},
      {"messages show", "ID", "one inbound message; its bytes with --raw",
       DeskOptions({{"--raw", "", "the bytes as received, alone"}}), RunMessagesShow},
      {"messages replay", "[ID...]", "put messages, or dead letters with --outbox, back to work; 1 if one could not be",
       ChoosingOptions({}), RunMessagesReplay},
      {"messages discard", "[ID...]",
       "say that messages will never be applied; what is parked behind them goes on; 1 if one could not be",
       ChoosingOptions({}), RunMessagesDiscard},
      {"messages check", "",
       "count messages; 1 unless received = committed + ignored + parked + refused + discarded + waiting",
       DeskOptions({}), RunMessagesCheck},
      {"convert",
       "FILE|-",
       "print a resource, given as JSON or XML, as the one asked for; problems go to standard error, with their places",
       {{"--to", "json|xml", "the format to print"}, {"--pretty", "", "one element a line, indented"}},
       RunConvert},
      {"validate",
       "FILE...",
       "check resources (JSON, XML, NDJSON; a directory stands for its files): one OperationOutcome a line; 1 if any "
       "error",
       {{.name = "--profile", .value = "URL", .description = "a profile they must conform to", .repeats = true},
        kPackageOption},
       RunValidate},
      {"fhirpath",
       "[--] EXPRESSION FILE|-",
       "what an expression comes to on a resource (JSON, XML): a JSON array of {\"type\":…,\"value\":…}",
       {kPackageOption},
       RunFhirPath},
      {"import",
       "PATH...",
       "load Bundles, resources and NDJSON (.json, .ndjson, also .gz and .bz2; a directory means its files in name "
       "order) into a running server; may be repeated; 1 if anything was not loaded",
       {{"--server", "URL", "FHIR base of the server (http://127.0.0.1:8080/fhir)"},
        {"--token-file", "FILE", "bearer token"},
        {"--connections", "N", "requests at a time (2)"},
        {"--tls-ca", "FILE", "for https, trust these certificates"}},
       RunImport},
      {"terminology load",
       "FILE",
       "load a code system (ClaML, CSV or NDJSON of FHIR, also .gz and .bz2) into a running server, in the place of "
       "the "
       "one of the same url and version; may be repeated",
       {{"--system", "URI", "url of the code system"},
        {"--version", "VERSION", "its version; else the file's"},
        {"--name", "NAME", "CodeSystem.name"},
        {"--title", "TITLE", "CodeSystem.title"},
        {"--format", "csv|claml|ndjson", "else by the file's name"},
        {.name = "--column",
         .value = "ROLE=NAME",
         .description =
             "of CSV: code, display, definition, parent, property.X or designation.LANGUAGE is in the column "
             "of that name",
         .repeats = true},
        {"--delimiter", "CHARACTER", "of CSV: what parts fields (,); tab is a tabulator"},
        {"--encoding", "CHARSET", "of CSV: UTF-8, windows-1252 …"},
        {"--parent-lengths", "N,N…", "of CSV: the parent of a code is its beginning of the next shorter length"},
        {"--merge-rows", "", "of CSV: rows of one code that follow each other are one concept"},
        {"--server", "URL", "FHIR base of the server (http://127.0.0.1:8080/fhir)"},
        {"--token-file", "FILE", "bearer token"},
        {"--tls-ca", "FILE", "for https, trust these certificates"}},
       RunTerminologyLoad},
      {"version", "", "print the version", {}, RunVersion},
  };
  return commands;
}

}  // namespace gateway::app
