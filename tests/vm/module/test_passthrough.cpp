// SPDX-License-Identifier: GPL-2.0
// What the files are for: FUSE passes reads, writes and faults to them.
#include "extent_file.h"
#include "fuse_server.h"
#include "harness.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

using Bytes = std::vector<unsigned char>;

Fd open_path(const std::string& path, int flags) {
    Fd fd(open(path.c_str(), flags | O_CLOEXEC));
    CHECK_OK(fd.get());
    return fd;
}

struct Free {
    void operator()(void* memory) const { free(memory); }
};

}  // namespace

TEST(passthrough, no_request_reaches_the_server) {
    const Fd control = attached();
    const uint64_t size = 64 * MiB;
    const Fd extents = simple_file(control.get(), 16 * MiB, size);
    FuseServer server(extents.get(), size, true);
    const Bytes bytes = pattern(MiB, 1);

    const Fd file = open_path(server.path(), O_RDWR), second = open_path(server.path(), O_RDONLY);
    CHECK_EQ(pwrite(file.get(), bytes.data(), MiB, 12345), static_cast<ssize_t>(MiB));
    Bytes seen(MiB);
    CHECK_EQ(pread(second.get(), seen.data(), MiB, 12345), static_cast<ssize_t>(MiB));
    CHECK(seen == bytes);
    CHECK_EQ(pread(extents.get(), seen.data(), MiB, 12345), static_cast<ssize_t>(MiB));
    CHECK(seen == bytes);

    const uint64_t pmd = counter("faults_pmd"), pte = counter("faults_pte");
    {
        Mapping mapping(file.get(), size, PROT_READ | PROT_WRITE, MAP_SHARED);
        for (uint64_t offset = 0; offset < size; offset += page)
            mapping[offset] = 3;
        CHECK_EQ(counter("faults_pmd"), pmd + 32);
        CHECK_EQ(counter("faults_pte"), pte);
        CHECK(memcmp(mapping.data() + 5 * page + 1, bytes.data() + 5 * page + 1 - 12345, page - 1) == 0);
        unsigned char byte = 0;
        CHECK_EQ(pread(extents.get(), &byte, 1, static_cast<off_t>(size - page)), 1);
        CHECK_EQ(byte, 3);
        Mapping copy(file.get(), 2 * MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
        copy[0] = 9;
        CHECK_EQ(mapping[0], 3);
    }

    const Fd direct = open_path(server.path(), O_RDWR | O_DIRECT);
    const std::unique_ptr<unsigned char, Free> buffer(static_cast<unsigned char*>(aligned_alloc(page, MiB)));
    memset(buffer.get(), 5, MiB);
    CHECK_EQ(pwrite(direct.get(), buffer.get(), MiB, 0), static_cast<ssize_t>(MiB));
    CHECK_EQ(pread(direct.get(), buffer.get(), MiB, MiB), static_cast<ssize_t>(MiB));

    const Fd target(memfd_create("target", 0));
    off_t offset = 0;
    CHECK(sendfile(target.get(), file.get(), &offset, MiB) > 0);
    CHECK_EQ(pread(target.get(), seen.data(), 1, 0), 1);
    CHECK_EQ(seen[0], 5);

    CHECK_EQ(server.counts().read, 0u);
    CHECK_EQ(server.counts().write, 0u);
    CHECK_EQ(server.counts().open, 3u);
}

// The same without passthrough is counted: the zeros above mean something.
TEST(passthrough, requests_are_counted) {
    const Fd control = attached();
    const Fd extents = simple_file(control.get(), 0, 2 * MiB);
    FuseServer server(extents.get(), 2 * MiB, false);
    const Fd file = open_path(server.path(), O_RDWR);
    CHECK_EQ(pwrite(file.get(), "abc", 3, 0), 3);
    char text[3];
    CHECK_EQ(pread(file.get(), text, 3, 0), 3);
    CHECK(memcmp(text, "abc", 3) == 0);
    CHECK_EQ(server.counts().write, 1u);
    CHECK(server.counts().read >= 1);
}

TEST(passthrough, past_the_end) {
    const Fd control = attached();
    const famfs_dax_extent one = extent(0, 4 * MiB);
    const Fd extents(create(control.get(), 5000, {&one, 1}));
    FuseServer server(extents.get(), 5000, true);
    const Fd file = open_path(server.path(), O_RDWR);
    char byte = 1;
    CHECK_EQ(pread(file.get(), &byte, 1, 5000), 0);
    CHECK_ERRNO(pwrite(file.get(), &byte, 1, 5000), EFBIG);
    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[4999] = 1;
    CHECK_EQ(harness::in_child([&] { mapping[8192] = 1; }).signal, SIGBUS);
}

// A program's text is mapped from the memory, too.
TEST(passthrough, execute) {
    const Fd control = attached();
    const Fd program = open_path("/bin/true", O_RDONLY);
    const auto size = static_cast<uint64_t>(lseek(program.get(), 0, SEEK_END));
    const famfs_dax_extent one = extent(0, (size + page - 1) / page * page);
    const Fd extents(create(control.get(), size, {&one, 1}));
    CHECK_OK(extents.get());
    off_t offset = 0;
    CHECK_EQ(sendfile(extents.get(), program.get(), &offset, size), static_cast<ssize_t>(size));
    FuseServer server(extents.get(), size, true);
    CHECK_EQ(harness::in_child([&] {
                 execl(server.path().c_str(), "true", nullptr);
                 _exit(99);
             }).status,
             0);
    CHECK_EQ(server.counts().read, 0u);
}

TEST(passthrough, mappings_outlive_a_killed_server) {
    const Device first = device(0);
    Fd control = attached();
    const famfs_dax_extent one = extent(0, 4 * MiB);
    Fd extents = simple_file(control.get(), 0, 4 * MiB);
    auto server = std::make_unique<FuseServer>(extents.get(), 4 * MiB, true);
    Fd file = open_path(server->path(), O_RDWR);
    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[0] = 1;
    extents.reset();
    control.reset();
    server->kill();
    mapping[3 * MiB] = 2;                        // a fault without a server
    CHECK_EQ(pwrite(file.get(), "z", 1, 5), 1);  // and a write
    CHECK_EQ(mapping[5], 'z');
    file.reset();
    server->unmount();
    mapping[2 * MiB] = 3;
    CHECK_ERRNO(syscall(SYS_delete_module, "famfs_dax", O_NONBLOCK), EWOULDBLOCK);

    // A new one takes over, with the same file and a mapping of the old one alive.
    control = open_control();
    CHECK_EQ(attach(control.get(), first), 0);
    Fd again(create(control.get(), 4 * MiB, {&one, 1}, FAMFS_DAX_CREATE_SHARE));
    CHECK_OK(again.get());
    FuseServer successor(again.get(), 4 * MiB, true);
    Fd other = open_path(successor.path(), O_RDWR);
    unsigned char byte = 0;
    CHECK_EQ(pread(other.get(), &byte, 1, 2 * MiB), 1);
    CHECK_EQ(byte, 3);
    CHECK_EQ(successor.counts().read, 0u);
}

TEST(passthrough, unbind_under_a_mount) {
    const Device gone = device(1);
    const Fd control = open_control();
    CHECK_EQ(attach(control.get(), gone), 0);
    const Fd extents = simple_file(control.get(), 0, 4 * MiB);
    FuseServer server(extents.get(), 4 * MiB, true);
    const Fd file = open_path(server.path(), O_RDWR);
    Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[0] = 1;
    unbind(gone.name);
    CHECK_EQ(harness::in_child([&] { mapping[0] = 1; }).signal, SIGBUS);
    char byte = 0;
    CHECK_ERRNO(pread(file.get(), &byte, 1, 0), EIO);
    to_fsdev(gone.name);
}

TEST_LIMIT(passthrough, open_and_close_often, 120) {
    const Fd control = attached();
    const Fd extents = simple_file(control.get(), 0, 4 * MiB);
    FuseServer server(extents.get(), 4 * MiB, true);
    for (int i = 0; i < 3000; ++i)
        open_path(server.path(), O_RDWR);
    CHECK_EQ(server.counts().open, 3000u);
    CHECK_EQ(server.counts().read + server.counts().write, 0u);
    CHECK_EQ(counter("files"), 1u);
}
