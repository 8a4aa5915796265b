#include "gateway/settings/settings.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace gateway::settings {
namespace {

/// The error text, or "" when the text is accepted.
std::string ErrorOf(std::string_view text) {
  const auto settings = LoadText(text, "f.yaml", "/etc/p");
  if (settings) {
    return {};
  }
  EXPECT_EQ(settings.error().code, fhir::ErrorCode::kConfiguration);
  return settings.error().public_text.text;
}

TEST(SettingsLoad, EmptyText_GivesTheDefaultsBesideTheFile) {
  const auto settings = LoadText("", "f.yaml", "/etc/p");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->http.address, "127.0.0.1:8080");
  EXPECT_EQ(settings->mappings_directory, "/etc/p/mappings");
  EXPECT_EQ(settings->access.policies_directory, "/etc/p/policies");
  EXPECT_EQ(settings->http.tls.key_file, "");
}

TEST(SettingsLoad, FullExample_FillsEveryKindOfValue) {
  const auto settings = LoadText(R"(
http:
  address: "[::1]:8443"
  tls: {certificate_file: tls/a.pem, key_file: /abs/a.key}
  body_bytes_max: 1024
partners:
  - name: ward
    organization: {name: Test, finess: "010000000"}
    identifier_systems: {A: "urn:oid:1.2.3"}
mllp:
  listeners:
    - {name: in, partner: ward, address: "127.0.0.1:2575", charset: ISO-8859-15}
destinations:
  - {name: out, kind: mllp, partner: ward, address: "127.0.0.1:2576"}
routing:
  documents: [{destination: out, loinc: ["75496-0"]}]
access:
  mode: deny
  parties: [{name: p, kind: insurer, token_file: "env:TOKEN", attributes: {organization: Organization/1}}]
shutdown_grace_ms: 5
)",
                                 "f.yaml", "/etc/p");
  ASSERT_TRUE(settings) << settings.error().public_text.text;
  EXPECT_EQ(settings->http.tls.certificate_file, "/etc/p/tls/a.pem");
  EXPECT_EQ(settings->http.tls.key_file, "/abs/a.key");
  EXPECT_EQ(settings->http.body_bytes_max, 1024u);
  EXPECT_EQ(settings->partners[0].identifier_systems.at("A"), "urn:oid:1.2.3");
  EXPECT_EQ(settings->mllp.listeners[0].frame_bytes_max, 64u * 1024 * 1024);
  EXPECT_EQ(settings->routing.documents[0].loinc[0], "75496-0");
  EXPECT_EQ(settings->access.parties[0].token_file, "env:TOKEN");
  EXPECT_EQ(settings->access.parties[0].attributes.at("organization"), "Organization/1");
  EXPECT_EQ(settings->shutdown_grace_ms, 5);
}

TEST(SettingsLoad, UnknownKey_NamesItsLineAndTheNearest) {
  EXPECT_EQ(ErrorOf("http:\n  adress: x\n"),
            "f.yaml:2: unknown key http.adress, the nearest known one is http.address");
  EXPECT_EQ(ErrorOf("\nhtpp:\n"), "f.yaml:2: unknown key htpp, the nearest known one is http");
  EXPECT_EQ(ErrorOf("partners:\n  - name: a\n    organization:\n      finnes: '1'\n"),
            "f.yaml:4: unknown key partners[0].organization.finnes, the nearest known one is "
            "partners[0].organization.finess");
  EXPECT_EQ(ErrorOf("\"s3cret value pasted\": 1\n").find("s3cret"), std::string::npos);
}

TEST(SettingsLoad, WrongValues_EachIsNamedWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"http: 3", "f.yaml:1: http must be a mapping of keys to values"},
      {"http:\n  connections_max: many", "f.yaml:2: http.connections_max must be a whole number of connections"},
      {"http:\n  connections_max: 0", "f.yaml:2: http.connections_max must be from 1 to 20000 connections"},
      {"http:\n  connections_max: 20001", "f.yaml:2: http.connections_max must be from 1 to 20000 connections"},
      {"http:\n  connections_max: -1", "f.yaml:2: http.connections_max must be from 1 to 20000 connections"},
      {"http:\n  connections_max: 1.5", "f.yaml:2: http.connections_max must be a whole number of connections"},
      {"http:\n  address: nowhere", "f.yaml:2: http.address must be HOST:PORT or [IPV6]:PORT"},
      {"http:\n  address: [a]", "f.yaml:2: http.address must be a text"},
      {"audit:\n  reads: yes", "f.yaml:2: audit.reads must be true or false"},
      {"log:\n  level: loud", "f.yaml:2: log.level must be one of: debug, info, warning, error"},
      {"search:\n  zone: ../x", "f.yaml:2: search.zone must be a time zone such as Europe/Paris"},
      {"partners: a", "f.yaml:1: partners must be a list"},
      {"partners:\n  - kind: hospital", "f.yaml:2: partners[0].name is missing"},
      {"partners:\n  - name: ''", "f.yaml:2: partners[0].name must not be empty"},
      {"audit: {}\naudit: {}", "f.yaml:2: audit is given twice"},
      {"--- {}\n---\naudit: {}", "f.yaml:3: the file must hold one YAML document"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_EQ(ErrorOf(text), error);
  }
  EXPECT_EQ(ErrorOf("http: {connections_max: 20000}"), "");
  EXPECT_TRUE(ErrorOf("a: [\n").starts_with("f.yaml:2: not valid YAML")) << ErrorOf("a: [\n");
}

TEST(SettingsLoad, SeveralErrors_AreAllReported) {
  const std::string errors = ErrorOf("audit:\n  reads: 1\n  writes: 1\n");
  EXPECT_EQ(errors, "f.yaml:2: audit.reads must be true or false\nf.yaml:3: audit.writes must be true or false");
}

TEST(SettingsCheck, Combinations_EachIsRefusedWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"access:\n  mode: open\nhttp:\n  address: 0.0.0.0:80",
       "f.yaml:2: access.mode: open access is for loopback alone, and http.address is not loopback"},
      {"http:\n  tls:\n    certificate_file: a",
       "f.yaml:3: http.tls.key_file: certificate_file and key_file go together"},
      {"http:\n  body_budget_bytes: 134217727",
       "f.yaml:2: http.body_budget_bytes: must be at least twice http.body_bytes_max"},
      {"database:\n  connection: host=a password = b",
       "f.yaml:2: database.connection: a password does not belong here: use passfile= or env:NAME"},
      {"database:\n  connection: postgres://u:p@h/db",
       "f.yaml:2: database.connection: a password does not belong here: use passfile= or env:NAME"},
      {"mllp:\n  listeners:\n    - name: a\n      partner: b",
       "f.yaml:4: mllp.listeners[0].partner: no partner has this name"},
      {"mllp:\n  listeners:\n    - name: a\n      partner: b\npartners: [{name: b, kind: platform}]",
       "f.yaml:4: mllp.listeners[0].partner: HL7 v2 is received from a partner of kind hospital"},
      {"mllp:\n  listeners:\n    - name: a\n      partner: b\n      charset: x\npartners: [{name: b}]",
       "f.yaml:5: mllp.listeners[0].charset: no character set has this name"},
      {"partners:\n  - name: a\n    charset: KLINGON", "f.yaml:3: partners[0].charset: no character set has this name"},
      {"partners:\n  - name: a\n    zone: Europe/Pariss", "f.yaml:3: partners[0].zone: no time zone has this name"},
      {"search:\n  zone: Mars/Base", "f.yaml:2: search.zone: no time zone has this name"},
      {"access:\n  mode: deny\n  parties:\n    - name: a", "f.yaml:4: access.parties[0]: a party needs a token_file"},
      {"partners:\n  - name: a\n  - name: a", "f.yaml:3: partners[1].name: this name is listed before"},
      {"history:\n  lifetime_ms: 86399999", "f.yaml:2: history.lifetime_ms: must be 0 or at least a day, 86400000"},
      {"search:\n  page_size_default: 2000",
       "f.yaml:2: search.page_size_default: must not exceed search.page_size_max"},
      {"partners: [{name: a}]\ndestinations:\n  - {name: d, partner: a, url: 'http://h.example/x', token_file: t}",
       "f.yaml:3: destinations[0].url: a token is sent over https:// alone, except to loopback"},
      {"partners: [{name: a}]\ndestinations:\n  - {name: d, partner: a, url: 'ftp://h/x'}",
       "f.yaml:3: destinations[0]: a rest-hook destination needs an http:// or https:// url without credentials"},
      {"routing:\n  documents:\n    - destination: x",
       "f.yaml:3: routing.documents[0].destination: no mllp destination has this name"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_EQ(ErrorOf(text), error);
  }
  EXPECT_EQ(ErrorOf("http: {body_budget_bytes: 134217728}"), "");
  EXPECT_EQ(ErrorOf("history: {lifetime_ms: 86400000}"), "");
  EXPECT_EQ(ErrorOf("database: {connection: 'postgres://u@h/db?passfile=x'}"), "");
}

TEST(SettingsCheck, CommandLineChange_IsCheckedToo) {
  Settings settings = Defaults();
  EXPECT_TRUE(Check(settings));
  settings.http.address = "192.0.2.1:80";
  const auto checked = Check(settings);
  ASSERT_FALSE(checked);
  EXPECT_TRUE(checked.error().public_text.text.starts_with("access.mode: "));
}

TEST(SettingsFile, Missing_IsAnErrorWithItsName) {
  const auto settings = Load("/nonexistent/x.yaml");
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().public_text.text, "/nonexistent/x.yaml:1: the file cannot be read");
}

TEST(HostPortText, Table_ParsesOrRefuses) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:0")->port, 0);
  EXPECT_EQ(ParseHostPort("[::1]:65535")->host, "::1");
  EXPECT_EQ(ParseHostPort("localhost:80")->host, "localhost");
  for (const char* bad : {"", ":80", "a", "a:", "a:65536", "a:-1", "a:8x", "::1:80", "[]:80"}) {
    EXPECT_FALSE(ParseHostPort(bad)) << bad;
  }
  EXPECT_TRUE(IsLoopback("127.8.0.1"));
  EXPECT_FALSE(IsLoopback("127.evil.example"));
  EXPECT_FALSE(IsLoopback("0.0.0.0"));
}

TEST(SecretReference, FileAndEnvironment_AreRead_ContentStaysOutOfErrors) {
  const std::string path = testing::TempDir() + "secret." + std::to_string(::getpid());
  std::ofstream(path) << "t0ken\n";
  EXPECT_EQ(*ReadSecret(path, "x"), "t0ken");
  std::ofstream(path) << std::string(64 * 1024 + 1, 's');
  const auto large = ReadSecret(path, "access.parties[0].token_file");
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().public_text.text, "access.parties[0].token_file: the file is larger than 64 KB");
  std::ofstream(path) << "\n";
  EXPECT_FALSE(ReadSecret(path, "x"));
  std::remove(path.c_str());
  ::setenv("PASSERELLE_SETTINGS_TEST", "v", 1);
  EXPECT_EQ(*ReadSecret("env:PASSERELLE_SETTINGS_TEST", "x"), "v");
  ::unsetenv("PASSERELLE_SETTINGS_TEST");
  EXPECT_FALSE(ReadSecret("env:PASSERELLE_SETTINGS_TEST", "x"));
}

}  // namespace
}  // namespace gateway::settings
