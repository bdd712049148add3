// A shadow document: the YAML that says where one file's bytes lie. Format: docs/shadow.md.
#pragma once

#include "liblog/index/inode.h"
#include "omf/entry.h"
#include "omf/error.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace famfs::shadow {

enum class Form {
    uuid,   // form 1: extents name their device by uuid
    famfs,  // form 2: by index, byte for byte what upstream writes
};

inline constexpr std::size_t max_document = 64 * 1024;  // bytes

// What a document is read against or written with.
struct DocumentContext {
    omf::Geometry geometry;
    std::span<const omf::Uuid> device_uuids;  // by device index
};

// What a document says.
struct Document : omf::File {
    index::InodeId id = index::no_inode;  // no_inode: it names none, as form 2 and older ones do
};

// Appends the document to `out`; form 1 names `id`, unless that is no_inode. Fails with EILSEQ for a path
// that form 2 cannot say (not UTF-8), and with ENODEV if an extent's device is not in the context.
Result<void> write_document(const omf::File& file, Form form, const DocumentContext& context,
                            std::string& out, index::InodeId id = index::no_inode);

// Reads either form. `text` is untrusted: kind corrupt, naming line and key, for anything that docs/shadow.md
// does not allow, for a layout that breaks a rule of the format, and for a `path` that is not `place`, the
// file's own path in the tree, or for an id that what is there cannot have. `place` ".meta/.superblock" and
// ".meta/.log" may lie where no file may.
Result<Document> read_document(std::string_view text, std::string_view place, const DocumentContext& context);

}  // namespace famfs::shadow
