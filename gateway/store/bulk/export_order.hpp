// An export order as the text of a job's parameters, and as the rows that its types come to.
#pragma once

#include <string>
#include <string_view>

#include "adapters/port/bulk_export.hpp"
#include "fhir/base/error.hpp"
#include "gateway/store/search_sql/export_rows.hpp"
#include "gateway/store/store_options.hpp"

namespace gateway::store::bulk {

/// An order and what the plan of its files depends on.
struct StoredOrder {
  adapters::port::ExportOrder order;
  std::int64_t ordered_us = 0;  ///< what "ap" of a filter is measured from
  std::int64_t file_bytes_max = 0;
};

std::string WriteOrder(const StoredOrder& order);
/// Errors: kInternal for a text that WriteOrder did not write.
fhir::Result<StoredOrder> ReadOrder(std::string_view text);

/// Which resources of a type the order means. Errors: kMalformed and kUnsupported, of its filters.
fhir::Result<search_sql::ExportedRows> RowsOf(const StoredOrder& order, fhir::metadata::TypeId type,
                                              const StoreOptions& options);

}  // namespace gateway::store::bulk
