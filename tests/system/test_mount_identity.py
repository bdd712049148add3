# ctest: user labels=sanitize
"""A mount is told apart from what else lies at its place: covered, under a renamed directory, cut off from its daemon,
made twice at once."""
import os
import signal
import subprocess

import harness
import sandbox

CONNECTIONS = '/sys/fs/fuse/connections'


def device_of(point):
    """The device number of the topmost mount there, as in the mount table."""
    with open('/proc/self/mountinfo') as lines:
        return [line.split()[2] for line in lines if line.split()[4] == point][-1]


@harness.needs_fuse
class Identity(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')

    def famfs_mounts(self):
        return [point for point, kind, _ in sandbox.mounts_below(self.dir) if kind == 'fuse.famfs']

    def end_daemon(self, number=signal.SIGTERM):
        for daemon in self.daemons():
            os.kill(daemon, number)
        self.wait_until(lambda: not self.daemons(), 'the daemon ends')

    def cover(self, directory):
        sandbox.mount_tmpfs(directory, '1M')
        with open(f'{directory}/precious', 'w') as file:
            file.write('kept')

    def uncover(self, directory):
        with open(f'{directory}/precious') as file:
            self.assertEqual(file.read(), 'kept')
        self.command(['umount', directory])

    @harness.needs_root
    def test_what_covers_it_stays(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            mnt = self.mount(self.image)
            self.cover(mnt)
            self.end_daemon(number)
            self.uncover(mnt)
            self.famfs('umount', mnt)
            self.assertEqual((self.famfs_mounts(), self.run_directories()), ([], []))

    @harness.needs_root
    def test_what_covers_a_directory_above_it_stays(self):
        os.mkdir(self.path('above'))
        mnt = self.mount(self.image, name='above/mnt')
        self.cover(self.path('above'))
        os.mkdir(mnt)
        self.fails(3, 'umount', mnt, words=['covered by tmpfs', 'above'], limit=5)
        self.end_daemon()
        self.uncover(self.path('above'))
        self.famfs('umount', mnt)
        self.assertEqual((self.famfs_mounts(), self.run_directories()), ([], []))

    @harness.needs_root
    def test_umount_says_what_covers_it(self):
        mnt = self.mount(self.image)
        self.cover(mnt)
        for options in ((), ('--lazy',)):
            self.fails(3, 'umount', mnt, *options, words=['covered by tmpfs', f'umount {mnt}'], limit=5)
        self.uncover(mnt)
        self.umount(mnt)

    def test_directory_above_it_is_renamed(self):
        for end in (self.end_daemon, lambda: self.famfs('umount', self.path('new/mnt'))):
            os.mkdir(self.path('old'))
            self.mount(self.image, name='old/mnt')
            os.rename(self.path('old'), self.path('new'))
            end()
            self.wait_until(lambda: not self.daemons(), 'the daemon ends')
            self.assertEqual(self.famfs_mounts(), [])
            os.rmdir(self.path('new/mnt'))
            os.rmdir(self.path('new'))
        self.mount(self.image)
        self.assertEqual(len(self.run_directories()), 1)

    def test_other_mounts_of_the_directory_are_not_its_own(self):
        """The daemon's path leads to another famfs by the time it ends."""
        mnt = self.mount(self.image, name='one/mnt')
        daemons = self.daemons()
        os.rename(self.path('one'), self.path('moved'))
        other = self.mount(self.new_pool('1G', name='other.img'), name='one/mnt')
        self.assertEqual(other, mnt)
        for daemon in daemons:
            os.kill(daemon, signal.SIGTERM)
        self.wait_until(lambda: not set(daemons) & set(self.daemons()), 'the first daemon ends')
        self.assertEqual(self.famfs_mounts(), [other])
        self.umount(other)
        self.mount(self.image)
        self.assertEqual(len(self.run_directories()), 1)

    @harness.needs_root
    def test_cut_connection_leaves_no_dead_mount(self):
        self.command(['mount', '-t', 'fusectl', 'none', CONNECTIONS])
        self.addCleanup(self.command, ['umount', CONNECTIONS])
        for options in ((), ('--foreground',)):
            mnt = self.path('mnt')
            os.makedirs(mnt, exist_ok=True)
            process = subprocess.Popen([os.environ['FAMFS'], 'mount', *options, self.image, mnt],
                                       env=self.environment(), stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait)
            self.wait_until(lambda: self.is_mounted(mnt) and os.path.exists(f'{mnt}/.meta/.log'), 'the mount')
            with open(f'{mnt}/.meta/.log', 'rb'):
                with open(f'{CONNECTIONS}/{device_of(mnt).split(":")[1]}/abort', 'w') as abort:
                    abort.write('1')
                self.wait_until(lambda: not self.daemons(), 'the daemon ends')
            self.assertEqual(self.famfs_mounts(), [])
            self.famfs('umount', mnt, status=None)
            self.assertEqual(self.run_directories(), [])

    def start(self, count, argv):
        return [subprocess.Popen(argv(number), env=self.environment(), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True) for number in range(count)]

    def assert_one_wins(self, processes):
        """One is done, the others are refused with one line."""
        ended = [(process.communicate(timeout=50 * harness.SLOW)[1], process.returncode) for process in processes]
        self.assertEqual(sorted(status for _, status in ended), [0] + [3] * (len(ended) - 1), ended)
        for text, status in ended:
            if status:
                self.assertRegex(text, r'\Afamfs[^\n]*mounted (here|there) already[^\n]*\n\Z')

    def test_mounts_at_once_do_not_stack(self):
        mnt = self.path('mnt')
        os.mkdir(mnt)
        self.addCleanup(self._unmount_if_mounted, mnt)
        for _ in range(8):
            self.assert_one_wins(self.start(3, lambda _: [os.environ['FAMFS'], 'mount', self.image, mnt]))
            self.assertEqual((self.famfs_mounts(), len(self.run_directories())), ([mnt], 1))
            self.umount(mnt)
            self.assertEqual((self.daemons(), self.run_directories()), ([], []))

    def test_daemons_at_once_do_not_stack(self):
        mnt, shadow = self.path('mnt'), self.path('shadow')
        os.mkdir(mnt)
        self.famfs('logplay', '--shadow', shadow, self.image)
        self.addCleanup(self._unmount_if_mounted, mnt)
        for _ in range(8):
            self.assert_one_wins(self.start(3, lambda _: [os.environ['FAMFS_FUSED'], '--shadow', shadow, mnt]))
            self.assertEqual(self.famfs_mounts(), [mnt])
            self.umount(mnt)
            self.wait_until(lambda: not self.daemons(), 'the daemon ends')


if __name__ == '__main__':
    harness.main()
