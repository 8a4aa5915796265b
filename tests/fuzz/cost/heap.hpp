// Counts the heap of this process, whoever asks for it: our code, Xerces-C, zlib, ICU.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GW_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GW_SANITIZED 1
#endif
#endif

namespace fuzz::heap {

/// Begins to count; later calls do nothing.
void Watch();
/// What is allocated less what was before Watch and has been freed since: only differences mean something.
std::int64_t LiveBytes();
std::int64_t PeakBytes();
/// Lets the peak begin again at what is live.
void ResetPeak();

}  // namespace fuzz::heap
