#include "famfs-cli/mount/saved_mode.h"

#include "famfs-cli/mount/run_directory.h"
#include "liblog/file_io.h"

#include <fcntl.h>
#include <unistd.h>

namespace famfs::cli {
namespace {

constexpr std::size_t max_mode = 16;  // bytes of the file

std::string saved_mode_path(const std::string& name) {
    return RunDirectory::base() + "/mode-" + name;
}

}  // namespace

std::string saved_mode(const std::string& name) {
    return read_file(AT_FDCWD, saved_mode_path(name), max_mode, Owner::trusted).value_or("");
}

void save_mode(const std::string& name, const std::string& mode) {
    const std::string path = saved_mode_path(name);
    static_cast<void>(replace_file(AT_FDCWD, path + ".new", path, mode, 0600));
}

void forget_saved_mode(const std::string& name) {
    ::unlink(saved_mode_path(name).c_str());
}

}  // namespace famfs::cli
