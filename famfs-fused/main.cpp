#include "famfs-fused/background.h"
#include "famfs-fused/daemon.h"
#include "famfs-fused/inheritance.h"
#include "famfs-fused/mountpoint.h"
#include "famfs-fused/options.h"
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

int serve_with_log(const Options& options, const std::vector<std::string>& warnings,
                   const std::function<void()>& ready) {
    Log log(options.foreground ? LogTarget::standard_error : LogTarget::system_log);
    for (const std::string& warning : warnings)
        log.warning("{}", warning);
    const auto served = serve(options, log, ready);
    return served ? *served : complain(served.error());
}

int run(int count, char** arguments) {
    const auto parsed = parse_options(count, arguments);
    if (!parsed) return complain(parsed.error());
    if (const auto* information = std::get_if<Information>(&*parsed)) return print(information->text);
    const Options& options = std::get<Options>(*parsed);
    const auto warnings = leave_caller_behind(options.foreground ? Ground::foreground : Ground::background,
                                              parse_connection(options.mountpoint));
    const auto body = [&](const std::function<void()>& ready) {
        return serve_with_log(options, warnings, ready);
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
