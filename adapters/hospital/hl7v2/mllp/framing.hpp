// The minimal lower layer protocol as a stream of bytes: <VT> content <FS> <CR>. Pure: no socket, no clock.
// Source: HL7 v2.5.1 implementation guide, appendix C;
// https://www.hl7.org/documentcenter/public/wg/inm/mllp_transport_specification.PDF
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace adapters::hospital::hl7v2::mllp {

inline constexpr char kStartBlock = '\x0B';
inline constexpr char kEndBlock = '\x1C';
inline constexpr char kCarriageReturn = '\x0D';

/// Content between frame bytes.
std::string Frame(std::string_view content);

/// Takes a byte stream apart, however it is sliced. Bytes between frames are skipped and counted. Memory never exceeds
/// the frame limit: of a longer frame only the beginning is kept. thread-compatible.
class FrameReader {
 public:
  enum class Event : std::uint8_t {
    kNeedMore,  ///< all bytes were taken, no frame is complete
    kFrame,     ///< a whole frame: TakeFrame()
    kTooLarge,  ///< the end of a frame over the limit: TakeFrame() gives its first bytes
  };
  static constexpr std::size_t kHeadBytes = 4096;  ///< kept of a frame that is too large

  explicit FrameReader(std::size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

  /// Takes bytes from the front of `bytes` up to the end of a frame at most; calls again with the rest.
  Event Feed(std::string_view& bytes);
  std::string TakeFrame();

  bool inside_frame() const { return state_ != State::kBetween; }
  bool too_large() const { return too_large_; }
  /// Bytes outside frames so far, line ends and nulls included.
  std::uint64_t skipped_bytes() const { return skipped_bytes_; }
  /// Of those, the bytes since the last frame that are no line ends: what a peer sends who does not speak MLLP.
  std::uint64_t junk_bytes() const { return junk_bytes_; }
  /// Frames that never ended because another began.
  std::uint64_t abandoned_frames() const { return abandoned_frames_; }

 private:
  enum class State : std::uint8_t { kBetween, kInside, kAfterEnd };
  void Keep(std::string_view bytes);
  Event Finish();

  std::size_t frame_bytes_max_;
  State state_ = State::kBetween;
  bool too_large_ = false;
  std::string content_;
  std::uint64_t skipped_bytes_ = 0;
  std::uint64_t junk_bytes_ = 0;
  std::uint64_t abandoned_frames_ = 0;
};

}  // namespace adapters::hospital::hl7v2::mllp
