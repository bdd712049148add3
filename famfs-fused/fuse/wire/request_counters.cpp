#include "famfs-fused/fuse/wire/request_counters.h"

#include <fmt/format.h>
#include <linux/fuse.h>

#include <iterator>
#include <string_view>

namespace famfs::fused {

namespace {

struct Name {
    std::uint32_t opcode;
    std::string_view text;
};

constexpr std::array names{Name{FUSE_LOOKUP, "lookup"},
                           Name{FUSE_FORGET, "forget"},
                           Name{FUSE_GETATTR, "getattr"},
                           Name{FUSE_SETATTR, "setattr"},
                           Name{FUSE_OPEN, "open"},
                           Name{FUSE_READ, "read"},
                           Name{FUSE_WRITE, "write"},
                           Name{FUSE_STATFS, "statfs"},
                           Name{FUSE_RELEASE, "release"},
                           Name{FUSE_FSYNC, "fsync"},
                           Name{FUSE_GETXATTR, "getxattr"},
                           Name{FUSE_LISTXATTR, "listxattr"},
                           Name{FUSE_FLUSH, "flush"},
                           Name{FUSE_INIT, "init"},
                           Name{FUSE_OPENDIR, "opendir"},
                           Name{FUSE_READDIR, "readdir"},
                           Name{FUSE_RELEASEDIR, "releasedir"},
                           Name{FUSE_CREATE, "create"},
                           Name{FUSE_IOCTL, "ioctl"},
                           Name{FUSE_BATCH_FORGET, "batch_forget"},
                           Name{FUSE_READDIRPLUS, "readdirplus"},
                           Name{FUSE_LSEEK, "lseek"},
                           Name{FUSE_COPY_FILE_RANGE, "copy_file_range"}};

std::string name_of(std::size_t opcode) {
    for (const Name& name : names)
        if (name.opcode == opcode) return std::string(name.text);
    return fmt::format("opcode_{}", opcode);
}

}  // namespace

std::string RequestCounters::json() const {
    std::string json = "{";
    for (std::size_t opcode = 0; opcode < counts_.size(); ++opcode) {
        const std::uint64_t count = counts_[opcode].load(std::memory_order_relaxed);
        if (count == 0) continue;
        fmt::format_to(std::back_inserter(json), R"({}"{}":{})", json.size() > 1 ? "," : "", name_of(opcode),
                       count);
    }
    return json + "}";
}

}  // namespace famfs::fused
