#include "famfs-cli/mount/shadow_form.h"

#include "liblog/file_io.h"
#include "liblog/shadow/state.h"

#include <fcntl.h>

namespace famfs::cli {

shadow::Form shadow_form(const std::string& directory) {
    const auto text = read_file(AT_FDCWD, directory + "/state.yaml", shadow::max_document);
    if (!text) return shadow::Form::uuid;
    const auto state = shadow::read_state(*text);
    return state ? state->form : shadow::Form::uuid;
}

}  // namespace famfs::cli
