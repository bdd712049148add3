// How far long work has come: a line with rate and time left, at most a few times per second.
#pragma once

#include "famfs-cli/ui/console.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace famfs::cli {

// How far it is at one moment.
struct ProgressState {
    std::string_view operation;
    std::uint64_t done = 0;   // bytes
    std::uint64_t total = 0;  // bytes
    std::uint64_t files = 0;
    std::uint64_t rate = 0;  // bytes per second
    std::optional<std::uint64_t> seconds_left;
};

// One JSON object without a newline. `seconds_left` is left out if unknown.
std::string progress_json(const ProgressState& state);

// Speaks as the console's settings say: by itself only on a terminal, and only after a second. Thread safe.
class Progress {
  public:
    Progress(Console& console, std::string operation, std::uint64_t total_bytes);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void add_bytes(std::uint64_t count) { bytes_.fetch_add(count, std::memory_order_relaxed); }
    void add_file() { files_.fetch_add(1, std::memory_order_relaxed); }

    std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    std::uint64_t files() const { return files_.load(std::memory_order_relaxed); }

  private:
    void run(const std::stop_token& stop);
    enum class Moment { meanwhile, end };
    void show(Moment moment) const noexcept;

    Console& console_;
    const std::string operation_;
    const std::uint64_t total_;
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::atomic<std::uint64_t> bytes_ = 0;
    std::atomic<std::uint64_t> files_ = 0;
    bool terminal_ = false;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread ticker_;  // last: it uses the others
};

}  // namespace famfs::cli
