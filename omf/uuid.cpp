#include "omf/uuid.h"

#include <uuid/uuid.h>

namespace famfs::omf {

static_assert(sizeof(Uuid) == sizeof(uuid_t));

std::string to_string(const Uuid& uuid) {
    char text[UUID_STR_LEN];
    uuid_unparse_lower(uuid.bytes.data(), text);
    return {text, UUID_STR_LEN - 1};
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    Uuid uuid;
    const bool parsed = text.size() == UUID_STR_LEN - 1 &&
                        uuid_parse_range(text.data(), text.data() + text.size(), uuid.bytes.data()) == 0;
    return parsed ? std::optional(uuid) : std::nullopt;
}

}  // namespace famfs::omf
