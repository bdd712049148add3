#include "famfs-fused/fuse/wire/captured_stderr.h"

#include "omf/path.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string_view>

namespace famfs::fused {

CapturedStderr::CapturedStderr()
    : original_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)), file_(::memfd_create("stderr", MFD_CLOEXEC)) {
    std::fflush(stderr);
    if (original_ && file_) ::dup2(file_.get(), STDERR_FILENO);
}

CapturedStderr::~CapturedStderr() {
    std::fflush(stderr);
    if (original_) ::dup2(original_.get(), STDERR_FILENO);
}

std::string CapturedStderr::last_line() const {
    std::fflush(stderr);
    std::array<char, 4096> text{};
    const ssize_t got = ::pread(file_.get(), text.data(), text.size(), 0);
    std::string_view said(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    while (said.ends_with('\n'))
        said.remove_suffix(1);
    const auto before = said.rfind('\n');
    if (before != std::string_view::npos) said.remove_prefix(before + 1);
    return omf::printable(said);
}

}  // namespace famfs::fused
