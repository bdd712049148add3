#include "liblog/device/cache_lines.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif !defined(__aarch64__)
#error "no cache maintenance known for this processor"
#endif

namespace famfs::device {
namespace {

// Calls `line` with the address of each cache line that `bytes` touches.
template <typename Line>
void for_each_line(std::span<const std::byte> bytes, Line line) {
    if (bytes.empty()) return;
    const auto start = reinterpret_cast<std::uintptr_t>(bytes.data());
    const std::uintptr_t end = start + bytes.size();
    for (std::uintptr_t address = start & ~(cache_line - 1); address < end; address += cache_line)
        line(reinterpret_cast<void*>(address));
}

#if defined(__x86_64__)

struct Features {
    bool clflushopt = false;
    bool clwb = false;
};

// CPUID leaf 7: EBX bit 23 CLFLUSHOPT, bit 24 CLWB (Intel SDM volume 2, CPUID).
Features detect() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return {};
    return {(b & (1U << 23)) != 0, (b & (1U << 24)) != 0};
}

const Features& features() {
    static const Features found = detect();
    return found;
}

__attribute__((target("clwb"))) void clwb_all(std::span<const std::byte> bytes) {
    for_each_line(bytes, [](void* line) __attribute__((target("clwb"))) { _mm_clwb(line); });
}

__attribute__((target("clflushopt"))) void clflushopt_all(std::span<const std::byte> bytes) {
    for_each_line(bytes, [](void* line) __attribute__((target("clflushopt"))) { _mm_clflushopt(line); });
}

void flush_all(std::span<const std::byte> bytes) {
    if (features().clflushopt)
        clflushopt_all(bytes);
    else
        for_each_line(bytes, [](void* line) { _mm_clflush(line); });
}

#endif

}  // namespace

#if defined(__x86_64__)

void write_back_lines(std::span<const std::byte> bytes) {
    if (features().clwb)
        clwb_all(bytes);
    else
        flush_all(bytes);
}

void invalidate_lines(std::span<const std::byte> bytes) {
    // The fence before orders earlier stores against CLFLUSHOPT, the one after keeps loads from passing it.
    _mm_mfence();
    flush_all(bytes);
    _mm_mfence();
}

void store_fence() {
    _mm_sfence();
}

#else

void write_back_lines(std::span<const std::byte> bytes) {
    for_each_line(bytes, [](void* line) { asm volatile("dc cvac, %0" ::"r"(line) : "memory"); });
}

void invalidate_lines(std::span<const std::byte> bytes) {
    for_each_line(bytes, [](void* line) { asm volatile("dc civac, %0" ::"r"(line) : "memory"); });
    asm volatile("dsb sy" ::: "memory");
}

void store_fence() {
    asm volatile("dsb sy" ::: "memory");
}

#endif

}  // namespace famfs::device
