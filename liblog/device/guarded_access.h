// Loads and stores that the memory may refuse: a mapped device that is unbound, or a bad page of it, raises
// SIGBUS.
#pragma once

#include <memory>

namespace famfs::device {

// From here on guard_sigbus() catches what SIGBUS says. Any other SIGBUS goes where it went before. Cheap
// when done again.
void catch_lost_memory();

// Runs access(argument), which loads, stores and flushes and does nothing else: it is broken off in the
// middle, and nothing that it owns is destroyed. Returns false if so. Not nested.
bool guard_sigbus(void (*access)(const void*), const void* argument) noexcept;

template <typename Access>
bool guard_sigbus(const Access& access) noexcept {
    return guard_sigbus([](const void* argument) { (*static_cast<const Access*>(argument))(); },
                        std::addressof(access));
}

}  // namespace famfs::device
