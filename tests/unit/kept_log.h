// A log that keeps what it is told.
#pragma once

#include "service/log.h"

#include <mutex>
#include <string>

namespace famfs::test {

class KeptLog final : public service::Log {
  public:
    void write(service::LogLevel, std::string_view message) override {
        const std::lock_guard guard(mutex_);
        text_ += message;
        text_ += '\n';
    }
    // Every message so far, each with a newline.
    std::string text() const {
        const std::lock_guard guard(mutex_);
        return text_;
    }

  private:
    mutable std::mutex mutex_;
    std::string text_;
};

}  // namespace famfs::test
