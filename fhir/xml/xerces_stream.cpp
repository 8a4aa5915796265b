#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <xercesc/parsers/SAX2XMLReaderImpl.hpp>
#include <xercesc/sax/InputSource.hpp>
#include <xercesc/sax/Locator.hpp>
#include <xercesc/sax/SAXException.hpp>
#include <xercesc/sax2/Attributes.hpp>
#include <xercesc/sax2/DefaultHandler.hpp>
#include <xercesc/util/BinInputStream.hpp>
#include <xercesc/util/OutOfMemoryException.hpp>
#include <xercesc/util/XMLException.hpp>
#include <xercesc/util/XMLUni.hpp>

#include "fhir/xml/stream.hpp"
#include "fhir/xml/xerces_library.hpp"

namespace fhir::xml {
namespace {

namespace xc = xercesc;

constexpr std::size_t kStreamDepthMax = 256;

/// Thrown through the parser to end it early; caught in ReadStream.
struct StreamStop {
  Error error;
};

class PulledStream final : public xc::BinInputStream {
 public:
  explicit PulledStream(const NextBytes& next) : next_(next) {}
  XMLFilePos curPos() const override { return position_; }
  XMLSize_t readBytes(XMLByte* const to, const XMLSize_t bytes_max) override {
    if (piece_.empty() && !ended_) {
      auto piece = next_();
      if (!piece) {
        throw StreamStop{std::move(piece).error()};
      }
      piece_ = *piece;
      ended_ = piece_.empty();
    }
    const std::size_t taken = std::min<std::size_t>(bytes_max, piece_.size());
    if (taken > 0) {  // at the end there are no bytes to copy from
      std::memcpy(to, piece_.data(), taken);
    }
    piece_.remove_prefix(taken);
    position_ += taken;
    return taken;
  }
  const XMLCh* getContentType() const override { return nullptr; }

 private:
  const NextBytes& next_;
  std::string_view piece_;
  bool ended_ = false;
  XMLFilePos position_ = 0;
};

class PulledSource final : public xc::InputSource {
 public:
  explicit PulledSource(const NextBytes& next) : next_(next) {}
  // The parser owns what it gets.
  xc::BinInputStream* makeStream() const override { return new PulledStream(next_); }

 private:
  const NextBytes& next_;
};

class Events final : public xc::DefaultHandler {
 public:
  explicit Events(StreamHandler& handler) : handler_(handler) {}

  void setDocumentLocator(const xc::Locator* const locator) override { locator_ = locator; }
  void startElement(const XMLCh* const, const XMLCh* const local, const XMLCh* const,
                    const xc::Attributes& list) override {
    const auto line = static_cast<std::int64_t>(locator_ == nullptr ? 0 : locator_->getLineNumber());
    if (++depth_ > kStreamDepthMax) {
      throw StreamStop{
          {.code = ErrorCode::kTooLarge, .public_text = {fmt::format("line {}: elements nested too deeply", line)}}};
    }
    StreamHandler::Attributes attributes(list.getLength());
    for (XMLSize_t i = 0; i < list.getLength(); ++i) {
      AppendUtf8(attributes[i].first, list.getLocalName(i));
      AppendUtf8(attributes[i].second, list.getValue(i));
    }
    Check(handler_.Start(Convert(local), attributes, line));
  }
  void endElement(const XMLCh* const, const XMLCh* const local, const XMLCh* const) override {
    --depth_;
    Check(handler_.End(Convert(local)));
  }
  void characters(const XMLCh* const text, const XMLSize_t) override { Check(handler_.Text(Convert(text))); }

 private:
  std::string_view Convert(const XMLCh* text) {
    converted_.clear();
    AppendUtf8(converted_, text);
    return converted_;
  }
  static void Check(Result<void> result) {
    if (!result) {
      throw StreamStop{std::move(result).error()};
    }
  }

  StreamHandler& handler_;
  const xc::Locator* locator_ = nullptr;
  std::size_t depth_ = 0;
  std::string converted_;
};

class StreamParser final : public xc::SAX2XMLReaderImpl {
 public:
  explicit StreamParser(Events& events) {
    // The scanner that knows neither DTD nor schema: nothing is loaded or expanded, whatever the text says.
    setProperty(xc::XMLUni::fgXercesScannerName, const_cast<XMLCh*>(xc::XMLUni::fgWFXMLScanner));
    setFeature(xc::XMLUni::fgSAX2CoreNameSpaces, true);
    setFeature(xc::XMLUni::fgSAX2CoreValidation, false);
    setFeature(xc::XMLUni::fgXercesLoadExternalDTD, false);
    setFeature(xc::XMLUni::fgXercesDisableDefaultEntityResolution, true);
    setContentHandler(&events);
    setErrorHandler(&events);
  }

  using xc::SAX2XMLReaderImpl::error;
  void error(const unsigned int code, const XMLCh* const, const xc::XMLErrorReporter::ErrTypes type, const XMLCh* const,
             const XMLCh* const, const XMLCh* const, const XMLFileLoc line, const XMLFileLoc) override {
    if (type != xc::XMLErrorReporter::ErrType_Warning) {
      throw StreamStop{{.code = ErrorCode::kInvalid,
                        .public_text = {fmt::format("line {}: not valid XML: {}", line, ProblemOf(code))}}};
    }
  }
};

std::unexpected<Error> StreamFailure(std::string_view what) {
  return Fail(ErrorCode::kInternal, PublicText{"the XML cannot be read"}, InternalText{std::string(what)});
}

}  // namespace

Result<void> ReadStream(const NextBytes& next, StreamHandler& handler) {
  try {
    UseLibrary();
    Events events(handler);
    StreamParser parser(events);
    parser.parse(PulledSource(next));
    return {};
  } catch (const StreamStop& stop) {
    return std::unexpected(stop.error);
  } catch (const xc::OutOfMemoryException&) {
    return StreamFailure("Xerces-C: out of memory");
  } catch (const xc::XMLException& exception) {
    return StreamFailure("Xerces-C: XMLException " + std::to_string(exception.getCode()));
  } catch (const xc::SAXException&) {
    return StreamFailure("Xerces-C: SAXException");
  } catch (const std::exception& exception) {
    return StreamFailure(exception.what());
  }
}

}  // namespace fhir::xml
