// Settings of the exchange with partners: names, units, bounds and descriptions.
#include "gateway/settings/table.hpp"

namespace gateway::settings {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kFrameBytesMax = 1024LL * 1024 * 1024;

constexpr Setting kListenerTls[] = {
    {"certificate_file",
     At<&Tls::certificate_file>(),
     {.about = "Certificate chain in PEM. Empty: no TLS.",
      .form = Form::kPath,
      .example = "mllp.pem",
      .needs_restart = false}},
    {"key_file",
     At<&Tls::key_file>(),
     {.about = "Private key in PEM.", .form = Form::kPath, .example = "mllp.key", .needs_restart = false}},
    {"client_ca_file",
     At<&Tls::client_ca_file>(),
     {.about = "When set, senders must show a certificate signed by one of these.",
      .form = Form::kPath,
      .example = "hospital-ca.pem",
      .needs_restart = false}},
};

constexpr Setting kListener[] = {
    {"name", At<&MllpListener::name>(), {.about = "Name in logs and metrics.", .example = "ward", .required = true}},
    {"address", At<&MllpListener::address>(), {.about = "Where to listen, HOST:PORT.", .form = Form::kAddress}},
    {"partner",
     At<&MllpListener::partner>(),
     {.about = "The partner whose messages arrive here.", .example = "hospital", .required = true}},
    {"charset",
     At<&MllpListener::charset>(),
     {.about = "Character set of messages without MSH-18. Empty: the partner's.", .example = "ISO-8859-15"}},
    {"tls", At<&MllpListener::tls>(), {.about = "MLLP over TLS 1.2 or newer."}, kListenerTls},
    {"frame_bytes_max",
     At<&MllpListener::frame_bytes_max>(),
     {.about = "One message. Beyond: AR, and the connection is closed.",
      .unit = "bytes",
      .min = 1'024,
      .max = kFrameBytesMax}},
    {"idle_timeout_ms",
     At<&MllpListener::idle_timeout_ms>(),
     {.about = "Without a message, before the connection is closed.", .unit = "ms", .min = 100, .max = kDayMs}},
    {"frame_timeout_ms",
     At<&MllpListener::frame_timeout_ms>(),
     {.about = "From a frame's first byte to its last; the same for a peer who sends no frame at all.",
      .unit = "ms",
      .min = 10,
      .max = kDayMs}},
    {"connections_max",
     At<&MllpListener::connections_max>(),
     {.about = "Connections at a time; more are closed at once.", .unit = "connections", .min = 1, .max = 10'000}},
    {"acknowledgement_mode",
     At<&MllpListener::acknowledgement_mode>(),
     {.about =
          "as-asked: MSH-15 and MSH-16 are obeyed, with CA as soon as a message is durable. original: AA, AE or AR "
          "after the commit, whatever they say.",
      .form = Form::kChoice,
      .choices = "as-asked|original"}},
    {"acknowledgement_destination",
     At<&MllpListener::acknowledgement_destination>(),
     {.about =
          "Name of an mllp destination for the acknowledgements that MSH-16 asks for. Empty: messages that ask for "
          "one are answered in original mode.",
      .example = "hospital-acknowledgements"}},
};

constexpr Setting kMllp[] = {
    {"listeners", At<&Mllp::listeners>(), {.about = "Ports where hospitals send HL7 v2 messages."}, kListener},
};

constexpr Setting kOrganization[] = {
    {"name",
     At<&PartnerOrganization::name>(),
     {.about = "Name of the organization, for people.", .example = "Test hospital"}},
    {"finess",
     At<&PartnerOrganization::finess>(),
     {.about = "FINESS number, nine characters: the authority of numbers that name none.", .example = "010000000"}},
};

constexpr Setting kPartner[] = {
    {"name",
     At<&Partner::name>(),
     {.about = "Name that listeners and destinations refer to.", .example = "hospital", .required = true}},
    {"kind",
     At<&Partner::kind>(),
     {.about = "What it is.", .form = Form::kChoice, .choices = "hospital|platform|insurer"}},
    {"organization", At<&Partner::organization>(), {.about = "The Organization it stands for."}, kOrganization},
    {"charset", At<&Partner::charset>(), {.about = "Character set of its messages without MSH-18."}},
    {"zone", At<&Partner::zone>(), {.about = "Time zone of its times without one.", .form = Form::kZone}},
    {"profile",
     At<&Partner::profile>(),
     {.about =
          "Rule file for its HL7 v2 messages, by its name (pam-fr, adt). Empty: by the country in MSH-17 or MSH-12.",
      .example = "pam-fr"}},
    {"identifier_systems",
     At<&Partner::identifier_systems>(),
     {.about = "Assigning authority (name or OID of CX-4) to the system URI of its patient and visit numbers.",
      .example = "HOSPITAL=urn:oid:1.2.250.1.213.1.4.10"}},
};

constexpr Setting kDestination[] = {
    {"name",
     At<&Destination::name>(),
     {.about = "Name in the outbox, logs and metrics.", .example = "hospital-documents", .required = true}},
    {"kind",
     At<&Destination::kind>(),
     {.about = "How it is called.", .form = Form::kChoice, .choices = "mllp|rest-hook"}},
    {"partner",
     At<&Destination::partner>(),
     {.about = "The partner it belongs to.", .example = "hospital", .required = true}},
    {"address", At<&Destination::address>(), {.about = "HOST:PORT, for mllp.", .form = Form::kAddress}},
    {"url",
     At<&Destination::url>(),
     {.about = "http:// or https:// URL, for rest-hook.", .example = "http://127.0.0.1:9000/hook"}},
    {"token_file",
     At<&Destination::token_file>(),
     {.about = "Bearer token for rest-hook: a file, or env:NAME.", .form = Form::kSecret}},
    {"schedule_identifier_system",
     At<&Destination::schedule_identifier_system>(),
     {.about =
          "For rest-hook: it hears of appointments on schedules with an identifier of this system. Empty: of all."}},
    {"tls", At<&Destination::tls>(), {.about = "TLS, for mllp."}},
    {"ca_file",
     At<&Destination::ca_file>(),
     {.about = "Trusted roots in PEM. Empty: the system's.", .form = Form::kPath}},
    {"certificate_file",
     At<&Destination::certificate_file>(),
     {.about = "Our own certificate for mutual TLS.", .form = Form::kPath}},
    {"key_file", At<&Destination::key_file>(), {.about = "Its private key.", .form = Form::kPath}},
    {"timeout_ms",
     At<&Destination::timeout_ms>(),
     {.about = "For one delivery with its answer.", .unit = "ms", .min = 10, .max = 3'600'000}},
};

constexpr Setting kDocumentRoute[] = {
    {"destination",
     At<&DocumentRoute::destination>(),
     {.about = "Name of an mllp destination.", .example = "hospital-documents", .required = true}},
    {"loinc",
     At<&DocumentRoute::loinc>(),
     {.about = "Codes of DocumentReference.type that are sent. Empty: every type.", .example = "75496-0"}},
    {"from_kind",
     At<&DocumentRoute::from_kind>(),
     {.about = "Only documents written by a party of this kind. Empty: any.",
      .form = Form::kChoice,
      .choices = "|hospital|platform|insurer|patient|operator"}},
    {"pdf",
     At<&DocumentRoute::pdf>(),
     {.about = "A PDF goes inside a CDA of level 1 with a header by CI-SIS, or as it is.",
      .form = Form::kChoice,
      .choices = "cda|bare"}},
};

constexpr Setting kMessageRoute[] = {
    {"destination",
     At<&MessageRoute::destination>(),
     {.about = "Name of an mllp destination.", .example = "hospital-documents", .required = true}},
    {"rules",
     At<&MessageRoute::rules>(),
     {.about = "Rules by their name: appointments (SIU), measures (ORU), identity (ADT^A31), documents (MDM).",
      .example = "appointments",
      .required = true}},
    {"codes",
     At<&MessageRoute::codes>(),
     {.about = "Codes of the resource's type, code or category that are sent. Empty: all.", .example = "vital-signs"}},
    {"from_kind",
     At<&MessageRoute::from_kind>(),
     {.about = "Only changes by a party of this kind. Empty: any.",
      .form = Form::kChoice,
      .choices = "|hospital|platform|insurer|patient|operator"}},
};

constexpr Setting kForwardingRoute[] = {
    {"channel",
     At<&ForwardingRoute::channel>(),
     {.about = "The channel, by what the hospital's message asks for: DESTDMP, DESTMSSANTEPS, DESTMSSANTEPAT.",
      .form = Form::kChoice,
      .choices = "DMP|MSSANTE-PS|MSSANTE-PAT"}},
    {"destination",
     At<&ForwardingRoute::destination>(),
     {.about = "Name of the rest-hook destination that serves it: it gets the DocumentReference.",
      .example = "dmp-connector",
      .required = true}},
};

constexpr Setting kRouting[] = {
    {"documents",
     At<&Routing::documents>(),
     {.about = "Documents to send on as MDM: T02 new, T10 replaced, T04 withdrawn."},
     kDocumentRoute},
    {"messages",
     At<&Routing::messages>(),
     {.about = "Other changes to tell hospitals of by HL7 v2, by the rules under mappings_directory/hl7v2/out."},
     kMessageRoute},
    {"forwarding",
     At<&Routing::forwarding>(),
     {.about =
          "Who forwards the documents that hospitals want to have forwarded. Without an entry for its channel such a "
          "document ends among the dead letters of the outbox."},
     kForwardingRoute},
};

}  // namespace

std::span<const Setting> MllpSettings() {
  return kMllp;
}
std::span<const Setting> PartnerSettings() {
  return kPartner;
}
std::span<const Setting> DestinationSettings() {
  return kDestination;
}
std::span<const Setting> RoutingSettings() {
  return kRouting;
}

}  // namespace gateway::settings
