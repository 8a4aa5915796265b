#include "gateway/store/repeats.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/store/pg/array.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store {
namespace {

using adapters::port::Effect;
using adapters::port::Outcome;

// $1 key, $2 request, $3 lifetime in milliseconds. No row when the key is known and its time is not over.
constexpr pg::Statement kClaimRepeat{"claim_repeat_key", R"sql(
INSERT INTO repeat_key AS k (key, request, expires_at)
VALUES ($1::bytea, $2::bytea, clock_timestamp() + $3::bigint * interval '1 millisecond')
    ON CONFLICT (key) DO UPDATE
   SET request = EXCLUDED.request, outcomes = NULL, expires_at = EXCLUDED.expires_at
 WHERE k.expires_at < clock_timestamp()
RETURNING 1)sql"};

// $1 key
constexpr pg::Statement kSelectRepeat{"select_repeat_key",
                                      "SELECT request, outcomes FROM repeat_key WHERE key = $1::bytea"};

// $1 key, $2 outcomes
constexpr pg::Statement kNoteOutcomes{"note_repeat_outcomes",
                                      "UPDATE repeat_key SET outcomes = $2::bytea WHERE key = $1::bytea"};

// Arrays: $1 types, $2 ids, $3 versions. LIMIT: see transaction/versions.cpp.
constexpr pg::Statement kSelectWritten{"select_written_versions", R"sql(
SELECT w.number, r.last_updated, r.deleted, r.body
  FROM (SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[]) WITH ORDINALITY
         LIMIT cardinality($2::text[])) AS w(type, id, version, number)
  JOIN resource_version r ON r.id = w.id AND r.type = w.type AND r.version = w.version)sql"};

// $1 keys
constexpr pg::Statement kSweepRepeats{"sweep_repeat_keys", R"sql(
DELETE FROM repeat_key WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM repeat_key WHERE expires_at < clock_timestamp() LIMIT $1::int FOR UPDATE SKIP LOCKED)))sql"};

struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Every part with its length before it, so that no other parts give the same digest.
class HalfSha256 {
 public:
  HalfSha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  HalfSha256& Add(std::string_view part) {
    const std::string length = std::to_string(part.size()) + ":";
    EVP_DigestUpdate(context_.get(), length.data(), length.size());
    EVP_DigestUpdate(context_.get(), part.data(), part.size());
    return *this;
  }
  std::array<std::uint8_t, 16> Finish() {
    std::array<std::uint8_t, 32> whole{};
    EVP_DigestFinal_ex(context_.get(), whole.data(), nullptr);
    std::array<std::uint8_t, 16> half{};
    std::copy_n(whole.begin(), half.size(), half.begin());
    return half;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeDigestContext> context_;
};

std::string_view BytesOf(const std::array<std::uint8_t, 16>& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

constexpr char kIssueMark = '!';
constexpr char kLeftOutMark = '+';

// Words of a line are apart by spaces.
std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case ' ':
        escaped += "%s";
        break;
      case '\n':
        escaped += "%n";
        break;
      case '%':
        escaped += "%%";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Unescape(std::string_view escaped) {
  std::string text;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '%' || i + 1 == escaped.size()) {
      text += escaped[i];
      continue;
    }
    const char c = escaped[++i];
    text += c == 's' ? ' ' : c == 'n' ? '\n' : c;
  }
  return text;
}

// One line an outcome: "effect type version last_updated id", with the number of resources that a delete deleted after
// it where that is not one. Ids have no white space. The time tells a version from the one of that number that a
// resource gets which was erased and begun anew. Then one line an issue, "!severity type expression text", and
// "+number" of those that the list left out.
std::string EncodeAnswer(const std::vector<Outcome>& outcomes, const fhir::IssueList& issues) {
  std::string text;
  for (const Outcome& outcome : outcomes) {
    text += std::to_string(static_cast<int>(outcome.effect)) + " " + std::to_string(TypeCode(outcome.resource.type)) +
            " " + std::to_string(outcome.resource.version) + " " + std::to_string(outcome.resource.last_updated_us) +
            " " + outcome.resource.id;
    if (outcome.deleted > 1) {
      text += " " + std::to_string(outcome.deleted);
    }
    text += "\n";
  }
  for (const fhir::Issue& issue : issues.issues()) {
    text += kIssueMark + std::to_string(static_cast<int>(issue.severity)) + " " +
            std::to_string(static_cast<int>(issue.type)) + " " + Escape(issue.expression) + " " + Escape(issue.text) +
            "\n";
  }
  if (issues.truncated()) {
    text += kLeftOutMark + std::to_string(issues.left_out()) + "\n";
  }
  return text;
}

std::string_view TakeWord(std::string_view& rest, char end) {
  const std::string_view word = rest.substr(0, rest.find(end));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

int TakeNumber(std::string_view& rest) {
  return std::stoi(std::string(TakeWord(rest, ' ')));
}

Outcome DecodeOutcome(std::string_view line) {
  Outcome outcome;
  outcome.effect = static_cast<Effect>(TakeNumber(line));
  outcome.resource.type = TypeOfCode(TakeNumber(line));
  outcome.resource.version = std::stoll(std::string(TakeWord(line, ' ')));
  outcome.resource.last_updated_us = std::stoll(std::string(TakeWord(line, ' ')));
  outcome.resource.id = std::string(TakeWord(line, ' '));
  outcome.deleted = outcome.effect != Effect::kDeleted ? 0 : line.empty() ? 1 : std::stoul(std::string(line));
  return outcome;
}

FirstAnswer DecodeAnswer(std::string_view text) {
  FirstAnswer answer;
  std::vector<fhir::Issue> listed;
  std::size_t left_out = 0;
  while (!text.empty()) {
    std::string_view line = TakeWord(text, '\n');
    if (line.starts_with(kLeftOutMark)) {
      left_out = std::stoul(std::string(line.substr(1)));
    } else if (line.starts_with(kIssueMark)) {
      line.remove_prefix(1);
      fhir::Issue issue;
      issue.severity = static_cast<fhir::Severity>(TakeNumber(line));
      issue.type = static_cast<fhir::IssueType>(TakeNumber(line));
      issue.expression = Unescape(TakeWord(line, ' '));
      issue.text = Unescape(line);
      listed.push_back(std::move(issue));
    } else {
      answer.outcomes.push_back(DecodeOutcome(line));
    }
  }
  // A list that holds what was listed leaves out what comes after it, and counts it.
  answer.issues = fhir::IssueList(listed.size());
  for (fhir::Issue& issue : listed) {
    answer.issues.AddAt(std::move(issue.expression), issue.severity, issue.type, std::move(issue.text));
  }
  for (std::size_t i = 0; i < left_out; ++i) {
    answer.issues.AddAt({}, fhir::Severity::kInformation, fhir::IssueType::kInformational, {});
  }
  return answer;
}

std::unexpected<fhir::Error> WrittenIsGone() {
  return fhir::Fail(fhir::ErrorCode::kGone, "What was written under this Idempotency-Key is there no more.");
}

fhir::Result<void> ReadWritten(transaction::Session& session, std::vector<Outcome>& outcomes) {
  pg::Array types(pg::ElementType::kInt2);
  pg::Array ids(pg::ElementType::kText);
  pg::Array versions(pg::ElementType::kInt8);
  std::vector<Outcome*> wanted;
  for (Outcome& outcome : outcomes) {
    if (outcome.resource.version == 0) {
      outcome.resource.deleted = true;  // a delete that found nothing
      continue;
    }
    types.AddInt(TypeCode(outcome.resource.type));
    ids.AddText(outcome.resource.id);
    versions.AddInt(outcome.resource.version);
    wanted.push_back(&outcome);
  }
  if (wanted.empty()) {
    return {};
  }
  pg::Parameters parameters;
  parameters.Add(types).Add(ids).Add(versions);
  GW_ASSIGN(const pg::Rows rows, session.Read(kSelectWritten, parameters));
  if (std::cmp_less(rows.size(), wanted.size())) {
    return WrittenIsGone();
  }
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    auto& resource = wanted[static_cast<std::size_t>(row.Int(0)) - 1]->resource;
    if (row.Int(1) != resource.last_updated_us) {
      return WrittenIsGone();
    }
    resource.deleted = row.Bool(2);
    resource.body = row.String(3);
  }
  return {};
}

}  // namespace

RepeatDigests DigestsOf(const adapters::port::RepeatKey& key, const adapters::port::Actor& actor) {
  RepeatDigests digests{};
  digests.key = HalfSha256().Add(std::to_string(static_cast<int>(actor.kind))).Add(actor.party).Add(key.key).Finish();
  HalfSha256 request;
  for (const std::string_view part : key.request) {
    request.Add(part);
  }
  digests.request = request.Finish();
  return digests;
}

fhir::Result<std::optional<FirstAnswer>> ClaimRepeat(transaction::Session& session, const RepeatDigests& digests,
                                                     std::int64_t lifetime_ms) {
  pg::Parameters claim;
  claim.Bytes(BytesOf(digests.key)).Bytes(BytesOf(digests.request)).Int(lifetime_ms);
  GW_ASSIGN(const pg::Rows claimed, session.Read(kClaimRepeat, claim));
  if (!claimed.empty()) {
    return std::optional<FirstAnswer>();
  }
  pg::Parameters known;
  known.Bytes(BytesOf(digests.key));
  GW_ASSIGN(const pg::Rows rows, session.Read(kSelectRepeat, known));
  if (rows.empty() || rows[0].IsNull(1)) {
    return fhir::Fail(fhir::ErrorCode::kConflict, {"The first request under this Idempotency-Key is not known."},
                      {"the row of a repeat key went while it was read"}, fhir::Retry::kLater);
  }
  if (rows[0].Bytes(0) != BytesOf(digests.request)) {
    return fhir::Fail(fhir::ErrorCode::kInvalid,
                      "The Idempotency-Key came before with another request. A key belongs to one request.");
  }
  FirstAnswer answer = DecodeAnswer(rows[0].Bytes(1));
  GW_TRY(ReadWritten(session, answer.outcomes));
  return std::optional(std::move(answer));
}

void NoteAnswer(transaction::Session& session, const RepeatDigests& digests, const std::vector<Outcome>& outcomes,
                const fhir::IssueList& issues) {
  const std::string text = EncodeAnswer(outcomes, issues);
  pg::Parameters parameters;
  parameters.Bytes(BytesOf(digests.key)).Bytes(text);
  session.Write(kNoteOutcomes, parameters);
}

fhir::Result<std::int64_t> SweepRepeats(pg::Pool& pool, int keys_max) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kSweepRepeats, pg::Parameters().Int(keys_max)));
  return rows.affected();
}

}  // namespace gateway::store
