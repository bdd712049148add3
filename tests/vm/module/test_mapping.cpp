// SPDX-License-Identifier: GPL-2.0
// Mappings: page sizes, ends, forks, private copies, what the kernel refuses.
#include "extent_file.h"
#include "harness.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

namespace {

struct Faults {
    uint64_t pte = counter("faults_pte"), pmd = counter("faults_pmd"),
             fallback = counter("faults_pmd_fallback"), failed = counter("faults_failed");
    Faults since(const Faults& before) const {
        Faults result = *this;
        result.pte -= before.pte, result.pmd -= before.pmd;
        result.fallback -= before.fallback, result.failed -= before.failed;
        return result;
    }
};

// The faults that touching each page takes.
Faults touch(Mapping& mapping, uint64_t length, bool write) {
    const Faults before;
    for (uint64_t offset = 0; offset < length; offset += page) {
        if (write)
            mapping[offset] = static_cast<unsigned char>(offset >> 12);
        else
            static_cast<void>(*static_cast<volatile unsigned char*>(mapping.data() + offset));
    }
    return Faults().since(before);
}

}  // namespace

TEST(mapping, two_megabyte_faults) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 16 * MiB, 64 * MiB);
    for (const bool write : {false, true}) {
        Mapping mapping(file.get(), 64 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
        CHECK_EQ(reinterpret_cast<uintptr_t>(mapping.data()) % (2 * MiB), 0u);
        const Faults faults = touch(mapping, 64 * MiB, write);
        CHECK_EQ(faults.pmd, 32u);
        CHECK_EQ(faults.pte, 0u);
        CHECK_EQ(faults.fallback, 0u);
        CHECK_EQ(faults.failed, 0u);
    }
}

TEST(mapping, two_megabyte_faults_of_strips) {
    const Fd control = attached();
    std::vector<famfs_dax_extent> strips;
    for (unsigned i = 0; i < 4; ++i)
        strips.push_back(extent(i * 10 * MiB, 8 * MiB));
    const Fd file(create(control.get(), 32 * MiB, strips, 0, 2 * MiB));
    Mapping mapping(file.get(), 32 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    const Faults faults = touch(mapping, 32 * MiB, true);
    CHECK_EQ(faults.pmd, 16u);
    CHECK_EQ(faults.pte, 0u);
}

TEST(mapping, small_pages_in_the_tail_only) {
    const Fd control = attached();
    const famfs_dax_extent one = extent(2 * MiB, 4 * MiB);
    const Fd file(create(control.get(), 3 * MiB, {&one, 1}));
    Mapping mapping(file.get(), 3 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    const Faults faults = touch(mapping, 3 * MiB, true);
    CHECK_EQ(faults.pmd, 1u);
    CHECK_EQ(faults.pte, 256u);
}

TEST(mapping, small_pages_if_not_aligned) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 2 * MiB + page, 4 * MiB);
    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    const Faults faults = touch(mapping, 4 * MiB, true);
    CHECK_EQ(faults.pmd, 0u);
    CHECK_EQ(faults.pte, 1024u);
    CHECK_EQ(mapping[5 * page], 5);
}

TEST(mapping, past_the_end) {
    const Fd control = attached();
    const famfs_dax_extent one = extent(0, 4 * MiB);
    const Fd file(create(control.get(), 2 * page + 100, {&one, 1}));
    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[2 * page + 99] = 1;
    mapping[3 * page - 1] = 1;  // the last page is there as a whole
    for (const uint64_t offset : {3 * page, 100 * page, 2 * MiB, 4 * MiB - 1}) {
        for (const bool write : {false, true}) {
            const Faults before;
            const harness::Outcome outcome = touch_in_child(mapping, offset, write);
            CHECK_EQ(outcome.signal, SIGBUS);
            CHECK_EQ(outcome.signal_code, BUS_ADRERR);
            CHECK(outcome.address == mapping.data() + offset);
            CHECK(Faults().since(before).failed >= 1);
        }
    }
}

TEST(mapping, fork_shares) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 4 * MiB);
    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[0] = 1;
    CHECK_EQ(harness::in_child([&] {
                 if (mapping[0] != 1) _exit(9);
                 mapping[1] = 2;
                 mapping[3 * MiB] = 3;
             }).status,
             0);
    CHECK_EQ(mapping[1], 2);
    CHECK_EQ(mapping[3 * MiB], 3);
}

TEST(mapping, private_copies) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 4 * MiB);
    Mapping shared(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    memset(shared.data(), 7, 4 * MiB);
    Mapping copy(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    CHECK_EQ(copy[MiB], 7);
    copy[MiB] = 8;          // after a read: over a mapped huge page
    copy[2 * MiB + 5] = 9;  // without one
    CHECK_EQ(shared[MiB], 7);
    CHECK_EQ(shared[2 * MiB + 5], 7);
    CHECK_EQ(copy[MiB + 1], 7);
    shared[MiB + 2 * page] = 11;
    CHECK_EQ(copy[MiB + 2 * page], 11);
    CHECK_EQ(harness::in_child([&] {
                 if (copy[MiB] != 8) _exit(9);
                 copy[MiB] = 10;
             }).status,
             0);
    CHECK_EQ(copy[MiB], 8);
}

TEST(mapping, protections_and_advice) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 4 * MiB);
    Mapping mapping(file.get(), 4 * MiB, PROT_READ, MAP_SHARED | MAP_POPULATE);
    CHECK_OK(mprotect(mapping.data(), 4 * MiB, PROT_READ | PROT_WRITE));
    mapping[5] = 5;
    CHECK_OK(mprotect(mapping.data() + page, page, PROT_READ));  // splits a huge page
    mapping[3 * page] = 3;
    CHECK_OK(madvise(mapping.data(), 4 * MiB, MADV_DONTNEED));
    CHECK_EQ(mapping[5], 5);
    CHECK_EQ(mapping[3 * page], 3);
    CHECK_OK(mlock(mapping.data(), 4 * MiB));
    CHECK_OK(munlock(mapping.data(), 4 * MiB));
    CHECK_OK(madvise(mapping.data(), 4 * MiB, MADV_WILLNEED));
    Mapping small(file.get(), 2 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    void* moved = mremap(small.data(), 2 * MiB, 4 * MiB, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED);
    CHECK_EQ(static_cast<unsigned char*>(moved)[5], 5);
    static_cast<unsigned char*>(moved)[3 * MiB] = 4;
    CHECK_EQ(mapping[3 * MiB], 4);
    munmap(moved, 4 * MiB);
    // MADV_REMOVE would punch a hole.
    Mapping whole(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    CHECK_ERRNO(madvise(whole.data(), MiB, MADV_REMOVE), EOPNOTSUPP);
}

TEST(mapping, sync_is_not_promised) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 2 * MiB);
    CHECK(mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE | MAP_SYNC, file.get(), 0) ==
          MAP_FAILED);
    CHECK_EQ(errno, EOPNOTSUPP);
}

// Point 11 of what is documented: no pins for ever, here an io_uring fixed buffer.
TEST(mapping, long_term_pin_is_refused) {
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 2 * MiB);
    Mapping mapping(file.get(), 2 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[0] = 1;
    io_uring_params parameters{};
    const Fd ring(static_cast<int>(syscall(SYS_io_uring_setup, 4, &parameters)));
    if (ring.get() < 0) harness::skip("no io_uring");
    iovec buffer{mapping.data(), page};
    CHECK_ERRNO(syscall(SYS_io_uring_register, ring.get(), IORING_REGISTER_BUFFERS, &buffer, 1), EOPNOTSUPP);
    std::vector<unsigned char> ordinary(page);
    buffer = {ordinary.data(), page};
    CHECK_OK(syscall(SYS_io_uring_register, ring.get(), IORING_REGISTER_BUFFERS, &buffer, 1));
}
