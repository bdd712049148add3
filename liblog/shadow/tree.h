// Writes a shadow tree: real directories, and a document for each file.
#pragma once

#include "liblog/file_descriptor.h"
#include "liblog/shadow/devices.h"
#include "liblog/shadow/document.h"
#include "liblog/shadow/state.h"
#include "omf/entry.h"
#include "omf/error.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace famfs::shadow {

// Holds the tree's lock: one writer at a time. Paths are resolved beneath DIR/root and never through a
// symlink. Not thread safe.
class Tree {
  public:
    // Makes DIR, DIR/root and DIR/root/.meta where they are missing, and waits for the lock. Refused if DIR
    // holds something that is not a shadow tree.
    static Result<Tree> open(const std::string& directory, Form form);

    Tree(Tree&&) noexcept;
    Tree& operator=(Tree&&) noexcept;
    ~Tree();

    // What state.yaml says; no value if there is none or it is not usable.
    std::optional<State> state() const;

    // The devices that documents name. Call before add().
    void set_devices(DeviceTable table);

    // Makes the directory, or the document under a temporary name and renames it into place. What is there
    // already and equal is left alone; another document is replaced. Returns whether anything was written.
    Result<bool> add(const omf::File& file);
    Result<bool> add(const omf::Directory& directory);

    // Writes .meta/.superblock and .meta/.log, devices.yaml if it changed, then state.yaml.
    Result<void> finish(const State& state, std::uint64_t log_length, bool master);

  private:
    struct Impl;
    explicit Tree(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace famfs::shadow
