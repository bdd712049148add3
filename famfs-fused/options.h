// The daemon's command line.
#pragma once

#include "famfs-fused/fuse/maps/kernel_abi.h"
#include "famfs-fused/mount/mount_options.h"
#include "famfs-fused/process/sandbox/sandbox.h"
#include "omf/error.h"
#include "service/data/data_path_kind.h"

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace famfs::fused {

struct Options {
    std::string shadow;
    std::vector<std::string> devices;
    DataPathKind data_path = DataPathKind::automatic;
    AbiChoice kernel_abi = AbiChoice::automatic;
    bool foreground = false;
    unsigned threads = 0;
    bool read_only = false;  // --read-only or -o ro
    std::string pid_file;    // "" for none
    std::optional<int> status_descriptor;
    SandboxLevel sandbox = SandboxLevel::full;
    MountOptions mount;
    std::string mountpoint;
};

// --help or --version: print it and be done.
struct Information {
    std::string text;
};

// kind usage, in one line, for anything that is not understood.
Result<std::variant<Options, Information>> parse_options(int count, const char* const* arguments);

}  // namespace famfs::fused
