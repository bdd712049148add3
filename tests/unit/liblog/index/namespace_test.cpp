#include "liblog/index/namespace.h"

#include <gtest/gtest.h>

#include <string>

namespace famfs::index {
namespace {

class NamespaceTest : public testing::Test {
  protected:
    const Inode& add_directory(InodeId id, const Inode& parent, std::string_view name) {
        return *names_.add_directory(id, parent, name, {}).value();
    }
    const Inode& add_file(InodeId id, const Inode& parent, std::string_view name) {
        return *names_.add_file(id, parent, name, {}, {}).value();
    }
    NameError refusal(InodeId id, const Inode& parent, std::string_view name) {
        const auto added = names_.add_file(id, parent, name, {}, {});
        EXPECT_FALSE(added);
        return added.error();
    }

    Namespace names_;
};

TEST_F(NamespaceTest, FindsByIdByNameAndByPath) {
    const Inode& directory = add_directory(20, names_.root(), "d");
    const Inode& file = add_file(21, directory, "f");
    EXPECT_EQ(names_.find(21), &file);
    EXPECT_EQ(names_.lookup(directory, "f"), &file);
    EXPECT_EQ(names_.lookup(names_.root(), "f"), nullptr);
    EXPECT_EQ(names_.resolve(""), &names_.root());
    EXPECT_EQ(names_.resolve("d/f"), &file);
    EXPECT_EQ(names_.resolve("d/f/g"), nullptr);
    EXPECT_EQ(names_.find(22), nullptr);
    EXPECT_EQ(names_.path_of(file), "d/f");
    EXPECT_EQ(names_.path_of(names_.root()), "");
}

TEST_F(NamespaceTest, RefusesWhatIsTakenAndChangesNothing) {
    const Inode& file = add_file(20, names_.root(), "f");
    EXPECT_EQ(refusal(21, names_.root(), "f"), NameError::name_taken);
    EXPECT_EQ(refusal(20, names_.root(), "g"), NameError::id_taken);
    EXPECT_EQ(refusal(no_inode, names_.root(), "g"), NameError::id_taken);
    EXPECT_EQ(refusal(21, file, "g"), NameError::parent_not_directory);
    EXPECT_EQ(names_.size(), 2U);
    EXPECT_EQ(names_.child_count(names_.root()), 1U);
}

TEST_F(NamespaceTest, KeepsNamesAndExtentsOfItsOwn) {
    std::string name(300, 'n');
    std::vector<omf::Extent> extents{{0, 4096, 4096}, {1, 0, 4096}};
    const Inode& file = *names_.add_file(20, names_.root(), name, {}, {0, extents}).value();
    const std::string same = name;
    name.assign(300, 'x');
    extents.clear();
    EXPECT_EQ(file.name, same);
    ASSERT_EQ(file.extents.size(), 2U);
    EXPECT_EQ(file.extents[1], (omf::Extent{1, 0, 4096}));
    EXPECT_EQ(names_.lookup(names_.root(), same), &file);
    EXPECT_EQ(names_.lookup(names_.root(), std::string(300, 'x')), nullptr);
}

// What a directory's cookies rest on, in whatever order its entries came.
TEST_F(NamespaceTest, ChildrenComeInOrderOfTheirIds) {
    for (const InodeId id : {50, 20, 40, 30})
        add_file(id, names_.root(), std::to_string(id));
    std::vector<InodeId> seen;
    for (const Inode* child = names_.next_child(names_.root(), no_inode); child != nullptr;
         child = names_.next_child(names_.root(), child->id))
        seen.push_back(child->id);
    EXPECT_EQ(seen, (std::vector<InodeId>{20, 30, 40, 50}));
    EXPECT_EQ(names_.next_child(names_.root(), 35)->id, 40U) << "from where nothing is any more";
    EXPECT_EQ(names_.next_child(*names_.find(20), no_inode), nullptr) << "a file has none";
}

TEST_F(NamespaceTest, TheSameNameInManyDirectories) {
    constexpr InodeId count = 1000;
    for (InodeId id = 0; id < count; ++id) {
        const Inode& directory = add_directory(100 + 2 * id, names_.root(), std::to_string(id));
        add_file(101 + 2 * id, directory, "same");
    }
    for (InodeId id = 0; id < count; ++id)
        EXPECT_EQ(names_.resolve(std::to_string(id) + "/same"), names_.find(101 + 2 * id));
}

}  // namespace
}  // namespace famfs::index
