// Compiles criteria and grants to boolean SQL over head rows: one condition per criterion on the id of the resource
// (compiler.cpp), as an IN of the ids that an index table yields (id_sets.cpp), nested for chains and _has. A grant is
// compiled by the same code as a criterion, so nothing can be searched by that a grant could not say, and nothing
// filters afterwards (granted.cpp).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "gateway/store/search_sql/position.hpp"
#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

/// Where conditions are written for: a table alias with a column `id`, all of whose rows belong to one type; or with
/// columns `type` and `id`, when `type` is unset.
struct Scope {
  std::string_view alias;
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  bool versions = false;  ///< the alias is resource_version, with last_updated and deleted
  /// Criteria are looked up for one row after another, whatever the server expects of them.
  bool one_by_one = false;
};

/// Which index rows of a type count: those of resources that stand by themselves, those of contained resources, which
/// have the negative number of the type, or both.
enum class Rows : std::uint8_t { kOwn, kContained, kEither };

/// thread-compatible; one per statement, or several one after another.
class Compiler {
 public:
  /// `grants` are those of the actor on whose behalf the statement runs. Both must outlive the compiler.
  /// `types` are those of a search over several types, where scopes have no type.
  Compiler(SqlText& sql, const adapters::port::Grants& grants, std::span<const fhir::metadata::TypeId> types = {})
      : sql_(sql), grants_(grants), types_(types) {}

  /// Criteria of this alias need only ids on this side of the one given: what the planner does not conclude from a
  /// condition on the alias's id, and which keeps deep pages from reading all that lies before them.
  void WalkFrom(std::string_view alias, std::string_view id, Direction direction) {
    walked_ = alias;
    walked_to_ = id;
    direction_ = direction;
  }

  /// For what is appended from here on. Scopes of contained rows have an alias with their numbers and names.
  void CountRows(Rows rows) { rows_ = rows; }

  /// Appends " AND (…)" per criterion.
  /// Errors: kUnsupported for search types and modifiers that are not supported; kTooCostly past 5 levels of nesting.
  fhir::Result<void> AppendCriteria(const Scope& scope, std::span<const fhir::search::Criterion> criteria);

  /// Whether an index can be read for the criterion, without a look at resource_version.
  static bool YieldsIds(fhir::metadata::TypeId type, const fhir::search::Criterion& criterion);

  /// Of a criterion that yields ids: appends "SELECT t.id FROM …", an id as often as it has rows; types and ids when
  /// `type` is unset. `value` is an expression in place of the values of an equality (equality.hpp). Errors as above.
  fhir::Result<void> AppendIdSet(fhir::metadata::TypeId type, const fhir::search::Criterion& criterion,
                                 std::string_view value = {});

  /// Appends "alias.type = N", or of a search over several types that it is one of them; by the rows that count.
  void AppendType(std::string_view alias, fhir::metadata::TypeId type);

  /// Appends " AND (…)" that holds when some grant with one of the interactions (bits of Interaction) covers the
  /// resource; nothing for an unrestricted actor, " AND false" when no grant could. `chained_by` is what a chain or
  /// _has asks of the resource: a grant with `chain_by` counts only when it has the parameters of all of them.
  fhir::Result<void> AppendGranted(const Scope& scope, std::uint16_t interactions,
                                   std::span<const fhir::search::Criterion> chained_by = {});

  /// The same for rows of several types: `alias` is resource_version, its type column decides. `types` empty: all.
  fhir::Result<void> AppendGrantedAnyType(std::string_view alias, std::span<const fhir::metadata::TypeId> types,
                                          std::uint16_t interactions);

  /// Appends " FROM table alias WHERE …" for the head rows of one parameter that the actor may be answered from. They
  /// may be rows of other parameters (fhir/search/answering_rows.hpp).
  void AppendHeadRows(std::string_view alias, fhir::metadata::TypeId type, std::uint16_t parameter,
                      fhir::metadata::SearchType table);

 private:
  fhir::Result<void> AppendOne(const Scope& scope, const fhir::search::Criterion& criterion);
  /// The same of several parameters, or of all when none is given.
  void AppendHeadRowsOf(std::string_view alias, fhir::metadata::TypeId type, std::span<const std::uint16_t> parameters,
                        std::string_view table);
  /// The same of these parameters; of references those to `target` alone, unless it is kNoType.
  void AppendRowsOf(std::string_view alias, fhir::metadata::TypeId type, std::span<const std::uint16_t> parameters,
                    fhir::metadata::TypeId target, fhir::metadata::SearchType table);
  fhir::Result<void> AppendParameterSet(fhir::metadata::TypeId type, const fhir::search::Criterion& criterion,
                                        std::string_view value);
  fhir::Result<void> AppendIn(const Scope& scope, const fhir::search::Criterion& criterion);
  fhir::Result<void> AppendGroup(const Scope& scope, const fhir::search::Criterion& group);
  fhir::Result<void> AppendMissing(const Scope& scope, const fhir::search::Criterion& criterion);
  fhir::Result<void> AppendCompartment(const Scope& scope, const fhir::search::Compartment& compartment);
  fhir::Result<void> AppendCompartmentSet(fhir::metadata::TypeId type, const fhir::search::Compartment& compartment);
  void AppendCompartmentParameters(std::string_view alias, fhir::metadata::TypeId of,
                                   const fhir::search::Compartment& compartment);
  void AppendTextRows(std::string_view alias, fhir::metadata::TypeId type,
                      const fhir::metadata::SearchParameter& parameter);
  fhir::Result<void> AppendTextSet(fhir::metadata::TypeId type, const fhir::search::Criterion& criterion);
  void AppendSelect(std::string_view alias, fhir::metadata::TypeId type);
  void AppendCode(fhir::metadata::TypeId type);
  fhir::Result<void> AppendContainedIds(const Scope& scope, const fhir::search::Criterion& criterion);
  fhir::Result<void> AppendContainerUpdated(const Scope& scope, const fhir::search::Criterion& criterion);
  void AppendSameResource(std::string_view alias, const Scope& scope);
  void AppendTextReadable(std::string_view alias, fhir::metadata::TypeId type);
  fhir::Result<void> AppendChainSet(fhir::metadata::TypeId type, const fhir::search::Criterion& criterion);
  fhir::Result<void> AppendChainTo(Rows targets, fhir::metadata::TypeId type, const fhir::search::Criterion& criterion);
  fhir::Result<void> AppendHasSet(fhir::metadata::TypeId type, const fhir::search::Criterion& criterion);
  fhir::Result<void> AppendHasFrom(Rows sources, fhir::metadata::TypeId type, const fhir::search::Criterion& criterion);
  void AppendEachOf(fhir::metadata::TypeId type);
  void AppendIsThere(const Scope& scope);
  fhir::Result<void> AppendNested(fhir::metadata::TypeId type, std::span<const fhir::search::Criterion> criteria);
  fhir::Result<void> AppendRowCondition(std::string_view alias, const fhir::search::Criterion& criterion,
                                        std::string_view value = {});
  bool MayFollow(fhir::metadata::TypeId type, const fhir::search::Criterion& criterion) const;
  void AppendHidden(std::string_view alias, fhir::metadata::TypeId type);

  static constexpr std::uint16_t kNamedInChain =
      adapters::port::kChain | adapters::port::kSearch | adapters::port::kRead;

  SqlText& sql_;
  const adapters::port::Grants& grants_;
  const std::span<const fhir::metadata::TypeId> types_;
  bool trusted_ = false;  // inside a grant: its own chains and identifiers are not subject to grants
  int depth_ = 0;
  Rows rows_ = Rows::kOwn;
  std::string_view walked_;
  std::string_view walked_to_;  // empty: everything is asked for
  Direction direction_ = Direction::kAfter;
};

}  // namespace gateway::store::search_sql
