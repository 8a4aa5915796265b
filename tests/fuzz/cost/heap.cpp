#include "tests/fuzz/cost/heap.hpp"

#include <atomic>
#include <cerrno>

#include <malloc.h>

namespace fuzz::heap {
namespace {

std::atomic<std::int64_t> live_bytes{0};
std::atomic<std::int64_t> peak_bytes{0};

void CountTaken(std::size_t bytes) {
  const auto live = live_bytes.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed) +
                    static_cast<std::int64_t>(bytes);
  std::int64_t peak = peak_bytes.load(std::memory_order_relaxed);
  while (live > peak && !peak_bytes.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
  }
}

void CountGiven(std::size_t bytes) {
  live_bytes.fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
}

}  // namespace

std::int64_t LiveBytes() {
  return live_bytes.load();
}

std::int64_t PeakBytes() {
  return peak_bytes.load();
}

void ResetPeak() {
  peak_bytes.store(live_bytes.load());
}

}  // namespace fuzz::heap

#ifdef GW_SANITIZED

// The sanitizers have an allocator of their own, and tell what it does.
// Source: sanitizer/allocator_interface.h of LLVM's compiler-rt, which g++ 12 does not install.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*, std::size_t),
                                                         void (*free_hook)(const volatile void*));
extern "C" std::size_t __sanitizer_get_allocated_size(const volatile void* block);

namespace fuzz::heap {
namespace {

void Taken(const volatile void* /*block*/, std::size_t bytes) {
  CountTaken(bytes);
}
void Given(const volatile void* block) {
  if (block != nullptr) {
    CountGiven(__sanitizer_get_allocated_size(block));
  }
}

}  // namespace

void Watch() {
  static const int watching = __sanitizer_install_malloc_and_free_hooks(Taken, Given);
  (void)watching;
}

}  // namespace fuzz::heap

#else

// The C library's allocator under its own name, so that the usual names can count first. Operator new, zlib and the
// rest come through these.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
void __libc_free(void* block);
}

namespace fuzz::heap {
namespace {

void* Taken(void* block) {
  if (block != nullptr) {
    CountTaken(malloc_usable_size(block));
  }
  return block;
}

void Given(void* block) {
  if (block != nullptr) {
    CountGiven(malloc_usable_size(block));
  }
}

}  // namespace

void Watch() {}

}  // namespace fuzz::heap

extern "C" {

void* malloc(std::size_t bytes) noexcept {
  return fuzz::heap::Taken(__libc_malloc(bytes));
}
void* calloc(std::size_t count, std::size_t bytes) noexcept {
  return fuzz::heap::Taken(__libc_calloc(count, bytes));
}
void* realloc(void* block, std::size_t bytes) noexcept {
  // A block that moves is there twice for a while.
  const std::size_t before = block == nullptr ? 0 : malloc_usable_size(block);
  void* const moved = __libc_realloc(block, bytes);
  if (moved != nullptr || bytes == 0) {
    fuzz::heap::Taken(moved);
    fuzz::heap::CountGiven(before);
  }
  return moved;
}
void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  return fuzz::heap::Taken(__libc_memalign(alignment, bytes));
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  return fuzz::heap::Taken(__libc_memalign(alignment, bytes));
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) noexcept {
  *block = fuzz::heap::Taken(__libc_memalign(alignment, bytes));
  return *block == nullptr ? ENOMEM : 0;
}
void free(void* block) noexcept {
  fuzz::heap::Given(block);
  __libc_free(block);
}
}

#endif
