#include "famfs-fused/fuse/session/session.h"

#include "famfs-fused/fuse/wire/captured_stderr.h"
#include "famfs-fused/fuse/wire/init_reply.h"
#include "famfs-fused/fuse/wire/kernel_offer.h"
#include "famfs-fused/fuse/wire/reply.h"
#include "famfs-fused/fuse/wire/request.h"
#include "famfs-fused/mount/mount_rights.h"
#include "omf/path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>

namespace famfs::fused {

namespace {

constexpr int wake_signal = SIGUSR1;

// The connection may fail for a moment, as for want of memory; not for longer than a second.
constexpr unsigned max_failures = 100;
constexpr auto pause_after_failure = std::chrono::milliseconds(10);

// The receive buffer that libfuse allocates for a thread.
struct RequestBuffer {
    RequestBuffer() = default;
    ~RequestBuffer() { std::free(buffer.mem); }
    RequestBuffer(const RequestBuffer&) = delete;
    RequestBuffer& operator=(const RequestBuffer&) = delete;
    fuse_buf buffer{};
};

std::span<std::byte> bytes_of(const fuse_buf& buffer) {
    return {static_cast<std::byte*>(buffer.mem), buffer.size};
}

// libfuse changed the parameters in 3.17; this takes either form.
template <typename Hooks>
int set_hooks(fuse_session* session, const Hooks& hooks, int connection) {
    const auto call = [&](auto function) {
        using Function = decltype(function);
        if constexpr (std::is_invocable_v<Function, fuse_session*, const Hooks*, int>) {
            return function(session, &hooks, connection);
        } else {
            return function(session, &hooks, sizeof hooks, connection);
        }
    };
    return call(&fuse_session_custom_io);
}

void install_wake_handler() {
    struct sigaction action{};
    action.sa_handler = [](int) {};  // its coming is all: it ends a read
    ::sigaction(wake_signal, &action, nullptr);
}

void unblock_wake_signal() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, wake_signal);
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

// A reply must arrive in one piece, and a socket gets what is spliced in several.
bool is_socket(int connection) {
    struct stat status{};
    return ::fstat(connection, &status) == 0 && S_ISSOCK(status.st_mode);
}

// A socket ends with a message of no bytes, which libfuse takes for an error.
bool has_hung_up(int connection) {
    pollfd state{connection, POLLRDHUP, 0};
    return is_socket(connection) && ::poll(&state, 1, 0) == 1;
}

std::string because(const std::string& said) {
    return said.empty() ? "" : ": " + said;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::create(const std::string& options, Server& server,
                                                 const Operations& operations) {
    std::unique_ptr<Session> session(new Session(server, operations));
    session->changed_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!session->changed_) return fail_errno(errno, "eventfd");
    const CapturedStderr captured;
    fuse_args args = FUSE_ARGS_INIT(0, nullptr);
    fuse_opt_add_arg(&args, "famfs-fused");
    fuse_opt_add_arg(&args, ("-o" + options).c_str());
    session->session_.reset(fuse_session_new(&args, operations.table, sizeof *operations.table,
                                             static_cast<Connection*>(session.get())));
    fuse_opt_free_args(&args);
    if (!session->session_) return fail(ErrorKind::usage, EINVAL, "-o" + because(captured.last_line()));
    return session;
}

Session::~Session() {
    stop();
    if (!session_ || !unmounts_) return;
    if (own_mount_)
        own_mount_->take_away(server_.log());
    else
        fuse_session_unmount(session_.get());
}

Result<void> Session::mount(const std::string& mountpoint) {
    const CapturedStderr captured;
    if (fuse_session_mount(session_.get(), mountpoint.c_str()) != 0) {
        return fail(ErrorKind::io, EIO,
                    "cannot mount on " + omf::printable(mountpoint) + because(captured.last_line()) +
                        missing_mount_rights());
    }
    auto own = OwnMount::find(mountpoint, descriptor());
    if (!own) {
        unmounts_ = false;
        return std::unexpected(own.error());
    }
    own_mount_ = *own;
    return take_over(descriptor());
}

// libfuse closes the descriptor by its number when it unmounts, so the number stays taken.
void Session::leave_connection() {
    const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (nothing) ::dup3(nothing.get(), descriptor(), O_CLOEXEC);
}

// The path makes libfuse take the descriptor also where it knows no hooks.
Result<void> Session::attach(FileDescriptor connection) {
    const CapturedStderr captured;
    const std::string path = fmt::format("/dev/fd/{}", connection.get());
    if (fuse_session_mount(session_.get(), path.c_str()) != 0)
        return fail(ErrorKind::io, EBADF, path + because(captured.last_line()));
    return take_over(connection.release());
}

Result<void> Session::take_over(int connection) {
    fuse_custom_io hooks{};
    hooks.read = receive_hook;
    hooks.writev = send_hook;
    if (!is_socket(connection)) hooks.splice_send = splice_hook;
    const int refused = set_hooks(session_.get(), hooks, connection);
    if (refused != 0 && refused != -ENOTSUP) return fail_errno(ENOMEM, "FUSE session");
    hooked_ = refused == 0;
    set_may_splice(!is_socket(connection));
    server_.extension().connected(connection);
    return {};
}

Result<void> Session::start(unsigned threads) {
    install_wake_handler();
    workers_.reserve(threads);
    for (unsigned count = 0; count < threads; ++count) {
        ++running_;
        try {
            workers_.emplace_back([this] { work(); });
        } catch (const std::exception& problem) {
            --running_;
            return fail(ErrorKind::io, EAGAIN, std::string("thread: ") + problem.what());
        }
    }
    return {};
}

// A signal that comes before the read has begun is lost, so it is sent until the thread has seen it.
void Session::stop() {
    if (session_) fuse_session_exit(session_.get());
    while (running_ > 0) {
        for (std::thread& worker : workers_)
            ::pthread_kill(worker.native_handle(), wake_signal);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    for (std::thread& worker : workers_)
        worker.join();
    workers_.clear();
}

void Session::tell_change() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(changed_.get(), &one, sizeof one);
}

void Session::end() {
    fuse_session_exit(session_.get());
    ended_ = true;
    tell_change();
}

void Session::work() noexcept {
    unblock_wake_signal();
    wait_for_turn();
    RequestBuffer request;
    unsigned failures = 0;
    while (fuse_session_exited(session_.get()) == 0) {
        const int got = fuse_session_receive_buf(session_.get(), &request.buffer);
        if (got == 0) break;
        if (got > 0) {
            failures = 0;
            serve(bytes_of(request.buffer));
        } else if (!should_retry(-got, failures)) {
            break;
        }
    }
    end();
    --running_;
}

// Whether to ask for requests again. What waits is not lost by a read that failed.
bool Session::should_retry(int code, unsigned& failures) noexcept try {
    if (code == EINTR || code == EAGAIN) return true;
    if (code == EIO && has_hung_up(descriptor())) return false;
    const std::string reason = std::generic_category().message(code);
    if (code == ECONNABORTED) {
        server_.log().warning("the connection to the kernel was cut");
        return false;
    }
    if (++failures == max_failures) {
        server_.log().error("reading requests: {}; the mount ends", reason);
        return false;
    }
    if (failures == 1) server_.log().error("reading requests: {}", reason);
    std::this_thread::sleep_for(pause_after_failure);
    return true;
} catch (const std::exception&) {
    return code != ECONNABORTED && failures < max_failures;
}

// No operation here waits for anything but memory, so an INTERRUPT has nothing to cut short; and nothing is
// ever asked of the kernel that it would answer with a NOTIFY_REPLY.
void Session::serve(std::span<std::byte> request) noexcept {
    const fuse_in_header header = header_of(request);
    int code = 0;
    try {
        handle(header, request);
        return;
    } catch (const std::bad_alloc&) {
        code = ENOMEM;
    } catch (const std::exception& problem) {
        server_.log().internal_error(problem);
        code = EIO;
    }
    send_error(descriptor(), header, code);
    if (header.opcode == FUSE_INIT) end();  // the kernel asks once
}

void Session::handle(const fuse_in_header& header, std::span<std::byte> request) {
    server_.requests.count(header.opcode);
    if (answer_map_question(header, request)) return;
    const auto checked = check_request(request);
    if (!checked) {
        send_error(descriptor(), header, checked.error());
    } else if (!initialised_ && header.opcode != FUSE_INIT) {
        send_error(descriptor(), header, EIO);  // libfuse would answer even what wants no reply
    } else if (header.opcode != FUSE_INTERRUPT && header.opcode != FUSE_NOTIFY_REPLY) {
        if (header.opcode == FUSE_INIT) begin_init(header, request);
        if (header.opcode == FUSE_READ) return answer_read(header, request.subspan(sizeof header));
        fuse_buf buffer{};  // 3.17 added a member
        buffer.size = request.size();
        buffer.mem = request.data();
        buffer.fd = -1;
        if (hooked_ || initialised_)
            fuse_session_process_buf(session_.get(), &buffer);
        else
            process_init(buffer);
    }
}

void Session::answer_read(const fuse_in_header& header, std::span<const std::byte> argument) {
    fuse_read_in wanted{};
    std::memcpy(&wanted, argument.data(), sizeof wanted);  // as long as that: checked
    operations_.read(*this, header, wanted);
}

// Without hooks one thread is alone with the connection until the INIT is answered.
void Session::wait_for_turn() const noexcept {
    if (hooked_ || !first_taken_.exchange(true)) return;
    while (!initialised_ && !ended_ && fuse_session_exited(session_.get()) == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// Where libfuse sends its replies by itself, it gets a pipe in the connection's place for this one.
void Session::process_init(const fuse_buf& request) {
    std::array<int, 2> ends{};
    const FileDescriptor kernel(::fcntl(descriptor(), F_DUPFD_CLOEXEC, 0));
    if (!kernel || ::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) throw std::bad_alloc();
    const FileDescriptor ours(ends[0]);
    const FileDescriptor theirs(ends[1]);
    ::dup3(theirs.get(), descriptor(), O_CLOEXEC);
    fuse_session_process_buf(session_.get(), &request);
    ::dup3(kernel.get(), descriptor(), O_CLOEXEC);
    std::array<std::byte, 256> reply{};
    const ssize_t length = ::read(ours.get(), reply.data(), reply.size());
    if (length < static_cast<ssize_t>(sizeof(fuse_out_header))) return;
    const iovec whole{reply.data(), static_cast<std::size_t>(length)};
    send(descriptor(), {&whole, 1});
}

void Session::begin_init(const fuse_in_header& header, std::span<const std::byte> request) {
    if (initialised_) return;
    const InitOffer offer = read_init(request);
    const InitAnswer answer = server_.extension().answer_init(offer);
    std::uint64_t wanted = FUSE_HANDLE_KILLPRIV_V2;
    if (server_.settings().direct_io) wanted |= init_direct_io_allow_mmap;
    init_flags_ = (offer.flags & wanted) | answer.flags;
    init_request_ = header.unique;
    server_.log().info("kernel: FUSE 7.{}, INIT flags {:#x}; {}", offer.minor, offer.flags, answer.note);
}

// These opcodes are not libfuse's, and on a kernel that was not taken for one with maps nobody's.
bool Session::answer_map_question(const fuse_in_header& header, std::span<const std::byte> request) {
    const MapServer* const maps = server_.maps();
    const KernelAbi* const abi = maps != nullptr && initialised_ ? maps->abi() : nullptr;
    if (abi == nullptr || header.len != request.size()) return false;
    const auto argument = request.subspan(sizeof(fuse_in_header));
    if (header.opcode == abi->get_map) {
        reply(header, answer_map(*maps, header.nodeid, argument));
    } else if (header.opcode == abi->get_device) {
        reply(header, argument.empty() ? maps->device(header.nodeid) : std::unexpected(EINVAL));
    } else {
        return false;
    }
    return true;
}

Outcome<std::vector<std::byte>> Session::answer_map(const MapServer& maps, std::uint64_t id,
                                                    std::span<const std::byte> argument) {
    const auto node = server_.service().file_to_map(id);
    if (!node) return std::unexpected(node.error());
    return maps.map_of(**node, argument);
}

void Session::reply(const fuse_in_header& header, const Outcome<std::vector<std::byte>>& answer) {
    if (answer) {
        [[maybe_unused]] const auto sent = send_bytes(descriptor(), header, *answer);
    } else {
        send_error(descriptor(), header, answer.error());
    }
}

ssize_t Session::receive(int connection, std::span<std::byte> room) {
    for (;;) {
        const ssize_t got = ::read(connection, room.data(), room.size());
        if (got < 0 || got >= static_cast<ssize_t>(sizeof(fuse_in_header))) return got;
        if (got == 0) {
            errno = ENODEV;  // what /dev/fuse says when the other side is gone
            return -1;
        }
    }
}

ssize_t Session::send(int connection, std::span<const iovec> reply) {
    const auto* header = static_cast<const fuse_out_header*>(reply.front().iov_base);
    if (initialised_) return ::writev(connection, reply.data(), static_cast<int>(reply.size()));
    if (header->error != 0 || header->unique != init_request_)
        return ::writev(connection, reply.data(), static_cast<int>(reply.size()));
    return send_init(connection, reply);
}

// The next request may come as soon as the reply is out, so initialised() is true before that.
ssize_t Session::send_init(int connection, std::span<const iovec> reply) {
    const auto completed = complete_init(reply, init_flags_);
    if (!completed) return ::writev(connection, reply.data(), static_cast<int>(reply.size()));
    initialised_ = true;
    const ssize_t sent = ::write(connection, completed->data(), completed->size());
    if (sent < 0) initialised_ = false;
    tell_change();
    return sent;
}

// libfuse hands out what the operations get.
Session* Session::of(void* connection) {
    return static_cast<Session*>(static_cast<Connection*>(connection));
}

ssize_t Session::receive_hook(int connection, void* room, std::size_t size, void* session) {
    return of(session)->receive(connection, {static_cast<std::byte*>(room), size});
}

ssize_t Session::send_hook(int connection, iovec* reply, int count, void* session) {
    return of(session)->send(connection, {reply, static_cast<std::size_t>(count)});
}

ssize_t Session::splice_hook(int from, off_t* from_offset, int to, off_t* to_offset, std::size_t size,
                             unsigned flags, void*) {
    return ::splice(from, from_offset, to, to_offset, size, flags);
}

}  // namespace famfs::fused
