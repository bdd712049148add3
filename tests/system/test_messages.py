# ctest: user timeout=180 labels=hostile,sanitize
"""Text from documents, paths and options that a terminal would obey, or that looks like a line of ours: whoever says
it again says it in one printable line, on standard error and in the log."""
import os

import daemon_case
import harness

# An escape sequence and a forged line; a C1 control; bytes that are no UTF-8; a right-to-left override; DEL.
HOSTILE = ('\x1b[31m\nfamfs-fused: forged', '\x85\x9b2J', b'\xff\xfe\xc0\x80'.decode('utf-8', 'surrogateescape'),
           '\u202eevil', '\x7f\r\x08')


class Messages(harness.SystemTest):
    def assert_one_line(self, outcome, status=range(1, 6)):
        self.assertIn(outcome.status, status, outcome)
        self.assertEqual(outcome.err.count('\n'), 1, outcome)
        self.assertTrue(harness.is_safe(outcome.err) and '\u202e' not in outcome.err, outcome)

    def each(self, *arguments, program='famfs', env=None):
        """`{}` in the arguments stands for the hostile text."""
        for text in HOSTILE:
            given = [word.replace('{}', text) for word in arguments]
            run = self.command([os.environ['FAMFS' if program == 'famfs' else 'FAMFS_FUSED'], *given], None,
                               env={name: value.replace('{}', text) for name, value in (env or {}).items()})
            self.assert_one_line(run)

    def test_paths(self):
        os.mkdir(self.path('empty'))
        image = self.new_pool('1G')
        for verb in ('fsck', 'info', 'logplay', 'umount', 'verify', 'flush', 'map', 'mkdir'):
            self.each(verb, 'no/{}')
        self.each('dump', 'no/{}')
        self.each('mkfs', '--size', '1G', 'no/{}/x')
        self.each('mkfs', '--size', '{}', 'x')
        self.each('cp', 'no/{}', 'there/{}')
        self.each('mount', image, 'no/{}')
        self.each('mount', 'no/{}', 'empty')
        self.each('mount', '--data-path', '{}', image, 'empty')
        self.each('mount', '-o', f'shadow={image}/{{}}', image, 'empty')
        self.each('logplay', '--shadow', f'{image}/{{}}', image)
        self.each('{}')
        self.each('info', '--{}', image)

    def test_the_daemons_options(self):
        self.write('tree/root/x', b'')
        os.mkdir(self.path('empty'))
        for options in (('--shadow', 'no/{}', 'empty'), ('--shadow', 'tree', '--device', 'no/{}', 'empty'),
                        ('--shadow', 'tree', '--data-path', 'yaml', 'no/{}'),
                        ('--shadow', 'tree', '--data-path', 'yaml', '--pid-file', 'no/{}', 'empty'),
                        ('--shadow', 'tree', '--data-path', '{}', 'empty'),
                        ('--shadow', 'tree', '--data-path', 'yaml', '-o', '{}', 'empty'),
                        ('--shadow', 'tree', '--data-path', 'yaml', '-o', 'attr_timeout={}', 'empty'),
                        ('--shadow', 'tree', '--{}', 'empty'), ('--sandbox', '{}', '--shadow', 'tree', 'empty')):
            self.each(*options, program='famfs-fused')

    def test_environment(self):
        image = self.new_pool('1G')
        self.write('uuid', b'\x1b[31m\nno uuid')
        self.each('mkfs', '--size', '1G', 'x.img', env={'FAMFS_SYSTEM_UUID_FILE': '/proc/{}/x'})
        self.assert_one_line(self.famfs('mkfs', '--size', '1G', 'x.img', status=None,
                                        env={'FAMFS_SYSTEM_UUID_FILE': self.path('uuid')}))
        if os.geteuid() != 0:
            os.mkdir(self.path('empty'))
            self.each('mount', image, 'empty', env={'XDG_RUNTIME_DIR': '/proc/{}'})

    def test_devices_yaml(self):
        image = self.new_pool('1G')
        os.mkdir(self.path('empty'))
        self.famfs('logplay', '--shadow', 'tree', image)
        with open(self.path('tree/devices.yaml'), 'rb') as file:
            good = file.read()
        for text in HOSTILE:
            for wrong in self.documents(text, good):
                self.write('tree/devices.yaml', wrong)
                outcome = self.fused('--shadow', 'tree', 'empty', status=None)
                self.assert_one_line(outcome)

    @staticmethod
    def quoted(text):
        """As a YAML scalar in double quotes, whatever it says; bytes that are no UTF-8 as they are."""
        return b'"' + b''.join(b'\\x%02x' % byte if byte < 0x80 else bytes([byte])
                               for byte in os.fsencode(text)) + b'"'

    @classmethod
    def documents(cls, text, good):
        name = cls.quoted(text)
        return (good + name + b': 1\n', good + name + b': 1\n' + name + b': 2\n', name + b': 1\n' + name + b': 2\n',
                good + b'x: !' + os.fsencode(text) + b' 1\n', good + b'x: !<' + os.fsencode(text) + b'> 1\n',
                os.fsencode(text), good + b'x: *' + os.fsencode(text), good.replace(b'devices:', name + b':'),
                good.replace(b'uuid: ', b'uuid: ' + name + b' #'), good.replace(b'size: ', b'size: ' + name + b' #'),
                good.replace(b'path: ', b'path: ' + name + b' #'))


@harness.needs_fuse
class DaemonsLog(daemon_case.DaemonTest):
    """The same from documents, while the daemon serves."""

    def test_documents(self):
        self.serve_and_watch('-o', 'entry_timeout=0,attr_timeout=0')
        with open(self.document('small'), 'rb') as file:
            good = file.read()
        for text in HOSTILE:
            for wrong in (*Messages.documents(text, good), good.replace(b'path: ', b'path: '
                          + Messages.quoted(text) + b' #'), good + b'  ' + Messages.quoted(text) + b': 1\n',
                          good.replace(b'owner: ', b'owner: ' + Messages.quoted(text) + b' #'),
                          good.replace(b'device_uuid: ', b'device_uuid: ' + Messages.quoted(text) + b' #')):
                self.put('small', wrong)
                try:
                    with open(f'{self.mnt}/small', 'rb') as file:
                        file.read()
                except OSError:
                    pass
        self.assert_lines()

    def test_state(self):
        self.serve_and_watch()
        for text in HOSTILE:
            with open(f'{self.shadow}/aside', 'wb') as out:
                out.write(Messages.quoted(text) + b': 1\n' + Messages.quoted(text) + b': 2\n')
            os.rename(f'{self.shadow}/aside', f'{self.shadow}/state.yaml')
            os.statvfs(self.mnt)
        self.assert_lines()

    def test_names(self):
        self.serve_and_watch('-o', 'entry_timeout=0,attr_timeout=0')
        for text in HOSTILE:
            name = os.fsencode(text.replace('/', '_'))
            with open(os.fsencode(f'{self.shadow}/root/') + name, 'wb') as out:
                out.write(b'nonsense')
            try:
                with open(os.fsencode(self.mnt) + b'/' + name, 'rb') as file:
                    file.read()
            except OSError:
                pass
        self.assert_lines()

    def assert_lines(self):
        lines = self.logged().decode('utf-8', 'surrogateescape').split('\n')
        self.assertGreater(len(lines), 5)
        self.assertEqual(lines.pop(), '')
        for line in lines:
            self.assertRegex(line, '^famfs-fused: ')
            self.assertNotRegex(line, '^famfs-fused: forged')
            self.assertTrue(harness.is_safe(line) and '\u202e' not in line, repr(line))


if __name__ == '__main__':
    harness.main()
