// The shadow tree as the daemon reads it: never outside DIR/root, never through a symbolic link.
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"
#include "service/outcome.h"

#include <sys/stat.h>

#include <string>

namespace famfs::service {

// A name in the tree, looked at but not opened.
struct Sighting {
    struct stat status;
};

// A document's bytes and the attributes they were read under.
struct DocumentText {
    struct stat status;
    std::string text;
};

// Thread safe. Paths are relative to a directory: that of `base`, where a descriptor is given, else DIR/root.
class ShadowRoot {
  public:
    // `directory` is DIR, which must hold root/.
    static Result<ShadowRoot> open(const std::string& directory);

    const std::string& directory() const { return directory_; }  // absolute, without symbolic links
    int top() const { return tree_.get(); }                      // a descriptor of DIR, O_PATH
    int descriptor() const { return root_.get(); }               // of DIR/root

    // Goes on below `tree`, another descriptor (O_PATH) of DIR: the descriptors keep their numbers and are
    // opened anew. directory() stays what it was. Not thread safe.
    Result<void> move_to(const FileDescriptor& tree) const;

    // Whether DIR and its devices.yaml belong to the effective user, and nobody else may write them.
    bool is_ours_alone() const;

    // Reads a file of DIR itself, such as devices.yaml. ENOENT if it is not there, EFBIG past `limit` bytes.
    Outcome<DocumentText> read_beside(const std::string& name, std::size_t limit) const;
    Outcome<Sighting> look_beside(const std::string& name) const;
    Outcome<FileDescriptor> open_beside(const std::string& name) const;

    Outcome<Sighting> look(int base, const std::string& path) const;
    // EUCLEAN for what is no regular file, EFBIG for a document over `limit` bytes; never reads more than
    // that.
    Outcome<DocumentText> read(int base, const std::string& path, std::size_t limit) const;
    Outcome<FileDescriptor> open_file(int base, const std::string& path) const;
    Outcome<FileDescriptor> open_directory(const std::string& path) const;  // "" is DIR/root

  private:
    ShadowRoot(std::string directory, FileDescriptor tree, FileDescriptor root)
        : directory_(std::move(directory)), tree_(std::move(tree)), root_(std::move(root)) {}

    std::string directory_;
    FileDescriptor tree_;
    FileDescriptor root_;
};

}  // namespace famfs::service
