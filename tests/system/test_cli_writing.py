# ctest: user
"""mkdir, creat and cp as a user of mkdir(1) and cp(1) expects them."""
import fcntl
import json
import os
import signal
import stat
import struct
import subprocess

import decoder
import harness
import sandbox

MIB = 1 << 20
F_OFD_SETLK = 37


@harness.needs_fuse
class Writing(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')
        self.mnt = self.mount(self.image)

    def at(self, name):
        return f'{self.mnt}/{name}'

    def with_umask(self, mask, *arguments, status=0):
        script = f'umask {mask:04o}; exec "$@"'
        return self.command(['sh', '-c', script, 'sh', os.environ['FAMFS'], *arguments], status)

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.at(name)).st_mode)

    def files(self):
        return set(harness.tree(self.mnt, ('.meta',)))

    def assert_whole(self):
        self.famfs('fsck', self.image)
        self.assertEqual(decoder.decode(self.image).problems, [])


class Mkdir(Writing):
    def test_parents(self):
        self.fails(1, 'mkdir', self.at('a/b/c'), words=['a/b/c', 'no such directory'])
        self.assertEqual(self.files(), set())
        self.famfs('mkdir', '-p', self.at('a/b/c'), self.at('a/d'))
        self.famfs('mkdir', '-p', self.at('a/b/c'), self.at('a/b/'), self.mnt)
        self.assertEqual(self.files(), {b'a', b'a/b', b'a/b/c', b'a/d'})
        self.assertEqual(len(decoder.decode(self.image).directories), 4)

    def test_there_already(self):
        self.famfs('mkdir', self.at('a'))
        self.famfs('creat', '--size', '1', self.at('f'))
        outcome = self.famfs('mkdir', self.at('a'), self.at('b'), self.at('f'), status=1)
        self.assertEqual(len(outcome.errors), 2, outcome)
        self.fails(1, 'mkdir', self.mnt, words=['exists'])
        self.fails(1, 'mkdir', '-p', self.at('f'), words=['f'])
        self.fails(1, 'mkdir', '-p', self.at('f/g'), words=['f'])
        self.assertEqual(self.files(), {b'a', b'b', b'f'})

    def test_modes(self):
        self.with_umask(0o027, 'mkdir', self.at('masked'))
        self.with_umask(0o077, 'mkdir', '-m', '1777', self.at('exact'))
        self.with_umask(0o277, 'mkdir', '-p', '-m', '700', self.at('way/there'))
        self.assertEqual((self.mode('masked'), self.mode('exact')), (0o750, 0o1777))
        self.assertEqual(self.mode('way'), 0o700)
        made = decoder.decode(self.image).directories
        self.assertEqual(made[b'way/there'].mode, 0o700)

    def test_dots_and_slashes(self):
        self.famfs('mkdir', self.at('a//'), self.at('a//c///'))
        self.famfs('mkdir', self.at('./a/../b'))
        self.assertEqual(self.files(), {b'a', b'b', b'a/c'})
        self.famfs('mkdir', 'mnt/relative')
        self.assertIn(b'relative', self.files())
        self.fails((1, 2, 3, 5), 'mkdir', self.at('none/../x'))


class Creat(Writing):
    def test_reads_as_zeros(self):
        self.famfs('creat', '--size', '0', self.at('empty'))
        self.famfs('creat', '--size', '5M', self.at('one'), self.at('two'))
        self.assertEqual(os.stat(self.at('empty')).st_size, 0)
        for name in ('one', 'two'):
            with open(self.at(name), 'rb') as file:
                self.assertEqual(file.read(), bytes(5 * MIB))
        self.assert_whole()

    def test_modes(self):
        self.with_umask(0o027, 'creat', '--size', '1', self.at('masked'))
        self.with_umask(0o077, 'creat', '--size', '1', '-m', '0666', self.at('exact'))
        self.assertEqual((self.mode('masked'), self.mode('exact')), (0o640, 0o666))
        self.assertEqual(os.stat(self.at('exact')).st_uid, os.getuid())

    def test_several_at_once_name_those_that_fail(self):
        outcome = self.famfs('creat', '--size', '1', self.at('a'), self.at('no/b'), self.at('a'), self.at('c'), status=1)
        self.assertEqual(len(outcome.errors), 2, outcome)
        self.assertEqual(self.files(), {b'a', b'c'})

    def test_two_mounts_at_once_are_refused(self):
        other = self.mount(self.new_pool('1G', name='other.img'), name='other')
        self.fails(2, 'creat', '--size', '1', self.at('a'), f'{other}/b', words=['same mount'])
        self.assertEqual(self.files(), set())


class Cp(Writing):
    def test_destinations(self):
        """As cp(1): below a directory, else the name itself; several sources need a directory."""
        one, two = self.write('one', b'1'), self.write('two', b'2')
        self.famfs('mkdir', self.at('d'))
        self.famfs('cp', one, self.at('d'))
        self.famfs('cp', one, two, self.at('d/.'), status=1)
        self.famfs('cp', one, self.at('renamed'))
        self.fails(2, 'cp', one, two, self.at('none'), words=['none', 'directory'])
        self.fails(2, 'cp', one, two, self.at('renamed'), words=['renamed', 'directory'])
        self.fails(2, 'cp', one, self.at('none/'), words=['none'])
        self.fails(1, 'cp', one, self.at('none/x'), words=['none'])
        self.assertEqual(self.files(), {b'd', b'd/one', b'd/two', b'renamed'})

    def test_directories(self):
        self.write('tree/sub/file', b'x')
        self.famfs('cp', '-r', self.path('tree'), self.at('copy'))
        self.famfs('cp', '-r', self.path('tree/'), self.mnt)
        self.famfs('mkdir', self.at('into'))
        self.famfs('cp', '-r', self.path('tree/.'), self.at('into'))
        self.assertEqual(self.files(), {b'copy', b'copy/sub', b'copy/sub/file', b'tree', b'tree/sub', b'tree/sub/file',
                                        b'into', b'into/sub', b'into/sub/file'})

    def test_merges_and_never_replaces(self):
        self.write('tree/sub/old', b'old')
        self.famfs('cp', '-r', self.path('tree'), self.mnt)
        self.write('tree/sub/old', b'other')
        self.write('tree/sub/new', b'new')
        outcome = self.famfs('cp', '-r', self.path('tree'), self.mnt, status=1)
        self.assertEqual(len(outcome.errors), 1, outcome)
        self.assertIn('tree/sub/old', outcome.err)
        self.assertEqual(harness.tree(self.mnt, ('.meta',))[b'tree/sub/old'], b'old')
        self.assertEqual(harness.tree(self.mnt, ('.meta',))[b'tree/sub/new'], b'new')

    def test_modes_and_owners(self):
        source = self.write('tree/file', b'x')
        if sandbox.is_root():
            os.chown(source, 12, 34)
        os.chmod(source, 0o4775)
        os.chmod(self.path('tree'), 0o750)
        me = (os.getuid(), os.getgid())
        self.with_umask(0o022, 'cp', '-r', self.path('tree'), self.at('masked'))
        self.with_umask(0o077, 'cp', '-r', '--preserve', self.path('tree'), self.at('kept'))
        self.with_umask(0o077, 'cp', '-r', '-m', '0604', self.path('tree'), self.at('given'))
        made = decoder.decode(self.image)
        self.assertEqual(made.files[b'masked/file'].mode, 0o755)
        self.assertEqual(made.directories[b'masked'].mode, 0o750)
        self.assertEqual(made.files[b'given/file'].mode, 0o604)
        self.assertEqual(made.directories[b'given'].mode, 0o700)
        self.assertEqual((made.files[b'masked/file'].uid, made.files[b'masked/file'].gid), me)
        kept = made.files[b'kept/file']
        if sandbox.is_root():
            self.assertEqual((kept.mode, kept.uid, kept.gid), (0o4775, 12, 34))
        else:
            self.assertEqual((kept.mode, kept.uid, kept.gid), (0o775, *me))

    def test_sizes_around_pieces_and_pages(self):
        sizes = (0, 1, 4095, 4096, 4097, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 64 * MIB, 64 * MIB + 5)
        for size in sizes:
            self.write(f'tree/{size}', os.urandom(min(size, 5000)) + bytes(max(0, size - 5000)))
        self.famfs('cp', '-r', '--verify', self.path('tree'), self.mnt)
        outcome = self.famfs('verify', self.at('tree'), '--against', self.path('tree'), '--json')
        self.assertEqual(outcome.json(), {'equal': True, 'files': len(sizes), 'bytes': sum(sizes), 'differences': []})
        self.assert_whole()

    def test_holes_and_copies_within_the_mount(self):
        with open(self.path('sparse'), 'wb') as file:
            file.truncate(20 * MIB)
            file.seek(10 * MIB)
            file.write(b'middle')
        self.famfs('cp', self.path('sparse'), self.mnt)
        self.famfs('cp', self.at('sparse'), self.at('again'))
        for name in ('sparse', 'again'):
            self.command(['cmp', self.at(name), self.path('sparse')])
        self.assert_whole()

    def test_interrupted(self):
        """Ctrl-C: what is there is whole, log and tree agree, and the pool can be written again at once."""
        for number in range(200):
            self.write(f'tree/{number:03}', bytes([number]) * (3 * MIB))
        process = subprocess.Popen([os.environ['FAMFS'], 'cp', '-r', '--verify', self.path('tree'), self.mnt],
                                   env=self.environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        self.wait_until(lambda: os.path.exists(self.at('tree/003')), 'the first files')
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        if process.returncode == 0:
            self.skipTest('it was done before the signal came')
        self.assertEqual((process.returncode, out), (130, b''), err)
        self.assertRegex(err, rb'\Afamfs: cp: interrupted; \d+ files? copied\n\Z')
        self.assertGreaterEqual(int(err.split()[3]), 4)
        made = decoder.decode(self.image).files
        self.assertEqual(len(made), int(err.split()[3]))
        for path, content in harness.tree(self.mnt, ('.meta',)).items():
            if content is not None:
                self.assertEqual(content, bytes([int(path[-3:])]) * (3 * MIB), path)
        self.assertEqual({path for path in self.files() if path != b'tree'}, set(made))
        self.famfs('creat', '--size', '1M', self.at('after'))
        self.assert_whole()

    def test_interrupted_while_waiting_for_another_writer(self):
        with open(self.image, 'r+b') as pool:
            fcntl.fcntl(pool, F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, os.SEEK_SET, 1 << 62, 1, 0))
            process = subprocess.Popen([os.environ['FAMFS'], 'mkdir', self.at('d')], env=self.environment(),
                                       stderr=subprocess.PIPE)
            self.assertRegex(process.stderr.readline(), rb'waiting for another writer')
            self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10 * harness.SLOW)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertEqual(self.files(), set())
        self.famfs('mkdir', self.at('d'))

    def test_directories_that_nobody_may_write(self):
        """Their content comes in all the same: the log is written, not the directory."""
        self.write('tree/closed/below/file', b'x')
        os.chmod(self.path('tree/closed/below'), 0o555)
        os.chmod(self.path('tree/closed'), 0o555)
        self.addCleanup(os.chmod, self.path('tree/closed/below'), 0o755)
        self.addCleanup(os.chmod, self.path('tree/closed'), 0o755)
        self.famfs('cp', '-r', self.path('tree'), self.mnt)
        self.assertEqual(harness.tree(self.mnt, ('.meta',))[b'tree/closed/below/file'], b'x')
        self.assertEqual(self.mode('tree/closed'), 0o555)
        self.famfs('logplay', self.mnt)
        self.umount(self.mnt)
        self.assertEqual(self.run_directories(), [])

    def test_progress(self):
        source = self.write('file', b'x' * MIB)
        outcome = self.famfs('cp', '--progress=json', source, self.mnt)
        last = json.loads(outcome.errors[-1])
        self.assertEqual((last['operation'], last['done'], last['total'], last['files']), ('cp', MIB, MIB, 1))
        self.assertEqual(self.famfs('cp', source, self.at('quiet')).err, '')
        self.assertRegex(self.famfs('cp', '--progress=always', source, self.at('loud')).err, r'cp: 1\.0 MiB of 1\.0 MiB')
        self.assertEqual(self.famfs('cp', '--progress=never', source, self.at('never')).err, '')

    def test_only_on_a_writable_mount(self):
        self.umount(self.mnt)
        self.mount(self.image, '--read-only')
        source = self.write('file', b'x')
        for verb in (['cp', source], ['creat', '--size', '1'], ['mkdir']):
            self.fails(3, *verb, self.at('x'), words=['read-only'])
        self.assertEqual(self.files(), set())


if __name__ == '__main__':
    harness.main()
