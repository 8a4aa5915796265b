// Mapping rules, compiled: read once from YAML, checked against the FHIR definitions, then run without looking at YAML
// again. Reloading makes another CompiledMap; a file that does not load never replaces one that works.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/mapping/functions.hpp"
#include "adapters/mapping/nesting.hpp"
#include "adapters/mapping/origin.hpp"
#include "adapters/port/unit_of_work.hpp"

namespace adapters::mapping {

enum class Test : std::uint8_t { kEquals, kDiffers, kHas, kLacks, kExists, kAbsent };

/// One term of a `when:`. Values are ORed, terms are ANDed.
struct Term {
  Address address;
  Test test = Test::kExists;
  std::vector<std::string> values;
};

/// One step of a FHIR path: a child, or the extension of that url.
struct Step {
  std::string name;
  std::string extension_url;
  bool always_new = false;  ///< "participant+", "extension(URL)+": another repetition, even when there is one
};

/// A text with addresses in it: "urn:x:{IN1-3.1}".
struct TextPart {
  std::string literal;
  std::optional<Address> address;
};

enum class Missing : std::uint8_t { kFault, kSkip };

struct Rule {
  std::string place;  ///< "pam-fr.yaml:120", for error texts
  std::string spec;   ///< row of the specification it follows
  std::optional<Address> from;
  std::vector<Term> when;
  std::vector<Step> to;
  fhir::metadata::TypeId type = fhir::metadata::kNoType;  ///< of the last step
  bool repeats =
      false;  ///< every repetition of the source makes another element: the last step repeats, or one has a +
  Function function = nullptr;
  bool takes_field = false;   ///< of the function
  std::vector<Address> with;  ///< what the function reads besides: the first of them that holds something
  std::int32_t table = -1;
  std::vector<TextPart> text;   ///< instead of a source field
  std::int32_t reference = -1;  ///< index of the resource referred to
  Missing unknown_code = Missing::kFault;
  bool required = false;
  bool key = false;         ///< the Identifier made here finds the resource again
  std::vector<Rule> rules;  ///< below the element made here, on the same repetition
};

/// Values that a message may not overwrite, under a condition.
struct SettledRule {
  std::vector<Term> when;
  port::SettledValues settled;
};

/// What a message takes away from the stored resource, under a condition.
struct RemoveRule {
  std::vector<Term> when;
  std::vector<std::string> elements;          ///< "period.end"
  std::vector<std::string> identifier_types;  ///< type codes of identifiers
  std::vector<std::string> items;             ///< joined lists: the items the message brings
};

struct ResourceRules {
  std::string name;
  std::string place;
  fhir::metadata::TypeId type = fhir::metadata::kNoType;
  port::Verb verb = port::Verb::kMerge;
  bool existing_only = false;   ///< verb: amend, a merge that leaves alone what is not stored
  std::optional<Address> each;  ///< one resource per occurrence of a group or repetition of a field
  bool required = false;        ///< a message without any is at fault
  std::vector<Term> when;
  bool keyed = false;                     ///< conditional by the identifier of the rule with `key: true`
  Missing without_key = Missing::kFault;  ///< when it has no key, or nothing to make a digest of
  /// The id, or with digest_identifier the key, is a hash of these fields; of several in the place of one, of the first
  /// that holds something.
  std::vector<std::vector<Address>> digest;
  bool digest_identifier = false;
  std::string key_name;               ///< part of that key: resources of one name are found by each other's rules
  bool numbers_twins = false;         ///< resources of one message with equal digests are told apart by their order
  bool refuses_twins = false;         ///< a key that an earlier resource of the message has is a fault
  std::vector<port::ListKey> joined;  ///< lists of the resource that are merged item by item
  std::vector<SettledRule> settled;
  std::vector<RemoveRule> removes;
  std::vector<Rule> rules;
};

struct MessageRules {
  std::string trigger;
  std::vector<std::uint16_t> resources;
};

struct MapResult {
  std::vector<port::Change> changes;         ///< one transaction, referring to each other by full_url
  std::vector<std::string> unmapped;         ///< fields that hold something no rule read, e.g. "PV1-8"; names only
  std::vector<std::vector<Origin>> origins;  ///< with list_origins: for each change, where its elements came from
};

/// A file that another one includes.
struct IncludedFile {
  std::string name;  ///< one name for one file, for error texts
  std::string yaml;
};
/// Finds what `including` (a file's name as given to Load, or an IncludedFile's) calls `path`.
using IncludeReader = std::function<fhir::Result<IncludedFile>(const std::string& including, const std::string& path)>;

/// Immutable after loading. thread-safe.
class CompiledMap {
 public:
  /// Shape:  `yaml` is the text of one rule file; `file_name` goes into error texts. `includes` reads the files of its
  ///         `include:`; without it there may be none. Their tables and resources stand before the file's own.
  /// Errors: kConfiguration; internal_text and public_text name file, line and rule.
  static fhir::Result<CompiledMap> Load(std::string_view yaml, std::string file_name, const Vocabulary& vocabulary,
                                        const IncludeReader& includes = {});

  const std::string& name() const { return name_; }
  bool HandlesType(std::string_view message_type) const;
  bool HandlesVersion(std::string_view version) const;
  bool HandlesProcessingId(std::string_view processing_id) const;
  /// Countries whose profile of the standard the rules follow ("FRA"); none: everybody else's messages.
  const std::vector<std::string>& countries() const { return countries_; }
  bool HandlesTrigger(std::string_view trigger) const { return messages_.contains(std::string(trigger)); }
  /// Whether a trigger without rules is accepted and left alone (PAM.fr) instead of refused.
  bool ignores_unknown_triggers() const { return ignores_unknown_triggers_; }

  struct RunOptions {
    std::string digest_salt;  ///< goes into every digest, e.g. the partner's name
    bool list_unmapped = false;
    bool list_origins = false;
  };
  /// Maps one message. Data problems go to `issues` with the field's address as expression.
  /// Cost: one pass over the rules of the trigger; no YAML, no name look-up besides the definitions' hash probes.
  MapResult Run(const Source& source, std::string_view trigger, const Context& context, const RunOptions& options,
                fhir::IssueList& issues) const;

 private:
  friend class Loader;
  friend class Engine;
  std::string name_;
  std::vector<std::string> types_;
  std::vector<std::string> versions_;
  std::vector<std::string> processing_ids_;
  std::vector<std::string> countries_;
  bool ignores_unknown_triggers_ = false;
  std::vector<CodeTable> tables_;
  std::vector<ResourceRules> resources_;
  std::unordered_map<std::string, MessageRules> messages_;
  Nesting nesting_;
  std::vector<Address> required_;  ///< fields without which no message is taken
  std::vector<Address> complete_;  ///< groups to be taken whole, by the field that decides what takes one
  std::vector<Address> ignored_;   ///< fields that are known and carry nothing for FHIR
};

}  // namespace adapters::mapping
