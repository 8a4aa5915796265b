#include "adapters/hospital/hl7v2/mllp/tls_context.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/SSLManager.h>

namespace adapters::hospital::hl7v2::mllp {

fhir::Result<Poco::Net::Context*> MakeTlsContext(const TlsFiles& files, TlsSide side) {
  using Poco::Net::Context;
  try {
    Poco::Net::initializeSSL();
    Context::Params params;
    params.certificateFile = files.certificate_file;
    params.privateKeyFile = files.key_file;
    params.caLocation = files.ca_file;
    params.loadDefaultCAs = side == TlsSide::kClient && files.ca_file.empty();
    params.verificationMode = side == TlsSide::kClient ? Context::VERIFY_STRICT
                              : files.ca_file.empty()  ? Context::VERIFY_NONE
                                                       : Context::VERIFY_STRICT;
    Context::Ptr context =
        new Context(side == TlsSide::kServer ? Context::TLS_SERVER_USE : Context::TLS_CLIENT_USE, params);
    context->requireMinimumProtocol(Context::PROTO_TLSV1_2);
    context->enableExtendedCertificateVerification(side == TlsSide::kClient);
    return context.duplicate();
  } catch (const Poco::Exception& error) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, {"the TLS files cannot be used"}, {error.displayText()});
  }
}

}  // namespace adapters::hospital::hl7v2::mllp
