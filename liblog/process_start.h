// What a program does before anything else: what its caller left behind must neither harm a pool nor end it.
// docs/testing.md lists all that a process inherits, and what becomes of it.
#pragma once

#include <sys/types.h>

#include <csignal>

namespace famfs {

// Call first in main(), with one thread. Afterwards
// * descriptors 0, 1 and 2 are open, so that no file of ours becomes one of them. Those that were closed fail
//   with EBADF when they are used, as before. Ends the program with exit_system where that cannot be had;
// * every signal has its default action and none is blocked, but SIGXFSZ is ignored: a file size limit is an
//   error of one write. Signals by which a caller says that a command is to go on or to be quiet (nohup,
//   a shell's background) stay ignored: HUP, INT, QUIT, TERM, PIPE, TSTP, TTIN, TTOU;
// * the umask is 022: what programs make for themselves has the mode that they ask for. caller_umask() is for
//   what is made in the caller's name;
// * threads, and as far as the hard limit allows the first one, have a stack of 8 MiB;
// * $PATH is the system's where the caller's is empty.
void prepare_process();

// The umask that the program was started with. Call for the first time with one thread; thread safe from
// then on.
mode_t caller_umask();

// Of HUP, INT and TERM those that the caller did not ask to ignore. A blocked signal would be delivered to a
// signalfd although it is ignored.
sigset_t ending_signals();

}  // namespace famfs
