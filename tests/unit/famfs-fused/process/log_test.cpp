// The log's outputs: none of them waits, what is lost is counted, and what comes from the process that serves
// is anybody's text.
#include "famfs-fused/process/daemon_log.h"
#include "famfs-fused/process/log_output.h"
#include "famfs-fused/process/log_relay.h"
#include "tests/unit/test_pool.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <regex>
#include <stdexcept>
#include <string>

namespace famfs::fused {
namespace {

// Plays the system's logger: a datagram socket at a path.
class Logger {
  public:
    explicit Logger(std::filesystem::path path) : path_(std::move(path)) { start(); }

    void start() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.string().copy(address.sun_path, sizeof address.sun_path - 1);
        socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const auto* const where = reinterpret_cast<const sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_.get(), where, sizeof address), 0);
    }
    void stop() {
        socket_ = FileDescriptor();
        std::filesystem::remove(path_);
    }
    std::string next() const {
        std::array<char, 8192> text{};
        const ssize_t got = ::recv(socket_.get(), text.data(), text.size(), 0);
        return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }

  private:
    std::filesystem::path path_;
    FileDescriptor socket_;
};

TEST(LogOutput, SystemLogHasTheFormOfSyslog) {
    const test::TemporaryDirectory directory;
    const Logger logger(directory / "log");
    const auto output = log_to_system(directory / "log");
    EXPECT_TRUE(output->take(LogLevel::warning, "a line"));
    const std::regex form(R"(<28>[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d famfs-fused\[\d+\]: a line)");
    EXPECT_TRUE(std::regex_match(logger.next(), form));
}

TEST(LogOutput, SystemLogFindsASocketThatIsMadeAnew) {
    const test::TemporaryDirectory directory;
    Logger logger(directory / "log");
    const auto output = log_to_system(directory / "log");
    EXPECT_TRUE(output->take(LogLevel::info, "before"));
    logger.stop();
    EXPECT_FALSE(output->take(LogLevel::info, "meanwhile"));
    logger.start();
    EXPECT_TRUE(output->take(LogLevel::info, "after"));
    EXPECT_TRUE(logger.next().ends_with(": after"));
}

TEST(LogOutput, AStalledLoggerIsNotWaitedFor) {
    const test::TemporaryDirectory directory;
    const Logger logger(directory / "log");
    const auto output = log_to_system(directory / "log");
    bool taken = true;
    for (int line = 0; taken && line < 1'000'000; ++line)
        taken = output->take(LogLevel::info, "a line");
    EXPECT_FALSE(taken);
    logger.next();
    EXPECT_TRUE(output->take(LogLevel::info, "once there is room"));
}

// A log in the place of the guardian's: its lines go to a channel that the test reads.
class RelayTest : public testing::Test {
  protected:
    RelayTest() {
        auto out = LogChannel::create();
        auto in = LogChannel::create();
        EXPECT_TRUE(out && in);
        log_.relay_through(std::move(out->writer));
        shown_ = std::move(out->reader);
        written_ = std::move(in->writer);
        relay_.emplace(std::move(in->reader), log_);
    }

    void send(std::string_view message) const {
        ASSERT_EQ(::write(written_.get(), message.data(), message.size()),
                  static_cast<ssize_t>(message.size()));
    }
    std::string next() const {
        std::array<char, 8192> text{};
        const ssize_t got = ::recv(shown_.get(), text.data(), text.size(), MSG_DONTWAIT);
        return got > 0 ? std::string(text.data() + 1, static_cast<std::size_t>(got - 1)) : "";
    }

    DaemonLog log_{LogTarget::standard_error};
    FileDescriptor shown_;
    FileDescriptor written_;
    std::optional<LogRelay> relay_;
};

TEST_F(RelayTest, LinesArePassedOn) {
    send(std::string_view("\1a warning", 10));
    relay_->pass_on();
    EXPECT_EQ(next(), "a warning");
    EXPECT_EQ(next(), "");
}

TEST_F(RelayTest, WhatIsNoTextOfOursIsEscapedAndCut) {
    send(std::string_view("\0two\nlines \x1b[2J \\x0a", 20));
    send(std::string_view("\x7fodd level", 10));
    send("\1" + std::string(100'000, 'x'));
    relay_->pass_on();
    EXPECT_EQ(next(), "two\\x0alines \\x1b[2J \\x0a");
    EXPECT_EQ(next(), "odd level");
    EXPECT_EQ(next(), std::string(max_log_line, 'x'));
}

TEST_F(RelayTest, AFloodIsLimitedAndSaid) {
    for (int line = 0; line < 1000; ++line) {
        send("\1flood");
        relay_->pass_on();
        if (line < 200) {
            EXPECT_EQ(next(), "flood");
        }
    }
    while (!next().empty())
        continue;
    std::string said;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (said.empty() && std::chrono::steady_clock::now() < end) {
        send("\1later");
        relay_->pass_on();
        said = next();
    }
    EXPECT_TRUE(said.ends_with("messages of the process that serves were left out")) << said;
}

TEST_F(RelayTest, AFullChannelIsNotWaitedForAndLossesAreCounted) {
    DaemonLog confined(LogTarget::standard_error);
    auto channel = LogChannel::create();
    ASSERT_TRUE(channel);
    confined.relay_through(std::move(channel->writer));
    constexpr int lines = 5000;
    for (int line = 0; line < lines; ++line)
        confined.info("line {}", line);
    std::array<char, 256> text{};
    int kept = 0;
    while (::recv(channel->reader.get(), text.data(), text.size(), MSG_DONTWAIT) > 0)
        ++kept;
    ASSERT_GT(kept, 0);
    ASSERT_LT(kept, lines);
    confined.info("room again");
    const ssize_t got = ::recv(channel->reader.get(), text.data(), text.size(), MSG_DONTWAIT);
    EXPECT_EQ(std::string(text.data() + 1, static_cast<std::size_t>(got - 1)),
              fmt::format("{} lines are missing here: the log did not take them", lines - kept));
}

TEST_F(RelayTest, TheEndOfTheOtherSideIsSeen) {
    send("\2last");
    written_ = FileDescriptor();
    relay_->pass_on();
    EXPECT_EQ(next(), "last");
    EXPECT_EQ(relay_->descriptor(), -1);
}

// Whatever is in a message, it stays one printable line.
TEST(LogTest, EachMessageIsOnePrintableLine) {
    testing::internal::CaptureStderr();
    {
        DaemonLog log(LogTarget::standard_error);
        log.info("{}", "a\nfamfs-fused: forged\x1b[2J");
        log.warning("{}",
                    "\xc2\x9b"
                    "0m\xff");
        log.about_file("x\ny", "\xe2\x80\xae\\");
        log.internal_error(std::runtime_error("b\r\n"));
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "famfs-fused: a\\x0afamfs-fused: forged\\x1b[2J\n"
              "famfs-fused: \\xc2\\x9b0m\\xff\n"
              "famfs-fused: x\\x0ay: \\xe2\\x80\\xae\\\n"
              "famfs-fused: internal error: b\\x0d\\x0a\n");
}

}  // namespace
}  // namespace famfs::fused
