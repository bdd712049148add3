#include "famfs-cli/ui/progress.h"

#include "famfs-cli/ui/size.h"
#include "liblog/records/json.h"

#include <unistd.h>

#include <algorithm>
#include <new>

namespace famfs::cli {
namespace {

constexpr auto first_wait = std::chrono::seconds(1);
constexpr auto next_wait = std::chrono::milliseconds(200);

bool wanted(const Console& console, bool terminal) {
    switch (console.progress) {
        case ProgressMode::never:
            return false;
        case ProgressMode::automatic:
            return terminal && !console.quiet;
        case ProgressMode::always:
        case ProgressMode::json:
            break;
    }
    return true;
}

std::string text_line(const ProgressState& state) {
    const std::uint64_t percent = state.total == 0 ? 100 : state.done * 100 / state.total;
    std::string line = fmt::format("{}: {} of {} ({} %), {}, {}/s", state.operation,
                                   readable_size(state.done), readable_size(state.total), percent,
                                   counted(state.files, "file", "files"), readable_size(state.rate));
    if (state.seconds_left) line += fmt::format(", {} s left", *state.seconds_left);
    return line;
}

}  // namespace

std::string progress_json(const ProgressState& state) {
    records::Json value{{"operation", state.operation},
                        {"done", state.done},
                        {"total", state.total},
                        {"files", state.files},
                        {"rate", state.rate}};
    if (state.seconds_left) value["seconds_left"] = *state.seconds_left;
    return value.dump();
}

Progress::Progress(Console& console, std::string operation, std::uint64_t total_bytes)
    : console_(console),
      operation_(std::move(operation)),
      total_(total_bytes),
      terminal_(::isatty(STDERR_FILENO)) {
    if (wanted(console_, terminal_)) {
        ticker_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
}

Progress::~Progress() {
    if (!ticker_.joinable()) return;
    ticker_.request_stop();
    ticker_.join();
    show(Moment::end);
}

void Progress::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, first_wait, [] { return false; });
    while (!stop.stop_requested()) {
        show(Moment::meanwhile);
        wake_.wait_for(lock, stop, terminal_ ? next_wait : first_wait, [] { return false; });
    }
}

// Neither in a thread of its own nor at the end is there anybody to catch anything. No line is better than no
// copy.
void Progress::show(Moment moment) const noexcept try {
    if (moment == Moment::end && console_.progress == ProgressMode::automatic)
        return console_.show_transient("");
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    ProgressState state{operation_, bytes(), total_, files(), 0, std::nullopt};
    state.total = std::max(state.total, state.done);
    state.rate = static_cast<std::uint64_t>(static_cast<double>(state.done) / std::max(passed.count(), 1e-3));
    if (state.rate > 0) state.seconds_left = (state.total - state.done) / state.rate;
    if (console_.progress == ProgressMode::json) return console_.progress_line(progress_json(state));
    if (terminal_) return console_.show_transient(text_line(state));
    console_.progress_line(text_line(state));
} catch (const std::bad_alloc&) {
    return;
}

}  // namespace famfs::cli
