// SPDX-License-Identifier: GPL-2.0
// The smallest FUSE server there can be: a root directory with one file, "data",
// spoken straight over /dev/fuse, so that each request is seen and counted.
#pragma once

#include "extent_file.h"

#include <atomic>
#include <cstdint>
#include <string>

struct FuseCounts {
    uint64_t read, write, open, release;
    std::atomic<bool> stalled;  // reads are taken and not answered
};

class FuseServer {
  public:
    // Serves the file with the descriptor's bytes. With passthrough, the kernel moves
    // them; without, the server does, request by request.
    FuseServer(int extent_file, uint64_t size, bool passthrough);
    ~FuseServer();
    FuseServer(const FuseServer&) = delete;

    std::string path() const { return directory_ + "/data"; }
    const FuseCounts& counts() const { return *counts_; }
    // From now on, who reads without passthrough waits / no longer.
    void stall() { counts_->stalled = true; }
    void go_on() { counts_->stalled = false; }
    // As kill -9 does.
    void kill();
    void unmount();

  private:
    void serve(int connection, int extent_file, uint64_t size, bool passthrough);

    std::string directory_;
    FuseCounts* counts_;
    int pid_ = -1;
};
