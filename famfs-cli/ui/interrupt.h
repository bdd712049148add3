// Turns Ctrl-C into a flag: work in progress is finished or dropped as a whole.
#pragma once

#include "liblog/file_descriptor.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

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

// Ends the program if it does not end by itself once it was interrupted: a thread waits for a file system
// that does not answer, and can be told nothing. A crash at any moment leaves the pool whole.
class InterruptWatch {
  public:
    // `last_words` is called in a thread of its own, `grace` after the interrupt; then the program ends with
    // exit_interrupted. Both must outlive it. Make it after `interrupt`.
    InterruptWatch(Interrupt& interrupt, std::function<void()> last_words,
                   std::chrono::milliseconds grace = std::chrono::seconds(5));

  private:
    void run(const std::stop_token& stop);

    Interrupt& interrupt_;
    const std::function<void()> last_words_;
    const std::chrono::milliseconds grace_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;  // last: it uses the others
};

}  // namespace famfs::cli
