// SPDX-License-Identifier: GPL-2.0
// Memory fails. Device 2 is taken for it, of which a page stays bad.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>

#include "extent_file.h"
#include "harness.h"

namespace {

uint64_t frame_of(const void* address) {
    const Fd pagemap(open("/proc/self/pagemap", O_RDONLY));
    uint64_t entry = 0;
    const auto at = static_cast<off_t>(reinterpret_cast<uintptr_t>(address) / page * 8);
    CHECK_EQ(pread(pagemap.get(), &entry, 8, at), 8);
    CHECK(entry >> 63);
    return entry & ((1ull << 55) - 1);
}

// Through the injector where the kernel has it, by which no process is the cause.
void poison(unsigned char* address) {
    const uint64_t frame = frame_of(address);
    if (system("modprobe hwpoison-inject 2>/dev/null") == 0 &&
        write_text("/sys/kernel/debug/hwpoison/corrupt-pfn", std::to_string(frame))) {
        harness::note("injected at frame " + std::to_string(frame));
        return;
    }
    harness::note("hwpoison-inject is not there, MADV_HWPOISON");
    harness::in_child([&] { madvise(address, page, MADV_HWPOISON); });
}

// A process that has the memory mapped and waits.
int user(Mapping& mapping, uint64_t offset) {
    int ready[2];
    CHECK_OK(pipe(ready));
    const int pid = harness::start_child([&] {
        mapping[offset] = 1;
        if (write(ready[1], "r", 1) != 1) _exit(9);
        for (;;) pause();
    });
    char byte = 0;
    CHECK_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

} // namespace

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
    const int neighbour = user(*mapping, 5 * MiB); // the same file, another huge page
    const int stranger = user(*elsewhere, 0);
    // Found by a child, for this process shall not have it mapped.
    const harness::Outcome injected = harness::in_child([&] {
        (*mapping)[at] = 1;
        poison(mapping->data() + at);
        for (;;) pause();
    });
    CHECK_EQ(injected.signal, SIGBUS);

    const harness::Outcome outcome = harness::wait_child(victim);
    CHECK_EQ(outcome.signal, SIGBUS);
    CHECK(outcome.signal_code == BUS_MCEERR_AO || outcome.signal_code == BUS_MCEERR_AR);
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
