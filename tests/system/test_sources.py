# ctest: user timeout=240 labels=robust
"""Sources of cp and verify: mounts without their .meta, trees that contain their own destination, very many, and one that
does not answer."""
import ctypes
import os
import resource
import signal
import struct
import subprocess

import harness
import sandbox

MIB = 1 << 20


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


class Mounts(harness.SystemTest):
    time_limit = 120

    def setUp(self):
        self.image = self.new_pool('512M')
        self.mnt = self.mount(self.image)

    def at(self, name):
        return os.path.join(self.mnt, name)

    def files(self, below=''):
        return {os.fsdecode(path) for path in harness.tree(self.at(below), ('.meta',))}


class Meta(Mounts):
    def setUp(self):
        super().setUp()
        self.write('tree/.meta/file', b'of a user')
        self.write('tree/sub/.meta/file', b'of a user')
        self.famfs('mkdir', self.at('d'))
        self.famfs('cp', '-r', self.path('tree/sub'), self.at('d'))
        self.other = self.mount(self.new_pool('512M', name='other.img'), name='other')

    def test_as_a_source(self):
        self.famfs('cp', '-r', f'{self.mnt}/.', self.other)
        self.famfs('cp', '-r', self.mnt, f'{self.other}/')
        self.famfs('cp', '-r', f'{self.mnt}/d', f'{self.other}/e')
        self.assertEqual(sorted(os.listdir(f'{self.other}/mnt')), ['d'])
        self.assertEqual(os.listdir(f'{self.other}/e/sub/.meta'), ['file'])
        self.famfs('verify', f'{self.other}/mnt', '--against', self.mnt)

    def test_on_either_side(self):
        self.famfs('cp', '-r', f'{self.mnt}/.', self.other)
        self.assertIn('1 file', self.famfs('verify', self.mnt, '--against', self.other).out)
        os.makedirs(self.path('plain'))
        self.command(['cp', '-r', self.at('d'), self.path('plain')])
        self.famfs('verify', self.mnt, '--against', self.path('plain'))
        self.write('plain/.meta/file', b'x')
        self.assertIn('.meta: not in the mount', self.famfs('verify', self.mnt, '--against', self.path('plain'), status=1).out)
        os.makedirs(self.path('above'))
        inner = self.mount(self.new_pool('512M', name='inner.img'), name='above/inner')
        self.famfs('cp', '-r', self.at('d'), inner)
        self.famfs('cp', '-r', self.path('above'), self.at('above'))
        self.famfs('verify', self.at('above'), '--against', self.path('above'))
        self.assertEqual(sorted(os.listdir(self.at('above/inner'))), ['d'])

    def test_at_the_root_of_a_pool_it_is_refused(self):
        self.assertIn('.meta', self.famfs('cp', '-r', self.path('tree/.'), self.other, status=1).err)
        self.famfs('cp', '-r', self.path('tree'), self.other)
        self.famfs('verify', f'{self.other}/tree', '--against', self.path('tree'))

    def test_named_it_is_a_file_as_any(self):
        self.famfs('cp', self.at('.meta/.superblock'), f'{self.other}/superblock')
        self.command(['cmp', self.at('.meta/.superblock'), f'{self.other}/superblock'])


class Itself(Mounts):
    def setUp(self):
        super().setUp()
        self.write('tree/s/t/file', b'content')
        self.famfs('cp', '-r', self.path('tree/s'), self.mnt)
        self.before = self.files()

    def refused(self, source, destination, *options, word='into itself'):
        self.fails(1, 'cp', '-r', *options, source, destination, words=[word])
        self.assertEqual(self.files(), self.before)

    def test_directories(self):
        os.symlink('mnt/s', self.path('link'))
        os.symlink('mnt', self.path('mount-link'))
        for source, destination in (('s', 's'), ('s', 's/new'), ('s', 's/t'), ('s/.', 's'), ('s/.', 's/t'), ('s', ''), ('', 'all'),
                                    ('', 's'), ('.', 's/t/u'), ('s/t/..', 's/t/u'), ('s/../s', 's/new'), ('s//', 's//t/')):
            self.refused(self.at(source), self.at(destination))
        self.refused(f'{self.path("link")}/.', self.at('s/t'))
        self.refused(self.path('link'), self.at('s/t'), '-L')
        self.refused(self.at('s'), self.path('link/t'))
        self.refused(self.path('mount-link/s'), self.at('s'))
        self.famfs('cp', '-r', self.at('s'), self.at('s2'))
        self.famfs('cp', '-r', self.at('s/t'), self.mnt)
        self.famfs('verify', self.at('s2'), '--against', self.path('tree/s'))

    def test_from_within(self):
        for where, source, destination in (('', '.', 'x'), ('s', '..', 'x'), ('s', '.', '.'), ('s', '../s', 't')):
            outcome = self.command(['env', '-C', self.at(where), os.environ['FAMFS'], 'cp', '-r', source, destination], 1)
            self.assertIn('into itself', outcome.err)
            self.assertEqual(self.files(), self.before)

    def test_a_tree_around_the_mount(self):
        """All of it but the mount goes in."""
        os.makedirs(self.path('around/inner'))
        self.write('around/file', b'x')
        point = self.mount(self.new_pool('512M', name='inner.img'), name='around/inner')
        outcome = self.famfs('cp', '-r', self.path('around'), f'{point}/copy', status=1)
        self.assertRegex(outcome.err, 'around/inner: cannot copy a directory into itself')
        self.assertEqual(set(harness.tree(point, ('.meta',))), {b'copy', b'copy/file'})

    @harness.needs_root
    def test_bind_mounts(self):
        os.mkdir(self.path('bound'))
        self.command(['mount', '--bind', self.at('s'), self.path('bound')])
        self.addCleanup(sandbox.detach, self.path('bound'))
        self.refused(self.at('s'), self.path('bound/x'))
        self.refused(self.mnt, self.path('bound/x'))
        self.refused(self.path('bound'), self.at('s/x'))
        self.refused(self.path('bound'), self.path('bound/t'))
        self.famfs('cp', '-r', self.path('bound'), self.at('beside'))

    def test_files(self):
        self.refused(self.at('s/t/file'), self.at('s/t/file'), word='same file')
        self.refused(self.at('s/t/file'), self.at('s/t'), word='same file')
        self.refused(self.at('s/t/../t/file'), self.at('s/t/.'), word='same file')
        self.refused(self.image, self.at('image'), word='image of the pool')


class Many(Mounts):
    def test_many_sources(self):
        """1,500 files and 300 directories by name, with 64 descriptors."""
        for number in range(1500):
            self.write(f'tree/{number}', b'%d' % number)
        for number in range(300):
            self.write(f'tree/d{number}/file', b'%d' % number)
        mnt = self.mount(self.new_pool('512M', '--alloc-unit', '4K', name='small.img'), name='small')
        names = [self.path(f'tree/{name}') for name in sorted(os.listdir(self.path('tree')))]
        self.famfs('cp', '-r', *names, mnt, preexec_fn=few_descriptors)
        self.assertEqual(harness.tree(mnt, ('.meta',)), harness.tree(self.path('tree')))
        self.famfs('verify', mnt, '--against', self.path('tree'), preexec_fn=few_descriptors)
        points = [f'{mnt}/{os.path.basename(name)}' for name in names]
        self.famfs('verify', *points, '--against', self.path('tree'), preexec_fn=few_descriptors)

    def test_deep_trees(self):
        deepest = 'tree/' + '/'.join('d' * 35)
        self.write(f'{deepest}/file', b'deep')
        for command in (['cp', '-r', self.path('tree'), self.mnt],
                        ['verify', self.at('tree'), '--against', self.path('tree')]):
            self.famfs(*command, preexec_fn=few_descriptors)
        self.write('deeper/' + 'd/' * 200 + 'file', b'too deep for a pool')
        outcome = self.famfs('cp', '-r', self.path('deeper'), self.mnt, status=1, preexec_fn=few_descriptors)
        self.assertNotIn('Too many open files', outcome.err)
        self.assertIn('the limit is 79', outcome.err)


class Stall:
    """Reads of one file wait until they are released (fanotify's permission events)."""
    ACCESS, ALLOW = 0x20000, 1

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.events = libc.fanotify_init(0x4, os.O_RDONLY)
        marked = libc.fanotify_mark(self.events, 1, ctypes.c_uint64(self.ACCESS), -100, os.fsencode(path))
        if self.events < 0 or marked != 0:
            self.close()
            raise OSError(ctypes.get_errno(), 'no permission events of fanotify')

    def wait(self):
        """Until somebody reads; the file's descriptor, which answers for the read."""
        event = os.read(self.events, 24)
        return struct.unpack('IBBHQii', event)[5]

    def release(self, event):
        os.write(self.events, struct.pack('iI', event, self.ALLOW))
        os.close(event)

    def close(self):
        """Releases all that wait."""
        if self.events >= 0:
            os.close(self.events)
        self.events = -1


@harness.needs_root
class Stalled(Mounts):
    time_limit = 200
    COUNT = 2500

    def setUp(self):
        self.image = self.new_pool('512M', '--alloc-unit', '4K')
        self.mnt = self.mount(self.image)
        for number in range(self.COUNT):
            self.write(f'tree/{number:04}', b'%d' % number)
        try:
            self.stall = Stall(self.path('tree/0003'))
        except OSError as missing:
            self.skipTest(str(missing))
        self.addCleanup(self.stall.close)

    def start(self, *command):
        process = subprocess.Popen([os.environ['FAMFS'], *command], env=self.environment(), stderr=subprocess.PIPE,
                                   stdout=subprocess.PIPE, preexec_fn=few_descriptors)
        self.addCleanup(lambda: (process.kill(), process.communicate()))
        return process

    def test_the_others_are_not_skipped(self):
        process = self.start('cp', '-r', self.path('tree/.'), self.mnt)
        event = self.stall.wait()
        self.wait_until(lambda: os.path.exists(self.at('0002')), 'the files before it')
        self.wait_until(lambda: self.has_read(process.pid, self.COUNT // 2), 'those after it are copied meanwhile', 60)
        self.assertFalse(os.path.exists(self.at('0003')))
        self.stall.release(event)
        self.stall.close()
        out, err = process.communicate(timeout=100 * harness.SLOW)
        self.assertEqual((process.returncode, err), (0, b''))
        self.assertEqual(harness.tree(self.mnt, ('.meta',)), harness.tree(self.path('tree')))

    @staticmethod
    def has_read(pid, count):
        """Whether the process has made at least so many system calls that read."""
        with open(f'/proc/{pid}/io') as io:
            return int(dict(line.split(': ') for line in io)['syscr']) >= count

    def test_interrupted_meanwhile(self):
        process = self.start('cp', '-r', self.path('tree/.'), self.mnt)
        self.stall.wait()
        self.wait_until(lambda: os.path.exists(self.at('0002')), 'the files before it')
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60 * harness.SLOW)
        self.assertEqual((process.returncode, out), (130, b''), err)
        self.assertEqual(err, b'famfs: cp: interrupted; 3 files copied\n')
        self.stall.close()
        self.assertEqual(self.files(), {'0000', '0001', '0002'})
        self.famfs('fsck', self.image)
        self.famfs('creat', '--size', '1', self.at('after'))

    def test_interrupted_comparison(self):
        event = self.start('cp', '-r', self.path('tree/.'), self.mnt)
        self.stall.release(self.stall.wait())
        while event.poll() is None:
            self.release_what_waits()
        process = self.start('verify', self.mnt, '--against', self.path('tree'))
        self.stall.wait()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60 * harness.SLOW)
        self.assertEqual((process.returncode, out, err), (130, b'', b'famfs: verify: interrupted\n'))

    def release_what_waits(self):
        import select
        if select.select([self.stall.events], [], [], 0.1)[0]:
            self.stall.release(self.stall.wait())


del Mounts  # no tests of its own


if __name__ == '__main__':
    harness.main()
