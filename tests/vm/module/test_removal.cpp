// SPDX-License-Identifier: GPL-2.0
// The device is unbound while it is used. Device 1 is taken for it, 0 stays.
#include "extent_file.h"
#include "harness.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <ctime>
#include <thread>

namespace {

double seconds() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void unbind_in_time(const Device& gone) {
    const double start = seconds();
    unbind(gone.name);
    const double took = seconds() - start;
    harness::note("unbind took " + std::to_string(took) + " s");
    CHECK(took < 10);
}

// SIGBUS, and not a wrong byte or a hang.
void check_lost(Mapping& mapping, uint64_t offset) {
    for (const bool write : {false, true}) {
        const harness::Outcome outcome = touch_in_child(mapping, offset, write);
        CHECK_EQ(outcome.signal, SIGBUS);
    }
}

}  // namespace

TEST(removal, mappers_get_sigbus) {
    const Device gone = device(1);
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), gone), 0);
    const Fd file = simple_file(control.get(), 0, 8 * MiB),
             unused = simple_file(control.get(), 8 * MiB, 2 * MiB);
    Mapping mapping(file.get(), 8 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    Mapping copy(file.get(), 8 * MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    mapping[0] = 1;
    mapping[5 * MiB] = 2;
    copy[5 * MiB + 1] = 3;  // a page of its own stays
    const uint64_t removed = counter("devices_removed");

    unbind_in_time(gone);

    CHECK_EQ(counter("devices_removed"), removed + 1);
    CHECK(shown(gone, "state").empty());
    CHECK(listed_devices().find(gone.name + " size=") != std::string::npos);
    CHECK(listed_devices().find("state=dead") != std::string::npos);
    check_lost(mapping, 0);
    check_lost(mapping, 5 * MiB);
    check_lost(mapping, 7 * MiB);
    CHECK_EQ(copy[5 * MiB + 1], 3);
    check_lost(copy, 0);
    char byte = 0;
    CHECK_ERRNO(pread(file.get(), &byte, 1, 0), EIO);
    CHECK_ERRNO(pwrite(file.get(), &byte, 1, 0), EIO);
    CHECK_ERRNO(pread(unused.get(), &byte, 1, 0), EIO);
    famfs_dax_cache cache{};
    cache.length = MiB;
    CHECK_ERRNO(ioctl(file.get(), FAMFS_DAX_IOC_CACHE, &cache), EIO);
    CHECK_EQ(file_info(file.get()).flags, FAMFS_DAX_FILE_DEAD);
    CHECK_EQ(device_info(control.get()).flags & FAMFS_DAX_DEVICE_DEAD, FAMFS_DAX_DEVICE_DEAD);
    const famfs_dax_extent one = extent(20 * MiB, MiB);
    CHECK_ERRNO(create(control.get(), MiB, {&one, 1}), ENODEV);
    Mapping late(file.get(), MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    check_lost(late, 0);

    // The device comes back as another one; the old files stay dead.
    to_fsdev(gone.name);
    const Fd later = open_control();
    CHECK_EQ(attach(later.get(), gone), 0);
    CHECK(shown(gone, "state") == "live");
    CHECK_EQ(device_info(later.get()).flags, 0u);
    const Fd again = simple_file(later.get(), 0, 8 * MiB);
    CHECK_EQ(pread(again.get(), &byte, 1, 0), 1);
    CHECK_EQ(byte, 1);
    check_lost(mapping, 0);
    CHECK_ERRNO(pread(file.get(), &byte, 1, 0), EIO);
    // Letting go of the dead one does not touch the new one.
    CHECK_OK(detach(control.get(), 0));
    mapping.unmap();
    copy.unmap();
    late.unmap();
    CHECK_EQ(pread(again.get(), &byte, 1, 0), 1);
}

TEST(removal, of_one_of_two_devices) {
    const Device stays = device(0), gone = device(1);
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), stays), 0);
    CHECK_EQ(attach(control.get(), gone), 1);
    std::vector<famfs_dax_extent> strips{extent(0, 4 * MiB, 0), extent(0, 4 * MiB, 1)};
    Fd both(create(control.get(), 8 * MiB, strips, 0, 2 * MiB));
    CHECK_OK(both.get());
    const Fd other = simple_file(control.get(), 8 * MiB, 2 * MiB);
    Mapping mapping(both.get(), 8 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    Mapping fine(other.get(), 2 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[0] = mapping[2 * MiB] = fine[0] = 1;
    unbind_in_time(gone);
    check_lost(mapping, 2 * MiB);
    check_lost(mapping, 0);  // the whole file is dead
    CHECK_EQ(fine[0], 1);
    fine[MiB] = 2;
    mapping.unmap();
    both.reset();
    CHECK_EQ(device_info(control.get(), 0).claimed, 2 * MiB);
    CHECK_EQ(device_info(control.get(), 1).claimed, 0u);
    CHECK_EQ(device_info(control.get(), 0).flags, 0u);
    to_fsdev(gone.name);
}

// Threads fault, read and write all the while.
TEST_LIMIT(removal, under_load, 120) {
    const Device gone = device(1);
    for (int round = 0; round < 5; ++round) {
        to_fsdev(gone.name);
        const Fd control = open_control();
        CHECK_EQ(attach(control.get(), gone), 0);
        const Fd file = simple_file(control.get(), page, 16 * MiB);
        std::vector<int> pids;
        for (int worker = 0; worker < 4; ++worker)
            pids.push_back(harness::start_child([&, worker] {
                std::vector<unsigned char> buffer(64 * KiB);
                for (;;) {
                    Mapping mapping(file.get(), 16 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
                    for (uint64_t offset = 0; offset < 16 * MiB; offset += 16 * page) {
                        if (worker % 2)
                            mapping[offset] = 1;
                        else if (pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset)) <
                                 0)
                            _exit(errno == EIO ? 0 : 1);
                    }
                }
            }));
        usleep(200000);
        unbind_in_time(gone);
        for (size_t i = 0; i < pids.size(); ++i) {
            const harness::Outcome outcome = harness::wait_child(pids[i]);
            CHECK_EQ(outcome.signal, i % 2 ? SIGBUS : 0);
            CHECK_EQ(outcome.status, i % 2 ? -1 : 0);
        }
    }
    to_fsdev(gone.name);
}

// Files come and go while the device does.
TEST_LIMIT(removal, while_files_are_made, 120) {
    const Device gone = device(1);
    for (int round = 0; round < 5; ++round) {
        to_fsdev(gone.name);
        std::vector<int> pids;
        for (unsigned worker = 0; worker < 3; ++worker)
            pids.push_back(harness::start_child([&, worker] {
                const Fd control = open_control();
                CHECK_EQ(attach(control.get(), gone), 0);
                for (;;) {
                    const famfs_dax_extent one = extent(worker * 4 * MiB, 4 * MiB);
                    const Fd file(create(control.get(), 4 * MiB, {&one, 1}));
                    if (file.get() < 0) {
                        CHECK_EQ(errno, ENODEV);
                        _exit(0);
                    }
                    unsigned char byte = 1;
                    if (pwrite(file.get(), &byte, 1, 0) < 0) CHECK_EQ(errno, EIO);
                    if (pread(file.get(), &byte, 1, page) < 0) CHECK_EQ(errno, EIO);
                    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
                    if (madvise(mapping.data(), 4 * MiB, MADV_POPULATE_WRITE)) CHECK_EQ(errno, EFAULT);
                }
            }));
        usleep(100000 + static_cast<unsigned>(round) * 37000);
        unbind_in_time(gone);
        for (const int pid : pids)
            CHECK_EQ(harness::wait_child(pid).status, 0);
    }
    CHECK_EQ(counter("files"), 0u);
    to_fsdev(gone.name);
}

// Many dead files: the removal's cost follows their number.
TEST_LIMIT(removal, of_many_files, 120) {
    const Device gone = device(1);
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), gone), 0);
    std::vector<Fd> files;
    for (uint64_t i = 0; i < 5000; ++i)
        files.push_back(simple_file(control.get(), i * page, page));
    unbind_in_time(gone);
    char byte = 0;
    for (const Fd& file : files)
        CHECK_ERRNO(pread(file.get(), &byte, 1, 0), EIO);
    files.clear();
    CHECK_EQ(device_info(control.get()).claimed, 0u);
    to_fsdev(gone.name);
}
