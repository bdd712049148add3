#include "famfs-fused/daemon.h"
#include "famfs-fused/mount/mountpoint.h"
#include "famfs-fused/options.h"
#include "famfs-fused/process/background.h"
#include "famfs-fused/process/inheritance.h"
#include "famfs-fused/process/status_channel.h"
#include "liblog/exit_status.h"
#include "liblog/process_start.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>

namespace {

using namespace famfs;
using namespace famfs::fused;

int complain(const Error& error) {
    fmt::print(stderr, "famfs-fused: {}\n", error.message);
    return exit_status(error.kind);
}

int print(const std::string& text) {
    if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return exit_done;
    return complain({ErrorKind::io, errno, "standard output: write failed"});
}

int serve_with_log(const Options& options, const std::vector<std::string>& warnings, StatusChannel status,
                   const std::function<void()>& ready) {
    DaemonLog log(options.foreground ? LogTarget::standard_error : LogTarget::system_log);
    for (const std::string& warning : warnings)
        log.warning("{}", warning);
    const auto served = serve(options, log, [&] {
        status.close();
        ready();
    });
    if (served) return *served;
    status.tell(served.error());
    return complain(served.error());
}

Result<StatusChannel> open_status(const Options& options) {
    if (!options.status_descriptor) return StatusChannel();
    return StatusChannel::take(*options.status_descriptor);
}

std::vector<int> descriptors_of(const Options& options, const StatusChannel& status) {
    return {parse_connection(options.mountpoint).value_or(-1), status.descriptor()};
}

int run(int count, char** arguments) {
    const auto parsed = parse_options(count, arguments);
    if (!parsed) return complain(parsed.error());
    if (const auto* information = std::get_if<Information>(&*parsed)) return print(information->text);
    const Options& options = std::get<Options>(*parsed);
    auto status = open_status(options);
    if (!status) return complain(status.error());
    const auto warnings = leave_caller_behind(options.foreground ? Ground::foreground : Ground::background,
                                              descriptors_of(options, *status));
    const auto body = [&](const std::function<void()>& ready) {
        return serve_with_log(options, warnings, std::move(*status), ready);
    };
    return options.foreground ? body([] {}) : run_in_background(body);
}

}  // namespace

int main(int count, char** arguments) try {
    famfs::prepare_process();
    return run(count, arguments);
} catch (const std::exception& problem) {
    return complain({ErrorKind::io, EIO, std::string("internal error: ") + problem.what()});
}
