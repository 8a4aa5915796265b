#include "adapters/hospital/hl7v2/mllp/framing.hpp"

#include <algorithm>
#include <utility>

namespace adapters::hospital::hl7v2::mllp {

std::string Frame(std::string_view content) {
  std::string frame;
  frame.reserve(content.size() + 3);
  frame += kStartBlock;
  frame += content;
  frame += kEndBlock;
  frame += kCarriageReturn;
  return frame;
}

void FrameReader::Keep(std::string_view bytes) {
  if (too_large_) {
    return;
  }
  if (bytes.size() > frame_bytes_max_ - content_.size()) {
    too_large_ = true;
    content_.append(bytes.substr(0, kHeadBytes - std::min(kHeadBytes, content_.size())));
    content_.resize(std::min(kHeadBytes, content_.size()));
    content_.shrink_to_fit();
    return;
  }
  content_ += bytes;
}

FrameReader::Event FrameReader::Finish() {
  state_ = State::kBetween;
  return std::exchange(too_large_, false) ? Event::kTooLarge : Event::kFrame;
}

std::string FrameReader::TakeFrame() {
  return std::exchange(content_, {});
}

FrameReader::Event FrameReader::Feed(std::string_view& bytes) {
  constexpr char kMarks[] = {kStartBlock, kEndBlock};
  while (!bytes.empty()) {
    if (state_ == State::kBetween) {
      const auto start = bytes.find(kStartBlock);
      const auto skipped = bytes.substr(0, start);
      skipped_bytes_ += skipped.size();
      junk_bytes_ += static_cast<std::uint64_t>(
          std::count_if(skipped.begin(), skipped.end(), [](char byte) { return byte != '\r' && byte != '\n'; }));
      bytes.remove_prefix(start == std::string_view::npos ? bytes.size() : start + 1);
      if (start != std::string_view::npos) {
        state_ = State::kInside;
        junk_bytes_ = 0;
        content_.clear();
        too_large_ = false;
      }
      continue;
    }
    if (state_ == State::kAfterEnd) {
      if (bytes.front() == kCarriageReturn) {
        bytes.remove_prefix(1);
        return Finish();
      }
      if (bytes.front() == kStartBlock) {  // the CR was forgotten, and the next frame begins
        return Finish();
      }
      Keep(std::string_view(&kEndBlock, 1));
      state_ = State::kInside;
    }
    const auto mark = bytes.find_first_of(std::string_view(kMarks, 2));
    Keep(bytes.substr(0, mark));
    if (mark == std::string_view::npos) {
      bytes = {};
      break;
    }
    if (bytes[mark] == kEndBlock) {
      state_ = State::kAfterEnd;
    } else {  // content never holds a start block: the frame before it was cut off
      ++abandoned_frames_;
      content_.clear();
      too_large_ = false;
    }
    bytes.remove_prefix(mark + 1);
  }
  return Event::kNeedMore;
}

}  // namespace adapters::hospital::hl7v2::mllp
