// The daemon's request path: any bytes where a kernel's requests are expected. Each request is answered once,
// or, if the kernel waits for no answer, not at all; a reply is as long as it says and carries its request's
// number.
//
// Input: a byte for data path and kernel, then records. {opcode, node, payload length (2 bytes), payload}
// becomes a request with a right header; an opcode byte of 0xff makes the payload a whole message, header and
// all.
#include "famfs-fused/fuse/ops/ops.h"
#include "famfs-fused/fuse/ops/read.h"
#include "famfs-fused/fuse/server/server.h"
#include "famfs-fused/fuse/session/session.h"
#include "famfs-fused/fuse/wire/request.h"
#include "famfs-fused/process/daemon_log.h"
#include "fuzz.h"
#include "omf/superblock.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

using namespace famfs;
using namespace famfs::fused;

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint64_t unit = 0x200000;
constexpr std::uint64_t data_start = 0xa00000;
constexpr std::uint64_t device_size = 1 << 30;
constexpr std::uint64_t bit_43 = std::uint64_t{1} << 43;

// A pool's image and its shadow tree, for as long as the process lives.
class Tree {
  public:
    Tree() {
        std::string pattern = std::filesystem::temp_directory_path() / "famfs-fuzz-XXXXXX";
        fuzz::require(::mkdtemp(pattern.data()) != nullptr, "a directory can be made");
        directory_ = pattern;
        std::filesystem::create_directories(directory_ + "/root/.meta");
        std::filesystem::create_directories(directory_ + "/root/dir/below");
        write_image();
        write_tree();
    }
    ~Tree() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    const std::string& directory() const { return directory_; }

  private:
    void write_image() {
        omf::Superblock superblock;
        superblock.file_system.bytes.fill(1);
        superblock.device.bytes.fill(2);
        superblock.device_size = device_size;
        const auto bytes = omf::encode_superblock(superblock);
        std::ofstream(image(), std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        std::filesystem::resize_file(image(), device_size);
        table_.file_system = superblock.file_system;
        table_.data_start = data_start;
        table_.add({superblock.device, device_size, image()});
    }

    void write_tree() {
        put("devices.yaml", shadow::write_devices(table_));
        put("root/bad", "nonsense");
        write_file("simple", 3 * unit + 5, 0, {{0, 10 * unit, 2 * unit}, {0, 20 * unit, 2 * unit}});
        write_file("dir/striped", 3 * unit, unit, {{0, 30 * unit, 2 * unit}, {0, 40 * unit, 2 * unit}});
        write_file("dir/empty", 0, 0, {{0, 50 * unit, unit}});
        std::filesystem::create_symlink("simple", directory_ + "/root/link");
    }

    void write_file(const char* path, std::uint64_t size, std::uint64_t chunk,
                    std::vector<omf::Extent> extents) {
        omf::File file;
        file.path = *omf::Path::parse(path);
        file.size = size;
        file.layout.chunk_size = chunk;
        for (const omf::Extent& extent : extents)
            file.layout.extents.push_back(extent);
        std::string text;
        fuzz::require(shadow::write_document(file, shadow::Form::uuid, table_.context(), text).has_value(),
                      "a document can be written");
        put("root/" + std::string(path), text);
    }

    void put(const std::string& name, const std::string& text) {
        std::ofstream(directory_ + "/" + name) << text;
    }
    std::string image() const { return directory_ + "/image"; }

    std::string directory_;
    shadow::DeviceTable table_;
};

struct Way {
    DataPathKind path;
    AbiChoice abi;
};

constexpr std::array<Way, 4> ways{{{DataPathKind::copy, AbiChoice::automatic},
                                   {DataPathKind::iomap, AbiChoice::v10},
                                   {DataPathKind::iomap, AbiChoice::next},
                                   {DataPathKind::yaml, AbiChoice::automatic}}};

std::unique_ptr<Server> make_server(const Tree& tree, const Way& way, Log& log) {
    auto shadow = ShadowRoot::open(tree.directory());
    fuzz::require(shadow.has_value(), "the tree can be opened");
    Devices devices;
    if (way.path != DataPathKind::yaml) {
        auto located = Devices::locate(*shadow, {});
        fuzz::require(located.has_value(), "the device is found");
        devices = std::move(*located);
    }
    if (way.path == DataPathKind::copy)
        fuzz::require(devices.open(device::Access::read_write).has_value(), "the device can be opened");
    const Settings settings{.kernel_abi = way.abi};
    auto server = Server::create(settings, std::move(*shadow), std::move(devices), way.path, log);
    fuzz::require(server.has_value(), "a server can be made");
    return std::move(*server);
}

// A session and the other end of its connection.
class Conversation {
  public:
    explicit Conversation(Server& server) {
        std::array<int, 2> ends{};
        fuzz::require(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0,
                      "a socket pair");
        kernel_ = FileDescriptor(ends[0]);
        const int room = static_cast<int>(room_.size());
        large_replies_ = ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) == 0;
        auto session = Session::create("fsname=x", server, {.table = &ops::table(), .read = ops::read});
        fuzz::require(session.has_value(), "a session can be made");
        session_ = std::move(*session);
        fuzz::require(session_->attach(FileDescriptor(ends[1])).has_value(), "and attached");
    }

    // A copy of just its size, so that a read past its end is seen.
    void serve(Bytes request) {
        if (request.size() < sizeof(fuse_in_header)) return;
        std::vector<std::byte> message(request.begin(), request.end());
        session_->serve(message);
        check_replies(header_of(request));
    }

  private:
    void check_replies(const fuse_in_header& request) {
        const bool answered = take_reply(request);
        if (!answered && !large_replies_ && request.opcode == FUSE_READ) return;  // it did not fit the socket
        fuzz::require(answered == wants_reply(request.opcode),
                      "a request is answered if the kernel waits for it");
        fuzz::require(!answered || !take_reply(request), "and once");
    }

    bool take_reply(const fuse_in_header& request) {
        const ssize_t got = ::recv(kernel_.get(), room_.data(), room_.size(), MSG_DONTWAIT);
        if (got < 0) return false;
        fuse_out_header reply{};
        fuzz::require(got >= static_cast<ssize_t>(sizeof reply), "a reply has a header");
        std::memcpy(&reply, room_.data(), sizeof reply);
        fuzz::require(reply.len == static_cast<std::size_t>(got), "a reply is as long as it says");
        fuzz::require(reply.unique == request.unique, "a reply carries its request's number");
        fuzz::require(reply.error <= 0 && reply.error > -512, "an error is an errno");
        return true;
    }

    FileDescriptor kernel_;
    std::unique_ptr<Session> session_;
    bool large_replies_ = false;
    std::vector<std::byte> room_ = std::vector<std::byte>(1 << 21);
};

std::vector<std::byte> message_of(std::uint32_t opcode, std::uint64_t node, std::uint64_t unique,
                                  Bytes payload) {
    fuse_in_header header{};
    header.len = static_cast<std::uint32_t>(sizeof header + payload.size());
    header.opcode = opcode;
    header.nodeid = node;
    header.unique = unique;
    std::vector<std::byte> message(header.len);
    std::memcpy(message.data(), &header, sizeof header);
    std::ranges::copy(payload, message.begin() + sizeof header);
    return message;
}

void say_hello(Conversation& connection) {
    fuse_init_in init{};
    init.major = FUSE_KERNEL_VERSION;
    init.minor = 45;
    init.flags = FUSE_INIT_EXT | FUSE_MAX_PAGES | FUSE_DO_READDIRPLUS;
    init.flags2 = static_cast<std::uint32_t>(bit_43 >> 32);
    connection.serve(message_of(FUSE_INIT, 0, 2, std::as_bytes(std::span(&init, 1))));
}

void play(Conversation& connection, Bytes input) {
    constexpr std::size_t head = 4;
    constexpr std::byte whole{0xff};
    for (std::uint64_t unique = 4; input.size() >= head; unique += 2) {
        const std::size_t wanted =
            std::to_integer<std::size_t>(input[2]) | std::to_integer<std::size_t>(input[3]) << 8;
        const Bytes payload = input.subspan(head, std::min(wanted, input.size() - head));
        if (input[0] == whole) {
            connection.serve(payload);
        } else {
            connection.serve(message_of(std::to_integer<std::uint32_t>(input[0]),
                                        std::to_integer<std::uint64_t>(input[1]), unique, payload));
        }
        input = input.subspan(head + payload.size());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Tree tree;
    static DaemonLog log(LogTarget::system_log);
    if (size == 0) return 0;
    const auto server = make_server(tree, ways[data[0] % ways.size()], log);
    Conversation connection(*server);
    if ((data[0] & 0x80) == 0) say_hello(connection);
    play(connection, fuzz::bytes_of(data + 1, size - 1));
    return 0;
}
