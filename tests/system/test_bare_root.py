"""Roots that have little: no /etc/mtab, no /proc, no right to mount. The programs work there, or say in a line what is
missing. What a chroot alone takes is in test_sandbox.py."""
import os
import shutil
import signal
import stat

import harness
import sandbox

# What a program may look up in /etc; anything else is left out, /etc/mtab first of all.
ETC = ('passwd', 'group', 'nsswitch.conf', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'alternatives', 'fuse.conf')


@harness.needs_root
@harness.needs_fuse
class WithoutMtab(harness.SystemTest):
    """An ordinary user, in the mount namespace of this test program with another /etc over its own."""

    def setUp(self):
        self.user = sandbox.ordinary_user()
        os.chmod(self.dir, 0o755)
        self.cover_etc()
        self.own_directories()
        self.call('famfs', 'mkfs', 'pool.img', '--size', '1G')
        self.addCleanup(self._take_away_mounts)

    def cover_etc(self):
        etc = self.path('etc')
        os.mkdir(etc)
        for name in filter(lambda name: os.path.exists(f'/etc/{name}'), ETC):
            copy = shutil.copytree if os.path.isdir(f'/etc/{name}') else shutil.copy
            copy(f'/etc/{name}', f'{etc}/{name}')
        sandbox.bind(etc, '/etc')
        self.addCleanup(sandbox.detach, '/etc')

    def own_directories(self):
        os.mkdir(self.path('bin'))
        for name in ('FAMFS', 'FAMFS_FUSED'):
            shutil.copy(os.environ[name], self.path('bin'))
        self.environment()
        for name in ('', 'home', 'run', 'tmp', 'reports', 'hosts'):
            os.chown(self.path(name), self.user.pw_uid, self.user.pw_gid)

    def call(self, *words, **options):
        """A command of the user's."""
        drop = ['setpriv', f'--reuid={self.user.pw_uid}', f'--regid={self.user.pw_gid}', '--clear-groups',
                '--inh-caps=-all']
        path = f'{self.path("bin")}:/usr/sbin:/usr/bin:/sbin:/bin'
        return self.command([*drop, 'env', f'PATH={path}', *words], **options)

    def mount_as_user(self):
        self.call('mkdir', '-p', 'mnt')
        self.call('famfs', 'mount', 'pool.img', 'mnt')
        return self.path('mnt')

    def test_umount(self):
        point = self.mount_as_user()
        self.call('famfs', 'umount', 'mnt')
        self.assertFalse(self.is_mounted(point))
        self.assertEqual(os.listdir(self.path('run/famfs')), [])

    def test_umount_where_mtab_is_a_file_that_lists_nothing(self):
        with open('/etc/mtab', 'w'):
            pass
        sandbox.bind('/etc/mtab', '/etc/mtab')  # so that nobody can replace it
        self.addCleanup(sandbox.detach, '/etc/mtab')
        point = self.mount_as_user()
        self.call('famfs', 'umount', 'mnt')
        self.assertFalse(self.is_mounted(point))

    def test_busy_mount_is_called_busy(self):
        self.mount_as_user()
        outcome = self.call('sh', '-c', 'cd mnt && famfs umount ../mnt', status=3)
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertIn('busy', outcome.err)
        self.call('famfs', 'umount', 'mnt')

    def test_umount_of_a_dead_mount(self):
        point = self.mount_as_user()
        for pid in self._daemon_processes():
            os.kill(pid, signal.SIGKILL)
        self.wait_until(lambda: not self._daemon_processes(), 'end of the daemon')
        self.call('famfs', 'umount', 'mnt')
        self.assertFalse(self.is_mounted(point))

    def test_daemon_that_is_ended_unmounts(self):
        point = self.mount_as_user()
        [daemon] = self.daemons()
        os.kill(daemon, signal.SIGTERM)
        self.wait_until(lambda: not self.daemons(), 'end of the daemon')
        self.assertFalse(self.is_mounted(point))
        self.call('famfs', 'umount', 'mnt')

    def test_what_helps_is_said_where_umount_may_not(self):
        self.mount_as_user()
        weak = shutil.copy(shutil.which('umount'), self.path('umount'))
        os.chmod(weak, 0o755)
        sandbox.bind(weak, shutil.which('umount'))
        try:
            outcome = self.call('famfs', 'umount', 'mnt', status=5)
        finally:
            sandbox.detach(shutil.which('umount'))
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertIn('ln -sf /proc/self/mounts /etc/mtab', outcome.err)
        self.call('famfs', 'umount', 'mnt')


@harness.needs_root
@harness.needs_fuse
class WithoutRights(harness.SystemTest):
    def fails_to_mount(self, words, *prefix):
        os.mkdir(self.path('mnt'))
        image = self.new_pool()
        outcome = self.command([*prefix, os.environ['FAMFS'], 'mount', image, self.path('mnt')], status=5)
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertIn(words, outcome.err)
        self.assertEqual(self.run_directories(), [])

    def test_container_without_the_right_to_mount(self):
        self.fails_to_mount('CAP_SYS_ADMIN', 'setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin')

    def test_without_proc(self):
        """One line for each verb that looks at mounts; what needs none still works."""
        image = self.new_pool()
        os.mkdir(self.path('mnt'))
        os.mkdir(self.path('empty'))
        sandbox.bind(self.path('empty'), '/proc')
        try:
            results = [self.command([os.environ['FAMFS'], *words], status=None) for words in (
                ['mount', image, self.path('mnt')], ['umount', self.path('mnt')], ['mkdir', self.path('mnt/x')],
                ['fsck', image], ['info', image])]
        finally:
            sandbox.detach('/proc')
        for outcome in results[:3]:
            self.assertEqual(outcome.status, 5, outcome)
            self.assertEqual(len(outcome.errors), 1, outcome)
            self.assertIn('/proc', outcome.err)
        self.assertEqual([outcome.status for outcome in results[3:]], [0, 0], results)


class Sandbox(harness.SystemTest):
    @harness.needs_root
    def test_tests_have_mounts_and_run_of_their_own(self):
        """Also in a chroot whose / is no mount point."""
        self.assertEqual(os.listdir('/run/famfs-test'), ['fuse'] if os.path.exists('/dev/fuse') else [])
        if os.path.exists('/dev/fuse'):
            self.assertTrue(stat.S_ISCHR(os.stat('/dev/fuse').st_mode))
        with open('/proc/self/mountinfo') as mounts:
            tags = [line.split(' - ')[0].split()[6:] for line in mounts]
        self.assertEqual([tag for tag in tags if any(word.startswith('shared:') for word in tag)], [])


if __name__ == '__main__':
    harness.main()
