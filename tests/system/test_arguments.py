# ctest: user timeout=300
"""Command lines: every name is taken as it is given, whatever it looks like, and options are found wherever they
stand, in every verb of the table."""
import os
import re

import harness

# What a parser, a shell, a format string or a list could take apart, and what looks like an option.
NAMES = ('[a]', '[a,b]', '[', ']', '[]', '{}', '{a,b}', 'a,b', '"q"', "'q'", '`q`', 'a\nb', 'a\\b', 'a\\,b', '\\', '\\n', '%s%n',
         '%%', '\udcff\udcfe', '-', '-x', '-rv', '--', '---', '--help', '--size=1', '=', 'a=b', ' ', ' a ', '#', '~', '*',
         '$HOME', 'a:b', '+x', '@f', 'x' * 30)
ODD = ('[a,b]', '-x', 'a\nb', '\udcff')


def verbs_of(help_text):
    return re.findall(r'^  (\w+) ', help_text, re.MULTILINE)


class Names(harness.SystemTest):
    time_limit = 240

    def path(self, name):
        return os.path.join(self.dir, self.base, name)

    def start_over(self, number=0):
        """Directories for one name."""
        self.base, self.used = str(number), set()
        for place in ('image', 'shadow', 'source', 'against', 'mnt'):
            os.makedirs(self.path(place))

    def at(self, place, *words, status=0):
        """Runs famfs in the directory `place`, so that a bare name can be an operand."""
        self.used.add(words[0])
        return self.run_in(place, os.environ['FAMFS'], *words, status=status)

    def run_in(self, place, *argv, status=0):
        return self.command(['env', '-C', self.path(place), *argv], status)

    def assert_holds(self, place, names):
        self.assertEqual(sorted(os.listdir(self.path(place))), sorted(names))

    def life_of_a_pool(self, name):
        """A life in which all is called `name`, with every verb that takes one."""
        image, point, inside = f'../image/{name}', f'../mnt/{name}', f'mnt/{name}'
        self.at('image', 'mkfs', '--size', '256M', '--', name)
        self.assert_holds('image', [name])
        self.at('image', 'fsck', '--', name)
        self.at('image', 'dump', '--', name)
        self.at('shadow', 'logplay', f'--shadow={name}', '--', image)
        self.at('shadow', 'logplay', '--shadow', name, '--', image)
        self.assert_holds('shadow', [name])
        os.mkdir(self.path(inside))
        self.addCleanup(self._unmount_if_mounted, self.path(inside))
        self.at('mnt', 'mount', '--', image, name)
        self.at('mnt', 'info', '--', name)
        self.at('mnt', 'fsck', '--', name)
        self.at('mnt', 'logplay', '--', name)
        self.at('mnt', 'logplay', f'--mounted={name}', f'--shadow=../shadow/{name}')
        self.assert_holds(inside, ['.meta'])
        self.in_the_mount(name, inside, point)
        self.at('mnt', 'umount', '--', name)
        self.at('mnt', 'mount', '--shadow', f'../shadow/{name}', '--', image, name)
        self.assertTrue(os.path.exists(self.path(f'shadow/{name}/root/copy')))
        self.at('mnt', 'umount', '--', name)
        self.at('image', 'fsck', '--', name)
        self.at('image', 'mkfs', '--kill', '--', name)
        self.at('image', 'devices', '--', name, status=2)

    def in_the_mount(self, name, inside, point):
        """Verbs on files: once from the directory that holds the operand, once as a destination or an option's value."""
        self.write(f'source/{name}', b'content')
        self.at(inside, 'mkdir', '--', name)
        self.at(f'{inside}/{name}', 'creat', '--size=4K', '--', name)
        self.at('source', 'cp', '--', name, f'{point}/copy')
        self.at(inside, 'mkdir', 'into')
        self.at('source', 'cp', '--', name, f'{point}/into')
        self.at(f'{inside}/into', 'cp', '--', f'../../../source/{name}', name, status=1)  # it is there, by this name
        self.assert_holds(inside, ['.meta', name, 'copy', 'into'])
        self.assert_holds(f'{inside}/{name}', [name])
        self.assert_holds(f'{inside}/into', [name])
        self.at(f'{inside}/into', 'map', '--', name)
        self.at(f'{inside}/into', 'flush', '--', name)
        os.makedirs(self.path(f'against/{name}'))
        self.write(f'against/{name}/{name}', b'content')
        again = f'../../../against/{name}'
        self.at(f'{inside}/into', 'verify', '--against', again, '--', name)
        self.at('against', 'verify', f'--against={name}', '--', f'{point}/into')
        self.assertEqual(self.at(f'{inside}/into', 'verify', '--against', f'{again}/.', '--', name).err, '')

    def test_every_name_in_every_verb(self):
        verbs = verbs_of(self.famfs('--help').out)
        self.assertGreaterEqual(len(verbs), 14)
        for number, name in enumerate(NAMES):
            with self.subTest(name):
                self.start_over(number)
                self.life_of_a_pool(name)
                self.assertEqual(self.used, set(verbs), 'a verb without a name in its test')

    def test_a_list_is_one_name(self):
        """Of `[a,b]` and its parts, that which was named."""
        self.start_over()
        image = self.path('pool.img')
        self.famfs('mkfs', image, '--size', '256M')
        mnt = self.mount(image)
        for name in ('a', 'b', '[a,b]', 'a,b'):
            self.write(name, name.encode())
        self.run_in('.', os.environ['FAMFS'], 'cp', '[a,b]', 'a,b', mnt)
        self.famfs('creat', '--size', '1', f'{mnt}/[c,d]')
        self.assertEqual(harness.tree(mnt, ('.meta',)), {b'[a,b]': b'[a,b]', b'a,b': b'a,b', b'[c,d]': b'\0'})

    @harness.needs_root
    def test_helpers_of_mount_and_mkfs(self):
        for number, name in enumerate(ODD):
            with self.subTest(name):
                self.start_over(number)
                for helper in ('mkfs.famfs', 'mount.famfs'):
                    os.symlink(os.environ['FAMFS'], self.path(helper))
                self.run_in('image', self.path('mkfs.famfs'), '--size', '256M', '--', name)
                self.assert_holds('image', [name])
                os.mkdir(self.path(f'mnt/{name}'))
                self.addCleanup(self._unmount_if_mounted, self.path(f'mnt/{name}'))
                for words in (['-n', '-oro', '--'], ['-nvo', 'ro', '-t', 'famfs', '--']):
                    self.run_in('mnt', self.path('mount.famfs'), *words, f'../image/{name}', name)
                    self.at('mnt', 'umount', '--', name)

    @harness.needs_root
    def test_helper_with_options_behind_names(self):
        """As mount(8) calls it."""
        self.start_over()
        os.symlink(os.environ['FAMFS'], self.path('mount.famfs'))
        self.at('image', 'mkfs', 'x', '--size=256M')
        self.addCleanup(self._unmount_if_mounted, self.path('mnt'))
        self.run_in('.', self.path('mount.famfs'), 'image/x', 'mnt', '-n', '-o', 'ro,noatime')
        self.at('.', 'umount', 'mnt')

    @harness.needs_fuse
    def test_the_daemon(self):
        for number, name in enumerate(ODD):
            with self.subTest(name):
                self.start_over(number)
                self.at('image', 'mkfs', '--size', '256M', '--', name)
                self.at('shadow', 'logplay', '--shadow', name, '--', f'../image/{name}')
                os.mkdir(self.path(f'mnt/{name}'))
                self.addCleanup(self._unmount_if_mounted, self.path(f'mnt/{name}'))
                self.run_in('mnt', os.environ['FAMFS_FUSED'], '--shadow', f'../shadow/{name}',
                            f'--device=../image/{name}', '--', name)
                self.at('mnt', 'fsck', '--', name)
                self.at('mnt', 'umount', '--', name)


class Options(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('256M')

    def test_after_operands(self):
        self.famfs('fsck', self.image, '--json')
        mnt = self.mount(self.image, '-v')
        source = self.write('source/file', b'x')
        self.famfs('cp', self.path('source'), mnt, '-r')
        self.famfs('mkdir', f'{mnt}/a/b', '-p')
        self.famfs('creat', f'{mnt}/zeros', '--size', '1')
        self.famfs('verify', f'{mnt}/source', '--against', os.path.dirname(source))
        self.assertEqual(self.famfs('map', f'{mnt}/zeros', '--json').json()['files'][0]['size'], 1)

    def test_forms(self):
        mnt = self.mount(self.image)
        self.write('source/file', b'x')
        self.assertIn('1 file', self.famfs('cp', '-rv', self.path('source'), f'{mnt}/1').out)
        self.famfs('cp', '-rvm600', self.path('source'), f'{mnt}/2')
        self.famfs('cp', '-rm', '640', self.path('source'), f'{mnt}/3')
        self.famfs('cp', '-r', '--mode=604', self.path('source'), f'{mnt}/4')
        modes = [os.stat(f'{mnt}/{number}/file').st_mode & 0o777 for number in (2, 3, 4)]
        self.assertEqual(modes, [0o600, 0o640, 0o604])
        self.fails(2, 'cp', '-rq', '-v', self.path('source'), f'{mnt}/5', words=['-q and -v'])
        self.fails(2, 'cp', '-rZ', self.path('source'), f'{mnt}/5', words=['-Z: unknown option'])
        self.fails(2, 'cp', '--recursive=yes', self.path('source'), f'{mnt}/5', words=['--recursive: takes no value'])
        self.fails(2, 'cp', '-r', self.path('source'), f'{mnt}/5', '-m', words=['-m: needs a value'])
        self.fails(2, 'cp', '--mode', '1', '-m', '2', self.path('source'), f'{mnt}/5', words=['more than once'])

    def test_every_verb_ends_its_options(self):
        """`VERB -- --frobnicate`: no complaint about an option."""
        for verb in verbs_of(self.famfs('--help').out):
            outcome = self.famfs(verb, '--', '--frobnicate', '-x', status=None)
            self.assertNotEqual(outcome.status, 0, outcome)
            self.assertNotIn('unknown option', outcome.err, outcome)
            self.fails(2, verb, '--frobnicate', '--', 'x', words=['--frobnicate: unknown option'])
            self.assertIn('Usage: famfs', self.famfs(verb, 'x', '--help').out)
            self.assertEqual(self.famfs(verb, '--', '--help', status=None).out, '')

    def test_every_verb_refuses_an_empty_operand(self):
        point = self.path('point')
        os.mkdir(point)
        before = {'mkfs': ['--size', '256M'], 'creat': ['--size', '1'], 'cp': [self.image], 'mount': [self.image],
                  'verify': ['--against', self.dir], 'logplay': ['--shadow', self.path('S')]}
        for verb in verbs_of(self.famfs('--help').out):
            self.fails((1, 2, 3, 5), verb, *before.get(verb, []), '')
        self.fails((1, 2, 3, 5), 'mount', '', point)
        mnt = self.mount(self.image)
        self.fails((1, 2), 'cp', '', mnt)
        self.assertEqual(harness.tree(mnt, ('.meta',)), {})

    def test_empty_values(self):
        for words in (['mkfs', '--size=', 'x'], ['mkfs', '--size', '', 'x'], ['mkfs', '--device-uuid=', 'x'],
                      ['mkdir', '--mode=', 'x'], ['logplay', '--shadow=', self.image], ['logplay', '--mounted='],
                      ['verify', 'x', '--against='], ['mount', self.image, 'm', '--shadow='],
                      ['mount', self.image, 'm', '--data-path='], ['cp', 'a', 'b', '--progress=']):
            self.fails(2, *words, words=[r'--\S+: '])
        self.assertFalse(os.path.exists(self.path('x')))

    def test_the_environment_changes_nothing(self):
        self.famfs('fsck', self.image, '--json', env={'POSIXLY_CORRECT': '1'})


if __name__ == '__main__':
    harness.main()
