// Ctrl-C as a question instead of a blow: work under way is finished or dropped as a whole.
#pragma once

#include "liblog/file_descriptor.h"

#include <atomic>
#include <csignal>

namespace famfs::cli {

// From construction to destruction SIGINT, SIGTERM and SIGHUP wait in a descriptor. Make it before any thread
// starts, so that all have the signals blocked. On destruction a signal that nobody asked for takes effect.
class Interrupt {
  public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    // True from the first such signal on. Thread safe; a system call each time until then.
    bool requested();

  private:
    sigset_t previous_{};
    FileDescriptor descriptor_;
    std::atomic<bool> requested_ = false;
};

}  // namespace famfs::cli
