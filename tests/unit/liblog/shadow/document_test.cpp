#include "liblog/shadow/document.h"

#include "liblog/shadow/base64.h"
#include "liblog/shadow/devices.h"
#include "liblog/shadow/state.h"
#include "tests/unit/test_pool.h"

namespace famfs::shadow {
namespace {

using test::extents;
using test::file;
using test::first_data;
using test::unit;

constexpr const char* device_text = "123e4567-e89b-12d3-a456-426614174000";

class DocumentTest : public testing::Test {
  protected:
    DocumentTest() {
        table_.data_start = first_data;
        table_.add({*omf::parse_uuid(device_text), 1 << 30, "/dev/dax0.0"});
        context_ = table_.context();
    }

    std::string written(const omf::File& made, Form form) {
        std::string text;
        const auto done = write_document(made, form, context_, text);
        EXPECT_TRUE(done) << (done ? "" : done.error().message);
        return text;
    }

    // What is wrong with the document; "" if nothing.
    std::string complaint(const std::string& text, std::string_view place = "dir1/exact2m") {
        const auto read = read_document(text, place, context_);
        return read ? "" : read.error().message;
    }

    DeviceTable table_;
    DocumentContext context_;
};

omf::File sample() {
    omf::File made = file("dir1/exact2m", unit, extents({{0, first_data, unit}}));
    made.uid = made.gid = 1000;
    made.mode = 0600;
    return made;
}

const std::string uuid_form =
    "file:\n"
    "  path: /dir1/exact2m\n"
    "  size: 2097152\n"
    "  owner: 1000\n"
    "  group: 1000\n"
    "  permissions: '0600'\n"
    "  extents:\n"
    "    - device_uuid: '123e4567-e89b-12d3-a456-426614174000'\n"
    "      offset: 10485760\n"
    "      length: 2097152\n";

const std::string famfs_form =
    "---\n"
    "file:\n"
    "  path: dir1/exact2m\n"
    "  size: 2097152\n"
    "  flags: 2\n"
    "  mode: 0600\n"
    "  uid: 1000\n"
    "  gid: 1000\n"
    "  nextents: 1\n"
    "  simple_ext_list:\n"
    "  - devindex: 0\n"
    "    offset: 0xa00000\n"
    "    length: 0x200000\n"
    "...\n";

TEST_F(DocumentTest, WritesBothFormsToTheLetter) {
    EXPECT_EQ(written(sample(), Form::uuid), uuid_form);
    EXPECT_EQ(written(sample(), Form::famfs), famfs_form);
}

TEST_F(DocumentTest, NumbersOfTheFamfsFormAreSigned) {
    omf::File made = sample();
    made.uid = 0xfffffffe;
    EXPECT_NE(written(made, Form::famfs).find("uid: -2\n"), std::string::npos);
    EXPECT_EQ(read_document(written(made, Form::famfs), "dir1/exact2m", context_)->uid, 0xfffffffe);
    EXPECT_EQ(read_document(written(made, Form::uuid), "dir1/exact2m", context_)->uid, 0xfffffffe);
}

TEST_F(DocumentTest, ReadsBackWhatItWrote) {
    const std::string long_name(79, 'n');
    const std::string spaced = "with many words in it so that an emitter that folds lines will fold it, no?";
    for (const std::string& name : {std::string("plain"),
                                    std::string("a b"),
                                    std::string("a: b"),
                                    std::string("#c"),
                                    std::string("- d"),
                                    std::string("new\nline"),
                                    std::string("tab\t"),
                                    std::string("quote'\""),
                                    std::string("\xc3\xa9"),
                                    std::string("123"),
                                    std::string("null"),
                                    std::string("true"),
                                    std::string("[x]"),
                                    std::string("{y}"),
                                    std::string("*z"),
                                    std::string("&w"),
                                    std::string("!t"),
                                    std::string("%p"),
                                    std::string("@q"),
                                    std::string("trailing "),
                                    std::string(" leading"),
                                    std::string("\x7f"),
                                    std::string("\xef\xbf\xbe"),
                                    std::string("\xef\xbb\xbf"),
                                    std::string("---"),
                                    std::string("..."),
                                    std::string("a b..."),
                                    std::string("~"),
                                    std::string("a\n\n"),
                                    std::string("\xc2\x85"),
                                    std::string("\xe2\x80\xa8"),
                                    std::string("back\\slash"),
                                    std::string("\x01"),
                                    long_name,
                                    spaced}) {
        for (const Form form : {Form::uuid, Form::famfs}) {
            const omf::File made =
                file(name, 5, extents({{0, first_data, unit}, {0, first_data + unit, unit}}));
            const std::string text = written(made, form);
            const auto read = read_document(text, name, context_);
            ASSERT_TRUE(read) << text << read.error().message;
            EXPECT_EQ(read->path, made.path);
            EXPECT_EQ(read->layout, made.layout);
            EXPECT_EQ(read->size, made.size);
            EXPECT_EQ(read->mode, made.mode);
        }
    }
}

TEST_F(DocumentTest, BytesThatAreNotUtf8) {
    const omf::File made = file("d\xff/\x80x", 5, extents({{0, first_data, unit}}));
    const std::string text = written(made, Form::uuid);
    EXPECT_NE(text.find("path: !!binary"), std::string::npos);
    EXPECT_EQ(read_document(text, "d\xff/\x80x", context_)->path, made.path);
    std::string none;
    const auto refused = write_document(made, Form::famfs, context_, none);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EILSEQ);
}

TEST_F(DocumentTest, StripesInBothForms) {
    const omf::File made =
        file("s", 3 * unit, extents({{0, first_data, 2 * unit}, {0, first_data + 4 * unit, 2 * unit}}, unit));
    for (const Form form : {Form::uuid, Form::famfs}) {
        const auto read = read_document(written(made, form), "s", context_);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(read->layout, made.layout);
    }
}

TEST_F(DocumentTest, ReadOnlyFlagSurvives) {
    omf::File made = sample();
    made.flags = omf::flag_read_only;
    for (const Form form : {Form::uuid, Form::famfs})
        EXPECT_EQ(read_document(written(made, form), "dir1/exact2m", context_)->flags, omf::flag_read_only);
}

TEST_F(DocumentTest, MetaFilesMayLieInTheMetadata) {
    const omf::File made = file(".meta/.superblock", unit, extents({{0, 0, unit}}));
    EXPECT_EQ(complaint(written(made, Form::uuid), ".meta/.superblock"), "");
    const omf::File other = file("superblock", unit, extents({{0, 0, unit}}));
    EXPECT_NE(complaint(written(other, Form::uuid), "superblock"), "");
}

// Replaces one piece of a good document; the complaint must name the key or the line.
TEST_F(DocumentTest, RefusesWhatIsWrongAndSaysWhere) {
    const auto changed = [](std::string text, const std::string& from, const std::string& to) {
        const std::size_t at = text.find(from);
        EXPECT_NE(at, text.npos) << from;
        return text.replace(at, from.size(), to);
    };
    struct Case {
        const char *from, *to, *named;
    };
    for (const Case& test : {
             Case{"size: 2097152", "size: -1", "line 3, column 9: size"},
             {"size: 2097152", "size: 9223372036854775808", "size"},
             {"size: 2097152", "size: 1e3", "size"},
             {"size: 2097152", "size: 010", "size"},
             {"size: 2097152", "size: 0x", "size"},
             {"size: 2097152", "size: [1]", "size"},
             {"size: 2097152", "size: 2097153", "extents hold"},
             {"  size: 2097152\n", "", "size: missing"},
             {"  size: 2097152\n", "  size: 1\n  size: 1\n", "line 4, column 3: size: repeated"},
             {"  size: 2097152\n", "  size: 1\n  colour: 1\n", "colour: unknown"},
             {"owner: 1000", "owner: 4294967296", "owner"},
             {"'0600'", "'0800'", "permissions"},
             {"'0600'", "'40755'", "permissions"},
             {"/dir1/exact2m", "/dir1/other", "path"},
             {"/dir1/exact2m", "//dir1/exact2m", "path"},
             {"/dir1/exact2m", "/dir1/../dir1/exact2m", "path"},
             {"'123e4567", "'999e4567", "device"},
             {"'123e4567-", "'", "device_uuid"},
             {"offset: 10485760", "offset: 10485761", "extent 0"},
             {"offset: 10485760", "offset: 0", "extent 0"},
             {"offset: 10485760", "offset: 1073741824", "extent 0"},
             {"length: 2097152", "length: 0", "extent 0"},
             {"length: 2097152", "length: 18446744073707454464", "extent 0"},
             {"file:", "file: &a", "anchor"},
             {"offset: 10485760", "offset: *a", "line 9, column 15: "},
             {"file:", "!!x file:", "tag"},
             {"file:", "? [a]\n: b\nfile:", "key"},
         })
        EXPECT_NE(complaint(changed(uuid_form, test.from, test.to)).find(test.named), std::string::npos)
            << test.to << " -> " << complaint(changed(uuid_form, test.from, test.to));
    EXPECT_NE(complaint(changed(famfs_form, "nextents: 1", "nextents: 2")).find("nextents"),
              std::string::npos);
}

TEST_F(DocumentTest, RefusesOtherTexts) {
    for (const std::string& text :
         {std::string(), std::string("file: x"), std::string("- a"), std::string("\t"), std::string("{"),
          std::string("\xff\xff"), std::string(1, '\0'), "a: b\n" + uuid_form,
          uuid_form + "---\n" + uuid_form, std::string(200, '['), uuid_form + std::string(max_document, ' ')})
        EXPECT_NE(complaint(text), "") << text.substr(0, 40);
}

TEST_F(DocumentTest, CommentsAndKeyOrderAreFree) {
    EXPECT_EQ(
        complaint("# a comment\nfile:\n"
                  "  extents: [{length: 0x200000, offset: 0xa00000, device_uuid: " +
                  std::string(device_text) +
                  "}]\n"
                  "  permissions: 600  # octal\n  group: 0\n  owner: 0\n  size: 0\n  path: dir1/exact2m\n"),
        "");
}

TEST_F(DocumentTest, ExtentsMayNotOverlapEachOther) {
    const omf::File made = file("o", 1, extents({{0, first_data, 2 * unit}, {0, first_data + unit, unit}}));
    EXPECT_NE(complaint(written(made, Form::uuid), "o").find("overlap"), std::string::npos);
}

TEST(Base64Test, KnownValues) {
    // RFC 4648, section 10
    const std::pair<const char*, const char*> known[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : known) {
        EXPECT_EQ(encode_base64(bytes), text);
        EXPECT_EQ(decode_base64(text), bytes);
    }
    for (const char* bad : {"Z", "Zg=", "Zg==Zg==", "Z===", "====", "Zg=v", "Z!=="})
        EXPECT_FALSE(decode_base64(bad)) << bad;
}

TEST_F(DocumentTest, SideFilesKeepTheirValues) {
    DeviceRecord second{omf::Uuid{}, 5, "/a \"b\"\n\\"};
    second.uuid.bytes.fill(7);
    table_.add(second);
    const auto devices = read_devices(write_devices(table_));
    ASSERT_TRUE(devices) << devices.error().message;
    ASSERT_EQ(devices->devices().size(), 2U);
    EXPECT_EQ(devices->devices()[1].path, "/a \"b\"\n\\");
    EXPECT_EQ(devices->devices()[1].uuid, second.uuid);
    EXPECT_EQ(devices->data_start, first_data);

    for (const char* path :
         {"/C1 \xC2\x80\xC2\x85\xC2\x8A\xC2\x9F \xC2\xA0", "/breaks \xE2\x80\xA8\xE2\x80\xA9 a",
          "/\xEF\xBB\xBF\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBD", "/\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"}) {
        DeviceTable table;
        table.add({omf::Uuid{}, 5, path});
        const auto again = read_devices(write_devices(table));
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(again->devices()[0].path, path);
    }

    State state;
    state.form = Form::famfs;
    state.boot = current_boot();
    state.entries = 9;
    state.last_entry_crc = 0xffffffff;
    state.totals.files = 3;
    const auto read = read_state(write_state(state));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->form, state.form);
    EXPECT_EQ(read->boot, state.boot);
    EXPECT_NE(read->boot, omf::Uuid{});
    EXPECT_EQ(read->entries, 9U);
    EXPECT_EQ(read->last_entry_crc, 0xffffffffU);
    EXPECT_EQ(read->totals.files, 3U);
}

}  // namespace
}  // namespace famfs::shadow
