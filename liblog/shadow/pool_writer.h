// What the writing verbs stand on: lock, log, allocator and shadow tree of one pool, kept in step.
#pragma once

#include "liblog/index/index.h"
#include "liblog/pool/allocator.h"
#include "liblog/pool/pool.h"
#include "liblog/shadow/update.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace famfs::shadow {

// Owner and permission bits of something new. As in any Linux file system, what is made in a directory with
// the set-group-ID bit gets its group, a directory that bit too, unless the caller says exactly what it
// wants; and a caller without privileges cannot set that bit for a group that it is not in.
struct Ownership {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t mode = 0644;
    bool exact_mode = false;
    bool exact_group = false;
};

// Where a pool and its shadow tree are.
struct PoolPlace {
    std::string device;
    std::string shadow;  // directory
    Form form = Form::uuid;
    pool::Served served{};                       // where a mount is written beside: what it serves
    std::vector<std::string> further_devices{};  // paths; one that the pool's log does not name is not used
};

struct WriterHooks {
    UpdateHooks update;
    std::function<void()> waiting;  // called once if another process holds the pool
};

// From open() to destruction this process is the pool's one writer. Members may be called from several
// threads; storing to a reservation's extents through devices() needs no lock.
class PoolWriter {
  public:
    // Takes the writer lock, replays the log, and brings the shadow tree up to date. kind refused: this host
    // is not the master, or (ESTALE) the pool was formatted while the lock was waited for. kind corrupt: an
    // entry stops the replay, so that what is appended would be lost.
    static Result<std::unique_ptr<PoolWriter>> open(const PoolPlace& place, const WriterHooks& hooks);
    // The same for a pool that is open already, for writing; the devices' paths in `place` are not used.
    static Result<std::unique_ptr<PoolWriter>> open(pool::Pool pool, const PoolPlace& place,
                                                    const WriterHooks& hooks);
    ~PoolWriter();
    PoolWriter(const PoolWriter&) = delete;
    PoolWriter& operator=(const PoolWriter&) = delete;

    const pool::Devices& devices() const;
    const omf::Superblock& superblock() const;
    std::uint64_t findings() const;  // entries of the log that break a rule
    index::Totals totals() const;
    std::uint64_t free_bytes() const;
    std::uint64_t free_entries() const;  // of the log, less the reservations

    // Whether an entry may be in the log although commit() failed. Nothing more can be made then.
    bool in_doubt() const;

    // What is at this path, reservations included: no value if nothing. "" is the root.
    std::optional<index::InodeKind> find(std::string_view path) const;

    // Checks the path and takes it and room for `size` bytes where `policy` says; nothing of it is in the
    // log. EEXIST; ENOENT or ENOTDIR for the parent; ENOSPC for pool or log; ENODEV for a device that the
    // pool does not have, or that is not open; kind usage for a name that the format does not allow.
    Result<omf::File> reserve(std::string_view path, std::uint64_t size, const Ownership& ownership,
                              const pool::AllocationPolicy& policy = pool::FirstFit());
    // Zeroes bytes [from, end) of the reserved file. Pre: end is within its extents.
    Result<void> zero(const omf::File& file, std::uint64_t from, std::uint64_t end);
    // Zeroes what a mapping of the file shows beyond `size`: the rest of its last page.
    Result<void> zero_tail(const omf::File& file);
    // Flushes the file's data, makes its document, appends its entry. After an error the reservation is gone
    // and nothing of the file is left; but if it cannot be told whether the entry is in the log, its space
    // stays taken and nothing more can be reserved. kind refused, ESTALE: the pool was formatted meanwhile.
    Result<void> commit(const omf::File& file);
    void release(const omf::File& file);

    Result<void> make_directory(std::string_view path, const Ownership& ownership);

    // Writes the shadow tree's state. Also done, without a report of errors, on destruction.
    Result<void> finish();

  private:
    struct Impl;
    explicit PoolWriter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace famfs::shadow
