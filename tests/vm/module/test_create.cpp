// SPDX-License-Identifier: GPL-2.0
// Making files: what is refused, what a page may belong to, what is shared.
#include "extent_file.h"
#include "harness.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace {

using Extents = std::vector<famfs_dax_extent>;

ino_t inode_of(int fd) {
    struct stat status{};
    CHECK_OK(fstat(fd, &status));
    return status.st_ino;
}

// What `change` makes of a good request, or of its list, is refused and claims nothing.
template <typename Change>
void check_refused(int control, famfs_dax_create good, Extents& list, int code, const Change& change) {
    const Extents saved = list;
    change(good);
    CHECK_ERRNO(ioctl(control, FAMFS_DAX_IOC_CREATE, &good), code);
    CHECK_EQ(device_info(control).claimed, 0u);
    std::copy(saved.begin(), saved.end(), list.begin());
}

}  // namespace

TEST(create, regular_dax_file) {
    const Fd control = attached();
    const Extents one{extent(2 * MiB, 4 * MiB)};
    const Fd file(create(control.get(), 3 * MiB + 5, one));
    CHECK_OK(file.get());
    CHECK_EQ(fcntl(file.get(), F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(file.get(), F_GETFL) & O_ACCMODE, O_RDWR);
    struct statx status{};
    CHECK_OK(statx(file.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status));
    CHECK(S_ISREG(status.stx_mode));
    CHECK_EQ(status.stx_size, 3 * MiB + 5);
    CHECK_EQ(status.stx_blocks, 4 * MiB / 512);
    CHECK(status.stx_attributes_mask & STATX_ATTR_DAX);
    CHECK(status.stx_attributes & STATX_ATTR_DAX);
    const famfs_dax_file_info info = file_info(file.get());
    CHECK_EQ(info.size, 3 * MiB + 5);
    CHECK_EQ(info.capacity, 4 * MiB);
    CHECK_EQ(info.type, uint32_t{FAMFS_DAX_MAP_SIMPLE});
    CHECK_EQ(info.nr_extents, 1u);
    CHECK_EQ(info.flags, 0u);
    CHECK_EQ(device_info(control.get()).claimed, 4 * MiB);
}

TEST(create, every_field_is_checked) {
    const Device first = device(0);
    const Fd control = attached();
    Extents list{extent(0, 2 * MiB), extent(4 * MiB, 2 * MiB)};
    famfs_dax_create good{};
    good.size = 4 * MiB;
    good.extents = reinterpret_cast<uintptr_t>(list.data());
    good.nr_extents = 2;

    const auto refused = [&](int code, auto change) {
        check_refused(control.get(), good, list, code, change);
    };
    refused(EINVAL, [](auto& arg) { arg.size = 0; });
    refused(ERANGE, [](auto& arg) { arg.size = 4 * MiB + 1; });
    refused(ERANGE, [](auto& arg) { arg.size = UINT64_MAX; });
    refused(EINVAL, [](auto& arg) { arg.nr_extents = 0; });
    refused(EINVAL, [](auto& arg) { arg.nr_extents = FAMFS_DAX_MAX_EXTENTS + 1; });
    refused(EINVAL, [](auto& arg) { arg.nr_extents = UINT32_MAX; });
    refused(EFAULT, [](auto& arg) { arg.extents = 0; });
    refused(EFAULT, [](auto& arg) { arg.extents = UINT64_MAX - 4; });
    refused(EFAULT, [](auto& arg) {
        arg.nr_extents = 60000;
        arg.extents = 4096;
    });
    refused(EINVAL, [](auto& arg) { arg.type = 2; });
    refused(EINVAL, [](auto& arg) { arg.type = UINT32_MAX; });
    refused(EINVAL, [](auto& arg) { arg.chunk_size = 2 * MiB; });
    refused(EINVAL, [](auto& arg) { arg.flags = 4; });
    refused(EINVAL, [](auto& arg) { arg.flags = 0x80000000; });
    refused(EINVAL, [](auto& arg) { arg.reserved = 1; });
    refused(EINVAL, [&](auto&) { list[0].length = 0; });
    refused(EINVAL, [&](auto&) { list[1].length = 0; });
    refused(EINVAL, [&](auto&) { list[1].length = 2 * MiB - 1; });
    refused(EINVAL, [&](auto&) { list[1].offset = 4 * MiB + 512; });
    refused(EINVAL, [&](auto&) { list[1].device = 1; });
    refused(EINVAL, [&](auto&) { list[1].device = UINT32_MAX; });
    refused(EINVAL, [&](auto&) { list[1].reserved = 1; });
    refused(ERANGE, [&](auto&) { list[1].offset = first.size; });
    refused(ERANGE, [&](auto&) { list[1].offset = first.size - page; });
    refused(ERANGE, [&](auto&) { list[1].offset = 0 - page; });
    refused(ERANGE, [&](auto&) { list[1].length = 0 - page; });
    refused(ERANGE, [&](auto&) {
        list[1].offset = 1ull << 63;
        list[1].length = 1ull << 63;
    });
    refused(EINVAL, [&](auto&) { list[1].offset = 2 * MiB - page; });
    refused(EINVAL, [&](auto&) { list[1] = list[0]; });
    CHECK_ERRNO(ioctl(control.get(), FAMFS_DAX_IOC_CREATE, nullptr), EFAULT);

    const Fd file(ioctl(control.get(), FAMFS_DAX_IOC_CREATE, &good));
    CHECK_OK(file.get());
}

TEST(create, every_field_of_a_stripe_is_checked) {
    const Fd control = attached();
    Extents list;
    for (uint64_t i = 0; i < 17; ++i)
        list.push_back(extent(i * 4 * MiB, 2 * MiB));
    famfs_dax_create good{};
    good.size = 4 * MiB;
    good.extents = reinterpret_cast<uintptr_t>(list.data());
    good.nr_extents = 2;
    good.type = FAMFS_DAX_MAP_STRIPED;
    good.chunk_size = 64 * KiB;

    const auto refused = [&](int code, auto change) {
        check_refused(control.get(), good, list, code, change);
    };
    refused(EINVAL, [](auto& arg) { arg.chunk_size = 0; });
    refused(EINVAL, [](auto& arg) { arg.chunk_size = 1; });
    refused(EINVAL, [](auto& arg) { arg.chunk_size = 2048; });
    refused(EINVAL, [](auto& arg) { arg.chunk_size = 3 * 4096; });
    refused(EINVAL, [](auto& arg) { arg.chunk_size = 4 * MiB; });
    refused(EINVAL, [](auto& arg) { arg.chunk_size = 1ull << 63; });
    refused(EINVAL, [](auto& arg) { arg.chunk_size = UINT64_MAX; });
    refused(EINVAL, [](auto& arg) { arg.nr_extents = 0; });
    refused(EINVAL, [](auto& arg) { arg.nr_extents = 17; });
    refused(ERANGE, [](auto& arg) { arg.size = 4 * MiB + 1; });
    refused(EINVAL, [&](auto&) { list[1].length = 2 * MiB - 64 * KiB; });
    refused(EINVAL, [&](auto&) { list[0].length = list[1].length = 96 * KiB; });
    refused(EINVAL, [&](auto&) { list[1].offset = 1 * MiB; });
    refused(EINVAL, [&](auto&) { list[1].offset = 1; });
    refused(ERANGE, [&](auto&) { list[1].offset = 1ull << 62; });

    famfs_dax_create sixteen = good;
    sixteen.nr_extents = 16;
    sixteen.size = 32 * MiB;
    const Fd file(ioctl(control.get(), FAMFS_DAX_IOC_CREATE, &sixteen));
    CHECK_OK(file.get());
    CHECK_EQ(file_info(file.get()).chunk_size, 64 * KiB);
    CHECK_EQ(file_info(file.get()).nr_extents, 16u);
}

TEST(create, overlap_with_a_living_file) {
    const Fd control = attached(), other = attached();
    const Extents taken{extent(8 * MiB, 4 * MiB), extent(20 * MiB, 2 * MiB)};
    Fd file(create(control.get(), 6 * MiB, taken));
    CHECK_OK(file.get());

    const auto busy = [&](uint64_t offset, uint64_t length) {
        const Extents list{extent(40 * MiB, 2 * MiB), extent(offset, length)};
        CHECK_ERRNO(create(control.get(), 2 * MiB + length, list), EBUSY);
        CHECK_ERRNO(create(other.get(), 2 * MiB + length, list, FAMFS_DAX_CREATE_SHARE), EBUSY);
        CHECK_EQ(device_info(control.get()).claimed, 6 * MiB);
    };
    busy(8 * MiB, 4 * MiB);
    busy(8 * MiB - page, 2 * page);
    busy(12 * MiB - page, 2 * page);
    busy(10 * MiB, page);
    busy(0, 40 * MiB);
    busy(21 * MiB, page);
    const Extents strips{extent(0, 2 * MiB), extent(10 * MiB, 2 * MiB)};
    CHECK_ERRNO(create(control.get(), 4 * MiB, strips, 0, 2 * MiB), EBUSY);

    // Neighbours are free, and all is once the file is gone.
    const Extents around{extent(8 * MiB - page, page), extent(12 * MiB, page), extent(20 * MiB - page, page)};
    Fd neighbour(create(control.get(), 3 * page, around));
    CHECK_OK(neighbour.get());
    neighbour.reset();
    file.reset();
    CHECK_EQ(device_info(control.get()).claimed, 0u);
    const Fd again(create(other.get(), 6 * MiB, taken));
    CHECK_OK(again.get());
}

TEST(create, a_mapping_keeps_the_claim) {
    const Fd control = attached();
    Fd file = simple_file(control.get(), 0, 2 * MiB);
    Mapping mapping(file.get(), 2 * MiB, PROT_READ, MAP_SHARED);
    file.reset();
    const famfs_dax_extent one = extent(0, 2 * MiB);
    CHECK_ERRNO(create(control.get(), 2 * MiB, {&one, 1}), EBUSY);
    mapping.unmap();
    const Fd again(create(control.get(), 2 * MiB, {&one, 1}));
    CHECK_OK(again.get());
}

// What a daemon does that was killed while its files were mapped.
TEST(create, share_the_same_map) {
    Fd control = attached();
    const Extents list{extent(8 * MiB, 2 * MiB), extent(4 * MiB, 2 * MiB)};
    Fd file(create(control.get(), 3 * MiB, list));
    CHECK_OK(file.get());
    const ino_t inode = inode_of(file.get());
    Mapping mapping(file.get(), 3 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[5] = 55;
    file.reset();
    control.reset();

    const Fd later = attached();
    CHECK_ERRNO(create(later.get(), 3 * MiB, list), EBUSY);
    CHECK_ERRNO(create(later.get(), 3 * MiB - 1, list, FAMFS_DAX_CREATE_SHARE), EBUSY);
    const Extents reversed{list[1], list[0]};
    CHECK_ERRNO(create(later.get(), 3 * MiB, reversed, FAMFS_DAX_CREATE_SHARE), EBUSY);
    CHECK_ERRNO(create(later.get(), 2 * MiB, {list.data(), 1}, FAMFS_DAX_CREATE_SHARE), EBUSY);
    CHECK_ERRNO(create(later.get(), 3 * MiB, list, FAMFS_DAX_CREATE_SHARE, 2 * MiB), EBUSY);

    // The file has no descriptor left, only the mapping, which counts as one.
    Fd shared(create(later.get(), 3 * MiB, list, FAMFS_DAX_CREATE_SHARE));
    CHECK_OK(shared.get());
    CHECK_EQ(inode_of(shared.get()), inode);
    CHECK_EQ(fcntl(shared.get(), F_GETFD), FD_CLOEXEC);
    unsigned char byte = 0;
    CHECK_EQ(pread(shared.get(), &byte, 1, 5), 1);
    CHECK_EQ(byte, 55);
    const Fd reader(create(later.get(), 3 * MiB, list, FAMFS_DAX_CREATE_SHARE | FAMFS_DAX_CREATE_RDONLY));
    CHECK_OK(reader.get());
    CHECK_ERRNO(pwrite(reader.get(), &byte, 1, 0), EBADF);
    mapping.unmap();
    shared.reset();
    CHECK_EQ(device_info(later.get()).claimed, 4 * MiB);
}

TEST(create, share_makes_what_is_not_there) {
    const Fd control = attached();
    const famfs_dax_extent one = extent(0, 2 * MiB);
    Fd file(create(control.get(), 2 * MiB, {&one, 1}, FAMFS_DAX_CREATE_SHARE));
    CHECK_OK(file.get());
}

// O_PATH keeps the inode without an open file: it cannot be shared, and it can be opened again.
TEST(create, path_descriptor_keeps_the_claim) {
    const Fd control = attached();
    const famfs_dax_extent one = extent(0, 2 * MiB);
    Fd file = simple_file(control.get(), 0, 2 * MiB);
    const std::string link = "/proc/self/fd/" + std::to_string(file.get());
    Fd path(open(link.c_str(), O_PATH));
    CHECK_OK(path.get());
    file.reset();
    CHECK_ERRNO(create(control.get(), 2 * MiB, {&one, 1}, FAMFS_DAX_CREATE_SHARE), EBUSY);
    const std::string again = "/proc/self/fd/" + std::to_string(path.get());
    Fd opened(open(again.c_str(), O_RDWR));
    CHECK_OK(opened.get());
    Fd shared(create(control.get(), 2 * MiB, {&one, 1}, FAMFS_DAX_CREATE_SHARE));
    CHECK_OK(shared.get());
    path.reset();
    opened.reset();
    shared.reset();
    CHECK_EQ(device_info(control.get()).claimed, 0u);
}

TEST(create, read_only) {
    const Device first = device(0);
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), first, 0, O_RDONLY), 0);
    CHECK_EQ(device_info(control.get()).flags, FAMFS_DAX_DEVICE_RDONLY);
    const famfs_dax_extent one = extent(0, 2 * MiB);
    CHECK_ERRNO(create(control.get(), 2 * MiB, {&one, 1}), EACCES);
    const Fd file(create(control.get(), 2 * MiB, {&one, 1}, FAMFS_DAX_CREATE_RDONLY));
    CHECK_OK(file.get());
    CHECK_ERRNO(write(file.get(), "x", 1), EBADF);
    CHECK(mmap(nullptr, page, PROT_WRITE, MAP_SHARED, file.get(), 0) == MAP_FAILED);
    CHECK_EQ(errno, EACCES);
    const Mapping mapping(file.get(), page, PROT_READ, MAP_SHARED);
}

TEST(create, size_does_not_change) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 2 * MiB);
    CHECK_ERRNO(ftruncate(file.get(), 0), EPERM);
    CHECK_ERRNO(ftruncate(file.get(), 2 * MiB - 1), EPERM);
    CHECK_ERRNO(ftruncate(file.get(), 2 * MiB + 1), EPERM);
    CHECK_OK(ftruncate(file.get(), 2 * MiB));
    CHECK_ERRNO(fallocate(file.get(), 0, 0, 4 * MiB), EOPNOTSUPP);
    CHECK_ERRNO(fallocate(file.get(), 3 /* punch a hole, keep the size */, 0, MiB), EOPNOTSUPP);
    const std::string link = "/proc/self/fd/" + std::to_string(file.get());
    CHECK_ERRNO(open(link.c_str(), O_RDWR | O_TRUNC), EPERM);
    struct stat status{};
    CHECK_OK(fstat(file.get(), &status));
    CHECK_EQ(status.st_size, static_cast<off_t>(2 * MiB));
}

TEST_LIMIT(create, as_many_extents_as_may_be, 120) {
    const Device first = device(0);
    const Fd control = attached();
    // Every second page, from the end to the start: no two follow each other.
    const uint64_t count = std::min<uint64_t>(FAMFS_DAX_MAX_EXTENTS, first.size / page / 2);
    Extents list;
    for (uint64_t i = 0; i < count; ++i)
        list.push_back(extent((count - 1 - i) * 2 * page, page));
    const Fd file(create(control.get(), count * page, list));
    CHECK_OK(file.get());
    CHECK_EQ(file_info(file.get()).nr_extents, count);
    for (uint64_t i = 0; i < count; i += 509)
        CHECK_EQ(pwrite(file.get(), &i, sizeof i, static_cast<off_t>(i * page)), 8);
    for (uint64_t i = 0; i < count; i += 509) {
        uint64_t found = 0;
        CHECK_EQ(pread(file.get(), &found, sizeof found, static_cast<off_t>(i * page)), 8);
        CHECK_EQ(found, i);
    }
    // A read across pages follows the extents.
    std::vector<unsigned char> all(512 * page);
    CHECK_EQ(pread(file.get(), all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
    CHECK_EQ(*reinterpret_cast<uint64_t*>(all.data() + 509 * page), 509u);
    harness::note(std::to_string(count) + " extents");
}

TEST(create, devices_of_two_numbers) {
    const Device second = device(1);
    const Fd control = attached();
    CHECK_EQ(attach(control.get(), second), 1);
    const Extents list{extent(0, 2 * MiB, 1), extent(0, 2 * MiB, 0)};
    Fd file(create(control.get(), 4 * MiB, list));
    CHECK_OK(file.get());
    const std::vector<unsigned char> bytes = pattern(4 * MiB, 7);
    CHECK_EQ(pwrite(file.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    CHECK_EQ(device_info(control.get(), 0).claimed, 2 * MiB);
    CHECK_EQ(device_info(control.get(), 1).claimed, 2 * MiB);
    file.reset();

    Extents one{extent(0, 2 * MiB, 1)};
    const Fd first_half(create(control.get(), 2 * MiB, one));
    Mapping mapping(first_half.get(), 2 * MiB, PROT_READ, MAP_SHARED);
    CHECK(std::equal(bytes.begin(), bytes.begin() + 2 * MiB, mapping.data()));
}
