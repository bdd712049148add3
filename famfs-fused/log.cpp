#include "famfs-fused/log.h"

#include "famfs-fused/log_output.h"
#include "famfs-fused/rate_limit.h"
#include "omf/path.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <system_error>

namespace famfs::fused {

namespace {

std::unique_ptr<LogOutput> make_output(LogTarget target) {
    return target == LogTarget::system_log ? log_to_system() : log_to_standard_error();
}

}  // namespace

struct Log::Impl {
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

    bool admit(std::uint64_t& left_out) {
        const std::lock_guard guard(mutex);
        return limit.admit(left_out);
    }

    const bool needs_relay;
    std::mutex mutex;
    std::unique_ptr<LogOutput> output;
    std::uint64_t lost = 0;
    RateLimit limit{burst, per_second};
};

Log::Log(LogTarget target) : impl_(std::make_unique<Impl>(target)) {}

Log::~Log() = default;

bool Log::needs_relay() const {
    return impl_->needs_relay;
}

void Log::relay_through(FileDescriptor socket) {
    const std::lock_guard guard(impl_->mutex);
    impl_->output = log_to_relay(std::move(socket));
    impl_->lost = 0;
}

void Log::write(LogLevel level, std::string_view message) {
    impl_->take(level, omf::one_line(std::string(message)));
}

void Log::about_file(std::string_view place, std::string_view what) {
    std::uint64_t left_out = 0;
    if (!impl_->admit(left_out)) return;
    if (left_out > 0) warning("{} messages about files were left out", left_out);
    warning("{}: {}", omf::printable(place), what);
}

void Log::internal_error(const std::exception& problem) noexcept try {
    error("internal error: {}", problem.what());
} catch (const std::exception&) {
    return;
}

int Log::fault(std::string_view place, std::string_view call, int code) {
    constexpr std::array faults{EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT, ENXIO, ENODEV, EFAULT};
    if (std::ranges::find(faults, code) != faults.end())
        about_file(place, fmt::format("{}: {}", call, std::generic_category().message(code)));
    return code;
}

}  // namespace famfs::fused
