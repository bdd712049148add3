// -o options of any text, as mount.famfs and the daemon take them.
#include "famfs-fused/mount/mount_options.h"

#include "famfs-cli/mount/mount_options.h"
#include "fuzz.h"

#include <algorithm>
#include <cmath>

using namespace famfs;

namespace {

// What mount.famfs makes of the text goes to the daemon one by one, as famfs mount passes it on.
void as_mount_helper(std::string_view text) {
    cli::MountRequest request;
    for (const std::string& option : cli::split_mount_options(text)) {
        fuzz::require(!option.empty(), "no option is empty");
        if (!cli::take_mount_option(option, request)) return;
    }
    const auto& known = cli::data_path_names;
    fuzz::require(std::ranges::find(known, request.data_path) != known.end(), "the data path is one of ours");
    fused::MountOptions options;
    for (const std::string& option : request.options)
        if (!fused::add_mount_options(option, options)) return;
}

void as_daemon(std::string_view text) {
    fused::MountOptions options;
    if (const auto added = fused::add_mount_options(text, options); !added)
        return fuzz::require(added.error().kind == ErrorKind::usage, "a refusal is a usage error");
    fuzz::require(std::isfinite(options.attribute_timeout) && options.attribute_timeout >= 0,
                  "a sane timeout");
    fuzz::require(std::isfinite(options.entry_timeout) && options.entry_timeout >= 0, "a sane timeout");
    const std::string passed = fused::libfuse_options(options, text, true);
    fuzz::require(passed.starts_with("fsname="), "the source comes first");
    for (const char* ours : {"subtype=", "fsname=", "user_id=", "fd=", "rootmode="})
        for (const std::string& other : options.others)
            fuzz::require(!other.starts_with(ours), "what is ours to say cannot be said by an option");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    as_mount_helper(text);
    as_daemon(text);
    return 0;
}
