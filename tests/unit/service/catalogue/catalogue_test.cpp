#include "service/catalogue/catalogue.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace famfs::service {
namespace {

Identity version(std::uint64_t number) {
    return {.device = 1, .inode = number, .size = 10};
}

class CatalogueTest : public testing::Test {
  protected:
    NodePtr root() { return catalogue_.find(Catalogue::root_id); }

    NodePtr adopt(const NodePtr& parent, const std::string& name, const Identity& identity,
                  std::uint64_t id = 0, std::uint64_t size = 0) {
        Node node;
        node.id = id;
        node.size = size;
        node.parent = parent;
        node.name = name;
        node.identity = identity;
        return catalogue_.adopt(std::move(node));
    }

    Catalogue catalogue_{Node{}};
};

TEST_F(CatalogueTest, HasTheRootFromTheStart) {
    ASSERT_NE(root(), nullptr);
    EXPECT_EQ(root()->id, 1U);
    EXPECT_EQ(catalogue_.size(), 1U);
    catalogue_.forget(Catalogue::root_id, 1000);
    EXPECT_NE(root(), nullptr);
}

TEST_F(CatalogueTest, FindsByNumberAndByPlace) {
    const auto node = adopt(root(), "a", version(1));
    EXPECT_EQ(catalogue_.find(node->id), node);
    EXPECT_EQ(catalogue_.reuse(1, "a", version(1)), node);
    EXPECT_EQ(catalogue_.reuse(1, "b", version(1)), nullptr);
    EXPECT_EQ(catalogue_.reuse(2, "a", version(1)), nullptr);
    EXPECT_EQ(catalogue_.find(99), nullptr);
}

TEST_F(CatalogueTest, ForgetsWhenTheLastLookupIsGivenBack) {
    const auto node = adopt(root(), "a", version(1));
    catalogue_.reuse(1, "a", version(1));
    catalogue_.reuse(1, "a", version(1));
    catalogue_.forget(node->id, 2);
    EXPECT_NE(catalogue_.find(node->id), nullptr);
    catalogue_.forget(node->id, 1);
    EXPECT_EQ(catalogue_.find(node->id), nullptr);
    EXPECT_EQ(catalogue_.reuse(1, "a", version(1)), nullptr);
    EXPECT_EQ(catalogue_.size(), 1U);
}

TEST_F(CatalogueTest, ForgettingTooMuchOrWhatIsNotThereIsHarmless) {
    const auto node = adopt(root(), "a", version(1));
    catalogue_.forget(node->id, ~std::uint64_t{0});
    EXPECT_EQ(catalogue_.find(node->id), nullptr);
    catalogue_.forget(node->id, 1);
    catalogue_.forget(4711, 1);
    EXPECT_EQ(catalogue_.size(), 1U);
}

TEST_F(CatalogueTest, GivesAChangedDocumentANewNodeAndKeepsTheOldOne) {
    const auto before = adopt(root(), "a", version(1));
    EXPECT_EQ(catalogue_.reuse(1, "a", version(2)), nullptr);
    const auto after = adopt(root(), "a", version(2));
    EXPECT_NE(before->id, after->id);
    EXPECT_EQ(catalogue_.find(before->id), before);
    EXPECT_EQ(catalogue_.reuse(1, "a", version(2)), after);
    EXPECT_EQ(catalogue_.reuse(1, "a", version(1)), nullptr);
}

TEST_F(CatalogueTest, ForgettingTheOldNodeLeavesThePlaceToTheNewOne) {
    const auto before = adopt(root(), "a", version(1));
    const auto after = adopt(root(), "a", version(2));
    catalogue_.forget(before->id, 1);
    EXPECT_EQ(catalogue_.find(before->id), nullptr);
    EXPECT_EQ(catalogue_.reuse(1, "a", version(2)), after);
}

TEST_F(CatalogueTest, NeverUsesASerialAgain) {
    const auto first = adopt(root(), "a", version(1));
    catalogue_.forget(first->id, 1);
    EXPECT_GT(adopt(root(), "a", version(1))->serial, first->serial);
}

TEST_F(CatalogueTest, TakesTheIdThatItIsGiven) {
    const auto node = adopt(root(), "a", version(1), 20);
    EXPECT_EQ(node->id, 20U);
    EXPECT_FALSE(Catalogue::is_provisional(node->id));
    EXPECT_EQ(attributes_of(*node).st_ino, 20U);
    catalogue_.forget(20, 1);
    EXPECT_EQ(adopt(root(), "a", version(2), 20)->id, 20U) << "the same after it was forgotten";
}

TEST_F(CatalogueTest, WithoutAnIdItIsOfTheShadowInode) {
    const auto node = adopt(root(), "a", version(7));
    EXPECT_EQ(node->id, (std::uint64_t{1} << 63) + 7);
    EXPECT_TRUE(Catalogue::is_provisional(node->id));
    EXPECT_NE(adopt(root(), "b", version(7))->id, node->id) << "a hard link in the tree";
}

TEST_F(CatalogueTest, AnIdThatIsTakenIsNotGivenTwice) {
    const auto first = adopt(root(), "a", version(1), 20);
    const auto second = adopt(root(), "b", version(2), 20);
    EXPECT_EQ(first->id, 20U);
    EXPECT_TRUE(Catalogue::is_provisional(second->id));
    EXPECT_EQ(catalogue_.find(20), first);
    EXPECT_TRUE(Catalogue::is_provisional(adopt(root(), "c", version(3), Catalogue::root_id)->id));
}

TEST_F(CatalogueTest, ADocumentWrittenAnewIsTheSameNode) {
    const auto before = adopt(root(), "a", version(1), 20, 5);
    const auto after = adopt(root(), "a", version(2), 20, 5);
    EXPECT_EQ(after->id, 20U);
    EXPECT_EQ(after->serial, before->serial);
    EXPECT_EQ(catalogue_.find(20), after);
    EXPECT_EQ(catalogue_.reuse(1, "a", version(2)), after);
    catalogue_.forget(20, 2);
    EXPECT_NE(catalogue_.find(20), nullptr) << "three lookups were counted";
    catalogue_.forget(20, 1);
    EXPECT_EQ(catalogue_.size(), 1U);
}

TEST_F(CatalogueTest, ADocumentThatSaysSomethingElseIsAnotherNode) {
    const auto before = adopt(root(), "a", version(1), 20, 5);
    const auto after = adopt(root(), "a", version(2), 20, 6);
    EXPECT_TRUE(Catalogue::is_provisional(after->id));
    EXPECT_EQ(catalogue_.find(20), before);
}

TEST_F(CatalogueTest, SaysBeforehandWhichIdThereWillBe) {
    Node candidate;
    candidate.parent = root();
    candidate.name = "a";
    candidate.identity = version(1);
    candidate.id = 20;
    EXPECT_EQ(catalogue_.id_for(candidate), 20U);
    adopt(root(), "b", version(2), 20);
    const auto told = catalogue_.id_for(candidate);
    EXPECT_TRUE(Catalogue::is_provisional(told));
    EXPECT_EQ(catalogue_.adopt(std::move(candidate))->id, told);
}

TEST_F(CatalogueTest, AdoptingTheSameTwiceIsOneNodeWithTwoLookups) {
    const auto node = adopt(root(), "a", version(1));
    EXPECT_EQ(adopt(root(), "a", version(1)), node);
    catalogue_.forget(node->id, 1);
    EXPECT_NE(catalogue_.find(node->id), nullptr);
}

TEST_F(CatalogueTest, AChildKeepsItsWayToTheRoot) {
    const auto directory = adopt(root(), "dir", version(1));
    const auto file = adopt(directory, "file", version(2));
    catalogue_.forget(directory->id, 1);
    EXPECT_EQ(path_of(*file), "dir/file");
    EXPECT_EQ(path_of(*directory, "x"), "dir/x");
    EXPECT_EQ(path_of(*root()), "");
    EXPECT_EQ(path_of(*root(), "x"), "x");
}

TEST_F(CatalogueTest, ManyThreadsAgreeOnOneNode) {
    constexpr int rounds = 2000;
    std::vector<std::thread> threads;
    for (int index = 0; index < 4; ++index) {
        threads.emplace_back([this] {
            for (int round = 0; round < rounds; ++round) {
                const auto node = adopt(root(), "a" + std::to_string(round % 7), version(1));
                EXPECT_EQ(catalogue_.find(node->id), node);
                catalogue_.forget(node->id, 1);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(catalogue_.size(), 1U);
}

TEST(NodeTest, ShowsWhatItsDocumentSays) {
    omf::File file;
    file.size = 4097;
    file.mode = 04640;
    file.uid = 0xfffffffe;
    file.gid = 7;
    file.layout.extents.push_back({0, 0x1000000, 0x200000});
    file.layout.extents.push_back({0, 0x2000000, 0x200000});
    Node node;
    node.describe(file);
    node.id = 42;
    node.identity = version(7);
    const struct stat status = attributes_of(node);
    EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFREG | 04640));
    EXPECT_EQ(status.st_size, 4097);
    EXPECT_EQ(status.st_uid, 0xfffffffe);
    EXPECT_EQ(status.st_gid, 7U);
    EXPECT_EQ(status.st_ino, 42U);
    EXPECT_EQ(status.st_blocks, 0x400000 / 512);
    EXPECT_EQ(node.layout().extents.size(), 2U);
    EXPECT_EQ(node.layout().extents[1], file.layout.extents[1]);
}

}  // namespace
}  // namespace famfs::service
