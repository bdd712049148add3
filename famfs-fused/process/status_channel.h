// Where the daemon tells the program that started it why it could not serve (--status-fd).
#pragma once

#include "liblog/file_descriptor.h"
#include "omf/error.h"

namespace famfs::fused {

class StatusChannel {
  public:
    StatusChannel() = default;  // tells nobody
    // Takes the descriptor over. Programs that this one starts do not get it. kind usage if it is not open.
    static Result<StatusChannel> take(int descriptor);

    int descriptor() const { return descriptor_.get(); }  // -1 if there is none
    // Writes the failure as a record, see liblog/records/failure.h.
    void tell(const Error& failure) const;
    // Once the mount answers there is nothing to tell any more.
    void close() { descriptor_ = FileDescriptor(); }

  private:
    FileDescriptor descriptor_;
};

}  // namespace famfs::fused
