"""What `cmake --install` puts down works by itself, from the place it was put."""
import os
import shutil
import unittest

import harness
import sandbox

BUILD = os.environ.get('FAMFS_BUILD', '')
VERBS = ('mkfs', 'mount', 'umount', 'logplay', 'mkdir', 'creat', 'cp', 'verify', 'fsck', 'info', 'map', 'dump', 'flush')


@unittest.skipUnless(BUILD and shutil.which('cmake'), 'needs FAMFS_BUILD, the build directory, and cmake')
class Installed(harness.SystemTest):
    def setUp(self):
        self.prefix = self.path('prefix')
        self.command(['cmake', '--install', BUILD, '--prefix', self.prefix])

    @harness.needs_fuse
    def test_life_under_the_names_that_mount_and_mkfs_look_for(self):
        point = self.path('mnt')
        os.mkdir(point)
        self.addCleanup(self._unmount_if_mounted, point)
        image = self.path('pool.img')
        self.command([f'{self.prefix}/sbin/mkfs.famfs', image, '--size', '1G'])
        self.command([f'{self.prefix}/sbin/mount.famfs', image, point, '-o', 'defaults,nofail'])
        self.command([f'{self.prefix}/bin/famfs', 'cp', self.write('source', b'x'), point])
        with open(f'{point}/source', 'rb') as file:
            self.assertEqual(file.read(), b'x')
        [daemon] = self.daemons()
        self.assertEqual(os.readlink(f'/proc/{daemon}/exe'), f'{self.prefix}/bin/famfs-fused')
        self.command([f'{self.prefix}/sbin/mount.fuse.famfs', image, point, '-o', 'remount,ro'],
                     0 if sandbox.is_root() else 3)
        self.command([f'{self.prefix}/bin/famfs', 'umount', point])

    @unittest.skipUnless(shutil.which('go-md2man'), 'needs go-md2man')
    def test_a_manual_page_for_each_verb(self):
        pages = os.listdir(f'{self.prefix}/share/man/man1')
        self.assertLessEqual({'famfs.1', *(f'famfs-{verb}.1' for verb in VERBS)}, set(pages))
        for page in pages:
            with open(f'{self.prefix}/share/man/man1/{page}', encoding='utf-8') as text:
                content = text.read()
            self.assertIn('.TH', content, page)
            self.assertIn('EXIT STATUS', content.upper(), page)


if __name__ == '__main__':
    harness.main()
