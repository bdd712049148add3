// SPDX-License-Identifier: GPL-2.0
// Tests that report in TAP. Each runs in a process of its own with a time limit, so
// that a crash, a hang or a SIGBUS is that test's failure only.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace harness {

struct Registration {
    Registration(std::string_view group, std::string_view name, void (*body)(), unsigned seconds = 60);
};

// Ends the running test as failed / as skipped.
[[noreturn]] void fail(const char* file, int line, const std::string& what);
[[noreturn]] void skip(const std::string& why);

// A line of information in the output.
void note(const std::string& text);

struct Outcome {
    int status;       // exit status, -1 if a signal ended it
    int signal;       // 0 if none did
    int signal_code;  // si_code of a SIGBUS
    void* address;    // si_addr of a SIGBUS
};

// Runs a function in a child; its SIGBUS is caught and described.
Outcome in_child(const std::function<void()>& body);

// Runs a function in a child in the background. The child is killed with its parent.
int start_child(const std::function<void()>& body);
Outcome wait_child(int pid);

int main(int argc, char** argv);

}  // namespace harness

#define TEST_LIMIT(group, name, seconds)                                                            \
    static void group##_##name();                                                                   \
    static const harness::Registration group##_##name##_registration(#group, #name, group##_##name, \
                                                                     seconds);                      \
    static void group##_##name()

#define TEST(group, name) TEST_LIMIT(group, name, 60)

#define CHECK(condition)                                                             \
    do {                                                                             \
        if (!(condition)) harness::fail(__FILE__, __LINE__, #condition " is false"); \
    } while (0)

#define CHECK_EQ(left, right)                                                                \
    do {                                                                                     \
        const auto left_value = (left);                                                      \
        const auto right_value = (right);                                                    \
        if (!(left_value == right_value))                                                    \
            harness::fail(__FILE__, __LINE__,                                                \
                          #left " is " + std::to_string(left_value) + ", not " #right " (" + \
                              std::to_string(right_value) + ")");                            \
    } while (0)

// The call fails with this errno, and not otherwise.
#define CHECK_ERRNO(call, code)                                                          \
    do {                                                                                 \
        errno = 0;                                                                       \
        const long call_result = static_cast<long>(call);                                \
        const int call_errno = errno;                                                    \
        if (call_result != -1 || call_errno != (code))                                   \
            harness::fail(__FILE__, __LINE__,                                            \
                          #call " gave " + std::to_string(call_result) + " and errno " + \
                              std::to_string(call_errno) + ", not " #code);              \
    } while (0)

// The call does not fail.
#define CHECK_OK(call)                                                                              \
    do {                                                                                            \
        if (static_cast<long>(call) < 0)                                                            \
            harness::fail(__FILE__, __LINE__, #call " failed with errno " + std::to_string(errno)); \
    } while (0)
