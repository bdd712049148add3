// What a data path through the kernel adds to the conversation with it.
#pragma once

#include "omf/error.h"

#include <cstdint>
#include <string>

namespace famfs::fused {

// What a kernel's INIT offers.
struct InitOffer {
    std::uint32_t minor = 0;
    std::uint64_t flags = 0;  // both words, as one
};

// What the answer to INIT is to say for the extension's sake.
struct InitAnswer {
    std::uint64_t flags = 0;                         // of those offered, to take
    std::string note = "no flag for the data path";  // one clause, for the log
};

// This one adds nothing.
class Extension {
  public:
    virtual ~Extension() = default;
    Extension() = default;
    Extension(const Extension&) = delete;
    Extension& operator=(const Extension&) = delete;

    // Called once, before any file is opened.
    virtual InitAnswer answer_init(const InitOffer&) { return {}; }

    // The connection to the kernel; once, before the first request.
    virtual void connected(int) {}

    // Whether this kernel does what the data path needs. Call once INIT is answered.
    virtual Result<void> ready() const { return {}; }
};

}  // namespace famfs::fused
