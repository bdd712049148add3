// What the unit tests share: a temporary directory, and memory that lives in a buffer and counts what is done
// to it.
#pragma once

#include "liblog/device/memory.h"
#include "liblog/log/writer.h"
#include "liblog/pool/format.h"
#include "liblog/pool/pool.h"
#include "liblog/random_uuid.h"
#include "omf/bytes.h"
#include "omf/entry.h"
#include "omf/log_header.h"
#include "omf/superblock.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace famfs::test {

// A directory that goes with the object. It also gives the process a system uuid of its own.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "famfs-unit-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "mkdtemp: " << std::strerror(errno);
        path_ = name;
        ::setenv("FAMFS_SYSTEM_UUID_FILE", (path_ / "system_uuid").c_str(), 1);
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

// Memory in a sparse map of pages. Counts the cache lines that are written back, and can fail on demand.
class BufferMemory final : public device::Memory {
  public:
    explicit BufferMemory(std::uint64_t size)
        : Memory({"buffer", device::Kind::devdax, size, std::nullopt}) {}

    Result<void> read(std::uint64_t offset, std::span<std::byte> out) override {
        if (auto checked = check_range(offset, out.size()); !checked) return checked;
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = byte(offset + i);
        return {};
    }
    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) override {
        if (auto checked = check_range(offset, bytes.size()); !checked) return checked;
        if (failing_writes > 0 && --failing_writes == 0) return fail_errno(EIO, "buffer");
        for (std::size_t i = 0; i < bytes.size(); ++i)
            at(offset + i) = bytes[i];
        return {};
    }
    Result<void> zero(std::uint64_t offset, std::uint64_t length) override {
        if (auto checked = check_range(offset, length); !checked) return checked;
        for (std::uint64_t i = offset; i < offset + length; i += page_bytes - i % page_bytes)
            if (pages_.contains(i / page_bytes))
                for (std::uint64_t k = i; k < std::min(offset + length, i + page_bytes - i % page_bytes); ++k)
                    at(k) = {};
        return {};
    }
    Result<std::uint64_t> copy_from(int, std::uint64_t, std::uint64_t, std::uint64_t) override {
        return fail_errno(EOPNOTSUPP, "buffer");
    }
    Result<void> write_back(std::uint64_t offset, std::uint64_t length) override {
        constexpr std::uint64_t line = 64;
        if (auto checked = check_range(offset, length); !checked) return checked;
        for (std::uint64_t i = offset / line; i <= (offset + length - 1) / line; ++i)
            lines_written_back.push_back(i);
        return {};
    }
    Result<void> invalidate(std::uint64_t, std::uint64_t) override { return {}; }
    void fence() override { ++fences; }
    int descriptor() const override { return -1; }
    std::byte* mapping() const override { return nullptr; }
    int lock_descriptor() const override { return -1; }

    std::vector<std::uint64_t> lines_written_back;
    int fences = 0;
    int failing_writes = 0;  // the n-th write from now fails; 0: none does

  private:
    static constexpr std::uint64_t page_bytes = 4096;

    std::byte byte(std::uint64_t offset) const {
        const auto page = pages_.find(offset / page_bytes);
        return page == pages_.end() ? std::byte{} : page->second[offset % page_bytes];
    }
    std::byte& at(std::uint64_t offset) { return pages_[offset / page_bytes][offset % page_bytes]; }

    std::map<std::uint64_t, std::array<std::byte, page_bytes>> pages_;
};

inline constexpr std::uint64_t unit = omf::default_allocation_unit;
inline constexpr std::uint64_t first_data = omf::log_offset + omf::minimum_log_length;

// An image with a pool of this host's that has room for `units` units.
inline void make_pool(const std::string& image, std::uint64_t units) {
    std::ofstream(image).close();
    std::filesystem::resize_file(image, first_data + units * unit);
    ASSERT_TRUE(pool::format(**device::open_memory(image, device::Access::read_write), {}));
}

// A second device of `units` units for the pool in `image`, whose log names it. Its superblock is the pool's
// but for the device's uuid.
inline void add_second_device(const std::string& image, const std::string& second, std::uint64_t units) {
    const auto pool = pool::Pool::open(image, device::Access::read_write);
    ASSERT_TRUE(pool);
    omf::Superblock superblock = pool->superblock();
    superblock.device = random_uuid();
    std::ofstream(second).close();
    std::filesystem::resize_file(second, units * unit);
    ASSERT_TRUE((*device::open_memory(second, device::Access::read_write))
                    ->write(0, omf::encode_superblock(superblock)));
    log::Writer log(pool->memory(), pool->read_header().value());
    ASSERT_TRUE(log.append(omf::DaxDevice{units * unit, superblock.device, 1}));
}

inline omf::Path path(std::string_view text) {
    return omf::Path::parse(text).value();
}

inline omf::Layout extents(std::initializer_list<omf::Extent> list, std::uint64_t chunk_size = 0) {
    omf::Layout layout;
    layout.chunk_size = chunk_size;
    for (const omf::Extent& extent : list)
        layout.extents.push_back(extent);
    return layout;
}

inline omf::File file(std::string_view name, std::uint64_t size, const omf::Layout& layout) {
    omf::File made;
    made.path = path(name);
    made.size = size;
    made.layout = layout;
    return made;
}

}  // namespace famfs::test
