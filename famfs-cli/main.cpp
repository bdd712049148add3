// famfs: finds the verb and runs it.
#include "famfs-cli/ui/console.h"
#include "famfs-cli/verbs/verb.h"
#include "famfs-cli/version.h"
#include "liblog/process_start.h"
#include "omf/path.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <vector>

namespace famfs::cli {
namespace {

std::string usage() {
    std::string text =
        "Usage: famfs VERB [OPTIONS] …\n\nFiles in memory that several hosts share.\n\nVerbs:\n";
    for (const Verb& verb : verbs())
        text += fmt::format("  {:<9}{}\n", verb.name, verb.summary);
    text += "\nfamfs VERB --help says more about one of them, famfs --version which famfs this is.\n";
    return text;
}

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

int run_verb(Console& console, std::string_view name, Arguments arguments) {
    const Verb* const verb = find_verb(name);
    if (verb != nullptr) return verb->run(console, arguments);
    const char* const what = name.starts_with('-') ? "unknown option" : "unknown verb";
    console.error(fmt::format("{}: {}; try famfs --help", omf::printable(name), what));
    return exit_usage;
}

int run(Console& console, std::string_view program, Arguments arguments) {
    if (program == "mkfs.famfs") return run_mkfs(console, arguments);
    if (program == "mount.famfs" || program == "mount.fuse.famfs")
        return run_mount_helper(console, arguments);
    if (arguments.empty()) {
        console.write_error(usage());
        return exit_usage;
    }
    const std::string& first = arguments.front();
    if (first == "--help" || first == "-h") {
        console.write(usage());
        return exit_done;
    }
    if (first == "--version") {
        console.print("famfs {}\n", version);
        return exit_done;
    }
    return run_verb(console, first, arguments.subspan(1));
}

constexpr std::string_view no_memory = "famfs: out of memory\n";  // and none is taken to say so

// A library may need memory where nothing can be thrown: nlohmann's documents take some to go away.
[[noreturn]] void end_at_once() {
    try {
        if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
        [[maybe_unused]] const ssize_t said = ::write(STDERR_FILENO, no_memory.data(), no_memory.size());
        ::_exit(exit_system);
    } catch (...) {
        std::abort();
    }
    std::abort();
}

int run_words(Console& console, const std::vector<std::string>& words) {
    const std::string program = words.empty() ? "famfs" : words.front();
    const Arguments arguments = Arguments(words).subspan(words.empty() ? 0 : 1);
    return run(console, base_name(program), arguments);
}

// The outermost net: whatever a library throws ends as one line.
int guarded_run(Console& console, int argc, char** argv) {
    try {
        return run_words(console, {argv, argv + argc});
    } catch (const std::bad_alloc&) {
        console.write_error(no_memory);
    } catch (const std::exception& failure) {
        console.error(fmt::format("unexpected: {}", failure.what()));
    }
    return exit_system;
}

}  // namespace
}  // namespace famfs::cli

int main(int argc, char** argv) {
    using namespace famfs::cli;
    famfs::prepare_process();
    std::set_terminate(end_at_once);
    Console console;
    return console.close(guarded_run(console, argc, argv));
}
