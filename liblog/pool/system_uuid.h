// This host's system uuid: text in one file, see docs/format.md, "Writing".
#pragma once

#include "omf/error.h"
#include "omf/uuid.h"

#include <optional>
#include <string>

namespace famfs::pool {

// The file that counts on this host: $FAMFS_SYSTEM_UUID_FILE if set, else /opt/famfs/system_uuid if it
// exists, else /etc/famfs/system_uuid if it exists or the caller is root, else
// $XDG_CONFIG_HOME/famfs/system_uuid; "" if the environment names no home either.
std::string system_uuid_path();

// No value if the file is missing, unreadable or not a uuid: such a host is a client everywhere.
std::optional<omf::Uuid> read_system_uuid();

// The same, but makes the file, with a random uuid, where there is none. Fails on one that it cannot read: it
// never replaces a file. Only for tools that write a pool.
Result<omf::Uuid> ensure_system_uuid();

}  // namespace famfs::pool
