// SPDX-License-Identifier: GPL-2.0
// What lives how long, and that nothing stays behind.
#include "extent_file.h"
#include "harness.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <sstream>

namespace {

int remove_module() {
    return static_cast<int>(syscall(SYS_delete_module, "famfs_dax", O_NONBLOCK));
}

void load_module() {
    CHECK_EQ(system("modprobe famfs_dax"), 0);
    for (int i = 0; i < 100 && access(FAMFS_DAX_NODE, F_OK); ++i)
        usleep(20000);
}

uint64_t module_references() {
    std::istringstream lines(read_text("/proc/modules"));
    std::string name;
    uint64_t size = 0, references = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream(line) >> name >> size >> references;
        if (name == "famfs_dax") return references;
    }
    harness::fail(__FILE__, __LINE__, "the module is not loaded");
}

// Objects in use of a slab cache; slabs of a kernel may be merged, so -1 if it has none.
int64_t slab_objects(const std::string& cache) {
    std::istringstream lines(read_text("/proc/slabinfo"));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string name;
        int64_t active = 0;
        fields >> name >> active;
        if (name == cache) return active;
    }
    return -1;
}

uint64_t kib_of(const std::string& field) {
    const std::string text = read_text("/proc/meminfo");
    const size_t at = text.find(field + ":");
    return std::stoull(text.substr(at + field.size() + 1));
}

}  // namespace

TEST(lifetime, files_outlive_the_attachment) {
    Fd control = attached();
    const Fd file = simple_file(control.get(), 0, 2 * MiB);
    CHECK_OK(detach(control.get(), 0));
    const famfs_dax_extent one = extent(4 * MiB, MiB);
    CHECK_ERRNO(create(control.get(), MiB, {&one, 1}), EINVAL);
    CHECK_EQ(pwrite(file.get(), "x", 1, 0), 1);
    control.reset();
    CHECK_EQ(pwrite(file.get(), "y", 1, 0), 1);
    Mapping mapping(file.get(), 2 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    CHECK_EQ(mapping[0], 'y');
}

TEST(lifetime, mappings_outlive_everything) {
    Fd control = attached();
    Fd file = simple_file(control.get(), 0, 4 * MiB);
    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[0] = 1;
    file.reset();
    control.reset();
    CHECK_EQ(mapping[0], 1);
    mapping[3 * MiB] = 2;  // a first fault with only the mapping left
    CHECK_EQ(mapping[3 * MiB], 2);
}

// As after kill -9 of a daemon: other processes keep what they have.
TEST(lifetime, a_killed_owner_leaves_mappings_alive) {
    const Device first = device(0);
    int ends[2];
    CHECK_OK(pipe(ends));
    Mapping* mapping = nullptr;
    {
        Fd control = open_control();
        CHECK_EQ(attach(control.get(), first), 0);
        Fd file = simple_file(control.get(), 0, 2 * MiB);
        mapping = new Mapping(file.get(), 2 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
        const int owner = harness::start_child([&] { pause(); });
        control.reset();
        file.reset();
        kill(owner, SIGKILL);
        CHECK_EQ(harness::wait_child(owner).signal, SIGKILL);
    }
    (*mapping)[MiB] = 4;
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), first), 0);
    const famfs_dax_extent one = extent(0, 2 * MiB);
    const Fd file(create(control.get(), 2 * MiB, {&one, 1}, FAMFS_DAX_CREATE_SHARE));
    CHECK_OK(file.get());
    unsigned char byte = 0;
    CHECK_EQ(pread(file.get(), &byte, 1, MiB), 1);
    CHECK_EQ(byte, 4);
    delete mapping;
}

TEST(lifetime, module_stays_while_in_use) {
    Fd control = attached();
    CHECK_ERRNO(remove_module(), EWOULDBLOCK);
    Fd file = simple_file(control.get(), 0, 2 * MiB);
    control.reset();
    CHECK_ERRNO(remove_module(), EWOULDBLOCK);
    Mapping mapping(file.get(), 2 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    file.reset();
    CHECK_ERRNO(remove_module(), EWOULDBLOCK);
    mapping[0] = 1;
    mapping.unmap();

    CHECK_OK(remove_module());
    CHECK(access(FAMFS_DAX_NODE, F_OK));
    CHECK(read_text("/proc/filesystems").find("famfs_dax") == std::string::npos);
    CHECK_EQ(slab_objects("famfs_dax_file"), -1);
    load_module();
    const Fd again = attached();
    CHECK_EQ(module_references() > 0, true);
}

TEST_LIMIT(lifetime, load_and_unload_often, 120) {
    for (int i = 0; i < 20; ++i) {
        {
            const Fd control = attached();
            const Fd file = simple_file(control.get(), 0, 2 * MiB);
            Mapping mapping(file.get(), 2 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
            mapping[0] = 1;
        }
        CHECK_OK(remove_module());
        load_module();
    }
}

TEST_LIMIT(lifetime, a_hundred_thousand_files, 600) {
    const uint64_t references = module_references();
    const uint64_t created = counter("files_created");
    const Fd control = attached();
    const auto round = [&](int count) {
        for (int i = 0; i < count; ++i) {
            const famfs_dax_extent list[2]{extent(i % 100 * 2 * MiB, MiB),
                                           extent((i % 100 * 2 + 1) * MiB, page)};
            const Fd file(create(control.get(), MiB + page, list, i % 2 ? FAMFS_DAX_CREATE_SHARE : 0));
            CHECK_OK(file.get());
            if (i % 16 == 0) {
                Mapping mapping(file.get(), MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
                mapping[0] = 1;
            }
        }
    };
    round(1000);  // fills per-CPU caches
    sync();
    const uint64_t slab = kib_of("SUnreclaim");
    round(100000);
    CHECK_EQ(counter("files_created"), created + 101000);
    CHECK_EQ(counter("files"), 0u);
    CHECK_EQ(device_info(control.get()).claimed, 0u);
    CHECK_EQ(module_references(), references + 2);  // the control node and the mount it holds

    // Inodes are freed after a grace period, and CPUs keep some of the free ones.
    int64_t left = -1;
    for (int i = 0; i < 100 && left; ++i) {
        usleep(100000);
        CHECK(write_text("/sys/kernel/slab/famfs_dax_file/shrink", "1"));
        left = slab_objects("famfs_dax_file");
    }
    CHECK(left >= 0);
    CHECK(left <= 2);  // the root of the internal file system
    const uint64_t grown = kib_of("SUnreclaim") - std::min(slab, kib_of("SUnreclaim"));
    harness::note("inodes left in the cache: " + std::to_string(left) + ", unreclaimable slab grown by " +
                  std::to_string(grown) + " KiB");
    CHECK(grown < 8192);
}

// As many at once, which the overlap check must bear.
TEST_LIMIT(lifetime, many_files_at_once, 300) {
    const Fd control = attached();
    std::vector<Fd> files;
    for (uint64_t i = 0; i < 10000; ++i) {
        const uint64_t slot = i * 7919 % 10000;
        files.push_back(simple_file(control.get(), slot * 2 * page, page));
    }
    CHECK_EQ(device_info(control.get()).claimed, 10000 * page);
    const famfs_dax_extent wide = extent(9999 * page, 3 * page);
    CHECK_ERRNO(create(control.get(), page, {&wide, 1}), EBUSY);
    files.clear();
    CHECK_EQ(device_info(control.get()).claimed, 0u);
}

// Many at it: claims are exact whatever the order.
TEST_LIMIT(lifetime, concurrent_users, 120) {
    const Device first = device(0);
    std::vector<int> pids;
    for (unsigned worker = 0; worker < 4; ++worker)
        pids.push_back(harness::start_child([&, worker] {
            unsigned state = worker + 1;
            Fd control = open_control();
            CHECK_EQ(attach(control.get(), first), 0);
            for (int i = 0; i < 3000; ++i) {
                state = state * 1103515245 + 12345;
                const uint64_t at = (state >> 16) % 8 * MiB;
                const famfs_dax_extent list[2]{extent(at, 2 * MiB), extent(32 * MiB + at, MiB)};
                const Fd file(create(control.get(), 3 * MiB, list, i % 3 ? FAMFS_DAX_CREATE_SHARE : 0));
                CHECK(file.get() >= 0 || errno == EBUSY);
                if (file.get() >= 0 && i % 5 == 0) {
                    Mapping mapping(file.get(), 3 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
                    mapping[2 * MiB + 1] = mapping[1] = 1;
                }
                if (i % 100 == 99) {
                    control = open_control();
                    CHECK_EQ(attach(control.get(), first), 0);
                }
            }
        }));
    for (const int pid : pids)
        CHECK_EQ(harness::wait_child(pid).status, 0);
    CHECK_EQ(counter("files"), 0u);
    CHECK_EQ(counter("devices"), 0u);
    const Fd control = attached();
    CHECK_EQ(device_info(control.get()).claimed, 0u);
}
