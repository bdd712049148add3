# ctest: user
"""Mounting for reading, and changing that: images that cannot be written, and remount by the helper and by mount(8)."""
import errno
import os

import harness
import sandbox


@harness.needs_fuse
class ReadOnlyImage(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')
        self.mount(self.image)
        self.famfs('cp', self.write('source', b'content'), self.path('mnt/f'))
        self.umount(self.path('mnt'))

    def helper(self, *arguments, status=0):
        """Runs famfs by the name that mount(8) calls for what is in the mount table."""
        name = self.path('mount.fuse.famfs')
        if not os.path.lexists(name):
            os.symlink(os.environ['FAMFS'], name)
        return self.command([name, *arguments], status)

    def assert_reads_only(self, image):
        point = self.path('mnt')
        self.fails(5, 'mount', image, point, words=['--read-only'])
        self.assertEqual(self.run_directories(), [])
        for mount in (lambda: self.famfs('mount', '--read-only', image, point),
                      lambda: self.famfs('mount', '-o', 'ro', image, point),
                      lambda: self.helper(image, point, '-o', 'ro,nosuid')):
            mount()
            with open(f'{point}/f') as file:
                self.assertEqual(file.read(), 'content')
            with self.assertRaises(OSError) as raised:
                open(f'{point}/f', 'r+b').close()
            self.assertEqual(raised.exception.errno, errno.EROFS)
            self.fails(3, 'mkdir', f'{point}/d', words=['read-only'])
            self.umount(point)

    @harness.needs_root
    def test_on_a_read_only_file_system(self):
        place = self.path('place')
        os.mkdir(place)
        sandbox.bind(place, place)
        self.addCleanup(self.command, ['umount', place])
        os.rename(self.image, self.path('aside'))
        self.command(['cp', '--sparse=always', self.path('aside'), f'{place}/pool.img'])
        self.command(['mount', '-o', 'remount,bind,ro', place])
        self.assert_reads_only(f'{place}/pool.img')

    def test_without_write_permission(self):
        if sandbox.is_root():
            self.skipTest('root may write everything')
        os.chmod(self.image, 0o444)
        self.assert_reads_only(self.image)


@harness.needs_fuse
class Remount(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')
        self.mnt = self.mount(self.image)
        self.famfs('creat', '--size', '1M', f'{self.mnt}/f')

    helper = ReadOnlyImage.helper

    def options(self):
        with open('/proc/self/mountinfo') as lines:
            [found] = [line.split()[5].split(',') for line in lines if line.split()[4] == self.mnt]
        return found

    def writes(self):
        try:
            with open(f'{self.mnt}/f', 'r+b') as file:
                file.write(b'x')
        except OSError as problem:
            self.assertEqual(problem.errno, errno.EROFS)
            return False
        return True

    def assert_remounts(self, remount):
        """`remount(options)` runs whatever remounts."""
        remount('remount,ro')
        self.assertFalse(self.writes())
        self.fails(3, 'mkdir', f'{self.mnt}/d', words=['read-only'])
        remount('remount,rw')
        self.assertTrue(self.writes())
        remount('remount,noexec,noatime')
        self.assertLessEqual({'rw', 'nosuid', 'nodev', 'noexec', 'noatime'}, set(self.options()))

    @harness.needs_root
    def test_by_the_helper(self):
        self.assert_remounts(lambda options: self.helper(self.image, self.mnt, '-o', options))
        self.helper('-o', 'remount,rw,ro', self.mnt)  # the last one counts, and no device is needed
        self.assertFalse(self.writes())

    def as_installed(self):
        """Puts the helpers where mount(8) looks for them, in this test's mount namespace."""
        real = self.path('sbin')
        os.mkdir(real)
        sandbox.bind('/usr/sbin', real)
        self.addCleanup(self.command, ['umount', real])
        sandbox.mount_tmpfs('/usr/sbin', '1M')
        self.addCleanup(self.command, ['umount', '/usr/sbin'])
        for name in os.listdir(real):
            os.symlink(f'{real}/{name}', f'/usr/sbin/{name}')
        for name in ('mount.famfs', 'mount.fuse.famfs'):
            os.symlink(os.environ['FAMFS'], f'/usr/sbin/{name}')

    @harness.needs_root
    def test_by_mount(self):
        self.as_installed()
        self.assert_remounts(lambda options: self.command(['mount', '-o', options, self.mnt]))
        self.command(['mount', '-t', 'famfs', '-o', 'remount,ro', self.image, self.mnt])
        self.assertFalse(self.writes())
        self.command(['umount', self.mnt])
        self.wait_until(lambda: not self.daemons(), 'the daemon ends')
        self.command(['mount', '-t', 'fuse.famfs', '-o', 'ro', self.image, self.mnt])
        self.assertEqual(len(self.run_directories()), 1)
        self.assertFalse(self.writes())

    def test_daemon_that_only_reads_is_not_made_to_write(self):
        self.umount(self.mnt)
        self.mount(self.image, '-o', 'ro')
        outcome = self.helper(self.image, self.mnt, '-o', 'remount,rw', status=3)
        self.assertRegex(outcome.err, r'\Afamfs: .*reading only.*\n\Z')
        self.assertFalse(self.writes())

    @harness.needs_root
    def test_file_that_is_open_for_writing_is_busy(self):
        with open(f'{self.mnt}/f', 'r+b'):
            outcome = self.helper(self.image, self.mnt, '-o', 'remount,ro', status=3)
            self.assertRegex(outcome.err, rf'\Afamfs: .*open for writing.*\(process {os.getpid()}: {self.mnt}/f\)\n\Z')
        self.assertTrue(self.writes())

    def test_what_cannot_be(self):
        for wrong, status, said in (([self.path('other.img'), self.mnt], 3, 'is mounted here, not'),
                                    ([self.image, self.dir], 3, 'not a famfs mount point'), ([], 2, 'needs')):
            outcome = self.helper(*wrong, '-o', 'remount,ro', status=status)
            self.assertRegex(outcome.err, rf'\Afamfs: .*{said}.*\n\Z')
        if not sandbox.is_root():
            outcome = self.helper(self.image, self.mnt, '-o', 'remount,ro', status=3)
            self.assertRegex(outcome.err, r'\Afamfs: .*only root.*\n\Z')
        self.assertTrue(self.writes())

    @harness.needs_root
    def test_what_only_a_new_daemon_could_change_is_said(self):
        outcome = self.helper(self.image, self.mnt, '-o', 'remount,ro,data-path=yaml,noauto,x-a')
        self.assertEqual(outcome.errors, ['famfs: remount leaves data-path=yaml as it is'])
        self.assertFalse(self.writes())


if __name__ == '__main__':
    harness.main()
