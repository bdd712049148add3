// What the writing verbs stand on: lock, log, allocator and shadow tree of one pool, kept in step.
#pragma once

#include "liblog/device/lock.h"
#include "liblog/log/writer.h"
#include "liblog/pool/catalogue.h"
#include "liblog/pool/pool.h"
#include "liblog/shadow/tree.h"

#include <cstdint>
#include <memory>
#include <string>

namespace famfs::shadow {

// Owner and permission bits of something new.
struct Ownership {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t mode = 0644;
};

// Room for a file that no entry names yet. Nothing of it is in the log.
struct Reservation {
    omf::File file;
};

// From open() to destruction this process is the pool's one writer. Members may be called from several
// threads; Memory::write and friends on a reservation's extents need no lock.
class PoolWriter {
  public:
    // Takes the writer lock (calls `waiting` once if it has to wait), replays the log, and brings the shadow
    // tree up to date. kind refused, EACCES: this host is not the master. Entries that break a rule go to
    // `report`; with one that stops the replay the pool is refused (corrupt): appending after it would be
    // lost. shadow_directory "" writes no shadow tree.
    static Result<std::unique_ptr<PoolWriter>> open(const std::string& device,
                                                    const std::string& shadow_directory,
                                                    const std::function<void(const pool::Finding&)>& report,
                                                    const std::function<void()>& waiting);
    ~PoolWriter();
    PoolWriter(const PoolWriter&) = delete;
    PoolWriter& operator=(const PoolWriter&) = delete;

    device::Memory& memory() const;
    const omf::Superblock& superblock() const;
    pool::Totals totals() const;
    std::uint64_t free_bytes() const;
    std::uint64_t free_entries() const;  // of the log, reservations counted

    // What is at this path: no value if nothing. "" is the root.
    std::optional<pool::Catalogue::Kind> find(std::string_view path) const;

    // Checks the path and takes room for `size` bytes: EEXIST, ENOENT or ENOTDIR (parent), ENOSPC (pool or
    // log), kind usage for a name that the format does not allow. The path is taken from here on.
    Result<Reservation> reserve(std::string_view path, std::uint64_t size, const Ownership& ownership);
    // Zeroes what a reader of the file could see and its owner did not write: [from, end of its last page).
    Result<void> zero_tail(const Reservation& reservation, std::uint64_t from);
    // Flushes [0, size) of the data, appends the entry, and writes the document. After an error nothing is
    // left.
    Result<void> commit(const Reservation& reservation);
    void release(const Reservation& reservation);

    Result<void> make_directory(std::string_view path, const Ownership& ownership);

    // Writes the shadow tree's state. Also done, without a report of errors, on destruction.
    Result<void> finish();

  private:
    struct Impl;
    explicit PoolWriter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace famfs::shadow
