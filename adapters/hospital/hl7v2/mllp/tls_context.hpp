// Poco's TLS contexts out of files. Private to this folder.
#pragma once

#include "adapters/hospital/hl7v2/mllp/tls.hpp"
#include "fhir/base/error.hpp"

namespace Poco::Net {
class Context;
}

namespace adapters::hospital::hl7v2::mllp {

enum class TlsSide : unsigned char { kServer, kClient };

/// TLS 1.2 or newer. The caller owns one reference, to be put into a Poco Context::Ptr without adding another.
/// Errors: kConfiguration.
fhir::Result<Poco::Net::Context*> MakeTlsContext(const TlsFiles& files, TlsSide side);

}  // namespace adapters::hospital::hl7v2::mllp
