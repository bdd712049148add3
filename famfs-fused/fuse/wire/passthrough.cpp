#include "famfs-fused/fuse/wire/passthrough.h"

#include "famfs-fused/fuse/wire/backing.h"
#include "famfs-fused/fuse/wire/kernel_offer.h"

namespace famfs::fused {

InitAnswer Passthrough::answer_init(const InitOffer& offer) {
    offered_ = (offer.flags & init_passthrough) != 0;
    if (offered_) return {init_passthrough, "passthrough taken"};
    return {0, "no passthrough offered"};
}

Result<void> Passthrough::ready() const {
    if (offered_) return {};
    return fail(ErrorKind::unsupported, EOPNOTSUPP,
                "data path extfile: this kernel's FUSE has no passthrough");
}

Outcome<std::int32_t> Passthrough::open(int file) {
    return open_backing(connection_, file);
}

void Passthrough::close(std::int32_t id) {
    close_backing(connection_, id);
}

}  // namespace famfs::fused
