// A pool's memory: the bytes of a dax device or of an image file behind one interface.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"
#include "omf/layout.h"
#include "omf/uuid.h"

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace famfs::device {

enum class Access { read_only, read_write };

enum class Kind {
    image,   // a plain file: coherent among all processes of the host, nothing to flush
    devdax,  // a /dev/dax node in devdax mode, mapped
    fsdev,   // a dax device in fsdev mode, through files that the kernel makes of its extents
};

// What this memory is, for messages and reports.
struct Description {
    std::string path;  // as opened, absolute
    Kind kind = Kind::image;
    std::uint64_t size = 0;          // bytes
    std::optional<omf::Uuid> tag{};  // the device's own uuid, where the kernel shows one
    // Of the very file or device that is open, whatever its path names by now: file_identity(). "" if it has
    // none.
    std::string identity{};
};

// What tells a file or device node from every other on this host, the same to all processes: by device and
// inode number, or for a node by the number of its device. "" for anything else.
std::string file_identity(const struct stat& status);
std::string node_identity(dev_t number);  // of the node with this number

std::string_view name(Kind kind);

// Makes a file of these extents, with this size, that can be mapped.
using FileMaker = std::function<Result<FileDescriptor>(std::span<const omf::Extent>, std::uint64_t)>;

// Keeps ranges of a Memory within reach until it is let go. The Memory must outlive it.
using MappedRange = std::shared_ptr<const void>;

// Offsets and lengths are in bytes from the start of the device. Every call checks its range against size()
// and fails with EINVAL outside it. Other hosts may change the bytes at any time; nothing here locks them
// out.
//
// Order: a store becomes visible to other hosts after write_back() of its range and a fence() after that.
//
// Thread safety: all members may be called from several threads at once on ranges that do not overlap.
class Memory {
  public:
    virtual ~Memory() = default;
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    const Description& description() const { return description_; }
    std::uint64_t size() const { return description_.size; }

    // Brings the bytes of a file within reach: the runs in `extents`, in this order, of which it has the
    // first `size`. They are all of this device: which index it has in its pool is for pool::Devices. Only
    // then may they be read or written, those of its last page too. The superblock's region is always within
    // reach, and so is everything of an image or in devdax mode. In fsdev mode a byte can be part of one file
    // at a time on this host, so that readers and writers of a range have to name it alike; kind busy if it
    // is part of another one now.
    virtual Result<MappedRange> reach(std::span<const omf::Extent> extents, std::uint64_t size);

    // Where the pool is mounted, if its bytes can be reached only through that mount; else "". There reach()
    // knows superblock and log, and asks `maker` for everything else.
    virtual std::string mountpoint() const { return {}; }
    virtual void make_files_with(const FileMaker&) {}

    // Makes it larger or smaller. Refused but for an image. Not thread safe; for who has it to itself.
    virtual Result<void> resize(std::uint64_t size);

    // Refuses (kind busy) if processes have files of this device in use, as far as the system can tell; for
    // who is about to erase it.
    virtual Result<void> check_unused() { return {}; }

    // EIO if the range is not there any more, as after an image was cut short. No write makes an image
    // longer.
    virtual Result<void> check_present(std::uint64_t offset, std::uint64_t length) {
        return check_range(offset, length);
    }

    // Copies bytes out, after their cache lines were invalidated: never a line that this CPU had kept.
    virtual Result<void> read(std::uint64_t offset, std::span<std::byte> out) = 0;

    virtual Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
    virtual Result<void> zero(std::uint64_t offset, std::uint64_t length) = 0;

    // Copies up to `length` bytes from `source` at `source_offset`; returns how many, fewer only at the end
    // of the source.
    virtual Result<std::uint64_t> copy_from(int source, std::uint64_t source_offset, std::uint64_t offset,
                                            std::uint64_t length) = 0;

    // Writes the range's dirty cache lines back to memory, each line once; order them with fence().
    virtual Result<void> write_back(std::uint64_t offset, std::uint64_t length) = 0;
    // Writes back and drops the range's cache lines, so that the next load comes from memory.
    virtual Result<void> invalidate(std::uint64_t offset, std::uint64_t length) = 0;
    virtual void fence() = 0;

    // For bulk data: the descriptor to read and write at device offsets (image), or -1.
    virtual int descriptor() const = 0;
    // For bulk data: the mapping of the whole device (devdax), or nullptr (image, fsdev). Valid as long as
    // this object, and only for the kernel to read: our own loads go through read(), which survives a lost
    // device.
    virtual std::byte* mapping() const = 0;

    // The open file that advisory locks on this pool go to. Always valid.
    virtual int lock_descriptor() const = 0;

  protected:
    explicit Memory(Description description) : description_(std::move(description)) {}

    Result<void> check_range(std::uint64_t offset, std::uint64_t length) const;
    // Each of them is within this device.
    Result<void> check_extents(std::span<const omf::Extent> extents) const;
    void set_size(std::uint64_t size) { description_.size = size; }

  private:
    Description description_;
};

// The absolute path that open_memory() would open.
Result<std::string> resolve_device_path(const std::string& path);

// Opens `path`: "/dev/daxX.Y", "daxX.Y", or a regular file. Refused, with what would help: anything else, a
// dax device in system-ram mode, one in fsdev mode without our kernel module, unless it is mounted with data
// path iomap. Never creates a file. A dax
// device keeps its mode while it is open; one that is just changing it is waited for.
Result<std::unique_ptr<Memory>> open_memory(const std::string& path, Access access);

// An image that is open already; `path` (absolute) names it in messages. Fails with EAGAIN if it is no
// regular file.
Result<std::unique_ptr<Memory>> adopt_image(FileDescriptor file, const std::string& path);

// Fails (kind busy, ESTALE) unless the path of `memory` still names what is open, with the size it had then.
Result<void> check_named(const Memory& memory);

}  // namespace famfs::device
