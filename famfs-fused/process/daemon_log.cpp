#include "famfs-fused/process/daemon_log.h"

#include "famfs-fused/process/log_output.h"
#include "omf/path.h"

#include <fmt/format.h>

#include <mutex>
#include <string>
#include <utility>

namespace famfs::fused {

namespace {

std::unique_ptr<LogOutput> make_output(LogTarget target) {
    return target == LogTarget::system_log ? log_to_system() : log_to_standard_error();
}

}  // namespace

struct DaemonLog::Impl {
    explicit Impl(LogTarget target)
        : needs_relay(target == LogTarget::system_log), output(make_output(target)) {}

    void take(LogLevel level, std::string_view message) {
        const std::lock_guard guard(mutex);
        if (lost > 0) {
            const auto line = fmt::format("{} lines are missing here: the log did not take them", lost);
            if (output->take(LogLevel::warning, line)) lost = 0;
        }
        if (lost > 0 || !output->take(level, message.substr(0, max_log_line))) ++lost;
    }

    const bool needs_relay;
    std::mutex mutex;
    std::unique_ptr<LogOutput> output;
    std::uint64_t lost = 0;
};

DaemonLog::DaemonLog(LogTarget target) : impl_(std::make_unique<Impl>(target)) {}

DaemonLog::~DaemonLog() = default;

bool DaemonLog::needs_relay() const {
    return impl_->needs_relay;
}

void DaemonLog::relay_through(FileDescriptor socket) {
    const std::lock_guard guard(impl_->mutex);
    impl_->output = log_to_relay(std::move(socket));
    impl_->lost = 0;
}

void DaemonLog::write(LogLevel level, std::string_view message) {
    impl_->take(level, omf::one_line(std::string(message)));
}

}  // namespace famfs::fused
