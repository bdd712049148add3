# ctest: user labels=sanitize
"""A verb that works beside a mount works on what the mount serves, or refuses: the path of its image may name another
file by now, or the pool in it may be another one."""
import os
import platform
import shutil
import subprocess
import unittest

import decoder
import harness
import sandbox

GETXATTR = '191'  # x86-64


@harness.needs_fuse
class ReplacedImage(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('64M')
        self.mnt = self.mount(self.image)
        self.content = os.urandom(100000)
        self.source = self.write('source', self.content)
        self.famfs('cp', self.source, f'{self.mnt}/old')

    def copy(self):
        return shutil.copyfile(self.image, self.path('n.img'))

    def replace(self, image):
        os.replace(image, self.image)

    def everything_refuses(self, status, *words):
        before = self.lead()
        for verb in (['cp', '--verify', self.source, f'{self.mnt}/new'], ['creat', '--size', '1M', f'{self.mnt}/new'],
                     ['mkdir', f'{self.mnt}/new'], ['fsck', self.mnt], ['info', self.mnt], ['logplay', self.mnt],
                     ['logplay', '--mounted', self.mnt, '--shadow', self.path('S')]):
            self.fails(status, *verb, words=words)
        self.assertEqual(self.lead(), before)
        self.assertFalse(os.path.exists(f'{self.mnt}/new'))
        self.assertFalse(os.path.exists(self.path('S')))

    def lead(self):
        with open(self.image, 'rb') as image:
            return image.read(0xA00000)

    def mount_goes_on(self):
        """The mount has the old file open; what works on the mount alone works."""
        with open(f'{self.mnt}/old', 'rb') as old:
            self.assertEqual(old.read(), self.content)
        os.makedirs(self.path('tree'), exist_ok=True)
        shutil.copyfile(self.source, self.path('tree/old'))
        self.famfs('verify', f'{self.mnt}/old', '--against', self.path('tree'))
        self.famfs('map', f'{self.mnt}/old')
        self.famfs('flush', f'{self.mnt}/old')

    def test_copy_in_its_place(self):
        """The same pool, byte for byte, but another file."""
        self.replace(self.copy())
        self.everything_refuses(3, 'replaced', self.image, self.mnt, 'umount')
        self.mount_goes_on()
        self.assertRegex(self.famfs('info', self.image).out, 'mounted +no')
        self.famfs('fsck', self.image)
        self.umount(self.mnt)
        self.mount(self.image)
        self.famfs('cp', '--verify', self.source, f'{self.mnt}/new')

    def test_another_pool_in_its_place(self):
        self.replace(self.new_pool('64M', name='n.img'))
        self.everything_refuses(3, 'replaced')
        self.mount_goes_on()

    def test_garbage_in_its_place(self):
        self.replace(self.write('n.img', b'x' * 5000))
        self.everything_refuses(3, 'replaced')
        self.mount_goes_on()

    def test_nothing_in_its_place(self):
        os.rename(self.image, self.path('moved.img'))
        for verb in (['mkdir', f'{self.mnt}/new'], ['fsck', self.mnt], ['logplay', self.mnt]):
            self.fails(5, *verb, words=[self.image, 'No such file'])
        self.mount_goes_on()
        os.rename(self.path('moved.img'), self.image)  # the same file again
        self.famfs('mkdir', f'{self.mnt}/new')
        self.famfs('fsck', self.mnt)

    def test_another_name_of_the_same_file(self):
        os.link(self.image, self.path('n.img'))
        self.replace(self.path('n.img'))
        self.famfs('mkdir', f'{self.mnt}/new')

    def test_formatted_in_place(self):
        """As a host does that shares the memory, and no lock with this one."""
        other = self.new_pool('64M', name='n.img')
        with open(other, 'rb') as new, open(self.image, 'r+b') as image:
            image.write(new.read(0x200000 + 48))
        for verb in (['cp', self.source, f'{self.mnt}/new'], ['mkdir', f'{self.mnt}/new'], ['fsck', self.mnt],
                     ['logplay', self.mnt]):
            self.fails(3, *verb, words=['formatted anew|another pool|holds file system'])
        self.assertEqual(decoder.decode(self.image).files, {})

    def test_what_the_mount_says(self):
        status = os.stat(self.image)
        device = os.getxattr(self.mnt, 'user.famfs.device').decode()
        self.assertEqual(device, f'file {os.major(status.st_dev)}:{os.minor(status.st_dev)} {status.st_ino}')
        self.assertIn(os.getxattr(self.mnt, 'user.famfs.file_system').decode(), self.famfs('info', self.image).out)


@unittest.skipUnless(shutil.which('strace') and platform.machine() == 'x86_64', 'needs strace on x86-64')
@harness.needs_fuse
class CoveredMount(harness.SystemTest):
    """A mount is asked about itself, not whatever its mount point names when the question comes."""

    @harness.needs_root
    def test_attributes_are_those_of_the_mount_that_was_looked_at(self):
        first, second = self.new_pool('64M'), self.new_pool('64M', name='second.img')
        mnt = self.mount(first)
        other = self.mount(second, name='other')
        argv = ['strace', '-qq', '-o', self.path('strace'), '-e', 'trace=getxattr', '-e',
                'inject=getxattr:delay_enter=1500000:when=1', os.environ['FAMFS'], 'mkdir', f'{mnt}/d']
        process = subprocess.Popen(argv, env=self.environment(), cwd=self.dir, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.wait_until(lambda: self.asks(process.pid), 'the question')
        sandbox.bind(other, mnt)
        _, said = process.communicate(timeout=60 * harness.SLOW)
        sandbox.detach(mnt)
        self.assertEqual(process.returncode, 0, said)
        self.assertEqual(set(decoder.decode(first).directories), {b'd'})
        self.assertEqual(set(decoder.decode(second).directories), set())

    @staticmethod
    def asks(tracer):
        """Whether the traced program is in getxattr()."""
        for pid in sandbox.descendants():
            try:
                with open(f'/proc/{pid}/syscall') as call:
                    if sandbox.parent(pid) == tracer and call.read().split()[0] == GETXATTR:
                        return True
            except OSError:
                continue
        return False


if __name__ == '__main__':
    harness.main()
