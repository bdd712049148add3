#include "famfs-cli/ui/findings.h"

#include "omf/path.h"

namespace famfs::cli {

shadow::UpdateHooks FindingReporter::hooks() {
    shadow::UpdateHooks hooks;
    hooks.report = [this](const pool::Finding& finding) { name(pool::describe(finding)); };
    hooks.skipped = [this](const std::string& reason) { name(reason); };
    return hooks;
}

void FindingReporter::name(const std::string& trouble) {
    any_ = true;
    console_.error(fmt::format("{}: {}", omf::printable(device_), trouble));
}

}  // namespace famfs::cli
