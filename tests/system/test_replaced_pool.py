# ctest: user labels=robust,sanitize
"""Another host formats a pool that this one has mounted, or wipes it. The mount has errors from then on and never another
file's bytes; it says why, and it can be unmounted. The other host is played by its bytes, written over the image."""
import errno
import mmap
import os
import time

import harness
from daemon_case import DaemonTest

MIB = 1 << 20
GONE = (errno.EIO, errno.ESTALE)


@harness.needs_fuse
class ReplacedPool(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('64M')
        self.mnt = self.mount(self.image)
        self.source = self.write('source', b'old' * MIB)
        self.famfs('cp', self.source, f'{self.mnt}/file')
        self.famfs('mkdir', f'{self.mnt}/dir')
        self.mounted = self.uuid_of(self.image)

    def uuid_of(self, device):
        return self.famfs('info', device, '--json').json()['file_system_uuid']

    def format_elsewhere(self):
        """A pool with a file where ours has one, made by another host; its bytes go over the image in place."""
        self.be_host('other')
        other = self.new_pool('64M', name='other.img')
        point = self.mount(other, name='other')
        self.famfs('cp', self.write('new', b'new' * MIB), f'{point}/other')
        self.umount(point)
        self.be_host('main')
        with open(other, 'rb') as made, open(self.image, 'r+b') as image:
            image.write(made.read())
        return self.uuid_of(other)

    def wipe(self):
        with open(self.image, 'r+b') as image:
            image.write(bytes(4096))

    def pass_a_second(self):
        """The daemon looks at most once a second; this is the time that it may not have looked for."""
        time.sleep(1.2)

    def expect_gone(self, work):
        with self.assertRaises(OSError) as raised:
            work()
        self.assertIn(raised.exception.errno, GONE)

    def expect_gone_at_open(self, flags=os.O_RDONLY):
        self.expect_gone(lambda: os.close(os.open(f'{self.mnt}/file', flags)))

    def expect_everything_gone(self, held):
        self.expect_gone_at_open(os.O_RDONLY)
        self.expect_gone_at_open(os.O_RDWR)
        self.expect_gone(lambda: os.stat(f'{self.mnt}/dir/none'))
        self.expect_gone(lambda: os.listdir(self.mnt))
        self.expect_gone(lambda: os.pread(held, 10, 2 * MIB))
        self.expect_gone(lambda: os.pwrite(held, b'x', 2 * MIB))
        self.expect_gone(lambda: os.fsync(held))

    def image_bytes(self):
        with open(self.image, 'rb') as image:
            return image.read()

    def test_no_byte_of_another_pool(self):
        held = os.open(f'{self.mnt}/file', os.O_RDWR)
        self.addCleanup(os.close, held)
        self.assertEqual(os.pread(held, 3, 0), b'old')
        self.format_elsewhere()
        after = self.image_bytes()
        self.pass_a_second()
        self.expect_everything_gone(held)
        self.assertIn(os.pread(held, 3, 0), (b'old',))  # a page of the time before
        self.assertEqual(self.image_bytes(), after, 'written to the new pool')

    def test_mapped(self):
        """A page that was not loaded yet is a SIGBUS, and a store that was not written back reaches nobody."""
        with open(f'{self.mnt}/file', 'r+b') as file, mmap.mmap(file.fileno(), 0) as view:
            self.assertEqual(view[:3], b'old')
            self.format_elsewhere()
            after = self.image_bytes()
            self.pass_a_second()
            child = os.fork()
            if child == 0:
                view[2 * MIB]
                os._exit(0)
            self.assertEqual(os.WTERMSIG(os.waitpid(child, 0)[1]), 7)  # SIGBUS
            view[0:3] = b'xyz'
            self.expect_gone(view.flush)
            self.assertEqual(self.image_bytes(), after)

    def test_unmounted_and_mounted_again(self):
        new = self.format_elsewhere()
        self.pass_a_second()
        self.expect_gone_at_open()
        self.umount(self.mnt)
        self.mount(self.image)
        with open(f'{self.mnt}/other', 'rb') as file:
            self.assertEqual(file.read(), b'new' * MIB)
        self.assertEqual(self.uuid_of(self.mnt), new)
        self.famfs('fsck', self.image)

    def test_gone_stays_gone(self):
        """What lay there in between may be anybody's."""
        before = self.image_bytes()
        self.format_elsewhere()
        self.pass_a_second()
        self.expect_gone_at_open()
        with open(self.image, 'r+b') as image:
            image.write(before)
        self.pass_a_second()
        self.expect_gone_at_open()
        self.fails(3, 'logplay', self.mnt, words=('pool is gone',))
        self.umount(self.mnt)
        self.mount(self.image)
        with open(f'{self.mnt}/file', 'rb') as file:
            self.assertEqual(file.read(), b'old' * MIB)

    def test_info(self):
        [mount] = self.famfs('info', self.mnt, '--json').json()['mounts']
        self.assertEqual((mount['pool_gone'], mount['mounted_file_system']), (False, self.mounted))
        new = self.format_elsewhere()
        for name in (self.mnt, self.image):
            report = self.famfs('info', name, '--json', status=1).json()
            self.assertEqual(report['file_system_uuid'], new)
            [mount] = report['mounts']
            self.assertEqual((mount['pool_gone'], mount['mounted_file_system']), (True, self.mounted))
            said = self.famfs('info', name, status=1).out
            self.assertRegex(said, rf'(?m)^pool gone .*{self.mounted} is mounted.*{new}')

    def test_info_of_a_wiped_pool(self):
        self.wipe()
        self.fails(4, 'info', self.mnt, words=('pool is gone', self.mounted, 'magic is 0x0'))
        for name in (self.mnt, self.image):
            [mount] = self.famfs('info', name, '--json', status=4).json()['mounts']
            self.assertEqual((mount['pool_gone'], mount['mounted_file_system']), (True, self.mounted))
        self.pass_a_second()
        self.expect_gone_at_open()
        self.umount(self.mnt)

    def test_verbs_speak_of_the_replaced_pool(self):
        new = self.format_elsewhere()
        words = ('pool is gone', self.mounted, new, 'famfs umount')
        before = harness.tree(self.image_shadow())
        self.fails(3, 'logplay', self.mnt, words=words)
        self.fails(3, 'logplay', '--mounted', self.mnt, '--shadow', self.path('fresh'), words=words)
        self.assertFalse(os.path.exists(self.path('fresh')))
        self.fails(3, 'logplay', '--shadow', self.image_shadow(), self.image, words=(self.mounted,))
        self.fails(3, 'fsck', self.mnt, words=words)
        self.assertEqual(harness.tree(self.image_shadow()), before)
        self.famfs('fsck', self.image)
        after = self.image_bytes()
        for verb in (['cp', self.source, f'{self.mnt}/more'], ['mkdir', f'{self.mnt}/more'],
                     ['creat', '--size', '1M', f'{self.mnt}/more']):
            self.fails((3, 5), *verb)
        self.assertEqual(self.image_bytes(), after)

    def image_shadow(self):
        return os.fsdecode(os.getxattr(self.mnt, 'user.famfs.shadow')).removesuffix('/root')


@harness.needs_fuse
class Log(DaemonTest):
    def test_it_says_so_once(self):
        daemon = self.serve_and_watch('--threads', '4', '-o', 'entry_timeout=0')
        with open(f'{self.mnt}/small', 'rb') as file:
            file.read()
        with open(self.image, 'r+b') as image:
            image.write(bytes(4096))
        time.sleep(1.2)
        for _ in range(20):
            with self.assertRaises(OSError) as raised:
                os.close(os.open(f'{self.mnt}/small', os.O_RDONLY))
            self.assertIn(raised.exception.errno, GONE)
        self.assertEqual(self.logged().count(b'the pool is gone: file system'), 1)
        self.stop()
        self.assertEqual(daemon.wait(), 0)

    def test_documents_have_no_pool(self):
        """Data path yaml opens no device: there is nothing to compare."""
        self.serve('--data-path', 'yaml')
        with open(self.image, 'r+b') as image:
            image.write(bytes(4096))
        time.sleep(1.2)
        with open(f'{self.mnt}/small', 'rb') as file:
            self.assertIn(b'extents', file.read())


if __name__ == '__main__':
    harness.main()
