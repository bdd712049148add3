// Copies plain values out of and into byte spans. The format is little-endian, and so is every host built
// for.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

namespace famfs::omf {

static_assert(std::endian::native == std::endian::little, "the on-media format is little-endian");

// Pre: offset + sizeof(T) <= bytes.size().
template <typename T>
    requires std::is_trivially_copyable_v<T>
T load(std::span<const std::byte> bytes, std::size_t offset = 0) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

template <typename T>
    requires std::is_trivially_copyable_v<T>
void store(std::span<std::byte> bytes, const T& value, std::size_t offset = 0) {
    std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

}  // namespace famfs::omf
