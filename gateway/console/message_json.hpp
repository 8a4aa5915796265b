// Journal and outbox entries as JSON objects: what the console's endpoints send and the command line prints.
#pragma once

#include <string>

#include "adapters/port/journal.hpp"
#include "gateway/store/outbox_store.hpp"

namespace gateway::console {

enum class Detail {
  kRow,     ///< of a list
  kEntry,   ///< also "acknowledgement": its segments after MSH, a line each
  kWithRaw  ///< also "raw", the message in base64
};

/// {"id","partner","channel","control_id","type","state","received","finished","error_code","error_place"} and what
/// `detail` adds. Ids are strings: they may exceed what a JSON number holds exactly.
std::string ToJson(const adapters::port::JournalEntry& entry, Detail detail);
std::string ToJson(const adapters::port::JournalCheck& check);

/// {"id","destination","kind","order_key","cause","state","attempts","created","due","finished","last_reason"}
std::string ToJson(const store::OutboxRecord& record);

}  // namespace gateway::console
