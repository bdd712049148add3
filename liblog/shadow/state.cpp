#include "liblog/shadow/state.h"

#include "liblog/file_io.h"
#include "liblog/shadow/yaml_fields.h"
#include "liblog/shadow/yaml_reader.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <iterator>
#include <limits>

namespace famfs::shadow {
namespace {

constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

omf::Uuid read_uuid(yaml::Fields& fields, std::string_view key) {
    return omf::parse_uuid(fields.text(key)).value_or(omf::Uuid{});
}

// The numbers of a state, by their keys: one list for both directions.
template <typename Each>
void for_each_number(auto& state, Each each) {
    each("entries", state.entries);
    each("last_entry_crc", state.last_entry_crc);
    each("findings", state.findings);
    each("log_capacity", state.log_capacity);
    each("files", state.totals.files);
    each("directories", state.totals.directories);
    each("file_bytes", state.totals.file_bytes);
    each("allocated_bytes", state.totals.allocated_bytes);
    each("device_bytes", state.device_bytes);
}

}  // namespace

std::string write_state(const State& state) {
    std::string out;
    fmt::format_to(std::back_inserter(out), "file_system: '{}'\nboot: '{}'\nform: {}\n",
                   to_string(state.file_system), to_string(state.boot),
                   state.form == Form::uuid ? "uuid" : "famfs");
    for_each_number(state, [&](std::string_view key, std::uint64_t value) {
        fmt::format_to(std::back_inserter(out), "{}: {}\n", key, value);
    });
    return out;
}

Result<State> read_state(std::string_view text) {
    const auto root = yaml::parse(text);
    if (!root) return std::unexpected(root.error());
    State state;
    yaml::Fields fields(*root, "the document");
    state.file_system = read_uuid(fields, "file_system");
    state.boot = read_uuid(fields, "boot");
    state.form = fields.text("form") == "famfs" ? Form::famfs : Form::uuid;
    for_each_number(
        state, [&](std::string_view key, std::uint64_t& value) { value = fields.number(key, any_number); });
    if (auto done = fields.finish(); !done) return std::unexpected(done.error());
    return state;
}

omf::Uuid current_boot() {
    constexpr std::size_t uuid_text = 36;
    const auto text = read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64);
    if (!text || text->size() < uuid_text) return {};
    return omf::parse_uuid(std::string_view(*text).substr(0, uuid_text)).value_or(omf::Uuid{});
}

}  // namespace famfs::shadow
