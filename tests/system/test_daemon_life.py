# ctest: user
"""The daemon by itself: its command line, how it comes up and how it ends, locks, and many clients at once."""
import errno
import fcntl
import itertools
import json
import os
import random
import signal
import subprocess
import threading
import time

import daemon_case
import harness
import sandbox
from daemon_case import in_another_process, wait_for


@harness.needs_fuse
class CommandLine(daemon_case.DaemonTest):
    def refused(self, status, *arguments, words=()):
        self.fails(status, *arguments, words=words, program='famfs-fused')
        self.assertFalse(self.is_mounted(self.mnt))
        self.assertEqual(self.daemons(), [])

    def test_help_and_version(self):
        self.assertIn('--shadow', self.fused('--help').out)
        self.assertRegex(self.fused('--version').out, r'^famfs-fused \d+\.\d+')

    def test_offers_are_a_record(self):
        """What famfs mount decides by."""
        offers = json.loads(self.fused('--offers').out)
        self.assertEqual(sorted(offers), ['kernel_abi', 'map_unit', 'maps', 'module', 'passthrough'])
        self.assertEqual(offers['map_unit'], 2 << 20)
        for name in ('maps', 'passthrough', 'module'):
            with self.subTest(name):
                offered = offers[name]
                if offered['available']:
                    self.assertEqual(offered, {'available': True})
                else:
                    self.assertEqual(sorted(offered), ['available', 'message', 'reason'])
                    self.assertIn(offered['reason'], ('raw-io', 'root', 'answer', 'kernel-support', 'module'))
                    self.assertTrue(offered['message'])

    def told(self, status, *arguments):
        """Runs the daemon with --status-fd; the record that it wrote there, None for nothing."""
        with open(self.path('status'), 'w+b') as record:
            descriptor = record.fileno()
            daemon = subprocess.run([os.environ['FAMFS_FUSED'], '--status-fd', str(descriptor), *arguments],
                                    pass_fds=[descriptor], env=self.environment(), stderr=subprocess.PIPE, check=False)
            self.assertEqual(daemon.returncode, status, daemon.stderr)
            record.seek(0)
            text = record.read()
        if not text:
            return None
        told = json.loads(text)
        self.assertEqual(daemon.stderr.decode(), f'famfs-fused: {told["message"]}\n'.replace('\\x5c', '\\'))
        return told

    def test_status_says_why_it_failed(self):
        given = ('--shadow', self.shadow)
        self.assertEqual(self.told(5, *given, self.path('none'))['errno'], errno.ENOENT)
        told = self.told(4, *given, '--device', self.write('noise', os.urandom(16 << 20)), self.mnt)
        self.assertEqual(told['kind'], 'corrupt')
        self.assertEqual(sorted(told), ['errno', 'kind', 'message'])
        self.assertEqual(self.told(2, '--shadow', self.shadow, self.shadow)['kind'], 'usage')

    def test_status_says_nothing_of_a_mount(self):
        self.addCleanup(self.stop)
        self.assertIsNone(self.told(0, '--shadow', self.shadow, self.mnt))
        self.assertTrue(self.is_mounted(self.mnt))

    def test_usage(self):
        given = ('--shadow', self.shadow)
        for arguments in ((), given, (self.mnt,), (*given, self.mnt, self.mnt), (*given, '--nonsense', self.mnt),
                          (*given, '--threads', 'many', self.mnt), (*given, '--data-path', 'fast', self.mnt),
                          (*given, '-o', 'nonsense', self.mnt), (*given, '-o', 'attr_timeout=x', self.mnt),
                          (*given, '-o', 'fsname=x', self.mnt), (*given, '--shadow')):
            with self.subTest(arguments):
                self.refused(2, *arguments)
        self.refused(2, *given, '--nonsense\x1b[1m\n', self.mnt, words=[r'\\x1b'])

    def test_what_is_missing(self):
        given = ('--shadow', self.shadow)
        self.refused(5, '--shadow', self.path('none'), self.mnt, words=['none: No such file'])
        self.refused(5, '--shadow', self.dir, self.mnt, words=['no shadow tree'])
        self.refused(5, *given, self.path('none'), words=['none: No such file'])
        self.refused(5, *given, self.image, words=['Not a directory'])
        self.refused(5, *given, '--device', self.path('none'), self.mnt, words=['none: No such file'])
        self.refused(5, *given, '--pid-file', self.path('none/pid'), self.mnt, words=['No such file'])
        os.rename(self.image, self.path('away'))
        self.refused(5, *given, self.mnt, words=[self.image])

    def test_mount_point_and_tree_in_one_another(self):
        given = ('--shadow', self.shadow)
        self.refused(2, *given, self.shadow, words=['lie in one another'])
        self.refused(2, *given, self.document('dir'), words=['lie in one another'])
        self.refused(2, *given, self.dir, words=['lie in one another'])

    def test_device_that_is_no_pool(self):
        noise = self.write('noise', os.urandom(16 << 20))
        self.refused(4, '--shadow', self.shadow, '--device', noise, self.mnt, words=['magic'])

    def test_device_of_another_pool(self):
        other = self.new_pool('1G', name='other.img')
        self.refused(3, '--shadow', self.shadow, '--device', other, self.mnt, words=['other.img'])

    def test_device_that_was_formatted_anew(self):
        self.famfs('mkfs', self.image, '--force')
        self.refused(3, '--shadow', self.shadow, self.mnt, words=['replay'])

    def test_busy_mount_point(self):
        self.serve()
        self.fails(3, '--shadow', self.shadow, self.mnt, program='famfs-fused', words=['mounted there already'])
        self.assertEqual(len(self.daemons()), 1)

    def test_data_paths_that_cannot_be_had(self):
        self.refused(5, '--shadow', self.shadow, '--data-path', 'iomap', self.mnt, words=['iomap'])
        self.refused(3, '--shadow', self.shadow, '--data-path', 'extfile', self.mnt, words=['extfile'])

    def test_says_which_data_path_and_why(self):
        self.serve_and_watch()
        self.assertRegex(self.logged().decode(), r'famfs-fused: data path copy: \S')

    def test_source_with_comma_and_space(self):
        odd = self.path('a, b\\c.img')
        os.rename(self.image, odd)
        self.serve('--device', odd)
        [(_, kind, source)] = sandbox.mounts_below(self.dir)
        self.assertEqual((kind, source), ('fuse.famfs', odd))

    def test_relative_paths(self):
        self.addCleanup(self.stop)
        self.fused('--shadow', 'shadow', '--device', 'pool.img', '--pid-file', 'pid', 'mnt')
        self.assertEqual(len(os.listdir(f'{self.mnt}/dir')), 2)
        self.assertEqual(os.getxattr(self.mnt, 'user.famfs.shadow').decode(), f'{self.shadow}/root')

    def test_options_for_fuse(self):
        for options in ('max_read=65536', 'noatime', 'noexec,nosuid,nodev', 'auto_unmount', 'sync'):
            with self.subTest(options):
                self.serve('-o', options)
                with open(f'{self.mnt}/dir/big', 'rb') as file:
                    self.assertEqual(file.read(), bytes(5 << 20))
                self.stop()

    def test_read_only(self):
        self.serve('--read-only')
        for function in (lambda: open(f'{self.mnt}/small', 'r+b'), lambda: os.mkdir(f'{self.mnt}/x'),
                         lambda: os.truncate(f'{self.mnt}/small', 0)):
            with self.assertRaises(OSError) as raised:
                function()
            self.assertEqual(raised.exception.errno, errno.EROFS)


@harness.needs_fuse
class Ending(daemon_case.DaemonTest):
    def pid_file(self):
        with open(self.path('pid')) as text:
            return int(text.read())

    def is_locked(self):
        with open(self.path('pid')) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def test_pid_file_is_locked_until_the_end_however_it_comes(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.serve('--pid-file', self.path('pid'))
            self.assertIn(self.pid_file(), self.daemons())
            self.assertTrue(self.is_locked())
            self.fails(3, '--shadow', self.shadow, '--pid-file', self.path('pid'), self.path('hosts'),
                       program='famfs-fused', words=['another daemon'])
            os.kill(self.pid_file(), number)
            self.wait_until(lambda: not self.is_locked(), 'the lock is free')
            self.stop()

    def test_signals_unmount_and_leave_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            daemon = self.serve_and_watch()
            daemon.send_signal(number)
            self.assertEqual(daemon.wait(10 * harness.SLOW), 0)
            self.assertFalse(self.is_mounted(self.mnt))

    def test_signal_while_files_are_open_and_read(self):
        daemon = self.serve_and_watch('--threads', '4', '-o', 'direct_io')
        descriptor = os.open(f'{self.mnt}/dir/big', os.O_RDONLY)

        def read():
            try:
                while True:  # ends with the mount
                    os.pread(descriptor, 1 << 20, 0)
            except OSError as problem:
                self.read_ended = problem.errno
        reader = threading.Thread(target=read)
        reader.start()
        time.sleep(0.1)
        daemon.send_signal(signal.SIGTERM)
        status = daemon.wait(10 * harness.SLOW)
        reader.join()
        os.close(descriptor)
        self.assertEqual(status, 0)
        self.assertFalse(self.is_mounted(self.mnt))
        self.assertIn(self.read_ended, (errno.ENOTCONN, errno.ECONNABORTED))

    def test_unmounting_ends_it(self):
        daemon = self.serve_and_watch()
        self.famfs('umount', self.mnt)
        self.assertEqual(daemon.wait(10 * harness.SLOW), 0)

    def test_mkfs_waits_for_no_one_who_serves(self):
        self.serve()
        self.fails(3, 'mkfs', self.image, '--force', words=['mounted|in use|busy'])
        self.stop()
        self.famfs('mkfs', self.image, '--force')

    def test_two_mounts_of_one_pool(self):
        self.serve()
        second = self.path('second')
        os.mkdir(second)
        self.addCleanup(lambda: self.famfs('umount', second))
        self.fused('--shadow', self.shadow, second)
        with open(f'{second}/small', 'r+b') as file:
            file.write(b'hello')
        with open(f'{self.mnt}/small', 'rb') as file:
            self.assertEqual(file.read(5), b'hello')

    def test_killed_daemon_loses_nothing(self):
        self.serve('--pid-file', self.path('pid'))
        content = os.urandom(1 << 20)
        with open(f'{self.mnt}/dir/big', 'r+b', buffering=0) as file:
            file.write(content)
            os.kill(self.pid_file(), signal.SIGKILL)
        self.wait_until(lambda: not self.is_locked(), 'the lock is free')
        self.fails(3, '--shadow', self.shadow, self.mnt, program='famfs-fused', words=['famfs umount'])
        self.stop()
        self.serve()
        with open(f'{self.mnt}/dir/big', 'rb') as file:
            self.assertEqual(file.read(1 << 20), content)

    def test_daemon_keeps_nothing_of_the_shell(self):
        self.serve('--pid-file', self.path('pid'))
        daemon = self.pid_file()
        for number in range(3):
            self.assertEqual(os.readlink(f'/proc/{daemon}/fd/{number}'), '/dev/null')
        self.assertEqual(os.readlink(f'/proc/{daemon}/cwd'), '/')
        self.assertEqual(os.getsid(daemon), daemon)


@harness.needs_fuse
class ManyClients(daemon_case.DaemonTest):
    """Several processes that read, write, list and look while the tree changes below: also run under TSan."""
    files = {f'dir/{number}': 40000 for number in range(60)}

    def test_in_parallel(self):
        self.serve('--threads', '8', '-o', 'entry_timeout=0,attr_timeout=0')
        seconds = 3 * harness.SLOW ** 0.5
        clients = [in_another_process(client, kind, self.mnt, seconds) for kind in ('read', 'write', 'list', 'look', 'direct', 'read')]
        end = time.monotonic() + seconds
        sizes = itertools.cycle(range(30000, 50000))
        while time.monotonic() < end:
            self.edit(f'dir/{random.randrange(60)}', r'size: \d+', f'size: {next(sizes)}')
            time.sleep(0.002)
        self.assertTrue(all([wait_for(process) for process in clients]))
        self.assertEqual(len(os.listdir(f'{self.mnt}/dir')), 60)

    def test_locks_between_processes(self):
        self.serve()
        path = f'{self.mnt}/dir/0'

        def both_are_free():
            return wait_for(in_another_process(can_lock, path, fcntl.flock)) and wait_for(
                in_another_process(can_lock, path, fcntl.lockf))
        self.assertTrue(both_are_free())
        for lock in (fcntl.flock, fcntl.lockf):
            with open(path, 'r+b') as file:
                lock(file, fcntl.LOCK_EX)
                self.assertFalse(wait_for(in_another_process(can_lock, path, lock)))
        self.assertTrue(both_are_free())


def can_lock(path, lock):
    with open(path, 'r+b') as file:
        try:
            lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def client(kind, mnt, seconds):
    """One client: whatever the tree's changes do, no answer may be another than these."""
    end = time.monotonic() + seconds
    directory = f'{mnt}/dir'
    while time.monotonic() < end:
        path = f'{directory}/{random.randrange(60)}'
        try:
            if kind == 'list':
                assert len({entry.name for entry in os.scandir(directory)}) == 60
                assert all(30000 <= entry.stat().st_size < 50000 for entry in os.scandir(directory))
            elif kind == 'look':
                assert 30000 <= os.stat(path).st_size < 50000
                assert os.getxattr(path, 'user.famfs.extents')
            elif kind == 'write':
                with open(path, 'r+b', buffering=0) as file:
                    assert file.write(b'abc') == 3
                    os.fsync(file.fileno())
            elif kind == 'direct':
                descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT)
                assert len(os.pread(descriptor, 4096, 0)) == 4096
                os.close(descriptor)
            else:
                with open(path, 'rb', buffering=0) as file:
                    size = os.fstat(file.fileno()).st_size
                    assert len(file.read()) == size
        except OSError as problem:
            if problem.errno != errno.ESTALE:
                raise
    return True


if __name__ == '__main__':
    harness.main()
