// The id that a document of form 1 names.
#include "liblog/shadow/devices.h"
#include "liblog/shadow/document.h"
#include "tests/unit/test_pool.h"

namespace famfs::shadow {
namespace {

using test::first_data;
using test::unit;

class DocumentIdTest : public testing::Test {
  protected:
    DocumentIdTest() {
        omf::Uuid device;
        device.bytes.fill(2);
        table_.data_start = first_data;
        table_.add({device, 1 << 30, "/dev/dax0.0"});
        context_ = table_.context();
    }

    std::string written(index::InodeId id, Form form = Form::uuid, std::string_view path = "dir/file") {
        const bool meta = path.starts_with(".meta/");
        omf::File file = test::file("dir/file", unit, test::extents({{0, first_data, unit}}));
        if (meta) file.path = *omf::Path::parse(path);
        std::string text;
        EXPECT_TRUE(write_document(file, form, context_, text, id));
        return text;
    }
    Result<Document> read(const std::string& text, std::string_view place = "dir/file") {
        return read_document(text, place, context_);
    }

    DeviceTable table_;
    DocumentContext context_;
};

TEST_F(DocumentIdTest, IsReadAsItWasWritten) {
    for (const index::InodeId id : {index::first_entry_inode, index::end_of_entry_inodes - 1})
        EXPECT_EQ(read(written(id))->id, id);
    EXPECT_NE(written(4711).find("\n  id: 4711\n"), std::string::npos) << written(4711);
}

TEST_F(DocumentIdTest, OlderDocumentsHaveNone) {
    const std::string text = written(index::no_inode);
    EXPECT_EQ(text.find("id: "), text.find("id: '")) << "device_uuid alone: " << text;
    EXPECT_EQ(read(text)->id, index::no_inode);
}

TEST_F(DocumentIdTest, Form2SaysTheSameWithAndWithoutOne) {
    EXPECT_EQ(written(4711, Form::famfs), written(index::no_inode, Form::famfs));
    EXPECT_EQ(read(written(4711, Form::famfs))->id, index::no_inode);
}

TEST_F(DocumentIdTest, WhatNoEntryHasIsRefused) {
    const std::string text = written(4711);
    for (const char* wrong : {"0", "1", "4", "15", "4611686018427387904", "18446744073709551615",
                              "18446744073709551616", "-1", "x", "''"}) {
        std::string changed = text;
        changed.replace(changed.find("4711"), 4, wrong);
        const auto read_back = read(changed);
        ASSERT_FALSE(read_back) << wrong;
        EXPECT_NE(read_back.error().message.find("id"), std::string::npos) << read_back.error().message;
    }
}

TEST_F(DocumentIdTest, NamedTwiceIsRefused) {
    std::string text = written(4711);
    text.insert(text.find("  id:"), "  id: 4712\n");
    EXPECT_FALSE(read(text));
}

TEST_F(DocumentIdTest, BelowMetaThePlaceDecides) {
    const std::string_view log = ".meta/.log";
    EXPECT_EQ(read(written(index::log_inode, Form::uuid, log), log)->id, index::log_inode);
    EXPECT_FALSE(read(written(index::superblock_inode, Form::uuid, log), log));
    EXPECT_FALSE(read(written(4711, Form::uuid, log), log));
    EXPECT_FALSE(read(written(index::log_inode)));
}

}  // namespace
}  // namespace famfs::shadow
