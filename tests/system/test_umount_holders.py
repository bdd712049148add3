# ctest: user labels=sanitize
"""umount where something holds the mount: it says what, waits only for what ends by itself, and --lazy goes on."""
import fcntl
import mmap
import os
import signal
import subprocess

import harness
import sandbox

QUICK = 20  # seconds: far below the 30 that umount waits for a daemon without a known reason


@harness.needs_fuse
class Holders(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')
        self.mnt = self.mount(self.image)
        self.famfs('cp', self.write('source', b'content'), f'{self.mnt}/f')

    def holder(self, use):
        """The pid of a process that calls `use` and keeps what it returns; it has done so when this returns."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            kept = use()  # noqa: F841
            os.write(writing, b'x')
            signal.pause()
        os.close(writing)
        self.assertEqual(os.read(reading, 1), b'x')
        os.close(reading)
        return pid

    def end(self, pid):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    def assert_clean(self):
        self.assertEqual([point for point, kind, _ in sandbox.mounts_below(self.dir) if kind == 'fuse.famfs'], [])
        self.wait_until(lambda: not self.daemons(), 'the daemon ends')
        self.assertEqual(self.run_directories(), [])

    def test_whoever_uses_it_is_named(self):
        file = f'{self.mnt}/f'

        def map_it():
            with open(file, 'r+b') as opened:
                return mmap.mmap(opened.fileno(), 7)
        for use, said in ((lambda: open(file, 'rb'), file), (map_it, file),
                          (lambda: os.chdir(self.mnt), f'working directory {self.mnt}')):
            pid = self.holder(use)
            self.fails(3, 'umount', self.mnt, words=['busy: ', rf'\(process {pid}: .*{said}', '--lazy'])
            self.end(pid)
        self.umount(self.mnt)
        self.assert_clean()

    @harness.needs_root
    def test_what_is_mounted_in_it_is_named(self):
        self.famfs('mkdir', f'{self.mnt}/d')
        sandbox.mount_tmpfs(f'{self.mnt}/d', '1M')
        for options in ((), ('--lazy',)):
            self.fails(3, 'umount', self.mnt, *options, words=[f'tmpfs on {self.mnt}/d; umount {self.mnt}/d first'])
        self.command(['umount', f'{self.mnt}/d'])
        self.umount(self.mnt)

    @harness.needs_root
    def test_what_is_mounted_in_it_stays_when_the_daemon_ends(self):
        self.famfs('mkdir', f'{self.mnt}/d')
        sandbox.mount_tmpfs(f'{self.mnt}/d', '1M')
        with open(f'{self.mnt}/d/precious', 'w+') as file:
            [daemon] = self.daemons()
            os.kill(daemon, signal.SIGTERM)
            self.wait_until(lambda: not self.daemons(), 'the daemon ends')
            self.assertTrue(self.is_mounted(f'{self.mnt}/d'))
            self.assertEqual(os.stat(f'/proc/self/fd/{file.fileno()}').st_nlink, 1)
        self.fails(3, 'umount', self.mnt, words=['no daemon', f'tmpfs on {self.mnt}/d', '--lazy'], limit=QUICK)
        self.famfs('umount', '--lazy', self.mnt, limit=QUICK)
        self.assertFalse(self.is_mounted(f'{self.mnt}/d'))
        self.assert_clean()

    @harness.needs_root
    def test_bind_mount_is_named(self):
        os.mkdir(self.path('bind'))
        sandbox.bind(self.mnt, self.path('bind'))
        self.famfs('umount', self.path('bind'))
        self.assertEqual(len(self.run_directories()), 1)
        sandbox.bind(self.mnt, self.path('bind'))
        self.fails(3, 'umount', self.mnt, words=['still mounted: ' + self.path('bind')], limit=QUICK)
        self.assertFalse(self.is_mounted(self.mnt))
        self.fails(3, 'umount', self.mnt, words=['still mounted: ' + self.path('bind')], limit=QUICK)
        with open(self.path('bind/f')) as file:
            self.assertEqual(file.read(), 'content')
        self.famfs('umount', self.path('bind'))
        self.assert_clean()

    @harness.needs_root
    def test_mount_namespace_is_named(self):
        other = subprocess.Popen(['unshare', '--mount', '--propagation', 'private', 'sleep', '1000'])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        self.wait_until(lambda: sandbox.command_line(other.pid)[:1] == ['sleep'], 'the other namespace')
        outcome = self.fails(3, 'umount', self.mnt, limit=QUICK)
        self.assertRegex(outcome.err, rf'{self.mnt} in the mount namespace of sleep \(process {other.pid}\)')
        other.kill()
        other.wait()
        self.wait_until(lambda: not self.daemons(), 'the daemon ends')
        self.famfs('umount', self.mnt)
        self.assert_clean()

    @harness.needs_root
    def test_copy_that_goes_along_is_nothing_to_wait_for(self):
        """A namespace that follows ours, as most services' do."""
        self.command(['mount', '--make-rshared', '/'])
        self.addCleanup(self.command, ['mount', '--make-rprivate', '/'])
        self.umount(self.mnt)
        self.mount(self.image)
        other = subprocess.Popen(['unshare', '--mount', '--propagation', 'slave', 'sleep', '1000'])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        self.wait_until(lambda: sandbox.command_line(other.pid)[:1] == ['sleep'], 'the other namespace')
        self.umount(self.mnt)
        self.assert_clean()

    def test_lazy_lets_them_finish(self):
        for options in (('--lazy',), ('-l',)):
            with open(f'{self.mnt}/f', 'rb') as file:
                outcome = self.famfs('umount', self.mnt, *options, limit=QUICK)
                self.assertRegex(outcome.err, f'process {os.getpid()}')
                self.assertFalse(self.is_mounted(self.mnt))
                self.assertEqual(file.read(), b'content')
                self.mount(self.image)
                self.assertEqual(len(self.run_directories()), 2)
            self.wait_until(lambda: len(self.daemons()) == 1, 'the first daemon ends')
        with open(f'{self.mnt}/f', 'rb') as file:
            self.assertEqual(file.read(), b'content')
        self.umount(self.mnt)
        self.mount(self.image)  # takes away what the first ones left
        self.assertEqual(len(self.run_directories()), 1)
        self.umount(self.mnt)
        self.assert_clean()

    def test_lazy_without_users_is_as_without_lazy(self):
        self.assertEqual(self.famfs('umount', '--lazy', self.mnt).err, '')
        self.assert_clean()

    def stop(self, pid):
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(self.go_on, pid)
        self.wait_until(lambda: sandbox.state(pid) == 'T', 'the process stops')

    def go_on(self, pid):
        if sandbox.alive(pid):
            os.kill(pid, signal.SIGCONT)

    def test_stopped_daemon_is_named(self):
        [server], [daemon] = self.servers(), self.daemons()
        for path in (self.mnt, f'{self.mnt}/.', f'{self.mnt}/../mnt', os.path.relpath(self.mnt, self.dir)):
            self.stop(server)
            self.fails(3, 'umount', path, words=['stopped'], limit=QUICK)
            self.assertTrue(self.is_mounted(self.mnt))
            self.go_on(server)
        self.stop(server)
        self.fails(3, 'umount', self.mnt, words=[rf'process {server}\) is stopped; kill -CONT {server}', '--lazy'])
        self.go_on(server)
        self.stop(daemon)
        self.fails(3, 'umount', self.mnt, words=[rf'process {daemon}\) is stopped'], limit=QUICK)
        self.go_on(daemon)
        self.famfs('umount', self.mnt)
        self.assert_clean()

    def test_stopped_daemon_that_was_started_by_hand(self):
        self.umount(self.mnt)
        self.famfs('logplay', '--shadow', self.path('S'), self.image)
        self.fused('--shadow', self.path('S'), self.mnt)
        [server] = self.servers()
        self.stop(server)
        self.fails(3, 'umount', self.mnt, words=['stopped', f'{server}'], limit=QUICK)
        self.famfs('umount', '--lazy', self.mnt, limit=QUICK)
        self.assertFalse(self.is_mounted(self.mnt))
        self.go_on(server)

    def test_lazy_goes_on_without_a_stopped_daemon(self):
        [server] = self.servers()
        self.stop(server)
        self.famfs('umount', '--lazy', self.mnt, limit=QUICK)
        self.assertFalse(self.is_mounted(self.mnt))
        self.fails(3, 'umount', self.mnt, words=[rf'process {server}\) is stopped'], limit=QUICK)
        self.go_on(server)
        self.wait_until(lambda: not self.daemons(), 'the daemon ends')
        self.famfs('umount', self.mnt)
        self.assert_clean()

    def test_mount_over_a_stopped_daemon(self):
        [server] = self.servers()
        self.stop(server)
        self.fails(3, 'mount', self.image, self.mnt, words=['mounted here already'], limit=QUICK)
        [shadow] = self.run_directories()
        self.fails(3, '--shadow', f'{shadow}/shadow', self.mnt, program='famfs-fused', words=['mounted there already'],
                   limit=QUICK)
        self.go_on(server)

    def test_signal_ends_a_mount_that_waits(self):
        """The shadow tree's lock is somebody else's; a mount that waits for it can be told to end."""
        self.umount(self.mnt)
        shadow = self.path('S')
        self.famfs('logplay', '--shadow', shadow, self.image)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            holder = os.open(shadow, os.O_RDONLY)
            fcntl.flock(holder, fcntl.LOCK_EX)
            process = subprocess.Popen([os.environ['FAMFS'], 'mount', '--shadow', shadow, self.image, self.mnt],
                                       env=self.environment(), stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.kill)
            self.wait_until(lambda: os.path.exists(f'{(self.run_directories() or ["/"])[0]}/mount.yaml'),
                            'the mount comes as far as the lock')
            process.send_signal(number)
            self.assertEqual((process.communicate(timeout=QUICK * harness.SLOW)[1], process.returncode), ('', 130))
            self.assert_clean()
            os.close(holder)

    def test_signal_at_any_time_leaves_a_mount_or_nothing(self):
        self.umount(self.mnt)
        for round in range(40):
            process = subprocess.Popen([os.environ['FAMFS'], 'mount', self.image, self.mnt], env=self.environment(),
                                       stderr=subprocess.PIPE, text=True)
            try:
                process.wait(0.003 * round * harness.SLOW)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=QUICK * harness.SLOW)[1]
            self.assertIn(process.returncode, (0, 130, -signal.SIGTERM), said)
            if process.returncode == 0:
                self.umount(self.mnt)
            self.assert_clean()


if __name__ == '__main__':
    harness.main()
