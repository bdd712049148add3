// SPDX-License-Identifier: GPL-2.0
// Memory fails. Device 2 is taken for it, of which pages stay bad.
#include "extent_file.h"
#include "harness.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

uint64_t frame_of(const void* address) {
    const Fd pagemap(open("/proc/self/pagemap", O_RDONLY));
    uint64_t entry = 0;
    const auto at = static_cast<off_t>(reinterpret_cast<uintptr_t>(address) / page * 8);
    CHECK_EQ(pread(pagemap.get(), &entry, 8, at), 8);
    CHECK(entry >> 63);
    return entry & ((1ull << 55) - 1);
}

// Through the injector where the kernel has it, which involves no process.
void poison(uint64_t frame, unsigned char* address) {
    if (system("modprobe hwpoison-inject 2>/dev/null") == 0 &&
        write_text("/sys/kernel/debug/hwpoison/corrupt-pfn", std::to_string(frame))) {
        harness::note("injected at frame " + std::to_string(frame));
        return;
    }
    harness::note("hwpoison-inject is not there, MADV_HWPOISON");
    harness::in_child([&] { madvise(address, page, MADV_HWPOISON); });
}

uint64_t frame_in_child(unsigned char* address) {
    auto* frame = static_cast<uint64_t*>(
        mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    CHECK_EQ(harness::in_child([&] {
                 *address = 1;
                 *frame = frame_of(address);
             }).status,
             0);
    return *frame;
}

// A process that has the memory mapped and looks at it again and again.
int user(Mapping& mapping, uint64_t offset) {
    int ready[2];
    CHECK_OK(pipe(ready));
    const int pid = harness::start_child([&] {
        mapping[offset] = 1;
        if (write(ready[1], "r", 1) != 1) _exit(9);
        for (;; usleep(10000))
            static_cast<void>(*static_cast<volatile unsigned char*>(mapping.data() + offset));
    });
    char byte = 0;
    CHECK_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

// One that has it mapped, asked to be told early, and does not look.
int early(Mapping& mapping, uint64_t offset) {
    int ready[2];
    CHECK_OK(pipe(ready));
    const int pid = harness::start_child([&] {
        prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0);
        mapping[offset] = 1;
        if (write(ready[1], "r", 1) != 1) _exit(9);
        for (;;)
            pause();
    });
    char byte = 0;
    CHECK_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

}  // namespace

TEST(poison, kills_users_of_the_page_only) {
    const Device bad = device(2);
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), bad), 0);
    Fd file = simple_file(control.get(), 0, 8 * MiB);
    const Fd other = simple_file(control.get(), 16 * MiB, 4 * MiB);
    auto mapping = std::make_unique<Mapping>(file.get(), 8 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    auto elsewhere = std::make_unique<Mapping>(other.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    const uint64_t at = 2 * MiB + 7 * page;
    const uint64_t before = counter("poisoned_pages");

    const int victim = user(*mapping, at);
    const int neighbour = user(*mapping, 5 * MiB);  // the same file, another huge page
    const int stranger = user(*elsewhere, 0);
    const int informed = early(*mapping, at);
    poison(frame_in_child(mapping->data() + at), mapping->data() + at);

    const harness::Outcome outcome = harness::wait_child(victim);
    CHECK_EQ(outcome.signal, SIGBUS);
    CHECK_EQ(outcome.signal_code, BUS_MCEERR_AR);
    const harness::Outcome told = harness::wait_child(informed);
    CHECK_EQ(told.signal, SIGBUS);
    CHECK_EQ(told.signal_code, BUS_MCEERR_AO);
    CHECK_OK(kill(neighbour, 0));
    CHECK_OK(kill(stranger, 0));
    usleep(200000);
    kill(neighbour, SIGKILL);
    kill(stranger, SIGKILL);
    CHECK_EQ(harness::wait_child(neighbour).signal, SIGKILL);
    CHECK_EQ(harness::wait_child(stranger).signal, SIGKILL);

    CHECK_EQ(counter("poisoned_pages"), before + 1);
    CHECK_EQ(device_info(control.get()).poisoned, 1u);

    // The page is gone, for reading, writing and mapping; its neighbours are not.
    std::vector<unsigned char> buffer(64 * KiB);
    CHECK_EQ(pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(at - 2 * page)),
             static_cast<ssize_t>(2 * page));
    CHECK_ERRNO(pread(file.get(), buffer.data(), 1, static_cast<off_t>(at)), EIO);
    CHECK_ERRNO(pread(file.get(), buffer.data(), 1, static_cast<off_t>(at + page - 1)), EIO);
    CHECK_ERRNO(pwrite(file.get(), buffer.data(), 1, static_cast<off_t>(at)), EIO);
    CHECK_EQ(pread(file.get(), buffer.data(), 1, static_cast<off_t>(at + page)), 1);
    famfs_dax_cache cache{};
    cache.length = 8 * MiB;
    CHECK_ERRNO(ioctl(file.get(), FAMFS_DAX_IOC_CACHE, &cache), EIO);
    cache.offset = at + page;
    CHECK_OK(ioctl(file.get(), FAMFS_DAX_IOC_CACHE, &cache));

    CHECK_EQ(harness::in_child([&] {
                 (*mapping)[at + page] = 1;
                 (*mapping)[at - 1] = 1;
                 (*mapping)[0] = 1;
                 (*mapping)[4 * MiB] = 1;
             }).status,
             0);
    const harness::Outcome again = harness::in_child([&] { (*mapping)[at] = 1; });
    CHECK_EQ(again.signal, SIGBUS);
    CHECK(again.signal_code == BUS_MCEERR_AR);

    // A later file over the same page.
    mapping.reset();
    file.reset();
    const Fd later = simple_file(control.get(), 2 * MiB, 2 * MiB);
    CHECK_ERRNO(pread(later.get(), buffer.data(), 1, 7 * static_cast<off_t>(page)), EIO);
    CHECK_EQ(pread(later.get(), buffer.data(), 1, 6 * static_cast<off_t>(page)), 1);
}

// The offset of a page in a striped file is found from its place in the device.
TEST(poison, of_a_strip) {
    const Device bad = device(2);
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), bad), 0);
    const std::vector<famfs_dax_extent> strips{extent(32 * MiB, 4 * MiB), extent(64 * MiB, 4 * MiB),
                                               extent(48 * MiB, 4 * MiB)};
    const Fd file(create(control.get(), 12 * MiB, strips, 0, 64 * KiB));
    CHECK_OK(file.get());
    Mapping mapping(file.get(), 12 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    const uint64_t at = 100 * 64 * KiB + 5 * page;  // chunk 100: strip 1, row 33
    const int victim = user(mapping, at), neighbour = user(mapping, at + page);
    poison(frame_in_child(mapping.data() + at), mapping.data() + at);
    const harness::Outcome outcome = harness::wait_child(victim);
    CHECK_EQ(outcome.signal, SIGBUS);
    usleep(200000);
    kill(neighbour, SIGKILL);
    CHECK_EQ(harness::wait_child(neighbour).signal, SIGKILL);
    char byte = 0;
    CHECK_ERRNO(pread(file.get(), &byte, 1, static_cast<off_t>(at)), EIO);
    CHECK_EQ(pread(file.get(), &byte, 1, static_cast<off_t>(at + page)), 1);
    CHECK_EQ(pread(file.get(), &byte, 1, static_cast<off_t>(at - 1)), 1);
}
