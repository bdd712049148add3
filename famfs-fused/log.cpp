#include "famfs-fused/log.h"

#include "omf/path.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <syslog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <system_error>

namespace famfs::fused {

namespace {

using Clock = std::chrono::steady_clock;

spdlog::sink_ptr make_sink(LogTarget target) {
    if (target == LogTarget::system_log) {
        return std::make_shared<spdlog::sinks::syslog_sink_mt>("famfs-fused", LOG_PID | LOG_NDELAY,
                                                               LOG_DAEMON, true);
    }
    return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

spdlog::level::level_enum spd_level(LogLevel level) {
    switch (level) {
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            break;
    }
    return spdlog::level::err;
}

}  // namespace

struct Log::Impl {
    explicit Impl(LogTarget target) : logger("famfs-fused", make_sink(target)) {
        logger.set_pattern(target == LogTarget::system_log ? "%v" : "%n: %v");
        logger.flush_on(spdlog::level::info);
    }

    // Takes one line's worth of the allowance; says how many lines were left out before it.
    bool admit(std::uint64_t& left_out) {
        const std::lock_guard guard(mutex);
        const auto now = Clock::now();
        const std::chrono::duration<double> passed = now - refilled;
        refilled = now;
        allowance = std::min<double>(burst, allowance + passed.count() * per_second);
        if (allowance < 1) {
            ++suppressed;
            return false;
        }
        allowance -= 1;
        left_out = std::exchange(suppressed, 0);
        return true;
    }

    spdlog::logger logger;
    std::mutex mutex;
    double allowance = burst;
    Clock::time_point refilled = Clock::now();
    std::uint64_t suppressed = 0;
};

Log::Log(LogTarget target) : impl_(std::make_unique<Impl>(target)) {}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view message) {
    impl_->logger.log(spd_level(level), spdlog::string_view_t(message.data(), message.size()));
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
