# ctest: user timeout=300 labels=threads
"""The main job: a real directory goes in with cp -r and comes out equal, here, after a remount, and on another host."""
import os
import stat

import decoder
import harness

SOURCE = '/usr/include'
LONGEST = 79


@harness.needs_fuse
class RealDirectory(harness.SystemTest):
    time_limit = 240

    def setUp(self):
        self.image = self.new_pool('64G')
        self.mnt = self.mount(self.image)

    def expected(self):
        """What must arrive ({path: content}), and the names in the source that cannot."""
        fits, cannot = {b'include': None}, []
        top = os.fsencode(SOURCE)
        for where, directories, files in os.walk(top):
            for name in directories + files:
                source = os.path.join(where, name)
                path = b'include' + source[len(top):]
                if os.path.islink(source) or len(path) > LONGEST:
                    cannot.append(source)
                elif name in directories:
                    fits[path] = None
                else:
                    with open(source, 'rb') as content:
                        fits[path] = content.read()
        return fits, cannot

    def test_whole_life(self):
        fits, cannot = self.expected()
        self.assertGreater(len(cannot), 20, 'the source has no names that do not fit: this test shows nothing')
        outcome = self.famfs('cp', '-r', SOURCE, self.mnt, status=1)
        self.assert_each_is_named(cannot, outcome)
        self.assert_equal(self.mnt, fits)
        self.assert_modes_and_sizes(fits)
        self.umount(self.mnt)
        self.assert_image(fits)

        self.mount(self.image)
        self.assert_equal(self.mnt, fits)
        self.umount(self.mnt)

        copy = self.path('copy.img')
        self.command(['cp', '--sparse=always', self.image, copy])
        self.be_host('other', '99999999-aaaa-4bbb-8ccc-dddddddddddd')
        other = self.mount(copy, name='other')
        self.assert_equal(other, fits)
        self.assert_client(other)
        self.umount(other)
        self.famfs('fsck', copy)

    def assert_each_is_named(self, cannot, outcome):
        """A line for each name that stays behind; a directory's line stands for what is in it."""
        said = '\n'.join(outcome.errors)
        for source in cannot:
            parts = os.fsdecode(source).split('/')
            chain = ['/'.join(parts[:depth]) for depth in range(len(parts), 0, -1)]
            chain = [name for name in chain if os.fsencode(name) in set(cannot)]
            self.assertTrue(any(name in said for name in chain), f'not named: {source!r}\n{said[:3000]}')
        self.assertLessEqual(len(outcome.errors), len(cannot) + 1, said[:3000])  # a summary may follow

    def assert_equal(self, mnt, fits):
        self.assertEqual(harness.difference(harness.tree(mnt, ('.meta',)), fits), '')

    def assert_modes_and_sizes(self, fits):
        mask = os.umask(0)
        os.umask(mask)
        for path, content in fits.items():
            ours = os.lstat(os.path.join(os.fsencode(self.mnt), path))
            theirs = os.lstat(os.path.join(os.fsencode(os.path.dirname(SOURCE)), path))
            self.assertEqual(stat.S_IMODE(ours.st_mode), stat.S_IMODE(theirs.st_mode) & ~mask, path)
            self.assertEqual((ours.st_uid, ours.st_gid), (os.getuid(), os.getgid()), path)
            if content is not None:
                self.assertEqual(ours.st_size, len(content), path)

    def assert_image(self, fits):
        """The independent decoder finds no broken rule, and the very bytes of each file."""
        self.famfs('fsck', self.image)
        image = decoder.decode(self.image)
        self.assertEqual(image.problems, [])
        self.assertEqual(set(image.directories), {path for path, text in fits.items() if text is None})
        self.assertEqual(set(image.files), {path for path, text in fits.items() if text is not None})
        for path, file in image.files.items():
            self.assertEqual(decoder.content(self.image, file), fits[path], path)

    def assert_client(self, mnt):
        before = harness.tree(self.shadow_of(mnt))
        source = self.write('source', b'x')
        self.fails(3, 'mkdir', f'{mnt}/new', words=['master'])
        self.fails(3, 'creat', '--size', '1M', f'{mnt}/new', words=['master'])
        self.fails(3, 'cp', source, f'{mnt}/new', words=['master'])
        self.assertFalse(os.path.lexists(f'{mnt}/new'))
        self.assertEqual(harness.tree(self.shadow_of(mnt)), before)

    @staticmethod
    def shadow_of(mnt):
        return os.getxattr(mnt, 'user.famfs.shadow').decode()


NAMES = [b'with space', b' leading', b'trailing ', b"it's", b'say "x"', b'back\\slash', b'new\nline', b'tab\t', b'\x01',
         b'\x7f', b'\xff\xfe\xfd', b'\xc3\xa4\xe2\x82\xac', b'\xf0\x9f\x98\x80', b'\xed\xa0\x80', b'-rf', b'--', b'#',
         b'a: b', b'- x', b'{x}', b'[x]', b'*', b'&a', b'!!str', b'%', b'@', b'`', b'~', b'null', b'true', b'0', b'1e3',
         b'0x10', b'...', b'---', b'.hidden', b'..x', b'\xe2\x80\xa8', b'\xc2\x85', b'\xef\xbb\xbfbom', b'x' * 79, b'?']


@harness.needs_fuse
class StrangeNames(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('4G')
        self.mnt = self.mount(self.image)

    def source(self, names=NAMES):
        """A directory with a file and a directory for each name."""
        made = {}
        for number, name in enumerate(names):
            for path, content in ((b'f/' + name, b'content %d' % number), (b'd/' + name, None)):
                if len(path) <= LONGEST:
                    made[path] = content
        for path in (b'f', b'd'):
            made[path] = None
            os.makedirs(os.path.join(os.fsencode(self.path('source')), path))
        for path, content in made.items():
            full = os.path.join(os.fsencode(self.path('source')), path)
            if content is None:
                os.makedirs(full, exist_ok=True)
            else:
                with open(full, 'wb') as out:
                    out.write(content)
        return made

    def test_copied_in_and_out(self):
        made = self.source()
        self.famfs('cp', '-r', self.path('source/f'), self.path('source/d'), self.mnt)
        self.assertEqual(harness.difference(harness.tree(self.mnt, ('.meta',)), made), '')
        self.umount(self.mnt)
        decoded = decoder.decode(self.image)
        self.assertEqual(decoded.problems, [])
        self.assertEqual(set(decoded.files) | set(decoded.directories), set(made))
        self.be_host('other', '99999999-aaaa-4bbb-8ccc-dddddddddddd')
        self.mount(self.image)
        self.assertEqual(harness.difference(harness.tree(self.mnt, ('.meta',)), made), '')

    def test_reports_are_whole_and_printable(self):
        made = self.source()
        self.famfs('cp', '-r', self.path('source/f'), self.path('source/d'), self.mnt)
        for verb in (['dump'], ['fsck']):
            outcome = self.famfs(*verb, self.image)
            self.assertTrue(harness.is_safe(outcome.out), outcome)
            self.famfs(*verb, '--json', self.image).json()
        files = [os.path.join(self.mnt, os.fsdecode(path)) for path, content in made.items() if content is not None]
        self.assertTrue(harness.is_safe(self.famfs('map', *files).out))
        self.famfs('map', '--json', *files).json()

    def test_made_by_name(self):
        for name in NAMES:
            path = os.path.join(self.mnt, os.fsdecode(name))
            self.famfs('creat', '--size', '1', path)
        self.assertEqual({name for name in os.listdir(os.fsencode(self.mnt)) if name != b'.meta'}, set(NAMES))

    def test_verify_agrees_and_disagrees(self):
        self.source()
        self.famfs('cp', '-r', self.path('source/f'), self.mnt)
        self.famfs('verify', f'{self.mnt}/f', '--against', self.path('source/f'))
        self.write('source/f/null', b'CONTENT 0')
        outcome = self.famfs('verify', f'{self.mnt}/f', '--against', self.path('source/f'), status=1)
        self.assertIn('null', outcome.out + outcome.err)


if __name__ == '__main__':
    harness.main()
