#include "gateway/store/concepts/concept_store.hpp"

#include <algorithm>
#include <utility>

#include "gateway/store/compression.hpp"
#include "gateway/store/pg/array.hpp"

namespace gateway::store::concepts {
namespace {

constexpr std::size_t kSkeletonPieceBytes = 1024 * 1024;
constexpr std::size_t kPageBytesMax = 256u * 1024 * 1024;  // unpacked; a page is of 512 concepts

// $1 owner, $2 its kind, $3 upload, $4 piece, $5 bytes, $6 bytes that may wait
constexpr pg::Statement kWritePiece{"write_concept_piece", R"sql(
INSERT INTO concept_piece (owner, owner_kind, upload, piece, body)
SELECT $1::text, $2::smallint, $3::text, $4::int, $5::bytea
 WHERE (SELECT coalesce(sum(octet_length(body)), 0) FROM concept_piece
         WHERE owner = $1::text AND owner_kind = $2::smallint AND NOT (upload = $3::text AND piece = $4::int))
       + octet_length($5::bytea) <= $6::bigint
ON CONFLICT (owner, owner_kind, upload, piece) DO UPDATE SET body = excluded.body, created_at = excluded.created_at)sql"};

constexpr pg::Statement kCountPieces{"count_concept_pieces", R"sql(
SELECT count(*), coalesce(max(piece) + 1, 0) = count(*) FROM concept_piece
 WHERE owner = $1::text AND owner_kind = $2::smallint AND upload = $3::text)sql"};

constexpr pg::Statement kReadPiece{"read_concept_piece", R"sql(
SELECT body FROM concept_piece
 WHERE owner = $1::text AND owner_kind = $2::smallint AND upload = $3::text AND piece = $4::int)sql"};

constexpr pg::Statement kDropPieces{"drop_concept_pieces", R"sql(
DELETE FROM concept_piece WHERE owner = $1::text AND owner_kind = $2::smallint AND upload = $3::text)sql"};

constexpr pg::Statement kWritePages{"write_concept_pages", R"sql(
INSERT INTO concept_page (load, page, body)
SELECT $1::text, p.page, p.body FROM unnest($2::int[], $3::bytea[]) AS p(page, body)
ON CONFLICT (load, page) DO NOTHING)sql"};

constexpr pg::Statement kFinishLoad{"finish_concept_load", R"sql(
INSERT INTO concept_load (load, url, concepts, head) VALUES ($1::text, $2::text, $3::bigint, $4::bytea)
ON CONFLICT (load) DO NOTHING)sql"};

// Pages first of those that nobody can see: a load without its row is none.
constexpr pg::Statement kDropLoad{"drop_concept_load", "DELETE FROM concept_load WHERE load = $1::text"};
constexpr pg::Statement kDropPages{"drop_concept_pages", "DELETE FROM concept_page WHERE load = $1::text"};

constexpr pg::Statement kReadLoad{"read_concept_load", R"sql(
SELECT url, concepts, head FROM concept_load WHERE load = $1::text)sql"};

constexpr pg::Statement kReadSkeleton{"read_concept_skeleton", R"sql(
SELECT body FROM concept_page WHERE load = $1::text AND page < 0 ORDER BY page DESC)sql"};

constexpr pg::Statement kReadPage{"read_concept_page", R"sql(
SELECT body FROM concept_page WHERE load = $1::text AND page = $2::int)sql"};

constexpr pg::Statement kListLoads{"list_concept_loads", R"sql(
SELECT load, url FROM concept_load
 WHERE finished_at < clock_timestamp() - $1::bigint * interval '1 millisecond' ORDER BY load)sql"};

constexpr pg::Statement kNoteUse{"note_concept_load_use", R"sql(
UPDATE concept_load SET unused_at = CASE WHEN $2::bool THEN NULL ELSE clock_timestamp() END
 WHERE load = $1::text AND (unused_at IS NULL) IS DISTINCT FROM $2::bool)sql"};

constexpr pg::Statement kListUnused{"list_unused_concept_loads", R"sql(
SELECT load FROM concept_load WHERE unused_at < clock_timestamp() - $1::bigint * interval '1 millisecond')sql"};

constexpr pg::Statement kDropOldPieces{"drop_old_concept_pieces", R"sql(
DELETE FROM concept_piece WHERE created_at < clock_timestamp() - $1::bigint * interval '1 millisecond')sql"};

constexpr pg::Statement kDropOrphans{"drop_orphan_concept_pages", R"sql(
DELETE FROM concept_page p WHERE p.created_at < clock_timestamp() - $1::bigint * interval '1 millisecond'
   AND NOT EXISTS (SELECT FROM concept_load l WHERE l.load = p.load))sql"};

pg::Parameters OfUpload(const adapters::port::JobOwner& owner, std::string_view upload) {
  pg::Parameters parameters;
  parameters.Text(owner.party).Int(static_cast<int>(owner.kind)).Text(upload);
  return parameters;
}

std::string Pack(std::string_view plain) {
  std::string packed = CompressIfSmaller(plain);
  return packed.empty() ? '\0' + std::string(plain) : '\1' + std::move(packed);
}

fhir::Result<std::string> Unpack(std::string_view packed) {
  if (packed.empty() || packed.front() > 1) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"concepts of a code system cannot be read"}, {"no packed page"});
  }
  const std::string_view rest = packed.substr(1);
  return packed.front() == 0 ? std::string(rest) : Decompress(rest, kPageBytesMax);
}

std::unexpected<fhir::Error> NoSuchLoad() {
  return fhir::Fail(fhir::ErrorCode::kNotFound, "the concepts of the code system are not here");
}

}  // namespace

fhir::Result<pg::Rows> ConceptStore::Run(const pg::Statement& statement, const pg::Parameters& parameters) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  return connection->Execute(statement, parameters);
}

fhir::Result<void> ConceptStore::WritePiece(const adapters::port::JobOwner& owner, std::string_view upload, int piece,
                                            std::string_view bytes) {
  pg::Parameters parameters = OfUpload(owner, upload);
  parameters.Int(piece).Bytes(bytes).Int(options_.waiting_bytes_max);
  GW_ASSIGN(const pg::Rows rows, Run(kWritePiece, parameters));
  if (rows.affected() == 0) {
    return fhir::Fail(fhir::ErrorCode::kTooLarge, "uploads of this party that wait are larger than this server keeps");
  }
  return {};
}

fhir::Result<adapters::port::UploadedPieces> ConceptStore::CountPieces(const adapters::port::JobOwner& owner,
                                                                       std::string_view upload) {
  GW_ASSIGN(const pg::Rows rows, Run(kCountPieces, OfUpload(owner, upload)));
  return adapters::port::UploadedPieces{.pieces = rows[0].Int(0), .gapless = rows[0].Bool(1)};
}

fhir::Result<std::string> ConceptStore::ReadPiece(const adapters::port::JobOwner& owner, std::string_view upload,
                                                  int piece) {
  GW_ASSIGN(const pg::Rows rows, Run(kReadPiece, OfUpload(owner, upload).Int(piece)));
  if (rows.empty()) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "a piece of the upload is not here");
  }
  return rows[0].String(0);
}

fhir::Result<void> ConceptStore::DropPieces(const adapters::port::JobOwner& owner, std::string_view upload) {
  GW_TRY(Run(kDropPieces, OfUpload(owner, upload)));
  return {};
}

fhir::Result<void> ConceptStore::WritePages(std::string_view load, std::uint32_t first,
                                            std::span<const std::string> pages) {
  pg::Array numbers(pg::ElementType::kInt4);
  pg::Array bodies(pg::ElementType::kBytea);
  for (const std::string& page : pages) {
    numbers.AddInt(first++);
    bodies.AddText(Pack(page));
  }
  GW_TRY(Run(kWritePages, pg::Parameters().Text(load).Add(numbers).Add(bodies)));
  return {};
}

fhir::Result<void> ConceptStore::Finish(std::string_view load, const adapters::port::ConceptLoad& what) {
  int number = -1;
  for (std::string_view rest = what.skeleton; !rest.empty(); --number) {
    const std::string_view part = rest.substr(0, kSkeletonPieceBytes);
    rest.remove_prefix(part.size());
    pg::Array numbers(pg::ElementType::kInt4);
    pg::Array bodies(pg::ElementType::kBytea);
    numbers.AddInt(number);
    bodies.AddText(Pack(part));
    GW_TRY(Run(kWritePages, pg::Parameters().Text(load).Add(numbers).Add(bodies)));
  }
  GW_TRY(Run(kFinishLoad, pg::Parameters().Text(load).Text(what.url).Int(what.concepts).Bytes(what.head)));
  return {};
}

fhir::Result<void> ConceptStore::Drop(std::string_view load) {
  GW_TRY(Run(kDropLoad, pg::Parameters().Text(load)));
  GW_TRY(Run(kDropPages, pg::Parameters().Text(load)));
  return {};
}

fhir::Result<adapters::port::ConceptLoad> ConceptStore::ReadLoad(std::string_view load) {
  GW_ASSIGN(const pg::Rows rows, Run(kReadLoad, pg::Parameters().Text(load)));
  if (rows.empty()) {
    return NoSuchLoad();
  }
  adapters::port::ConceptLoad what{
      .url = rows[0].String(0), .concepts = rows[0].Int(1), .head = rows[0].String(2), .skeleton = {}};
  GW_ASSIGN(const pg::Rows parts, Run(kReadSkeleton, pg::Parameters().Text(load)));
  for (int i = 0; i < parts.size(); ++i) {
    GW_ASSIGN(const std::string part, Unpack(parts[i].Text(0)));
    what.skeleton += part;
  }
  return what;
}

fhir::Result<std::string> ConceptStore::ReadPage(std::string_view load, std::uint32_t page) {
  GW_ASSIGN(const pg::Rows rows, Run(kReadPage, pg::Parameters().Text(load).Int(page)));
  if (rows.empty()) {
    return NoSuchLoad();
  }
  return Unpack(rows[0].Text(0));
}

fhir::Result<std::vector<LoadOfUrl>> ConceptStore::Loads(std::int64_t older_than_ms) {
  GW_ASSIGN(const pg::Rows rows, Run(kListLoads, pg::Parameters().Int(older_than_ms)));
  std::vector<LoadOfUrl> loads;
  loads.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    loads.push_back({rows[i].String(0), rows[i].String(1)});
  }
  return loads;
}

fhir::Result<void> ConceptStore::NoteUse(std::string_view load, bool used) {
  GW_TRY(Run(kNoteUse, pg::Parameters().Text(load).Bool(used)));
  return {};
}

fhir::Result<std::vector<std::string>> ConceptStore::Unused(std::int64_t for_ms) {
  GW_ASSIGN(const pg::Rows rows, Run(kListUnused, pg::Parameters().Int(for_ms)));
  std::vector<std::string> loads;
  loads.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    loads.push_back(rows[i].String(0));
  }
  return loads;
}

fhir::Result<void> ConceptStore::DropLeftOver(std::int64_t older_than_ms) {
  GW_TRY(Run(kDropOldPieces, pg::Parameters().Int(older_than_ms)));
  GW_TRY(Run(kDropOrphans, pg::Parameters().Int(older_than_ms)));
  return {};
}

}  // namespace gateway::store::concepts
