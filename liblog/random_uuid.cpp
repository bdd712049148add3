#include "liblog/random_uuid.h"

#include <uuid/uuid.h>

namespace famfs {

omf::Uuid random_uuid() {
    omf::Uuid uuid;
    static_assert(sizeof(uuid.bytes) == sizeof(uuid_t));
    uuid_generate_random(uuid.bytes.data());
    return uuid;
}

}  // namespace famfs
