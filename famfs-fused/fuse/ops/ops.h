// The FUSE operations: one file each. They know the server and nothing of the wire.
#pragma once

#define FUSE_USE_VERSION 314

#include <fuse_lowlevel.h>

#include <cstddef>
#include <cstdint>

namespace famfs::fused::ops {

// All of them but READ (read.h), ready for fuse_session_new. An exception in one of them ends as an error
// reply.
const fuse_lowlevel_ops& table();

void init(void* userdata, fuse_conn_info* connection);

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name);
void forget(fuse_req_t request, fuse_ino_t node, std::uint64_t count);
void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets);
void getattr(fuse_req_t request, fuse_ino_t node, fuse_file_info* file);
void setattr(fuse_req_t request, fuse_ino_t node, struct stat* wanted, int which, fuse_file_info* file);

void open(fuse_req_t request, fuse_ino_t node, fuse_file_info* file);
void write(fuse_req_t request, fuse_ino_t node, const char* bytes, std::size_t size, off_t offset,
           fuse_file_info* file);
void fsync(fuse_req_t request, fuse_ino_t node, int data_only, fuse_file_info* file);
void lseek(fuse_req_t request, fuse_ino_t node, off_t offset, int whence, fuse_file_info* file);
void fallocate(fuse_req_t request, fuse_ino_t node, int mode, off_t offset, off_t length,
               fuse_file_info* file);
void ioctl(fuse_req_t request, fuse_ino_t node, unsigned command, void* argument, fuse_file_info* file,
           unsigned flags, const void* in, std::size_t in_size, std::size_t out_size);

void opendir(fuse_req_t request, fuse_ino_t node, fuse_file_info* file);
void readdir(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t offset, fuse_file_info* file);
void readdirplus(fuse_req_t request, fuse_ino_t node, std::size_t size, off_t offset, fuse_file_info* file);
void releasedir(fuse_req_t request, fuse_ino_t node, fuse_file_info* file);
void fsyncdir(fuse_req_t request, fuse_ino_t node, int data_only, fuse_file_info* file);

void statfs(fuse_req_t request, fuse_ino_t node);
void getxattr(fuse_req_t request, fuse_ino_t node, const char* name, std::size_t size);
void listxattr(fuse_req_t request, fuse_ino_t node, std::size_t size);
void setxattr(fuse_req_t request, fuse_ino_t node, const char* name, const char* value, std::size_t size,
              int flags);
void removexattr(fuse_req_t request, fuse_ino_t node, const char* name);

// What famfs has no notion of (refused.cpp).
void mknod(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, dev_t device);
void mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode);
void create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* file);
void symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name);
void link(fuse_req_t request, fuse_ino_t node, fuse_ino_t parent, const char* name);
void unlink(fuse_req_t request, fuse_ino_t parent, const char* name);
void rmdir(fuse_req_t request, fuse_ino_t parent, const char* name);
void rename(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t new_parent,
            const char* new_name, unsigned flags);

}  // namespace famfs::fused::ops
