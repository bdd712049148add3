// SPDX-License-Identifier: GPL-2.0
// Pages of a file that nobody uses any more are still pinned: in a pipe, or by I/O under way. Whoever closes
// the file last does not wait, nor does anybody else, and the ranges stay its own until the pages are back.
#include "extent_file.h"
#include "fuse_server.h"
#include "harness.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <functional>
#include <thread>

namespace {

constexpr uint64_t length = 4 * MiB;
constexpr unsigned char mark = 77;

bool eventually(const std::function<bool()>& condition) {
    for (int tries = 0; tries < 1000; ++tries) {
        if (condition()) return true;
        usleep(10000);
    }
    return false;
}

struct Pipe {
    Fd out, in;
    Pipe() {
        int ends[2];
        CHECK_OK(pipe2(ends, O_CLOEXEC));
        out = Fd(ends[0]);
        in = Fd(ends[1]);
    }
};

// What pins a page: `by_owner` in the process that has it mapped, `by_other` in the test's.
struct Pin {
    std::function<void(unsigned char* address)> by_owner = [](unsigned char*) {};
    std::function<void(int owner, unsigned char* address)> by_other = [](int, unsigned char*) {};
    std::function<void()> let_go;
};

// A process that maps a file, has a page of it pinned, and lets go of mapping and file.
class Owner {
  public:
    Owner(const Device& device, uint64_t offset, Pin& pin) : pin_(pin) {
        pid_ = harness::start_child([&] {
            Fd control = open_control();
            CHECK_EQ(attach(control.get(), device), 0);
            Fd file = simple_file(control.get(), offset, length);
            Mapping mapping(file.get(), length, PROT_READ | PROT_WRITE, MAP_SHARED);
            unsigned char* const address = mapping.data() + 2 * MiB;
            *address = mark;
            CHECK_EQ(write(said_.in.get(), &address, sizeof address), static_cast<ssize_t>(sizeof address));
            char word = 0;
            CHECK_EQ(read(told_.out.get(), &word, 1), 1);
            pin_.by_owner(address);
            mapping.unmap();
            file.reset();
            control.reset();
            CHECK_EQ(write(said_.in.get(), "c", 1), 1);
            pause();
        });
        unsigned char* address = nullptr;
        CHECK_EQ(read(said_.out.get(), &address, sizeof address), static_cast<ssize_t>(sizeof address));
        pin_.by_other(pid_, address);
        CHECK_EQ(write(told_.in.get(), "g", 1), 1);
    }
    ~Owner() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }

    // Whether it is through with closing.
    bool has_closed() {
        pollfd said{said_.out.get(), POLLIN, 0};
        return poll(&said, 1, 10000) == 1;
    }

  private:
    Pin& pin_;
    Pipe said_, told_;
    int pid_ = -1;
};

void check_others_are_served(int control) {
    const Fd other = simple_file(control, 8 * MiB, length);
    Mapping mapping(other.get(), length, PROT_READ | PROT_WRITE, MAP_SHARED);
    mapping[0] = mapping[3 * MiB] = 1;
    char byte = 0;
    CHECK_EQ(pread(other.get(), &byte, 1, 0), 1);
}

void check_parked(Pin pin) {
    {
        Owner owner(device(0), 0, pin);
        const bool closed = owner.has_closed();
        if (!closed) pin.let_go();
        CHECK(closed);

        const Fd control = attached();
        CHECK_EQ(counter("files"), 1u);
        CHECK_EQ(counter("files_pinned"), 1u);
        CHECK_EQ(device_info(control.get()).claimed, length);
        CHECK(shown(device(0), "pinned") == std::to_string(length));
        check_others_are_served(control.get());

        // The ranges are taken, and the file can be had again by its map.
        const famfs_dax_extent part = extent(MiB, 2 * MiB), same = extent(0, length);
        CHECK_ERRNO(create(control.get(), MiB, {&part, 1}, FAMFS_DAX_CREATE_SHARE), EBUSY);
        for (int round = 0; round < 3; ++round) {
            const Fd again(create(control.get(), length, {&same, 1}, FAMFS_DAX_CREATE_SHARE));
            CHECK_OK(again.get());
            unsigned char byte = 0;
            CHECK_EQ(pread(again.get(), &byte, 1, 2 * MiB), 1);
            CHECK_EQ(byte, mark);
            Mapping mapping(again.get(), length, PROT_READ | PROT_WRITE, MAP_SHARED);
            CHECK_EQ(mapping[2 * MiB], mark);
            mapping[0] = static_cast<unsigned char>(round);
        }
        CHECK_EQ(counter("files"), 1u);

        pin.let_go();
        CHECK(eventually([&] { return device_info(control.get()).claimed == 0; }));
        CHECK_EQ(counter("files"), 0u);
        CHECK_EQ(counter("files_pinned"), 0u);
        const Fd anew(create(control.get(), MiB, {&part, 1}));
        CHECK_OK(anew.get());
    }
}

void splice_into(int pipe, unsigned char* address) {
    const iovec one{address, page};
    CHECK_EQ(vmsplice(pipe, &one, 1, 0), static_cast<ssize_t>(page));
}

Pin by_pipe(const Pipe& pipe) {
    Pin pin;
    pin.by_owner = [&](unsigned char* address) { splice_into(pipe.in.get(), address); };
    pin.let_go = [&] {
        char bytes[page];
        CHECK_EQ(read(pipe.out.get(), bytes, page), static_cast<ssize_t>(page));
        CHECK_EQ(static_cast<unsigned char>(bytes[0]), mark);
    };
    return pin;
}

// A file of another file system whose reads begin, and end when told.
class SlowFile {
  public:
    SlowFile() : memory_(memfd_create("slow", MFD_CLOEXEC)), server_(sized(memory_), MiB, false) {
        server_.stall();
    }
    std::string path() const { return server_.path(); }
    void await_reader() const {
        CHECK(eventually([&] { return server_.counts().read > 0; }));
    }
    void go_on() { server_.go_on(); }

  private:
    static int sized(const Fd& file) {
        const std::vector<unsigned char> content(MiB, mark);
        CHECK_EQ(write(file.get(), content.data(), MiB), static_cast<ssize_t>(MiB));
        return file.get();
    }
    Fd memory_;
    FuseServer server_;
};

void submit_read(int file, unsigned char* address) {
    io_uring_params parameters{};
    const int ring = static_cast<int>(syscall(SYS_io_uring_setup, 2, &parameters));
    if (ring < 0) harness::skip("no io_uring");
    Mapping entries(ring, 2 * sizeof(io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED, IORING_OFF_SQES);
    Mapping queue(ring, parameters.sq_off.array + 2 * sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED);
    auto* entry = reinterpret_cast<io_uring_sqe*>(entries.data());
    entry->opcode = IORING_OP_READ;
    entry->fd = file;
    entry->addr = reinterpret_cast<uintptr_t>(address);
    entry->len = page;
    *reinterpret_cast<uint32_t*>(queue.data() + parameters.sq_off.array) = 0;
    reinterpret_cast<std::atomic<uint32_t>*>(queue.data() + parameters.sq_off.tail)->store(1);
    CHECK_EQ(syscall(SYS_io_uring_enter, ring, 1, 0, 0, nullptr, 0), 1);
}

}  // namespace

TEST(pins, a_page_in_a_pipe) {
    const Pipe pipe;
    check_parked(by_pipe(pipe));
}

TEST(pins, a_direct_read_from_elsewhere) {
    SlowFile slow;
    Pin pin;
    pin.by_owner = [&](unsigned char* address) {
        std::thread([&slow, address] {
            const Fd direct(open(slow.path().c_str(), O_RDONLY | O_DIRECT));
            CHECK_EQ(read(direct.get(), address, page), static_cast<ssize_t>(page));
        }).detach();
        slow.await_reader();
    };
    pin.let_go = [&] { slow.go_on(); };
    check_parked(pin);
}

TEST(pins, an_io_uring_read) {
    SlowFile slow;
    Pin pin;
    pin.by_owner = [&](unsigned char* address) {
        // In a thread: FUSE lets the one wait who hands it over.
        std::thread([&slow, address] {
            submit_read(open(slow.path().c_str(), O_RDONLY | O_DIRECT), address);
        }).detach();
        slow.await_reader();
    };
    pin.let_go = [&] { slow.go_on(); };
    check_parked(pin);
}

// The reader of another process's memory has its page, and stands still while it stores the bytes.
TEST(pins, process_vm_readv) {
    SlowFile slow;
    const Fd target(open(slow.path().c_str(), O_RDWR));
    Mapping memory(target.get(), page, PROT_READ | PROT_WRITE, MAP_SHARED);
    std::thread reader;
    Pin pin;
    pin.by_other = [&](int owner, unsigned char* address) {
        reader = std::thread([&memory, owner, address] {
            const iovec local{memory.data(), page}, remote{address, page};
            CHECK_EQ(process_vm_readv(owner, &local, 1, &remote, 1, 0), static_cast<ssize_t>(page));
        });
        slow.await_reader();
    };
    pin.let_go = [&] { slow.go_on(); };
    check_parked(pin);
    reader.join();
    CHECK_EQ(memory[0], mark);
}

// A writer whose bytes do not come keeps other readers and writers of that file out, not those who see to the
// caches.
TEST(pins, a_writer_that_stands_still) {
    SlowFile slow;
    const Fd source(open(slow.path().c_str(), O_RDONLY));
    Mapping bytes(source.get(), page, PROT_READ, MAP_SHARED);
    const Fd control = attached();
    const Fd file = simple_file(control.get(), 0, length);
    std::thread writer(
        [&] { CHECK_EQ(pwrite(file.get(), bytes.data(), page, MiB), static_cast<ssize_t>(page)); });
    slow.await_reader();
    const int others = harness::start_child([&] {
        famfs_dax_cache cache{};
        cache.length = length;
        CHECK_OK(ioctl(file.get(), FAMFS_DAX_IOC_CACHE, &cache));
        CHECK_OK(fsync(file.get()));
    });
    int status = -1;
    const bool done = eventually([&] { return waitpid(others, &status, WNOHANG) == others; });
    slow.go_on();
    writer.join();
    CHECK(done);
    CHECK_EQ(status, 0);
    unsigned char byte = 0;
    CHECK_EQ(pread(file.get(), &byte, 1, MiB), 1);
    CHECK_EQ(byte, mark);
}

TEST(pins, many) {
    const Fd control = attached();
    std::vector<Pipe> pipes(200);
    for (uint64_t i = 0; i < pipes.size(); ++i) {
        const Fd file = simple_file(control.get(), i * 2 * MiB, 2 * MiB);
        Mapping mapping(file.get(), 2 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
        splice_into(pipes[i].in.get(), mapping.data() + i * page);
    }
    CHECK_EQ(counter("files_pinned"), pipes.size());
    CHECK_EQ(device_info(control.get()).claimed, pipes.size() * 2 * MiB);
    pipes.erase(pipes.begin(), pipes.begin() + 100);
    CHECK(eventually([&] { return counter("files") == 100; }));
    pipes.clear();
    CHECK(eventually([&] { return device_info(control.get()).claimed == 0; }));
    CHECK_EQ(counter("files_pinned"), 0u);
}

TEST(pins, the_module_stays) {
    const auto remove = [] { return syscall(SYS_delete_module, "famfs_dax", O_NONBLOCK); };
    for (int round = 0; round < 5; ++round) {
        Pipe pipe;
        {
            const Fd control = attached();
            const Fd file = simple_file(control.get(), 0, 2 * MiB);
            Mapping mapping(file.get(), 2 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
            splice_into(pipe.in.get(), mapping.data());
        }
        CHECK_ERRNO(remove(), EWOULDBLOCK);
        pipe = Pipe();
        CHECK(eventually([&] { return remove() == 0; }));  // as soon as it can, under the worker's feet
        CHECK_EQ(system("modprobe famfs_dax"), 0);
        CHECK(eventually([] { return access(FAMFS_DAX_NODE, F_OK) == 0; }));
    }
}

// The kernel needs the pages back before the device can go; who uses another device is not concerned.
TEST(pins, removal_waits_and_others_do_not) {
    const Device gone = device(1);
    const Pipe pipe;
    Pin pin = by_pipe(pipe);
    Owner owner(gone, 0, pin);
    CHECK(owner.has_closed());
    const int remover = harness::start_child([&] { unbind(gone.name); });
    const Fd control = attached();
    for (int round = 0; round < 50; ++round) {
        check_others_are_served(control.get());
        usleep(5000);
    }
    CHECK_EQ(waitpid(remover, nullptr, WNOHANG), 0);
    pin.let_go();
    CHECK_EQ(harness::wait_child(remover).status, 0);
    CHECK_EQ(driver_of(gone.name).empty(), true);
    CHECK(eventually([] { return counter("files_pinned") == 0; }));
    to_fsdev(gone.name);
    const Fd later = open_control();
    CHECK_EQ(attach(later.get(), gone), 0);
    const Fd again = simple_file(later.get(), 0, length);
    unsigned char byte = 0;
    CHECK_EQ(pread(again.get(), &byte, 1, 2 * MiB), 1);
    CHECK_EQ(byte, mark);
}

// Files are parked, had again and given up by many at once.
TEST_LIMIT(pins, concurrent_users, 120) {
    const Device first = device(0);
    std::vector<int> pids;
    for (unsigned worker = 0; worker < 4; ++worker)
        pids.push_back(harness::start_child([&, worker] {
            unsigned state = worker + 1;
            const Fd control = open_control();
            CHECK_EQ(attach(control.get(), first), 0);
            for (int i = 0; i < 500; ++i) {
                state = state * 1103515245 + 12345;
                const famfs_dax_extent one = extent((state >> 16) % 3 * 4 * MiB, 4 * MiB);
                const Pipe pipe;
                const Fd file(create(control.get(), 4 * MiB, {&one, 1}, FAMFS_DAX_CREATE_SHARE));
                CHECK_OK(file.get());
                Mapping mapping(file.get(), 4 * MiB, PROT_READ | PROT_WRITE, MAP_SHARED);
                splice_into(pipe.in.get(), mapping.data() + (state >> 20) % 1024 * page);
                if (i % 7 == 0) usleep(20000);
            }
        }));
    for (const int pid : pids)
        CHECK_EQ(harness::wait_child(pid).status, 0);
    CHECK(eventually([] { return counter("files") == 0; }));
    CHECK_EQ(counter("files_pinned"), 0u);
}
