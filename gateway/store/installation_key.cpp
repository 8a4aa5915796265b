#include "gateway/store/installation_key.hpp"

#include <algorithm>

#include "gateway/store/pg/parameters.hpp"
#include "gateway/store/pg/statement.hpp"

namespace gateway::store {
namespace {

// Two random UUIDs hold 244 random bits; their digest's first half is the key.
constexpr pg::Statement kMakeInstallationKey{"make_installation_key", R"sql(
INSERT INTO installation_key (name, key)
VALUES ($1::text, substring(sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')) FOR 16))
ON CONFLICT (name) DO NOTHING)sql"};

constexpr pg::Statement kSelectInstallationKey{"select_installation_key",
                                               "SELECT key FROM installation_key WHERE name = $1::text"};

}  // namespace

fhir::Result<std::array<std::uint8_t, 16>> LoadInstallationKey(pg::Pool& pool, std::string_view name) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool.Acquire());
  pg::Parameters parameters;
  parameters.Text(name);
  GW_TRY(connection->Execute(kMakeInstallationKey, parameters));
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kSelectInstallationKey, parameters));
  std::array<std::uint8_t, 16> key{};
  const std::string_view bytes = rows.empty() ? std::string_view{} : rows[0].Bytes(0);
  if (bytes.size() != key.size()) {
    return fhir::Fail(fhir::ErrorCode::kInternal, "the installation's key is damaged");
  }
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

}  // namespace gateway::store
