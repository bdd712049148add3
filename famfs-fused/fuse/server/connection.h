// What the operations see of the connection that their request came on.
#pragma once

#include "famfs-fused/fuse/server/server.h"

namespace famfs::fused {

class Connection {
  public:
    explicit Connection(Server& server) : server_(server) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Server& server() const { return server_; }
    // Whether replies may be spliced: each has to arrive in one piece, and a socket gets them in several.
    bool may_splice() const { return may_splice_; }

    // The descriptor that the kernel is spoken to on.
    virtual int descriptor() const = 0;

  protected:
    ~Connection() = default;
    void set_may_splice(bool may) { may_splice_ = may; }

  private:
    Server& server_;
    bool may_splice_ = false;
};

}  // namespace famfs::fused
