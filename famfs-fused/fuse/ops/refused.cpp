// The tree changes through the pool's log (famfs cp, creat, mkdir), never through the mount.
#include "famfs-fused/fuse/ops/support.h"

namespace famfs::fused::ops {

namespace {

void refuse(fuse_req_t request) {
    fuse_reply_err(request, service_of(request).refusal());
}

}  // namespace

void mknod(fuse_req_t request, fuse_ino_t, const char*, mode_t, dev_t) {
    refuse(request);
}

void mkdir(fuse_req_t request, fuse_ino_t, const char*, mode_t) {
    refuse(request);
}

void create(fuse_req_t request, fuse_ino_t, const char*, mode_t, fuse_file_info*) {
    refuse(request);
}

void symlink(fuse_req_t request, const char*, fuse_ino_t, const char*) {
    refuse(request);
}

void link(fuse_req_t request, fuse_ino_t, fuse_ino_t, const char*) {
    refuse(request);
}

// A name whose document is gone is gone: the kernel drops what it remembers of it.
void unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
    fuse_reply_err(request, service_of(request).refuse_removal(parent, name));
}

void rmdir(fuse_req_t request, fuse_ino_t, const char*) {
    refuse(request);
}

void rename(fuse_req_t request, fuse_ino_t, const char*, fuse_ino_t, const char*, unsigned) {
    refuse(request);
}

}  // namespace famfs::fused::ops
