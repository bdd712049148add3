# ctest: user labels=robust,sanitize
"""What one user of a mount holds open takes nothing from the others: the daemon has no descriptor, and no memory that
grows, for an open file, an open directory or a lock."""
import errno
import fcntl
import os
import re
import resource
import subprocess

import harness
import sandbox
from daemon_case import DaemonTest, in_another_process, wait_for

COUNT = 3000


def as_nobody(function):
    """Runs it as an ordinary user, where that is to be had, with as many descriptors as it wants."""
    def run():
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if sandbox.is_root():
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        return function()
    return wait_for(in_another_process(run))


@harness.needs_fuse
class Descriptors(DaemonTest):
    files = {'small': 5000, 'dir/first': 10, 'dir/second': 5 << 20}

    def setUp(self):
        super().setUp()
        os.chmod(self.dir, 0o755)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < COUNT + 100:
            self.skipTest(f'this user may have {hard} descriptors, not {COUNT}')

    def open_in_server(self):
        [server] = self.servers()
        return len(os.listdir(f'/proc/{server}/fd'))

    def expect_served(self):
        self.assertEqual(os.stat(f'{self.mnt}/dir').st_mode & 0o777, 0o755)
        self.assertEqual(sorted(os.listdir(f'{self.mnt}/dir')), ['first', 'second'])
        with open(f'{self.mnt}/dir/first', 'rb') as file:
            self.assertEqual(len(file.read()), 10)

    def hold(self, path, work=lambda descriptor: None):
        """Opens it COUNT times as another user, and looks meanwhile what that does to the daemon and to us."""
        self.serve('-o', 'entry_timeout=0,attr_timeout=0')
        self.expect_served()
        before = self.open_in_server()
        ready, go_on = os.pipe(), os.pipe()

        def holder():
            held = [os.open(f'{self.mnt}/{path}', os.O_RDONLY) for _ in range(COUNT)]
            for descriptor in held:
                work(descriptor)
            os.write(ready[1], b'x')
            return os.read(go_on[0], 1) == b'x' and all(work(descriptor) is None for descriptor in held[::100])

        child = os.fork()
        if child == 0:
            os._exit(0 if as_nobody(holder) else 1)
        try:
            self.assertEqual(os.read(ready[0], 1), b'x')
            self.expect_served()
            # A request under way has some, and a thread its pipe.
            self.assertLess(self.open_in_server(), before + 40)
        finally:
            os.write(go_on[1], b'x')
            status = os.waitpid(child, 0)[1]
            for end in ready + go_on:
                os.close(end)
        self.assertEqual(status, 0)

    def test_directories(self):
        self.hold('dir')

    def test_directories_that_were_begun(self):
        """Each has entries read ahead; the daemon keeps those of the last few."""
        self.hold('dir', lambda directory: None if sorted(os.listdir(directory)) == ['first', 'second'] else 1)

    def test_files(self):
        self.hold('dir/second', lambda file: None if os.pread(file, 4, 1 << 20) == bytes(4) else 1)

    def test_locks(self):
        """They are the kernel's: the daemon is not asked."""
        self.hold('small', lambda file: fcntl.flock(file, fcntl.LOCK_SH))

    def test_a_listing_goes_on_where_it_was(self):
        """Also after the daemon dropped what it had read ahead, and after names were added."""
        for number in range(500):
            self.put(f'dir/file-{number}', b'')
        self.serve()
        wanted = {f'file-{number}' for number in range(500)} | {'first', 'second', '.', '..'}

        def names_with_others_between():
            scans = [os.scandir(f'{self.mnt}/dir') for _ in range(100)]
            seen = [set() for _ in scans]
            left = set(range(len(scans)))
            while left:
                for index in sorted(left):
                    entry = next(scans[index], None)
                    if entry is None:
                        left.discard(index)
                        scans[index].close()
                    else:
                        self.assertNotIn(entry.name, seen[index])
                        seen[index].add(entry.name)
            return seen

        for seen in names_with_others_between():
            self.assertEqual(seen, wanted - {'.', '..'})

    def test_limits_of_the_caller(self):
        """The soft limit is raised; where the hard one is low, there are fewer threads, and they always suffice."""
        for limit, threads in ((64, 6), (44, 2)):
            with self.subTest(limit=limit):
                log = open(self.path(f'log-{limit}'), 'w+b')
                self.addCleanup(log.close)
                daemon = subprocess.Popen(
                    [os.environ['FAMFS_FUSED'], '--foreground', '--threads', '32', '--shadow', self.shadow, self.mnt],
                    stderr=log, env=self.environment(),
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
                self.addCleanup(daemon.wait)
                self.addCleanup(self.stop)
                self.wait_until(lambda: daemon.poll() is not None or self.is_mounted(self.mnt), 'the mount is there')
                held = [os.open(f'{self.mnt}/{name}', os.O_RDONLY) for name in ('dir', 'small') for _ in range(200)]
                readers = [subprocess.Popen(['cat', f'{self.mnt}/dir/second'], stdout=subprocess.DEVNULL)
                           for _ in range(16)]
                self.expect_served()
                self.assertEqual([reader.wait() for reader in readers], [0] * 16)
                for descriptor in held:
                    os.close(descriptor)
                self.stop()
                log.seek(0)
                said = log.read().decode()
                self.assertRegex(said, rf'{threads} threads instead of 32: at most {limit} descriptors')
                self.assertNotIn(os.strerror(errno.EMFILE), said)

    def test_the_soft_limit_is_raised(self):
        self.addCleanup(self.stop)
        self.command(['sh', '-c', 'ulimit -Sn 100; exec "$0" "$@"', os.environ['FAMFS_FUSED'], '--shadow', self.shadow,
                      self.mnt])
        hard = str(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        for pid in self.servers() + self.daemons():
            with open(f'/proc/{pid}/limits') as limits:
                self.assertRegex(limits.read(), re.compile(rf'^Max open files\s+{hard}\s+{hard}\s', re.M))


if __name__ == '__main__':
    harness.main()
