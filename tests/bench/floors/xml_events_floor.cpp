#include <memory>

#include <xercesc/framework/MemBufInputSource.hpp>
#include <xercesc/sax2/DefaultHandler.hpp>
#include <xercesc/sax2/SAX2XMLReader.hpp>
#include <xercesc/sax2/XMLReaderFactory.hpp>
#include <xercesc/util/PlatformUtils.hpp>
#include <xercesc/util/XMLUni.hpp>

#include "tests/bench/floors/parse_floors.hpp"

namespace bench {
namespace {

namespace xc = xercesc;

class CountingHandler final : public xc::DefaultHandler {
 public:
  void startElement(const XMLCh*, const XMLCh*, const XMLCh*, const xc::Attributes&) override { ++elements; }
  std::size_t elements = 0;
};

}  // namespace

std::size_t ParseXmlEvents(std::string_view text) {
  static const bool ready = (xc::XMLPlatformUtils::Initialize(), true);
  const std::unique_ptr<xc::SAX2XMLReader> reader(ready ? xc::XMLReaderFactory::createXMLReader() : nullptr);
  reader->setFeature(xc::XMLUni::fgSAX2CoreValidation, false);
  reader->setFeature(xc::XMLUni::fgXercesDynamic, false);
  reader->setFeature(xc::XMLUni::fgXercesSchema, false);
  CountingHandler handler;
  reader->setContentHandler(&handler);
  const xc::MemBufInputSource source(reinterpret_cast<const XMLByte*>(text.data()), text.size(), "floor");
  reader->parse(source);
  return handler.elements;
}

}  // namespace bench
