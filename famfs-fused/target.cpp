#include "famfs-fused/target.h"

#include "famfs-fused/mountpoint.h"

namespace famfs::fused {

Result<Target> find_target(const std::string& mountpoint, const ShadowRoot& shadow) {
    if (const auto connection = parse_connection(mountpoint)) return Target{"", *connection};
    auto directory = check_mountpoint(mountpoint, shadow.directory());
    if (!directory) return std::unexpected(directory.error());
    return Target{std::move(*directory), -1};
}

Result<void> connect(Session& session, const Target& target) {
    if (target.is_directory()) return session.mount(target.directory);
    return session.attach(FileDescriptor(target.connection));
}

}  // namespace famfs::fused
