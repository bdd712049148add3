// The nodes of dax devices, by path.
#pragma once

#include <string>

namespace famfs::cli {

// The name of the dax device that the node at `path` is; "" if it is none.
std::string dax_name_at(const std::string& path);

// Whether `path` is the node of a dax device in fsdev mode.
bool is_in_fsdev_mode(const std::string& path);

}  // namespace famfs::cli
