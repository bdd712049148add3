# ctest: user labels=robust,sanitize
"""A pool's image that was cut short: every verb, and a daemon with files open, has an error for it, and no signal."""
import errno
import mmap
import os

import harness
import omf

MIB = 1 << 20


@harness.needs_fuse
class ShrunkImage(harness.SystemTest):
    def setUp(self):
        data = omf.DATA
        log = [omf.file(f'f{number}', 3 * MIB, omf.simple((0, data + 2 * number * omf.UNIT, 2 * omf.UNIT)), mode=0o666)
               for number in range(3)]
        self.image = self.encoded_pool(omf.Pool(log), size=128 * MIB)
        self.source = self.write('source/x', b'x' * 5000)

    def test_without_a_mount(self):
        """The superblock wants a device of the size that it was made for, or the log is not there."""
        for size in (0, 100, 4096, omf.LOG_OFFSET, omf.LOG_OFFSET + 100, omf.DATA - 1):
            os.truncate(self.image, size)
            for verb in (['fsck'], ['info'], ['dump'], ['logplay', '--shadow', self.path('S')]):
                self.fails((4, 5), *verb, self.image)
            os.makedirs(self.path('none'), exist_ok=True)
            self.fails((4, 5), 'mount', self.image, self.path('none'))
        # All of the log, and none of the data: the files are there, but not on this device any more.
        os.truncate(self.image, omf.DATA)
        for verb in (['fsck'], ['info'], ['dump'], ['logplay', '--shadow', self.path('S')]):
            self.assertIn(self.famfs(*verb, self.image, status=None).status, (0, 1, 4, 5))

    def test_under_a_mount(self):
        point = self.mount(self.image, '--shadow', self.path('S'), '-o', 'direct_io')
        size = os.stat(self.image).st_size
        with open(f'{point}/f2', 'r+b', buffering=0) as file:
            for cut in (omf.DATA + 4 * omf.UNIT + 4096, omf.DATA, omf.LOG_OFFSET + 100, 0):
                os.truncate(self.image, cut)
                for work in (lambda: os.pread(file.fileno(), MIB, MIB), lambda: os.pread(file.fileno(), 1, 2 * MIB)):
                    with self.assertRaises(OSError) as raised:
                        work()
                    self.assertEqual(raised.exception.errno, errno.EIO)
                self.assertEqual(os.stat(f'{point}/f2').st_size, 3 * MIB)
                self.assertEqual(sorted(os.listdir(point)), ['.meta', 'f0', 'f1', 'f2'])
                # A pool that lost its log is none; nothing of what a writer was to add is seen.
                if cut < omf.DATA:
                    for verb in (['cp', self.source, f'{point}/new'], ['cp', '-r', self.path('source'), point],
                                 ['creat', '--size', '5000', f'{point}/new'], ['mkdir', f'{point}/new'],
                                 ['logplay', point]):
                        self.fails((4, 5), *verb)
                    self.assertEqual(sorted(os.listdir(point)), ['.meta', 'f0', 'f1', 'f2'])
                self.assertIn(self.famfs('verify', point, self.path('source'), status=None).status, (1, 2, 5))
                os.truncate(self.image, 0)
                os.truncate(self.image, size)
                self.refill()
        self.assertEqual(len(self.daemons()), 1)
        with open(f'{point}/f1', 'rb') as file:
            self.assertEqual(file.read(), bytes(3 * MIB))
        self.famfs('cp', self.source, f'{point}/new')
        with open(f'{point}/new', 'rb') as file:
            self.assertEqual(file.read(), b'x' * 5000)

    def refill(self):
        """The pool's lead as it was."""
        [(_, _, content)] = self.inputs
        with open(self.image, 'r+b') as image:
            image.write(content)

    def test_nothing_makes_it_longer(self):
        """A write would put zeros where data was lost, and readers would have no error any more."""
        for options in ((), ('-o', 'direct_io')):
            with self.subTest(options=options):
                os.truncate(self.image, 128 * MIB)
                point = self.mount(self.image, *options)
                with open(f'{point}/f2', 'r+b', buffering=0) as file, mmap.mmap(file.fileno(), 0) as mapping, \
                        open(f'{point}/f1', 'r+b', buffering=0) as before:
                    mapping[MIB + 8192]
                    cut = omf.DATA + 4 * omf.UNIT + 4096  # in the first unit of f2
                    os.truncate(self.image, cut)
                    for offset in (4096, 4097, MIB, 2 * MIB):
                        self.refused(lambda offset=offset: os.pwrite(file.fileno(), b'xy', offset))
                    mapping[MIB + 8192:MIB + 8196] = b'dirt'
                    self.refused(mapping.flush)
                    for verb in (['cp', self.source, f'{point}/new'], ['creat', '--size', '20M', f'{point}/new2'],
                                 ['mkdir', f'{point}/new3']):
                        self.famfs(*verb, status=None)
                    self.assertEqual(os.stat(self.image).st_size, cut)
                    self.refused(lambda: os.pread(file.fileno(), 1, 2 * MIB + 5))
                    # What is there is there.
                    self.assertEqual(os.pwrite(before.fileno(), b'ab', 0), 2)
                    self.assertEqual(os.pwrite(file.fileno(), b'ab', 4000), 2)
                self.umount(point)

    def refused(self, work):
        with self.assertRaises(OSError) as raised:
            work()
        self.assertEqual(raised.exception.errno, errno.EIO)

    def test_mapped_by_a_program(self):
        """The program has the signal that a lost page means; the daemon has an error, and goes on."""
        point = self.mount(self.image)
        with open(f'{point}/f1', 'rb') as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapping:
            self.assertEqual(mapping[0], 0)
            os.truncate(self.image, omf.DATA)
            child = os.fork()
            if child == 0:
                mapping[2 * MIB]  # not in the cache yet
                os._exit(0)
            self.assertEqual(os.WTERMSIG(os.waitpid(child, 0)[1]), 7)  # SIGBUS
            os.truncate(self.image, 128 * MIB)
            self.assertEqual(mapping[2 * MIB + 1], 0)
        self.assertEqual(len(self.daemons()), 1)


if __name__ == '__main__':
    harness.main()
