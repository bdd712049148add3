# ctest: user timeout=300 labels=robust,sanitize
"""What the programs' caller leaves behind: closed descriptors, signals, limits, masks, environment. docs/testing.md
has the table."""
import contextlib
import ctypes
import errno
import hashlib
import itertools
import os
import resource
import signal
import subprocess

import harness
import sandbox

COMBINATIONS = [closed for count in (1, 2, 3) for closed in itertools.combinations((0, 1, 2), count)]
CONTENT = bytes(range(256)) * 5000


def closing(*descriptors):
    def prepare():
        for descriptor in descriptors:
            os.close(descriptor)
    return prepare


def ignoring(*signals):
    return lambda: [signal.signal(number, signal.SIG_IGN) for number in signals]


def may_raise_limits():
    """Root in a container often may not."""
    def attempt():
        resource.setrlimit(resource.RLIMIT_CPU, (7200, 7200))
        resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    try:
        return subprocess.run(['true'], preexec_fn=attempt).returncode == 0
    except subprocess.SubprocessError:
        return False


def limiting(which, soft, hard=None):
    return lambda: resource.setrlimit(which, (soft, soft if hard is None else hard))


class Inherited(harness.SystemTest):
    time_limit = 120

    def setUp(self):
        self.image = self.new_pool('256M', '--force')
        self.mnt = self.mount(self.image)
        self.famfs('cp', self.write('kept', CONTENT), f'{self.mnt}/kept')

    def is_as_before(self):
        self.famfs('fsck', self.image)
        with open(f'{self.mnt}/kept', 'rb') as file:
            self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(CONTENT).digest())

    def remount(self, prepare, *options):
        """Unmounts, and mounts again from a process that prepare() was called in."""
        self.umount(self.mnt)
        outcome = self.famfs('mount', self.image, self.mnt, *options, preexec_fn=prepare)
        self.assertTrue(self.is_mounted(self.mnt), outcome)
        self.is_as_before()
        return outcome

    @contextlib.contextmanager
    def foreground(self, prepare, program='FAMFS_FUSED', *options, **more):
        """famfs-fused, or famfs mount, in the foreground, ended by a SIGTERM."""
        self.umount(self.mnt)
        if program == 'FAMFS':
            arguments = ['mount', '--foreground', *options, self.image, self.mnt]
        else:
            arguments = ['--foreground', '--shadow', self.shadow_tree(), *options, self.mnt]
        daemon = subprocess.Popen([os.environ[program], *arguments], env=self.environment(), preexec_fn=prepare,
                                  cwd=self.dir, **more)
        try:
            self.wait_until(lambda: daemon.poll() is not None or self.is_mounted(self.mnt), 'the mount is there')
            self.assertIsNone(daemon.poll())
            yield daemon
        finally:
            daemon.terminate()
            self.assertEqual(daemon.wait(30 * harness.SLOW), 0)
        self.assertFalse(self.is_mounted(self.mnt))

    def shadow_tree(self):
        self.famfs('logplay', '--shadow', self.path('shadow'), self.image)
        return self.path('shadow')


@harness.needs_fuse
class ClosedDescriptors(Inherited):
    """A file of a pool that becomes descriptor 2 takes the next error message at its start."""

    def each(self, *arguments, status=0, program='FAMFS'):
        for closed in COMBINATIONS:
            with self.subTest(closed=closed):
                self.command([os.environ[program], *arguments], status, preexec_fn=closing(*closed), limit=30)
                self.is_as_before()

    def test_verbs_that_fail(self):
        self.each('mkdir', f'{self.mnt}/no/dir', status=range(1, 6))
        self.each('creat', '--size', '1M', f'{self.mnt}/kept', status=range(1, 6))
        self.each('cp', self.path('kept'), f'{self.mnt}/no/file', status=range(1, 6))
        self.each('cp', self.path('none'), f'{self.mnt}/none', status=range(1, 6))
        self.each('mkfs', self.image, status=range(1, 6))
        self.each('verify', self.path('none'), f'{self.mnt}/none', status=range(1, 6))

    def test_verbs_that_write(self):
        for closed in COMBINATIONS:
            with self.subTest(closed=closed):
                name = '-'.join(map(str, closed))
                for arguments in (('mkdir', f'{self.mnt}/d{name}'), ('creat', '--size', '1M', f'{self.mnt}/c{name}'),
                                  ('cp', self.path('kept'), f'{self.mnt}/f{name}'), ('logplay', self.mnt),
                                  ('flush', f'{self.mnt}/kept')):
                    self.famfs(*arguments, preexec_fn=closing(*closed), limit=30, status=(0, 5))
                with open(f'{self.mnt}/f{name}', 'rb') as file:
                    self.assertEqual(file.read(), CONTENT)
                self.is_as_before()

    def test_new_pools(self):
        for closed in COMBINATIONS:
            image = self.path(f'new-{"".join(map(str, closed))}')
            self.famfs('mkfs', image, '--size', '64M', preexec_fn=closing(*closed), status=(0, 5), limit=30)
            self.famfs('fsck', image)
            os.unlink(image)

    def test_mount_and_umount(self):
        for closed in COMBINATIONS:
            with self.subTest(closed=closed):
                self.famfs('umount', self.mnt, preexec_fn=closing(*closed), limit=30)
                self.assertFalse(self.is_mounted(self.mnt))
                self.famfs('mount', self.image, self.mnt, preexec_fn=closing(*closed), limit=30)
                self.famfs('cp', self.path('none'), f'{self.mnt}/none', preexec_fn=closing(*closed),
                           status=range(1, 6))
                self.is_as_before()

    def test_mount_helper(self):
        os.symlink(os.environ['FAMFS'], self.path('mount.famfs'))
        os.symlink(os.environ['FAMFS_FUSED'], self.path('famfs-fused'))
        for closed in COMBINATIONS:
            with self.subTest(closed=closed):
                self.umount(self.mnt)
                self.command([self.path('mount.famfs'), self.image, self.mnt], preexec_fn=closing(*closed), limit=30)
                self.is_as_before()

    def test_daemon_in_the_background(self):
        shadow = self.shadow_tree()
        for closed in COMBINATIONS:
            with self.subTest(closed=closed):
                self.umount(self.mnt)
                self.fused('--shadow', shadow, self.mnt, preexec_fn=closing(*closed), limit=30)
                self.is_as_before()

    def test_in_the_foreground(self):
        for program, closed in itertools.product(('FAMFS_FUSED', 'FAMFS'), COMBINATIONS):
            with self.subTest(program=program, closed=closed):
                with self.foreground(closing(*closed), program, stderr=subprocess.DEVNULL):
                    self.is_as_before()
                self.famfs('mount', self.image, self.mnt)

    def test_a_connection_is_no_standard_descriptor(self):
        self.fails(2, '--shadow', self.shadow_tree(), '/dev/fd/1', program='famfs-fused', words=['/dev/fd/1'])


@harness.needs_fuse
class Signals(Inherited):
    def test_ignored_child_signal(self):
        self.remount(ignoring(signal.SIGCHLD))
        self.famfs('cp', self.path('kept'), f'{self.mnt}/other', preexec_fn=ignoring(signal.SIGCHLD))
        self.famfs('umount', self.mnt, preexec_fn=ignoring(signal.SIGCHLD))
        self.assertEqual(self.daemons(), [])
        self.fused('--shadow', self.shadow_tree(), self.mnt, preexec_fn=ignoring(signal.SIGCHLD))
        self.is_as_before()

    def test_everything_ignored_and_blocked(self):
        def prepare():
            for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        self.remount(prepare)
        [guardian] = self.daemons()
        os.kill(guardian, signal.SIGTERM)
        self.wait_until(lambda: not self.is_mounted(self.mnt), 'SIGTERM ends the daemon')
        self.famfs('umount', self.mnt)

    def test_pending_alarm(self):
        """Blocked when it came, and it would come at once in a program that blocks nothing."""
        def prepare():
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGUSR2})
            os.kill(os.getpid(), signal.SIGALRM)
            os.kill(os.getpid(), signal.SIGUSR2)
        self.remount(prepare)

    def test_timer_that_runs_on(self):
        """Timers go on across exec; this one would end the process that unmounts."""
        with self.foreground(lambda: signal.setitimer(signal.ITIMER_REAL, 0.3), stderr=subprocess.DEVNULL) as daemon:
            with self.assertRaises(subprocess.TimeoutExpired):
                daemon.wait(1)
            self.is_as_before()

    def test_nohup(self):
        """An ignored SIGHUP is for the whole command, in the foreground too."""
        for program in ('FAMFS_FUSED', 'FAMFS'):
            with self.foreground(ignoring(signal.SIGHUP), program, stderr=subprocess.DEVNULL) as daemon:
                for pid in {daemon.pid, *self.daemons()}:
                    os.kill(pid, signal.SIGHUP)
                with self.assertRaises(subprocess.TimeoutExpired):
                    daemon.wait(1)
                self.is_as_before()
            self.famfs('mount', self.image, self.mnt)

    def test_death_of_the_parent_is_orderly(self):
        """A caller may have asked to be followed with SIGKILL, which would leave a dead mount."""
        def prepare():
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        self.umount(self.mnt)
        shadow = self.shadow_tree()
        pid = os.fork()
        if pid == 0:
            subprocess.Popen([os.environ['FAMFS_FUSED'], '--foreground', '--shadow', shadow, self.mnt],
                             env=self.environment(), preexec_fn=prepare, stderr=subprocess.DEVNULL)
            signal.pause()
            os._exit(0)
        self.wait_until(lambda: self.is_mounted(self.mnt), 'the mount is there')
        self.wait_until(lambda: len(self.servers()) == 1 and self.daemons() != self.servers(), 'it serves')
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.wait_until(lambda: not self.is_mounted(self.mnt), 'the mount goes')


@harness.needs_fuse
class Limits(Inherited):
    def limit_of(self, pid, name):
        with open(f'/proc/{pid}/limits') as limits:
            [line] = [line for line in limits if line.startswith(name)]
        return line[len(name):].split()[:2]

    def test_file_size(self):
        """SIGXFSZ ended the daemon for everyone at the first byte."""
        hard = resource.RLIM_INFINITY
        self.remount(limiting(resource.RLIMIT_FSIZE, 4096, hard))
        with open(f'{self.mnt}/kept', 'r+b') as file:
            file.write(b'x')
            file.seek(0)
            file.write(CONTENT[:1])
        self.is_as_before()

    def test_file_size_that_cannot_be_raised(self):
        self.remount(limiting(resource.RLIMIT_FSIZE, 1 << 20))
        with open(f'{self.mnt}/kept', 'r+b', buffering=0) as file:
            if may_raise_limits():
                self.assertEqual(file.write(CONTENT[:1]), 1)
            else:
                with self.assertRaises(OSError) as caught:
                    file.write(b'x')
                self.assertEqual(caught.exception.errno, errno.EFBIG)  # of this one request
        self.is_as_before()

    def test_file_size_in_verbs(self):
        few = limiting(resource.RLIMIT_FSIZE, 1 << 20)
        self.fails((4, 5), 'mkfs', self.path('new'), '--size', '64M', preexec_fn=few, words=['new', 'too large'])
        self.assertFalse(os.path.exists(self.path('new')))
        outcome = self.famfs('cp', self.path('kept'), f'{self.mnt}/other', status=range(1, 6), preexec_fn=few)
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.is_as_before()

    def test_small_stack(self):
        self.remount(limiting(resource.RLIMIT_STACK, 64 << 10, resource.RLIM_INFINITY))
        self.remount(limiting(resource.RLIMIT_STACK, resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def test_soft_limits_are_raised(self):
        def prepare():  # AddressSanitizer alone reserves 2^44 bytes
            resource.setrlimit(resource.RLIMIT_CPU, (3600, 7200))
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 40))
            resource.setrlimit(resource.RLIMIT_DATA, (1 << 46, 1 << 47))
            resource.setrlimit(resource.RLIMIT_AS, (1 << 47, 1 << 48))
        self.remount(prepare)
        endless = ['unlimited', 'unlimited']
        for pid in {*self.daemons(), *self.servers()}:
            free = may_raise_limits()
            self.assertEqual(self.limit_of(pid, 'Max cpu time'), endless if free else ['7200', '7200'])
            self.assertEqual(self.limit_of(pid, 'Max file size'), endless if free else [str(1 << 40)] * 2)
            self.assertEqual(self.limit_of(pid, 'Max data size'), [str(1 << 47)] * 2)
            self.assertEqual(self.limit_of(pid, 'Max address space'), [str(1 << 48)] * 2)


@harness.needs_fuse
class Masks(Inherited):
    def test_umask_of_the_mount(self):
        for mask in (0o077, 0o777, 0o000, 0o027):
            with self.subTest(mask=oct(mask)):
                self.remount(lambda mask=mask: os.umask(mask))
                self.assertEqual(os.stat(self.mnt).st_mode & 0o7777, 0o755)
                self.assertEqual(os.stat(f'{self.mnt}/.meta').st_mode & 0o7777, 0o755)

    def test_umask_of_what_is_the_callers(self):
        for mask in (0o077, 0o002, 0o022):
            with self.subTest(mask=oct(mask)):
                name = f'{mask:o}'
                image = self.path(f'image-{name}')
                prepare = lambda mask=mask: os.umask(mask)
                self.famfs('mkfs', image, '--size', '64M', preexec_fn=prepare)
                self.assertEqual(os.stat(image).st_mode & 0o7777, 0o666 & ~mask)
                self.famfs('logplay', '--shadow', self.path(f'tree-{name}'), image, preexec_fn=prepare)
                self.assertEqual(os.stat(self.path(f'tree-{name}')).st_mode & 0o7777, 0o755 & ~mask)
                self.assertEqual(os.stat(self.path(f'tree-{name}/root')).st_mode & 0o7777, 0o755)
                self.famfs('mkdir', f'{self.mnt}/d{name}', preexec_fn=prepare)
                self.assertEqual(os.stat(f'{self.mnt}/d{name}').st_mode & 0o7777, 0o777 & ~mask)
                self.famfs('creat', '--size', '1M', f'{self.mnt}/c{name}', preexec_fn=prepare)
                self.assertEqual(os.stat(f'{self.mnt}/c{name}').st_mode & 0o7777, 0o666 & ~mask)

    def test_umask_that_takes_all(self):
        prepare = lambda: os.umask(0o777)
        self.famfs('mkfs', self.path('new'), '--size', '64M', preexec_fn=prepare)
        self.famfs('logplay', '--shadow', self.path('tree'), self.path('new'), preexec_fn=prepare)
        self.famfs('fsck', self.path('new'), preexec_fn=prepare)


@harness.needs_fuse
class Surroundings(Inherited):
    def test_deleted_working_directory(self):
        os.mkdir(self.path('gone'))

        def prepare():
            os.chdir(self.path('gone'))
            os.rmdir(self.path('gone'))
        self.remount(prepare)
        os.mkdir(self.path('gone'))
        self.famfs('cp', self.path('kept'), f'{self.mnt}/other', preexec_fn=prepare)
        os.mkdir(self.path('gone'))
        self.famfs('umount', self.mnt, preexec_fn=prepare)
        self.mount(self.image)

    def test_nothing_of_the_working_directory_is_held(self):
        with self.foreground(None, stderr=subprocess.DEVNULL):
            self.is_as_before()
            for pid in {*self.daemons(), *self.servers()}:
                with self.subTest(pid=pid):
                    # In a chroot /proc shows / by its name outside.
                    self.assertEqual(os.readlink(f'/proc/{pid}/cwd'), os.readlink(f'/proc/{pid}/root'))

    def test_empty_and_odd_environment(self):
        self.umount(self.mnt)
        program = os.environ['FAMFS']
        host = f'FAMFS_SYSTEM_UUID_FILE={self.host_file}'
        plain = ['env', '-i', host, f'XDG_RUNTIME_DIR={self.path("run")}']
        for words in ([], ['PATH='], ['LC_ALL=nowhere', 'LANG=x', 'TZ=:/none'], ['TMPDIR=/none', 'HOME=relative']):
            with self.subTest(words=words):
                self.command([*plain, *words, program, 'mount', self.image, self.mnt])
                self.is_as_before()
                self.command([*plain, *words, program, 'umount', self.mnt])
        self.mount(self.image)

    def test_no_home(self):
        """Without a home there is no place for the identity of this host; the line says what helps."""
        if sandbox.is_root() or any(os.path.exists(f'{top}/famfs/system_uuid') for top in ('/etc', '/opt')):
            self.skipTest('this host has an identity in /etc or /opt')
        for words in ([], ['HOME='], ['HOME=relative'], ['XDG_CONFIG_HOME=relative']):
            outcome = self.command(['env', '-i', *words, os.environ['FAMFS'], 'mkfs', self.path('new'), '--size', '64M'],
                                   status=range(1, 6))
            self.assertEqual(len(outcome.errors), 1, outcome)
            self.assertRegex(outcome.err, 'FAMFS_SYSTEM_UUID_FILE', outcome)
            self.assertFalse(os.path.exists(self.path('new')))
            self.assertFalse(os.path.exists(self.path('relative')))

    def test_terminal_and_session(self):
        self.remount(None)
        for pid in {*self.daemons(), *self.servers()}:
            with open(f'/proc/{pid}/stat') as stat:
                fields = stat.read().rsplit(')', 1)[1].split()
            self.assertNotEqual(int(fields[3]), os.getsid(0))
            self.assertEqual(fields[4], '0', 'a terminal')

    def test_personality(self):
        """READ_IMPLIES_EXEC would make all that is mapped executable."""
        self.remount(lambda: ctypes.CDLL(None).personality(0x0400000))
        for pid in {*self.daemons(), *self.servers()}:
            try:
                with open(f'/proc/{pid}/personality') as personality:
                    self.assertEqual(int(personality.read(), 16), 0)
            except PermissionError:
                self.skipTest('not dumpable')

    @harness.needs_root
    def test_out_of_memory_score(self):
        def prepare():
            with open('/proc/self/oom_score_adj', 'w') as score:
                score.write('900')
        self.remount(prepare)
        for pid in {*self.daemons(), *self.servers()}:
            with open(f'/proc/{pid}/oom_score_adj') as score:
                self.assertEqual(score.read().strip(), '0')

    def test_priority_is_kept(self):
        self.remount(lambda: os.nice(7))
        for pid in {*self.daemons(), *self.servers()}:
            self.assertEqual(os.getpriority(os.PRIO_PROCESS, pid), os.getpriority(os.PRIO_PROCESS, 0) + 7)

    @harness.needs_root
    def test_bounded_capabilities(self):
        """As in a container: what is not there to be dropped must not stop the mount."""
        self.umount(self.mnt)
        self.command(['setpriv', '--bounding-set', '-setpcap', os.environ['FAMFS'], 'mount', self.image, self.mnt])
        self.is_as_before()

    def test_no_new_privileges(self):
        """fusermount3 cannot help then, and the line says so."""
        arguments = ['setpriv', '--no-new-privs', os.environ['FAMFS'], 'mount', self.image, self.mnt]
        self.umount(self.mnt)
        outcome = self.command(arguments, status=0 if sandbox.is_root() else range(1, 6))
        if sandbox.is_root():
            self.is_as_before()
        else:
            self.assertEqual(len(outcome.errors), 1, outcome)
            self.assertRegex(outcome.err, 'no_new_privs', outcome)
            self.assertEqual(self.run_directories(), [])


@harness.needs_fuse
class Descriptors(Inherited):
    def leaked(self, pid):
        found = []
        for number in os.listdir(f'/proc/{pid}/fd'):
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(f'/proc/{pid}/fd/{number}'))
        return [target for target in found if self.path('lock') in target or self.path('folder') in target]

    def test_the_daemon_closes_them(self):
        """A caller's lock would be held for the life of the mount, and a directory leads out of the private mounts."""
        os.mkdir(self.path('folder'))
        lock = os.open(self.path('lock'), os.O_RDWR | os.O_CREAT)
        folder = os.open(self.path('folder'), os.O_RDONLY)
        self.addCleanup(os.close, lock)
        self.addCleanup(os.close, folder)

        passed = {'pass_fds': (lock, folder)}
        self.umount(self.mnt)
        self.famfs('mount', self.image, self.mnt, **passed)
        for pid in {*self.daemons(), *self.servers()}:
            self.assertEqual(self.leaked(pid), [])
        self.umount(self.mnt)
        self.fused('--shadow', self.shadow_tree(), self.mnt, **passed)
        for pid in {*self.daemons(), *self.servers()}:
            self.assertEqual(self.leaked(pid), [])

    def test_a_connection_that_is_named_stays(self):
        """tests/system/fuse_kernel.py plays the kernel on it; here it is enough that it is still known."""
        outcome = self.command([os.environ['FAMFS_FUSED'], '--foreground', '--shadow', self.shadow_tree(), '/dev/fd/77'],
                               status=range(1, 6))
        self.assertRegex(outcome.err, '/dev/fd/77', outcome)


if __name__ == '__main__':
    harness.main()
