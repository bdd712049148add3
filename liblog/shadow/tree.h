// Writes a shadow tree: real directories, and a document for each file.
#pragma once

#include "liblog/index/inode.h"
#include "liblog/shadow/devices.h"
#include "liblog/shadow/document.h"
#include "liblog/shadow/state.h"
#include "omf/entry.h"
#include "omf/error.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace famfs::shadow {

// Holds the tree's lock: one writer at a time. Paths are resolved beneath DIR/root and never through a
// symlink. Not thread safe.
class Tree {
  public:
    // Makes DIR, DIR/root and DIR/root/.meta where they are missing, waits for the lock, and marks the tree
    // as that of the pool with this file system uuid. Refused as take_up() says (tree_directory.h).
    static Result<Tree> open(const std::string& directory, Form form, const omf::Uuid& pool);

    Tree(Tree&&) noexcept;
    Tree& operator=(Tree&&) noexcept;
    ~Tree();

    // Takes away all that is in the tree: it is of a log that this pool does not have any more.
    Result<void> start_over();

    // What state.yaml says; no value if there is none or it cannot be used.
    std::optional<State> state() const;

    // Whether devices.yaml says just this.
    bool has_devices(const DeviceTable& table) const;

    // The devices that documents name. Call before anything is staged.
    void set_devices(DeviceTable table);
    void add_device(DeviceRecord device);

    // What comes from here on is the whole log again: ids are written anew, and replace those that are there
    // at finish().
    void start_ids_anew();

    // Makes the document, or the directory, aside: what can fail for want of space fails here. One at a time.
    Result<void> stage(const omf::File& file, index::InodeId id);
    Result<void> stage(const omf::Directory& directory, index::InodeId id);
    // Renames what was staged into place. What is there already and equal is left alone; a document that
    // differs is replaced, a directory gets the staged one's mode and owner. Returns whether anything
    // changed.
    Result<bool> publish();
    // Drops what was staged. Also done by the next stage() and on destruction.
    void discard();

    // Makes a document .meta/.temporary-PID-N of these extents and calls `use` with its path in the pool; the
    // document goes when that returns. Call when nothing is staged.
    Result<void> with_temporary(std::span<const omf::Extent> extents, std::uint64_t size,
                                const std::function<Result<void>(std::string_view)>& use);
    // Removes the temporary documents that a killed process left, and returns their paths in the pool: one of
    // a living process is there only while that holds the tree's lock.
    std::vector<std::string> sweep_temporaries();

    // stage() and publish().
    template <typename Entry>
    Result<bool> add(const Entry& entry, index::InodeId id) {
        if (auto staged = stage(entry, id); !staged) return std::unexpected(staged.error());
        return publish();
    }

    // Writes .meta/.superblock, .meta/.log and devices.yaml where they changed, then state.yaml.
    Result<void> finish(const State& state, std::uint64_t log_length, bool master);

  private:
    struct Impl;
    explicit Tree(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace famfs::shadow
