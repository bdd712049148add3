// A directory that is, or becomes, the shadow tree of one pool.
#pragma once

#include "liblog/file_descriptor.h"
#include "liblog/shadow/state.h"
#include "omf/error.h"
#include "omf/uuid.h"

#include <string>
#include <string_view>

namespace famfs::shadow {

inline constexpr std::size_t max_side_file = 1 << 20;  // bytes, of devices.yaml and state.yaml
inline constexpr const char* state_name = "state.yaml";
inline constexpr const char* devices_name = "devices.yaml";

struct TreeDirectory {
    std::string path;      // absolute, without symlinks
    FileDescriptor top;    // DIR, locked: one writer at a time
    FileDescriptor root;   // DIR/root
    FileDescriptor aside;  // DIR/.staged
};

// Makes DIR, or takes up one that is empty or bears the mark of a shadow tree: a state.yaml or devices.yaml
// of ours, which name the pool. A tree without state.yaml, or with one that says "unfinished", is of a first
// replay that was interrupted: another pool takes it over and finds it empty. Kind refused: anything else,
// the finished tree of another pool, and for root a directory that a third user can write. `directory` may be
// a symlink.
Result<TreeDirectory> take_up(const std::string& directory, const omf::Uuid& pool, Form form);

// Empties the tree, first recording that it is unfinished and whose it is.
Result<void> start_over(const TreeDirectory& tree, const omf::Uuid& pool, Form form);

// Records that the tree is not to be relied on until the next state is written.
Result<void> mark_unfinished(int top, const omf::Uuid& pool, Form form);

// Writes side file `name` unless it says so already. state.yaml, which tells whose the tree is, is on the
// disk before it has its name: a crash must not leave a tree that nobody knows.
Result<void> update_side_file(int top, const char* name, std::string_view content);

Result<FileDescriptor> open_directory(int parent, const std::string& name);

}  // namespace famfs::shadow
