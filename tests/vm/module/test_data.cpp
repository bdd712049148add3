// SPDX-License-Identifier: GPL-2.0
// The bytes: where they lie, and that every way to them sees the same.
#include "extent_file.h"
#include "harness.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

using Bytes = std::vector<unsigned char>;

void write_all(int fd, const Bytes& bytes, uint64_t offset = 0) {
    CHECK_EQ(pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)),
             static_cast<ssize_t>(bytes.size()));
}

Bytes read_all(int fd, uint64_t length, uint64_t offset = 0) {
    Bytes bytes(length);
    CHECK_EQ(pread(fd, bytes.data(), length, static_cast<off_t>(offset)), static_cast<ssize_t>(length));
    return bytes;
}

// The device's bytes as they lie, through a file of one extent.
Bytes raw(int control, uint64_t offset, uint64_t length) {
    const Fd file = simple_file(control, offset, length);
    return read_all(file.get(), length);
}

struct Free {
    void operator()(void* memory) const { free(memory); }
};
using Buffer = std::unique_ptr<unsigned char, Free>;

Buffer aligned(uint64_t length) {
    return Buffer(static_cast<unsigned char*>(aligned_alloc(page, length)));
}

// What the documentation of the striped map says, byte by byte.
uint64_t striped_offset(const std::vector<famfs_dax_extent>& strips, uint64_t chunk, uint64_t pos) {
    const uint64_t number = pos / chunk;
    return strips[number % strips.size()].offset + number / strips.size() * chunk + pos % chunk;
}

}  // namespace

TEST(data, lies_at_the_extents) {
    const Fd control = attached();
    const std::vector<famfs_dax_extent> list{extent(6 * MiB, 2 * MiB), extent(0, MiB),
                                             extent(20 * MiB, 4 * MiB)};
    const Bytes bytes = pattern(7 * MiB, 1);
    Fd file(create(control.get(), 7 * MiB, list));
    CHECK_OK(file.get());
    write_all(file.get(), bytes);
    CHECK(read_all(file.get(), 7 * MiB) == bytes);
    file.reset();
    CHECK(raw(control.get(), 6 * MiB, 2 * MiB) == Bytes(bytes.begin(), bytes.begin() + 2 * MiB));
    CHECK(raw(control.get(), 0, MiB) == Bytes(bytes.begin() + 2 * MiB, bytes.begin() + 3 * MiB));
    CHECK(raw(control.get(), 20 * MiB, 4 * MiB) == Bytes(bytes.begin() + 3 * MiB, bytes.end()));
}

TEST(data, lies_at_the_strips) {
    const Fd control = attached();
    for (const uint64_t chunk : {page, 64 * KiB, 2 * MiB}) {
        for (const unsigned count : {1u, 3u, 5u}) {
            std::vector<famfs_dax_extent> strips;
            for (unsigned i = 0; i < count; ++i)
                strips.push_back(extent((count - i) * 10 * MiB, 4 * MiB));
            const uint64_t size = count * 4 * MiB - 123;
            const Bytes bytes = pattern(size, chunk + count);
            Fd file(create(control.get(), size, strips, 0, chunk));
            CHECK_OK(file.get());
            {
                Mapping mapping(file.get(), size, PROT_READ | PROT_WRITE, MAP_SHARED);
                memcpy(mapping.data(), bytes.data(), size);
            }
            CHECK(read_all(file.get(), size) == bytes);
            file.reset();
            const Bytes device = raw(control.get(), 0, 60 * MiB);
            for (uint64_t pos = 0; pos < size; pos += 1021)
                CHECK_EQ(device[striped_offset(strips, chunk, pos)], bytes[pos]);
        }
    }
}

TEST(data, read_write_and_mapping_agree) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 2 * MiB, 4 * MiB);
    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    Mapping other(file.get(), 4 * MiB, PROT_READ, MAP_SHARED);
    const Bytes first = pattern(4 * MiB, 1), second = pattern(3 * MiB, 2);
    write_all(file.get(), first);
    CHECK(std::equal(first.begin(), first.end(), mapping.data()));
    memcpy(mapping.data() + 12345, second.data(), second.size());
    CHECK(read_all(file.get(), second.size(), 12345) == second);
    CHECK(std::equal(second.begin(), second.end(), other.data() + 12345));
    CHECK_OK(msync(mapping.data(), 4 * MiB, MS_SYNC));
    CHECK_OK(fsync(file.get()));
    CHECK_OK(fdatasync(file.get()));

    // A second open of the same file.
    const std::string link = "/proc/self/fd/" + std::to_string(file.get());
    const Fd again(open(link.c_str(), O_RDONLY));
    CHECK_OK(again.get());
    CHECK(read_all(again.get(), second.size(), 12345) == second);
}

TEST(data, end_of_file) {
    const Fd control = attached();
    const famfs_dax_extent one = extent(0, 2 * MiB);
    const uint64_t size = 5000;
    const Fd file(create(control.get(), size, {&one, 1}));
    CHECK_OK(file.get());
    Bytes bytes(8192, 9);
    CHECK_EQ(pwrite(file.get(), bytes.data(), bytes.size(), 4000), 1000);
    CHECK_EQ(pread(file.get(), bytes.data(), bytes.size(), 4000), 1000);
    CHECK_ERRNO(pwrite(file.get(), bytes.data(), 1, size), EFBIG);
    CHECK_ERRNO(pwrite(file.get(), bytes.data(), 1, 1 * MiB), EFBIG);
    CHECK_ERRNO(pwrite(file.get(), bytes.data(), 1, 10 * MiB), EFBIG);
    CHECK_EQ(pwrite(file.get(), bytes.data(), 0, size), 0);
    CHECK_EQ(pread(file.get(), bytes.data(), 1, size), 0);
    CHECK_EQ(pread(file.get(), bytes.data(), 1, 10 * MiB), 0);
    CHECK_ERRNO(pread(file.get(), bytes.data(), 1, -1), EINVAL);
    const std::string link = "/proc/self/fd/" + std::to_string(file.get());
    const Fd append(open(link.c_str(), O_WRONLY | O_APPEND));
    CHECK_OK(append.get());
    CHECK_ERRNO(write(append.get(), "x", 1), EFBIG);
    CHECK_EQ(lseek(file.get(), 0, SEEK_END), static_cast<off_t>(size));
    CHECK_EQ(lseek(file.get(), 0, SEEK_HOLE), static_cast<off_t>(size));
    CHECK_EQ(lseek(file.get(), 10, SEEK_DATA), 10);
    iovec parts[2]{{bytes.data(), 4096}, {bytes.data(), 4096}};
    CHECK_EQ(pwritev(file.get(), parts, 2, 0), static_cast<ssize_t>(size));
    CHECK_EQ(preadv(file.get(), parts, 2, 0), static_cast<ssize_t>(size));
}

TEST(data, direct) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 4 * MiB);
    const std::string link = "/proc/self/fd/" + std::to_string(file.get());
    const Fd direct(open(link.c_str(), O_RDWR | O_DIRECT));
    CHECK_OK(direct.get());
    const Buffer buffer = aligned(MiB);
    fill({buffer.get(), MiB}, 3);
    CHECK_EQ(pwrite(direct.get(), buffer.get(), MiB, MiB), static_cast<ssize_t>(MiB));
    const Bytes seen = read_all(file.get(), MiB, MiB);
    CHECK(std::equal(seen.begin(), seen.end(), buffer.get()));
    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[MiB + 17] ^= 0xff;
    const Buffer back = aligned(MiB);
    CHECK_EQ(pread(direct.get(), back.get(), MiB, MiB), static_cast<ssize_t>(MiB));
    CHECK_EQ(back.get()[17], buffer.get()[17] ^ 0xff);
    CHECK_OK(fcntl(file.get(), F_SETFL, O_DIRECT));
}

TEST(data, splice_and_copies) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 2 * MiB),
             target = simple_file(control.get(), 4 * MiB, 2 * MiB);
    const Bytes bytes = pattern(2 * MiB, 4);
    write_all(file.get(), bytes);

    int ends[2];
    CHECK_OK(pipe(ends));
    const Fd in(ends[1]), out(ends[0]);
    loff_t from = 4096, to = 8192;
    CHECK_EQ(splice(file.get(), &from, in.get(), nullptr, 32768, 0), 32768);
    CHECK_EQ(splice(out.get(), nullptr, target.get(), &to, 32768, 0), 32768);
    CHECK(read_all(target.get(), 32768, 8192) == Bytes(bytes.begin() + 4096, bytes.begin() + 4096 + 32768));

    off_t offset = 0;
    uint64_t sent = 0;
    CHECK_EQ(lseek(target.get(), 0, SEEK_SET), 0);
    while (sent < 2 * MiB) {
        const ssize_t part = sendfile(target.get(), file.get(), &offset, 2 * MiB - sent);
        CHECK(part > 0);
        sent += static_cast<uint64_t>(part);
    }
    CHECK(read_all(target.get(), 2 * MiB) == bytes);

    write_all(target.get(), Bytes(2 * MiB, 0));
    from = 0, to = 0;
    while (from < static_cast<loff_t>(2 * MiB))
        CHECK(copy_file_range(file.get(), &from, target.get(), &to, 2 * MiB, 0) > 0);
    CHECK(read_all(target.get(), 2 * MiB) == bytes);
}

// The buffer of a read or write may be a mapping of the same file.
TEST(data, mapping_as_buffer) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 4 * MiB);
    const Bytes bytes = pattern(MiB, 5);
    write_all(file.get(), bytes);
    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    CHECK_EQ(pread(file.get(), mapping.data() + 2 * MiB, MiB, 0), static_cast<ssize_t>(MiB));
    CHECK(std::equal(bytes.begin(), bytes.end(), mapping.data() + 2 * MiB));
    CHECK_EQ(pwrite(file.get(), mapping.data() + 2 * MiB, MiB, 3 * MiB), static_cast<ssize_t>(MiB));
    CHECK(std::equal(bytes.begin(), bytes.end(), mapping.data() + 3 * MiB));
}

TEST(data, fiemap) {
    const Fd control = attached();
    const std::vector<famfs_dax_extent> list{extent(6 * MiB, 2 * MiB), extent(0, MiB)};
    const Fd file(create(control.get(), 3 * MiB, list));
    std::vector<unsigned char> memory(sizeof(fiemap) + 4 * sizeof(fiemap_extent));
    auto* map = reinterpret_cast<fiemap*>(memory.data());
    map->fm_length = UINT64_MAX;
    map->fm_extent_count = 4;
    CHECK_OK(ioctl(file.get(), FS_IOC_FIEMAP, map));
    CHECK_EQ(map->fm_mapped_extents, 2u);
    CHECK_EQ(map->fm_extents[0].fe_physical, 6 * MiB);
    CHECK_EQ(map->fm_extents[0].fe_length, 2 * MiB);
    CHECK_EQ(map->fm_extents[1].fe_logical, 2 * MiB);
    CHECK_EQ(map->fm_extents[1].fe_physical, 0u);
    CHECK(map->fm_extents[1].fe_flags & FIEMAP_EXTENT_LAST);
}

TEST(data, cache) {
    const Fd control = attached();
    const famfs_dax_extent one = extent(0, 8 * MiB);
    const Fd file(create(control.get(), 7 * MiB + 100, {&one, 1}));
    Mapping mapping(file.get(), 7 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    fill({mapping.data(), 7 * MiB}, 6);
    const auto cache = [&](uint64_t offset, uint64_t length, uint32_t op, uint32_t reserved = 0) {
        famfs_dax_cache arg{};
        arg.offset = offset;
        arg.length = length;
        arg.op = op;
        arg.reserved = reserved;
        return ioctl(file.get(), FAMFS_DAX_IOC_CACHE, &arg);
    };
    for (const uint32_t op : {FAMFS_DAX_CACHE_WRITEBACK, FAMFS_DAX_CACHE_INVALIDATE}) {
        CHECK_OK(cache(0, 7 * MiB + 100, op));
        CHECK_OK(cache(1, 1, op));
        CHECK_OK(cache(3 * MiB - 7, 4 * MiB, op));
        CHECK_OK(cache(0, 1ull << 62, op));
        CHECK_OK(cache(1ull << 62, 1, op));
        CHECK_OK(cache(0, 0, op));
        CHECK_ERRNO(cache(UINT64_MAX, 1, op), EINVAL);
    }
    CHECK_ERRNO(cache(0, 1, 2), EINVAL);
    CHECK_ERRNO(cache(0, 1, 0, 1), EINVAL);
    CHECK(read_all(file.get(), 7 * MiB) == pattern(7 * MiB, 6));
}

// Which bytes go from the caches to the memory when, as the module counts them.
TEST(data, written_back) {
    const Fd control = attached();
    const uint64_t size = 8 * MiB - 100;
    const famfs_dax_extent one = extent(0, 8 * MiB);
    const Fd file(create(control.get(), size, {&one, 1}));
    CHECK_OK(file.get());
    const Bytes bytes(10000, 1);
    iovec part{const_cast<unsigned char*>(bytes.data()), bytes.size()};
    Mapping mapping(file.get(), size, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[MiB] = 1;
    const auto writes_back = [](uint64_t expected, const auto& function) {
        const uint64_t before = counter("written_back_bytes");
        function();
        CHECK_EQ(counter("written_back_bytes") - before, expected);
    };

    // A write, whatever its flags: just what it wrote.
    writes_back(10000, [&] { write_all(file.get(), bytes, 2 * MiB - 1234); });
    writes_back(10000, [&] { CHECK_EQ(pwritev2(file.get(), &part, 1, 0, RWF_DSYNC), 10000); });
    const auto end = static_cast<off_t>(size - 100);
    writes_back(100, [&] { CHECK_EQ(pwrite(file.get(), bytes.data(), 10000, end), 100); });
    for (const int flag : {O_SYNC, O_DSYNC, O_DIRECT}) {
        const std::string link = "/proc/self/fd/" + std::to_string(file.get());
        const Fd again(open(link.c_str(), O_WRONLY | flag));
        CHECK_OK(again.get());
        const Buffer buffer = aligned(page);
        fill({buffer.get(), page}, 1);
        writes_back(page, [&] { CHECK_EQ(pwrite(again.get(), buffer.get(), page, page), 4096); });
    }

    // What was written through a mapping: when asked, and what was asked for.
    writes_back(0, [&] { mapping[MiB] = mapping[5 * MiB] = 2; });
    writes_back(2 * page, [&] { CHECK_OK(msync(mapping.data() + MiB, 2 * page, MS_SYNC)); });
    writes_back(size, [&] { CHECK_OK(msync(mapping.data(), size, MS_SYNC)); });
    writes_back(0, [&] { CHECK_OK(msync(mapping.data(), size, MS_ASYNC)); });
    writes_back(size, [&] { CHECK_OK(fsync(file.get())); });
    writes_back(size, [&] { CHECK_OK(fdatasync(file.get())); });
    // These two look at the page cache, of which there is none.
    constexpr unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    writes_back(0, [&] { CHECK_OK(sync_file_range(file.get(), 0, 0, all)); });
    writes_back(0, [&] { CHECK_OK(syncfs(file.get())); });
    writes_back(0, [&] { CHECK_EQ(pread(file.get(), part.iov_base, 10000, 0), 10000); });

    const uint64_t invalidated = counter("invalidated_bytes");
    famfs_dax_cache cache{};
    cache.length = MiB;
    cache.op = FAMFS_DAX_CACHE_INVALIDATE;
    CHECK_OK(ioctl(file.get(), FAMFS_DAX_IOC_CACHE, &cache));
    CHECK_EQ(counter("invalidated_bytes"), invalidated + MiB);
}

TEST(data, counters) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 2 * MiB);
    const uint64_t reads = counter("reads"), read_bytes = counter("read_bytes");
    const uint64_t writes = counter("writes"), write_bytes = counter("write_bytes");
    write_all(file.get(), Bytes(1000, 1));
    write_all(file.get(), Bytes(2000, 1));
    read_all(file.get(), 3000);
    CHECK_EQ(counter("writes"), writes + 2);
    CHECK_EQ(counter("write_bytes"), write_bytes + 3000);
    CHECK_EQ(counter("reads"), reads + 1);
    CHECK_EQ(counter("read_bytes"), read_bytes + 3000);
}
