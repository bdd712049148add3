# ctest: user
"""The daemon and its shadow tree: what it makes of documents, good and bad, and of changes below it."""
import ctypes
import errno
import json
import os
import shutil
import time

import daemon_case
import harness

ENTRY_TIMEOUT = 1.0  # seconds that the kernel may hold on to a name


def status_names(path):
    return sorted(os.listdir(path))


@harness.needs_fuse
class BadDocuments(daemon_case.DaemonTest):
    def setUp(self):
        super().setUp()
        with open(self.document('small'), 'rb') as document:
            self.good = document.read()

    def assert_unusable(self, name):
        path = f'{self.mnt}/{name}'
        self.assertEqual(os.stat(path).st_size, 0)
        for flags in (os.O_RDONLY, os.O_RDWR):
            with self.assertRaises(OSError) as raised:
                os.close(os.open(path, flags))
            self.assertIn(raised.exception.errno, (errno.EUCLEAN, errno.EACCES) if flags else (errno.EUCLEAN,))
        with open(f'{self.mnt}/small', 'rb') as neighbour:
            self.assertEqual(neighbour.read(), bytes(5000))

    def test_one_file_suffers_and_the_log_says_why(self):
        bad = {
            'empty': b'',
            'cut': self.good[:-30],
            'noise': bytes(range(256)),
            'anothers': self.good,
            'two': self.good + b'---\n' + self.good,
            'key': self.good.replace(b'owner', b'owwner').replace(b'/small', b'/key'),
            'number': self.good.replace(b'5000', b'5o00').replace(b'/small', b'/number'),
            'negative': self.good.replace(b'5000', b'-1').replace(b'/small', b'/negative'),
            'too-long': self.good.replace(b'5000', b'5000000').replace(b'/small', b'/too-long'),
            'alias': b'file: &a\n  path: *a\n',
            'deep': b'file: ' + b'[' * 60000,
            'large': b'#' * 65536 + b'\n' + self.good.replace(b'/small', b'/large'),
            'huge': b'',
        }
        for name, content in bad.items():
            self.put(name, content)
        os.truncate(self.document('huge'), 1 << 40)
        self.serve_and_watch()
        self.assertEqual(status_names(self.mnt), sorted(['.meta', 'dir', 'small', *bad]))
        for name in bad:
            with self.subTest(name):
                self.assert_unusable(name)
        log = self.logged().decode()
        for name in bad:
            with self.subTest(name):
                self.assertEqual(len([line for line in log.splitlines() if f' {name}: ' in line]), 1, log)

    def test_a_document_of_64_kib_is_the_largest(self):
        filler = 65536 - len(self.good.replace(b'/small', b'/just')) - 2
        self.put('just', b'#' * filler + b'x\n' + self.good.replace(b'/small', b'/just'))
        self.assertEqual(os.stat(self.document('just')).st_size, 65536)
        self.serve()
        with open(f'{self.mnt}/just', 'rb') as file:
            self.assertEqual(len(file.read()), 5000)

    def test_what_is_no_file_cannot_be_opened(self):
        outside = self.write('outside/secret', b'secret')
        os.symlink(outside, self.document('link'))
        os.symlink(os.path.dirname(outside), self.document('linked-directory'))
        os.symlink('dir', self.document('inner-link'))
        os.mkfifo(self.document('fifo'))
        odd = ['link', 'linked-directory', 'inner-link', 'fifo']
        self.serve_and_watch()
        self.assertLess(set(odd), set(os.listdir(self.mnt)))
        for name in odd:
            with self.subTest(name):
                self.assert_unusable(name)
                self.assertIn(f'{name}: neither a directory nor a regular file', self.logged().decode())
        with self.assertRaises(NotADirectoryError):
            os.listdir(f'{self.mnt}/linked-directory')

    def test_a_directory_that_becomes_a_link_is_not_followed(self):
        os.makedirs(self.path('outside/sub'))
        self.write('outside/secret', b'secret')
        self.serve()
        self.assertEqual(status_names(f'{self.mnt}/dir'), ['big', 'empty'])
        os.rename(self.document('dir'), f'{self.shadow}/was-dir')
        os.symlink(self.path('outside'), self.document('dir'))
        for name in ('dir/secret', 'dir/sub'):
            with self.assertRaises(OSError):
                os.stat(f'{self.mnt}/{name}')
        time.sleep(ENTRY_TIMEOUT + 0.2)
        self.assert_unusable('dir')

    def test_hostile_names_do_not_reach_the_log(self):
        name = b'a\n\x1b[31mfamfs-fused: all is well\xff'
        with open(os.fsencode(self.document('')) + name, 'wb'):
            pass
        self.serve_and_watch()
        with self.assertRaises(OSError) as raised:
            open(os.fsencode(self.mnt) + b'/' + name, 'rb')
        self.assertEqual(raised.exception.errno, errno.EUCLEAN)
        log = self.logged()
        self.assertIn(rb'a\x0a\x1b[31mfamfs-fused: all is well\xff: ', log)
        self.assertNotIn(b'\x1b', log)

    def test_thousands_of_them_do_not_flood_the_log(self):
        for number in range(3000):
            with open(self.document(f'dir/bad-{number}'), 'w') as out:
                out.write('nonsense')
        self.serve_and_watch()
        self.assertEqual(len(list(os.scandir(f'{self.mnt}/dir'))), 3002)
        for number in range(3000):
            self.assertEqual(os.stat(f'{self.mnt}/dir/bad-{number}').st_size, 0)
        time.sleep(1.2)
        self.put('last', b'nonsense')
        os.stat(f'{self.mnt}/last')
        lines = self.logged().splitlines()
        self.assertLess(len(lines), 200)
        self.assertTrue(any(b'messages about files were left out' in line for line in lines))

    def test_mended_document_works(self):
        self.put('mended', b'nonsense')
        self.serve()
        self.assert_unusable('mended')
        self.put('mended', self.good.replace(b'/small', b'/mended'))
        time.sleep(ENTRY_TIMEOUT + 0.2)
        with open(f'{self.mnt}/mended', 'rb') as file:
            self.assertEqual(len(file.read()), 5000)

    def test_unreadable_document(self):
        if os.geteuid() == 0:
            self.skipTest('root reads everything')
        os.chmod(self.document('dir/big'), 0)
        self.serve()
        self.assert_unusable('dir/big')


@harness.needs_fuse
class Changes(daemon_case.DaemonTest):
    def test_changed_document_is_another_file_and_the_open_one_stays(self):
        self.serve()
        with open(f'{self.mnt}/small', 'rb', buffering=0) as before:
            first = os.fstat(before.fileno())
            self.edit('small', 'size: 5000', 'size: 6000')
            time.sleep(ENTRY_TIMEOUT + 0.2)
            second = os.stat(f'{self.mnt}/small')
            self.assertEqual((first.st_size, second.st_size), (5000, 6000))
            self.assertNotEqual(first.st_ino, second.st_ino)
            self.assertEqual(os.fstat(before.fileno()).st_size, 5000)
            self.assertEqual(len(os.pread(before.fileno(), 10000, 0)), 5000)
            with open(f'{self.mnt}/small', 'rb') as after:
                self.assertEqual(len(after.read()), 6000)

    def test_new_and_vanished_files(self):
        self.serve()
        for name in ('new', 'dir/new'):
            self.assertFalse(os.path.exists(f'{self.mnt}/{name}'))
            with open(self.document('small'), 'rb') as document:
                text = document.read()
            self.put(name, text.replace(b'/small', f'/{name}'.encode()))
            self.assertTrue(os.path.exists(f'{self.mnt}/{name}'), 'not visible at once')
            os.unlink(self.document(name))
            time.sleep(ENTRY_TIMEOUT + 0.2)
            self.assertFalse(os.path.exists(f'{self.mnt}/{name}'))

    def test_timeouts_can_be_chosen(self):
        self.serve('-o', 'entry_timeout=0,attr_timeout=0')
        os.stat(f'{self.mnt}/small')
        self.edit('small', 'size: 5000', 'size: 6000')
        self.assertEqual(os.stat(f'{self.mnt}/small').st_size, 6000)

    def test_figures_follow_the_state(self):
        self.serve()
        before = os.statvfs(self.mnt)
        self.assertEqual((before.f_files, before.f_files - before.f_ffree), (15420, 4))
        self.assertEqual(before.f_blocks * before.f_frsize, 1 << 30)
        state = f'{self.shadow}/state.yaml'
        with open(state) as text:
            edited = text.read().replace('entries: 4', 'entries: 104')
        with open(f'{self.shadow}/aside', 'w') as out:
            out.write(edited)
        os.rename(f'{self.shadow}/aside', state)
        self.assertEqual(os.statvfs(self.mnt).f_ffree, 15420 - 104)

    def test_image_that_shrinks_is_an_error_and_no_end_of_the_daemon(self):
        self.serve('-o', 'direct_io')
        with open(f'{self.mnt}/dir/big', 'rb', buffering=0) as file:
            size = os.stat(self.image).st_size
            os.truncate(self.image, 0xc00000)
            with self.assertRaises(OSError) as raised:
                os.pread(file.fileno(), 1 << 20, 4 << 20)
            self.assertEqual(raised.exception.errno, errno.EIO)
            os.truncate(self.image, size)
            self.assertEqual(os.pread(file.fileno(), 1 << 20, 4 << 20), bytes(1 << 20))
        self.assertEqual(os.stat(f'{self.mnt}/dir/big').st_size, 5 << 20)


@harness.needs_fuse
class Listing(daemon_case.DaemonTest):
    """A directory of many files: whole, in order after seeking, and cheap to keep."""
    files = {f'dir/file-{number:05}': number for number in range(5000)}

    def setUp(self):
        files, self.files = self.files, {}
        super().setUp()
        self.files = files
        os.truncate(self.image, 16 << 30)
        self.famfs('mkfs', self.image, '--force')
        shutil.rmtree(self.shadow)
        point = self.mount(self.image, '--shadow', self.shadow)
        self.famfs('mkdir', f'{point}/dir')
        self.famfs('creat', '--size', '100', *[f'{point}/{name}' for name in files])
        self.umount(point)
        self.names = {os.path.basename(name) for name in files}

    def test_every_name_once(self):
        self.serve()
        self.assertEqual(set(os.listdir(f'{self.mnt}/dir')), self.names)
        with os.scandir(f'{self.mnt}/dir') as entries:
            seen = [(entry.name, entry.inode(), entry.stat().st_size, entry.is_file()) for entry in entries]
        self.assertEqual(len(seen), len(self.names))
        self.assertEqual({name for name, *_ in seen}, self.names)
        self.assertEqual({size for _, _, size, _ in seen}, {100})
        for name, inode, _, _ in seen[:100]:
            self.assertEqual(os.stat(f'{self.mnt}/dir/{name}').st_ino, inode)

    def test_seeking(self):
        self.serve()
        libc = ctypes.CDLL(None, use_errno=True)
        libc.opendir.restype = libc.readdir.restype = ctypes.c_void_p
        libc.telldir.restype = ctypes.c_long
        libc.readdir.argtypes = libc.telldir.argtypes = libc.rewinddir.argtypes = libc.closedir.argtypes = [
            ctypes.c_void_p]
        libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
        stream = libc.opendir(os.fsencode(f'{self.mnt}/dir'))

        def read():
            entry = libc.readdir(stream)
            return ctypes.string_at(entry + 19).decode() if entry else None  # d_name, see readdir(3)

        places, name = [], 'x'
        while name is not None:
            places.append((libc.telldir(stream), name := read()))
        self.assertEqual({name for _, name in places} - {'.', '..', None}, self.names)
        for place, name in places[::-97] + places[::101]:
            libc.seekdir(stream, place)
            self.assertEqual(read(), name)
        libc.rewinddir(stream)
        self.assertEqual(read(), places[0][1])
        libc.closedir(stream)

    def test_little_memory_for_each(self):
        if os.environ.get('FAMFS_TEST_SLOW', '1') != '1':
            self.skipTest('a sanitizer keeps more')
        self.serve()
        [daemon] = self.servers()

        def resident():
            with open(f'/proc/{daemon}/status') as status:
                return [int(line.split()[1]) * 1024 for line in status if line.startswith('VmRSS')][0]
        before = resident()
        for entry in os.scandir(f'{self.mnt}/dir'):
            entry.stat()
        for name in self.names:
            os.stat(f'{self.mnt}/dir/{name}')
        self.assertLess((resident() - before) / len(self.names), 600)


@harness.needs_fuse
class FormFamfs(daemon_case.DaemonTest):
    """Documents that name devices by index, in a tree that says nothing about devices: as upstream writes it."""
    form = 'famfs'

    def test_device_by_option(self):
        os.unlink(f'{self.shadow}/devices.yaml')
        os.unlink(f'{self.shadow}/state.yaml')
        self.fails(2, '--shadow', self.shadow, self.mnt, program='famfs-fused', words=['--device'])
        self.serve('--device', self.image)
        with open(f'{self.mnt}/small', 'rb') as file:
            self.assertEqual(len(file.read()), 5000)
        self.assertEqual(os.statvfs(self.mnt).f_blocks * 4096, 1 << 30)

    def test_golden_tree(self):
        image = self.golden_pool('mixed', 16 << 30)
        shutil.rmtree(self.shadow)
        self.command(['tar', '-xzf', f'{harness.GOLDEN}/mixed/shadow.tar.gz', '-C', self.dir])
        self.serve('--device', image)
        total = 0
        for where, _, files in os.walk(self.mnt):
            for name in files:
                path = f'{where}/{name}'
                total += os.stat(path).st_size
                if not os.access(path, os.R_OK):
                    continue
                extents = json.loads(os.getxattr(path, 'user.famfs.extents'))
                self.assertGreaterEqual(sum(extent['length'] for extent in extents['extents']), os.stat(path).st_size)
                with open(path, 'rb') as file:
                    file.read(4096)
        self.assertEqual(total, 234213261)

    def test_yaml_needs_no_device(self):
        os.unlink(f'{self.shadow}/devices.yaml')
        os.unlink(self.image)
        self.serve('--data-path', 'yaml')
        for name in self.files:
            with open(f'{self.mnt}/{name}', 'rb') as shown, open(self.document(name), 'rb') as document:
                self.assertEqual(shown.read(), document.read())
        with self.assertRaises(OSError) as raised:
            open(f'{self.mnt}/small', 'r+b')
        self.assertEqual(raised.exception.errno, errno.EROFS)


@harness.needs_fuse
class Attributes(daemon_case.DaemonTest):
    def test_extended_attributes_are_answered_and_not_listed(self):
        self.serve()
        file = f'{self.mnt}/dir/big'
        self.assertEqual(os.getxattr(file, 'user.famfs.shadow').decode(), self.document('dir/big'))
        self.assertEqual(os.getxattr(self.mnt, 'user.famfs.shadow').decode(), f'{self.shadow}/root')
        self.assertEqual(os.getxattr(f'{self.mnt}/dir', 'user.famfs.shadow').decode(), self.document('dir'))
        self.assertEqual(os.getxattr(file, 'user.famfs.data_path'), b'copy')
        extents = json.loads(os.getxattr(file, 'user.famfs.extents'))
        self.assertEqual(extents['chunk_size'], 0)
        self.assertEqual([(extent['offset'], extent['length']) for extent in extents['extents']],
                         [(0xa00000 + (2 << 21), 3 << 21)])
        self.assertEqual(os.listxattr(file), [])
        self.command(['cp', '-a', file, self.path('copy')])
        self.assertEqual([name for name in os.listxattr(self.path('copy')) if 'famfs' in name], [])

    def test_other_names(self):
        self.serve()
        file = f'{self.mnt}/small'
        for name, code in (('user.other', errno.ENODATA), ('trusted.x', errno.EOPNOTSUPP),
                           ('security.x', errno.EOPNOTSUPP)):
            with self.subTest(name), self.assertRaises(OSError) as raised:
                os.getxattr(file, name)
            self.assertIn(raised.exception.errno, (code, errno.ENODATA) if name.startswith('trusted') else (code,))
        with self.assertRaises(OSError) as raised:
            os.setxattr(file, 'user.x', b'1')
        self.assertEqual(raised.exception.errno, errno.EOPNOTSUPP)
        with self.assertRaises(OSError) as raised:
            os.getxattr(f'{self.mnt}/dir', 'user.famfs.extents')
        self.assertEqual(raised.exception.errno, errno.ENODATA)


if __name__ == '__main__':
    harness.main()
