// An owned directory stream.
#pragma once

#include "liblog/file_descriptor.h"

#include <dirent.h>

#include <memory>

namespace famfs {

struct DirectoryCloser {
    void operator()(DIR* stream) const { ::closedir(stream); }
};

using DirectoryStream = std::unique_ptr<DIR, DirectoryCloser>;

// The stream takes the descriptor over; nullptr, and errno, if it is no open directory.
inline DirectoryStream open_stream(FileDescriptor descriptor) {
    DirectoryStream stream(::fdopendir(descriptor.get()));
    if (stream) descriptor.release();
    return stream;
}

}  // namespace famfs
