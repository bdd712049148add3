// What a service lets its callers do, whatever the files say.
#pragma once

namespace famfs::service {

struct Policy {
    bool read_only = false;  // every write is EROFS
    // The service checks mode and owner itself. Not where a kernel has done so before it asks
    // (default_permissions).
    bool checks_permissions = false;
};

}  // namespace famfs::service
