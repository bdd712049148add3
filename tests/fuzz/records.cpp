// The records by which programs of ours tell each other things, and mount.yaml, of any text. What is accepted
// must survive being written and read again.
#include "famfs-cli/mount/mount_record.h"
#include "fuzz.h"
#include "liblog/records/capabilities.h"
#include "liblog/records/failure.h"

using namespace famfs;

namespace {

void as_capabilities(std::string_view text) {
    const auto read = records::read_capabilities(text);
    if (!read) return;
    fuzz::require(records::read_capabilities(records::write_capabilities(*read)) == *read,
                  "capabilities are the same after writing and reading");
    for (const auto path : records::kernel_paths) {
        const auto found = records::check_path(path, *read, 4096);
        fuzz::require(!found.available() || read->maps.available() || read->passthrough.available(),
                      "no path without the kernel");
    }
}

void as_failure(std::string_view text) {
    const auto read = records::read_failure(text);
    if (!read) return;
    const auto again = records::read_failure(records::write_failure(*read));
    fuzz::require(
        again && again->kind == read->kind && again->code == read->code && again->message == read->message,
        "a failure is the same after writing and reading");
}

void as_mount_record(std::string_view text) {
    const auto read = cli::read_mount_record(text);
    if (!read) return;
    const auto again = cli::read_mount_record(cli::write_mount_record(*read));
    fuzz::require(again && again->mountpoint == read->mountpoint && again->device == read->device &&
                      again->shadow == read->shadow && again->own_shadow == read->own_shadow,
                  "a mount record is the same after writing and reading");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    as_capabilities(text);
    as_failure(text);
    as_mount_record(text);
    return 0;
}
