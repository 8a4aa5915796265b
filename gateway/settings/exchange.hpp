// Settings of the exchange with partners: who they are, where they call us, where we call them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gateway/settings/http.hpp"

namespace gateway::settings {

struct MllpListener {
  std::string name;
  std::string address = "127.0.0.1:2575";
  std::string partner;  ///< name of a partner below
  std::string charset;  ///< used when MSH-18 is empty; empty: the partner's
  Tls tls;
  std::size_t frame_bytes_max = 64u * 1024 * 1024;
  std::int64_t idle_timeout_ms = 600'000;
  std::int64_t frame_timeout_ms = 30'000;
  std::size_t connections_max = 64;
  std::string acknowledgement_mode = "as-asked";  ///< as-asked or original
  std::string acknowledgement_destination;        ///< an mllp destination below
};

struct Mllp {
  std::vector<MllpListener> listeners;
};

struct PartnerOrganization {
  std::string name;
  std::string finess;  ///< nine characters
};

struct Partner {
  std::string name;
  std::string kind = "hospital";  ///< hospital, platform or insurer
  PartnerOrganization organization;
  std::string charset = "UTF-8";  ///< of HL7 v2 messages without MSH-18
  std::string zone = "Europe/Paris";
  std::string profile;  ///< rule file of its HL7 v2 messages by name; empty: as each message says
  /// Assigning authority (name or OID, as in CX-4) → system URI of its identifiers.
  std::map<std::string, std::string> identifier_systems;
};

struct Destination {
  std::string name;
  std::string kind = "rest-hook";  ///< mllp or rest-hook
  std::string partner;
  std::string address;                     ///< HOST:PORT for mllp
  std::string url;                         ///< for rest-hook
  std::string token_file;                  ///< bearer token for rest-hook; a file or env:NAME
  std::string schedule_identifier_system;  ///< for rest-hook: appointments on whose schedules it hears of; empty: all
  bool tls = false;                        ///< for mllp
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  std::int64_t timeout_ms = 30'000;
};

/// Sends documents that match to a destination as MDM.
struct DocumentRoute {
  std::string destination;
  std::vector<std::string> loinc;  ///< codes of DocumentReference.type; empty: every type
  std::string from_kind;           ///< only documents written by a party of this kind; empty: any
  std::string pdf = "cda";         ///< cda or bare
};

/// Tells a destination of changes by the rules of a file under mappings/hl7v2/out.
struct MessageRoute {
  std::string destination;
  std::string rules;               ///< name in the file
  std::vector<std::string> codes;  ///< of the resource's type, code or category; empty: every one
  std::string from_kind;           ///< only changes by a party of this kind; empty: any
};

/// Who serves a channel that hospitals ask to forward documents by.
struct ForwardingRoute {
  std::string channel = "DMP";
  std::string destination;  ///< a rest-hook
};

struct Routing {
  std::vector<DocumentRoute> documents;
  std::vector<MessageRoute> messages;
  std::vector<ForwardingRoute> forwarding;
};

}  // namespace gateway::settings
