// famfs dump: every log entry, those that break a rule too.
#include "famfs-cli/ui/size.h"
#include "famfs-cli/verbs/command_line.h"
#include "famfs-cli/verbs/json.h"
#include "famfs-cli/verbs/verb.h"
#include "liblog/index/index.h"
#include "liblog/log/reader.h"
#include "liblog/pool/pool.h"
#include "omf/path.h"

namespace famfs::cli {
namespace {

struct EntryText {
    std::string operator()(const omf::File& file) const {
        std::string text = fmt::format("file {} {} bytes {:04o} {}:{}", omf::printable(file.path.view()),
                                       file.size, file.mode, file.uid, file.gid);
        if (file.layout.striped())
            text += fmt::format(" striped by {}", readable_size(file.layout.chunk_size));
        for (const omf::Extent& extent : file.layout.extents) {
            text += fmt::format(" {}:{:#x}+{:#x}", extent.device, extent.offset, extent.length);
        }
        return text;
    }
    std::string operator()(const omf::Directory& directory) const {
        return fmt::format("directory {} {:04o} {}:{}", omf::printable(directory.path.view()), directory.mode,
                           directory.uid, directory.gid);
    }
    std::string operator()(const omf::DaxDevice& dax) const {
        return fmt::format("device {} {} {}", dax.index, to_string(dax.uuid), exact_size(dax.size));
    }
};

std::string describe(const DumpedEntry& entry) {
    std::string text = fmt::format("{} ", entry.index);
    text += entry.value ? std::visit(EntryText{}, *entry.value)
                        : fmt::format("undecoded {}", omf::printable(entry.claimed_path));
    if (entry.violation) text += fmt::format("  ! {}", omf::describe(*entry.violation));
    return text + "\n";
}

// Copies an entry out and judges the copy, by itself and against the entries before it.
Result<DumpedEntry> read_entry(log::Reader& reader, index::Index& index) {
    DumpedEntry entry;
    entry.index = reader.index();
    const auto bytes = reader.next();
    if (!bytes) return std::unexpected(bytes.error());
    auto decoded = omf::decode_entry(*bytes, entry.index);
    if (!decoded) {
        const auto again = reader.reread();  // another host may just have been writing it
        if (!again) return std::unexpected(again.error());
        decoded = omf::decode_entry(*again, entry.index);
        entry.claimed_path = omf::claimed_path(*again);
    }
    if (!decoded) {
        entry.violation = decoded.error();
        return entry;
    }
    entry.value = *decoded;
    if (const auto applied = index.apply(entry.index, *decoded); !applied) entry.violation = applied.error();
    return entry;
}

// Returns how many entries break a rule.
Result<std::uint64_t> dump(Console& console, const std::string& device) {
    const auto pool = pool::Pool::open(device, device::Access::read_only);
    if (!pool) return std::unexpected(pool.error());
    const auto header = pool->read_header();
    if (!header) return std::unexpected(header.error());
    index::Index index(pool->superblock(), pool->memory().size());
    log::Reader reader(pool->memory(), 0, header->next_index);
    if (console.json) console.write(json::dump_begin(pool->memory().description().path, *header));
    std::uint64_t findings = 0;
    while (!reader.at_end()) {
        const auto entry = read_entry(reader, index);
        if (!entry) return std::unexpected(entry.error());
        if (entry->violation) ++findings;
        if (console.json && entry->index > 0) console.write(json::dump_separator);
        console.write(console.json ? json::dump_entry(*entry) : describe(*entry));
    }
    if (console.json) console.write(json::dump_end(findings));
    return findings;
}

}  // namespace

int run_dump(Console& console, Arguments arguments) {
    std::string device;
    CommandLine line(console, "dump");
    line.add_subject("DEVICE", device, "/dev/daxX.Y, daxX.Y, or an image file");
    line.add_json();
    if (const auto status = line.parse(arguments)) return *status;
    const auto findings = dump(console, device);
    if (!findings) return console.fail(findings.error());
    return *findings == 0 ? exit_done : exit_findings;
}

}  // namespace famfs::cli
