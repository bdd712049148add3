#include "liblog/index/path_hash.h"

#include <sodium/crypto_shorthash.h>

namespace famfs::index {

static_assert(crypto_shorthash_KEYBYTES == sizeof(omf::Uuid::bytes) &&
              crypto_shorthash_BYTES == sizeof(std::uint64_t));

std::uint64_t path_hash(const omf::Uuid& file_system, std::string_view path) {
    std::uint64_t value = 0;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&value),
                     reinterpret_cast<const unsigned char*>(path.data()), path.size(),
                     reinterpret_cast<const unsigned char*>(file_system.bytes.data()));
    return value;
}

}  // namespace famfs::index
