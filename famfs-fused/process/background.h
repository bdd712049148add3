// Leaving the shell: the daemon goes on in a child, the command returns when the mount answers.
#pragma once

#include "liblog/file_descriptor.h"

#include <functional>

namespace famfs::fused {

// Runs `body` in a child process with a session of its own. In the parent: returns 0 once the body has called
// the function it is given, else the body's status when it has returned. In the child: returns the body's
// status. Standard input, output and error stay with the child until the body calls that function. Call
// before there are threads.
int run_in_background(const std::function<int(const std::function<void()>& ready)>& body);

// /dev/null, for let_go_of_terminal(). A confined process cannot open it any more.
FileDescriptor open_nothing();

// Standard descriptors to /dev/null: a daemon holds nothing of anybody's. Whoever reads what a command says,
// to its end, waits for this.
void let_go_of_terminal(const FileDescriptor& nothing);

}  // namespace famfs::fused
