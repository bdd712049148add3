// Names the log entries that break a rule, on stderr, while a verb that is about something else goes on.
#pragma once

#include "famfs-cli/ui/console.h"
#include "liblog/shadow/update.h"

#include <string>

namespace famfs::cli {

// Not thread safe.
class FindingReporter {
  public:
    FindingReporter(Console& console, std::string device) : console_(console), device_(std::move(device)) {}

    // Functions that refer to this object.
    shadow::UpdateHooks hooks();

    bool any() const { return any_; }

  private:
    void name(const std::string& trouble);

    Console& console_;
    std::string device_;
    bool any_ = false;
};

}  // namespace famfs::cli
