// SPDX-License-Identifier: GPL-2.0
#include "fuse_server.h"

#include "harness.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

namespace {

// Newer than the headers of some hosts.
constexpr uint32_t init_ext = 1u << 30;
constexpr uint32_t flags2_passthrough = 1u << 5;
constexpr uint32_t open_passthrough = 1u << 7;
struct BackingMap {
    int32_t fd;
    uint32_t flags;
    uint64_t padding;
};
constexpr unsigned long backing_open = _IOW(229, 1, BackingMap);

void reply(int connection, uint64_t unique, int error, const void* data = nullptr, size_t length = 0) {
    fuse_out_header header{};
    header.len = static_cast<uint32_t>(sizeof header + length);
    header.error = -error;
    header.unique = unique;
    iovec parts[2]{{&header, sizeof header}, {const_cast<void*>(data), length}};
    // ENOENT: the request was interrupted.
    if (writev(connection, parts, length ? 2 : 1) < 0 && errno != ENOENT) _exit(21);
}

fuse_attr attributes(uint64_t node, uint64_t size) {
    fuse_attr attr{};
    attr.ino = node;
    attr.mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0755;
    attr.nlink = node == 1 ? 2 : 1;
    attr.size = node == 1 ? 0 : size;
    attr.blksize = 4096;
    return attr;
}

}  // namespace

FuseServer::FuseServer(int extent_file, uint64_t size, bool passthrough) {
    char name[] = "/tmp/fuse-XXXXXX";
    CHECK(mkdtemp(name));
    directory_ = name;
    counts_ = static_cast<FuseCounts*>(
        mmap(nullptr, sizeof(FuseCounts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    const Fd connection(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    CHECK_OK(connection.get());
    const std::string options =
        "fd=" + std::to_string(connection.get()) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
    CHECK_OK(mount("famfs-test", name, "fuse", MS_NODEV, options.c_str()));
    pid_ = fork();
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(connection.get(), extent_file, size, passthrough);
        _exit(0);
    }
}

FuseServer::~FuseServer() {
    unmount();
    kill();
}

void FuseServer::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void FuseServer::unmount() {
    if (directory_.empty()) return;
    umount2(directory_.c_str(), MNT_DETACH);
    rmdir(directory_.c_str());
    directory_.clear();
}

void FuseServer::serve(int connection, int extent_file, uint64_t size, bool passthrough) {
    static char buffer[2 * MiB];
    static char data[MiB];
    int32_t backing = 0;
    for (;;) {
        const ssize_t length = read(connection, buffer, sizeof buffer);
        if (length < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN)) continue;
        if (length < static_cast<ssize_t>(sizeof(fuse_in_header))) return;
        const auto* in = reinterpret_cast<const fuse_in_header*>(buffer);
        const void* body = in + 1;
        switch (in->opcode) {
            case FUSE_INIT: {
                const auto* offered = static_cast<const fuse_init_in*>(body);
                if (passthrough && !(offered->flags2 & flags2_passthrough)) _exit(22);
                fuse_init_out out{};
                out.major = 7;
                out.minor = offered->minor;
                out.max_write = MiB;
                out.max_readahead = offered->max_readahead;
                out.time_gran = 1;
                out.flags = FUSE_BIG_WRITES;
                if (passthrough) {
                    out.flags |= init_ext;
                    out.flags2 = flags2_passthrough;
                    out.unused[0] = 1;  // max_stack_depth
                }
                reply(connection, in->unique, 0, &out, sizeof out);
                break;
            }
            case FUSE_LOOKUP: {
                if (strcmp(static_cast<const char*>(body), "data") != 0) {
                    reply(connection, in->unique, ENOENT);
                    break;
                }
                fuse_entry_out out{};
                out.nodeid = 2;
                out.entry_valid = out.attr_valid = 3600;
                out.attr = attributes(2, size);
                reply(connection, in->unique, 0, &out, sizeof out);
                break;
            }
            case FUSE_GETATTR: {
                fuse_attr_out out{};
                out.attr_valid = 3600;
                out.attr = attributes(in->nodeid, size);
                reply(connection, in->unique, 0, &out, sizeof out);
                break;
            }
            case FUSE_OPEN: {
                ++counts_->open;
                fuse_open_out out{};
                out.fh = 1;
                out.open_flags = FOPEN_NOFLUSH;
                if (passthrough) {
                    if (!backing) {
                        BackingMap map{extent_file, 0, 0};
                        backing = ioctl(connection, backing_open, &map);
                        if (backing <= 0) _exit(23);
                    }
                    out.open_flags |= open_passthrough;
                    memcpy(&out.padding, &backing, sizeof backing);
                }
                reply(connection, in->unique, 0, &out, sizeof out);
                break;
            }
            case FUSE_READ: {
                ++counts_->read;
                const auto* ask = static_cast<const fuse_read_in*>(body);
                while (counts_->stalled)
                    usleep(1000);
                const ssize_t got = pread(extent_file, data, ask->size, static_cast<off_t>(ask->offset));
                reply(connection, in->unique, got < 0 ? errno : 0, data,
                      got < 0 ? 0 : static_cast<size_t>(got));
                break;
            }
            case FUSE_WRITE: {
                ++counts_->write;
                const auto* ask = static_cast<const fuse_write_in*>(body);
                const ssize_t put = pwrite(extent_file, ask + 1, ask->size, static_cast<off_t>(ask->offset));
                fuse_write_out out{};
                out.size = put < 0 ? 0 : static_cast<uint32_t>(put);
                reply(connection, in->unique, put < 0 ? errno : 0, &out, put < 0 ? 0 : sizeof out);
                break;
            }
            case FUSE_RELEASE:
                ++counts_->release;
                reply(connection, in->unique, 0);
                break;
            case FUSE_FORGET:
            case FUSE_BATCH_FORGET:
            case FUSE_INTERRUPT:
                break;
            default:
                reply(connection, in->unique, ENOSYS);
        }
    }
}
