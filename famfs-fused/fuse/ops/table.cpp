#include "famfs-fused/fuse/ops/support.h"

#include <cerrno>
#include <new>

namespace famfs::fused::ops {

namespace {

// The errno for the exception that is being handled.
int code_of_exception(fuse_req_t request) noexcept try { throw; } catch (const std::bad_alloc&) {
    return ENOMEM;
} catch (const std::exception& problem) {
    server_of(request).log().internal_error(problem);
    return EIO;
}

// Keep exceptions out of libfuse. Operations reply as their last step, so one that threw has not replied.
template <auto Operation>
struct Guarded;

template <typename... Args, void (*Operation)(fuse_req_t, Args...)>
struct Guarded<Operation> {
    static void call(fuse_req_t request, Args... args) noexcept try {
        Operation(request, args...);
    } catch (const std::exception&) {
        fuse_reply_err(request, code_of_exception(request));
    }
};

// For what the kernel wants no reply to.
template <auto Operation>
struct Unanswered;

template <typename... Args, void (*Operation)(fuse_req_t, Args...)>
struct Unanswered<Operation> {
    static void call(fuse_req_t request, Args... args) noexcept try {
        Operation(request, args...);
    } catch (const std::exception&) {
        code_of_exception(request);
        fuse_reply_none(request);
    }
};

fuse_lowlevel_ops make_table() {
    fuse_lowlevel_ops ops{};
    ops.init = init;
    ops.lookup = Guarded<lookup>::call;
    ops.forget = Unanswered<forget>::call;
    ops.forget_multi = Unanswered<forget_multi>::call;
    ops.getattr = Guarded<getattr>::call;
    ops.setattr = Guarded<setattr>::call;
    ops.open = Guarded<open>::call;
    ops.write = Guarded<write>::call;
    ops.fsync = Guarded<fsync>::call;
    ops.lseek = Guarded<lseek>::call;
    ops.fallocate = Guarded<fallocate>::call;
    ops.ioctl = Guarded<ioctl>::call;
    ops.opendir = Guarded<opendir>::call;
    ops.readdir = Guarded<readdir>::call;
    ops.readdirplus = Guarded<readdirplus>::call;
    ops.releasedir = Guarded<releasedir>::call;
    ops.fsyncdir = Guarded<fsyncdir>::call;
    ops.statfs = Guarded<statfs>::call;
    ops.getxattr = Guarded<getxattr>::call;
    ops.listxattr = Guarded<listxattr>::call;
    ops.setxattr = Guarded<setxattr>::call;
    ops.removexattr = Guarded<removexattr>::call;
    ops.mknod = Guarded<mknod>::call;
    ops.mkdir = Guarded<mkdir>::call;
    ops.create = Guarded<create>::call;
    ops.symlink = Guarded<symlink>::call;
    ops.link = Guarded<link>::call;
    ops.unlink = Guarded<unlink>::call;
    ops.rmdir = Guarded<rmdir>::call;
    ops.rename = Guarded<rename>::call;
    return ops;
}

}  // namespace

const fuse_lowlevel_ops& table() {
    static const fuse_lowlevel_ops ops = make_table();
    return ops;
}

}  // namespace famfs::fused::ops
