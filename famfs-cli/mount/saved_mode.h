// The mode that a dax device is to get back when nobody uses it any more, where that could not be done at
// the end of its mount. Kept in the base of the run directories, so until the next boot.
#pragma once

#include <string>

namespace famfs::cli {

// The mode saved for the device `name`; "" if none is.
std::string saved_mode(const std::string& name);

void save_mode(const std::string& name, const std::string& mode);
void forget_saved_mode(const std::string& name);

}  // namespace famfs::cli
