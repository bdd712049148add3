// One file system, reached in one of two ways: by calls of the file service, or by system calls on a mount.
#pragma once

#include "service/files/caller.h"
#include "service/outcome.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace famfs::conformance {

using service::Caller;
using service::Outcome;

struct Entry {
    std::string name;
    std::uint64_t inode = 0;
    bool operator==(const Entry&) const = default;
};

// Paths are relative to the file system's root, "" is the root itself. Errors are errno values. Everything is
// done as the caller that was set last; root at first.
class Driver {
  public:
    virtual ~Driver() = default;
    Driver() = default;
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    virtual void become(const Caller& caller) = 0;

    virtual Outcome<struct stat> attributes(const std::string& path) = 0;
    virtual Outcome<std::string> extended_attribute(const std::string& path, const std::string& name) = 0;
    virtual Outcome<std::vector<Entry>> list(const std::string& path) = 0;
    virtual Outcome<struct statvfs> statfs() = 0;

    // Opens, does the one thing, and closes.
    virtual Outcome<void> open(const std::string& path, int flags) = 0;
    virtual Outcome<std::string> read(const std::string& path, int flags, std::uint64_t offset,
                                      std::size_t length) = 0;
    virtual Outcome<std::size_t> write(const std::string& path, int flags, std::uint64_t offset,
                                       const std::string& bytes) = 0;
    virtual Outcome<std::uint64_t> seek(const std::string& path, std::uint64_t offset, int whence) = 0;
    virtual Outcome<void> sync(const std::string& path) = 0;

    virtual Outcome<void> truncate(const std::string& path, std::uint64_t size) = 0;
    virtual Outcome<void> change_mode(const std::string& path, mode_t mode) = 0;
    virtual Outcome<void> make_directory(const std::string& path) = 0;
    virtual Outcome<void> remove(const std::string& path) = 0;
};

// A driver for the tree in `directory`; nullptr, with a reason, where this host cannot have one.
struct Made {
    std::unique_ptr<Driver> driver;
    std::string why_not;
};
Made make_direct_driver(const std::string& directory, bool read_only);
Made make_mount_driver(const std::string& directory, bool read_only);

}  // namespace famfs::conformance
