// Requests that the daemon has no memory for: each allocation of each request fails once. The kernel is told
// ENOMEM, or all went well without; the same request then works, and nothing was counted that the kernel does
// not know of.
#include "famfs-fused/fuse/ops/ops.h"
#include "famfs-fused/fuse/ops/read.h"
#include "famfs-fused/fuse/server/server.h"
#include "famfs-fused/fuse/session/session.h"
#include "famfs-fused/fuse/wire/request.h"
#include "famfs-fused/process/daemon_log.h"
#include "liblog/shadow/state.h"
#include "omf/superblock.h"
#include "tests/unit/test_pool.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <new>

namespace {

thread_local std::uint64_t allocations_left = 0;  // the last of them fails; 0: none does
thread_local bool one_failed = false;

void* allocate(std::size_t size, std::size_t alignment) {
    if (allocations_left > 0 && --allocations_left == 0) {
        one_failed = true;
        throw std::bad_alloc();
    }
    const std::size_t rounded = (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
    if (void* memory = std::aligned_alloc(alignment, rounded)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
    return allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
// Where g++ inlines one of the pair only, it takes them for strangers.
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

namespace famfs::fused {
namespace {

using test::unit;

template <typename T>
std::string raw(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

template <typename T>
T value_in(std::string_view bytes) {
    T value{};
    if (bytes.size() >= sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

struct Reply {
    int error = 0;
    std::string payload;
};

struct Request {
    std::uint32_t opcode = 0;
    std::uint64_t node = 0;
    std::string argument;
};

Request lookup(std::uint64_t parent, const std::string& name) {
    return {FUSE_LOOKUP, parent, name + '\0'};
}

Request forget(std::uint64_t node, std::uint64_t count) {
    return {FUSE_FORGET, node, raw(fuse_forget_in{count})};
}

// A server on one end of a connection, and the kernel's side of what has been said on the other.
class Conversation {
  public:
    explicit Conversation(Server& server) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        kernel_ = FileDescriptor(ends[0]);
        session_ =
            std::move(*Session::create("fsname=x", server, {.table = &ops::table(), .read = ops::read}));
        EXPECT_TRUE(session_->attach(FileDescriptor(ends[1])));
    }

    // The answer; none if there was none. Allocation number `failing` of those that it takes fails.
    std::optional<Reply> ask(const Request& request, std::uint64_t failing = 0) {
        fuse_in_header header{};
        header.len = static_cast<std::uint32_t>(sizeof header + request.argument.size());
        header.opcode = request.opcode;
        header.nodeid = request.node;
        header.unique = ++unique_;
        std::string message = raw(header) + request.argument;
        one_failed = false;
        allocations_left = failing;
        session_->serve(std::as_writable_bytes(std::span(message)));
        allocations_left = 0;
        return take_reply(request);
    }

    // Gives back every lookup that the kernel was told of.
    void forget_all() {
        for (const auto& [node, count] : lookups_)
            ask(forget(node, count));
        lookups_.clear();
    }

  private:
    std::optional<Reply> take_reply(const Request& request) {
        const ssize_t got = ::recv(kernel_.get(), room_.data(), room_.size(), MSG_DONTWAIT);
        if (got < 0) return std::nullopt;
        const std::string_view said(room_.data(), static_cast<std::size_t>(got));
        const auto header = value_in<fuse_out_header>(said);
        EXPECT_EQ(header.unique, unique_);
        EXPECT_EQ(header.len, said.size());
        EXPECT_LT(::recv(kernel_.get(), room_.data(), 1, MSG_DONTWAIT), 0) << "two replies";
        Reply reply{-header.error, std::string(said.substr(sizeof header))};
        if (reply.error == 0) count_lookups(request, reply.payload);
        return reply;
    }

    void count_lookups(const Request& request, std::string_view payload) {
        if (request.opcode == FUSE_LOOKUP) ++lookups_[value_in<fuse_entry_out>(payload).nodeid];
        if (request.opcode != FUSE_READDIRPLUS) return;
        while (payload.size() >= sizeof(fuse_direntplus)) {
            const auto entry = value_in<fuse_direntplus>(payload);
            if (entry.entry_out.nodeid != 0) ++lookups_[entry.entry_out.nodeid];
            payload.remove_prefix(FUSE_DIRENT_ALIGN(sizeof(fuse_direntplus) + entry.dirent.namelen));
        }
    }

    FileDescriptor kernel_;
    std::unique_ptr<Session> session_;
    std::uint64_t unique_ = 0;
    std::map<std::uint64_t, std::uint64_t> lookups_;
    std::vector<char> room_ = std::vector<char>(1 << 20);
};

constexpr std::uint64_t file_bytes = 5000;

class OutOfMemoryTest : public testing::TestWithParam<DataPathKind> {
  protected:
    OutOfMemoryTest() {
        std::filesystem::create_directories(directory_ / "root/dir/below");
        omf::Superblock superblock;
        superblock.file_system.bytes.fill(1);
        superblock.device.bytes.fill(2);
        superblock.device_size = 64 * unit;
        const auto bytes = omf::encode_superblock(superblock);
        write("image", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        std::filesystem::resize_file(directory_ / "image", superblock.device_size);
        table_.file_system = superblock.file_system;
        table_.data_start = test::first_data;
        table_.add({superblock.device, superblock.device_size, directory_ / "image"});
        write("devices.yaml", shadow::write_devices(table_));
        write("state.yaml", shadow::write_state({}));
        write("root/broken", "nonsense");
        document("file", 10);
        document("dir/other", 11);
        document("a name: that \"libyaml\" writes", 12);
    }

    void write(const std::string& name, std::string_view text) {
        std::ofstream(directory_ / name, std::ios::binary) << text;
    }

    void document(const std::string& path, std::uint64_t number) {
        std::string text;
        const auto layout = test::extents({{0, number * unit, unit}});
        ASSERT_TRUE(shadow::write_document(test::file(path, file_bytes, layout), shadow::Form::uuid,
                                           table_.context(), text));
        write("root/" + path, text);
    }

    std::unique_ptr<Server> make_server() {
        auto tree = ShadowRoot::open(directory_ / "");
        EXPECT_TRUE(tree);
        Devices devices;
        if (GetParam() != DataPathKind::yaml) devices = std::move(*Devices::locate(*tree, {}));
        if (GetParam() == DataPathKind::copy) {
            EXPECT_TRUE(devices.open(device::Access::read_write));
        }
        const Settings settings{.kernel_abi = AbiChoice::v10};
        return std::move(*Server::create(settings, std::move(*tree), std::move(devices), GetParam(), log_));
    }

    static Request init() {
        fuse_init_in argument{};
        argument.major = FUSE_KERNEL_VERSION;
        argument.minor = 45;
        argument.flags = FUSE_INIT_EXT | FUSE_MAX_PAGES | FUSE_DO_READDIRPLUS;
        argument.flags2 = static_cast<std::uint32_t>((std::uint64_t{1} << 43) >> 32);
        return {FUSE_INIT, 0, raw(argument)};
    }

    // Node 2 is the file after this, 3 the directory, and handle 1 the root's stream.
    static void begin(Conversation& talk) {
        EXPECT_EQ(talk.ask(init())->error, 0);
        EXPECT_EQ(talk.ask(lookup(1, "file"))->error, 0);
        EXPECT_EQ(talk.ask(lookup(1, "dir"))->error, 0);
        EXPECT_EQ(talk.ask({FUSE_OPENDIR, 1, raw(fuse_open_in{})})->error, 0);
    }

    // Fails one allocation after the other in `request`, each in a server of its own; returns how many there
    // are.
    std::uint64_t fail_each(const char* name, const Request& request, bool from_the_start = false) {
        std::optional<Reply> whole;
        {
            const auto server = make_server();
            Conversation talk(*server);
            if (!from_the_start) begin(talk);
            whole = talk.ask(request);
        }
        for (std::uint64_t number = 1;; ++number) {
            SCOPED_TRACE(testing::Message() << name << ", allocation " << number);
            const auto server = make_server();
            Conversation talk(*server);
            if (!from_the_start) begin(talk);
            const auto reply = talk.ask(request, number);
            const bool failed = one_failed;
            compare(reply, whole, failed);
            if (!failed) return number - 1;
            if (reply && reply->error == ENOMEM && !from_the_start) compare(talk.ask(request), whole, false);
            talk.forget_all();
            EXPECT_EQ(server->service().nodes(), 1U) << "lookups that nobody knows of";
            if (HasFailure()) return 0;
        }
    }

    static void compare(const std::optional<Reply>& reply, const std::optional<Reply>& whole, bool may_fail) {
        ASSERT_EQ(reply.has_value(), whole.has_value());
        if (!reply || (may_fail && reply->error == ENOMEM)) return;
        EXPECT_EQ(reply->error, whole->error);
        EXPECT_EQ(reply->payload.size(), whole->payload.size());
    }

    test::TemporaryDirectory directory_;
    shadow::DeviceTable table_;
    DaemonLog log_{LogTarget::system_log};
};

Request io(std::uint32_t opcode, std::uint64_t node, std::uint64_t handle, std::uint32_t size) {
    fuse_read_in argument{};
    argument.fh = handle;
    argument.size = size;
    return {opcode, node, raw(argument)};
}

Request attribute(std::uint64_t node, const std::string& name) {
    fuse_getxattr_in argument{};
    argument.size = 4096;
    return {FUSE_GETXATTR, node, raw(argument) + name + '\0'};
}

TEST_P(OutOfMemoryTest, EveryAllocationOfEveryRequest) {
    fuse_write_in write{};
    write.size = 100;
    fuse_setattr_in setattr{};
    setattr.valid = FATTR_SIZE;
    setattr.size = file_bytes;
    fuse_lseek_in lseek{};
    lseek.whence = SEEK_HOLE;
    const std::pair<const char*, Request> all[] = {
        {"lookup of a file that is known", lookup(1, "file")},
        {"lookup of a file that is not", lookup(3, "other")},
        {"lookup of an odd name", lookup(1, "a name: that \"libyaml\" writes")},
        {"lookup of a directory", lookup(3, "below")},
        {"lookup of a broken document", lookup(1, "broken")},
        {"lookup of nothing", lookup(1, "nothing")},
        {"getattr", {FUSE_GETATTR, 2, raw(fuse_getattr_in{})}},
        {"getattr of a directory", {FUSE_GETATTR, 3, raw(fuse_getattr_in{})}},
        {"setattr", {FUSE_SETATTR, 2, raw(setattr)}},
        {"open", {FUSE_OPEN, 2, raw(fuse_open_in{})}},
        {"read", io(FUSE_READ, 2, 0, 4096)},
        {"write", {FUSE_WRITE, 2, raw(write) + std::string(100, 'x')}},
        {"fsync", {FUSE_FSYNC, 2, raw(fuse_fsync_in{})}},
        {"lseek", {FUSE_LSEEK, 2, raw(lseek)}},
        {"opendir", {FUSE_OPENDIR, 3, raw(fuse_open_in{})}},
        {"readdir", io(FUSE_READDIR, 1, 1, 4096)},
        {"readdirplus", io(FUSE_READDIRPLUS, 1, 1, 4096)},
        {"statfs", {FUSE_STATFS, 1, ""}},
        {"shadow", attribute(2, "user.famfs.shadow")},
        {"data_path", attribute(2, "user.famfs.data_path")},
        {"extents", attribute(2, "user.famfs.extents")},
        {"requests", attribute(1, "user.famfs.requests")},
        {"forget", forget(2, 1)},
        {"create", {FUSE_CREATE, 1, raw(fuse_create_in{}) + "new" + '\0'}},
        {"map", {kernel_abis().front().get_map, 2, ""}},
    };
    std::uint64_t failed = 0;
    for (const auto& [name, request] : all) {
        failed += fail_each(name, request);
        if (HasFailure()) return;
    }
    failed += fail_each("init", init(), true);
    std::printf("%ju allocations failed\n", static_cast<std::uintmax_t>(failed));
    EXPECT_GT(failed, 50U);
}

std::string name_of(const testing::TestParamInfo<DataPathKind>& info) {
    return std::string(name(info.param));
}

INSTANTIATE_TEST_SUITE_P(DataPaths, OutOfMemoryTest,
                         testing::Values(DataPathKind::copy, DataPathKind::yaml, DataPathKind::iomap),
                         name_of);

}  // namespace
}  // namespace famfs::fused
