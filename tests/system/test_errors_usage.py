# ctest: user
"""Wrong requests: one line on stderr, status 2 or what cli.md says, nothing on stdout, nothing changed."""
import os

import harness

VERBS = ('mkfs', 'mount', 'umount', 'logplay', 'mkdir', 'creat', 'cp', 'verify', 'fsck', 'info', 'map', 'dump', 'flush')


class Usage(harness.SystemTest):
    def setUp(self):
        self.image = self.path('pool.img')
        self.before = self.snapshot()
        self.addCleanup(lambda: self.assertEqual(self.snapshot(), self.before))

    def test_no_verb_and_unknown_verb(self):
        outcome = self.famfs(status=2)
        self.assertEqual(outcome.out, '')
        for verb in VERBS:
            self.assertIn(f' {verb} ', outcome.err)
        self.fails(2, 'frobnicate', words=['frobnicate'])

    def test_unknown_option(self):
        self.fails(2, '--frobnicate', words=['--frobnicate'])
        for verb in VERBS:
            self.fails(2, verb, '--frobnicate', words=['--frobnicate'])

    def test_missing_arguments(self):
        for verb in VERBS:
            self.fails(2, verb)
        self.fails(2, 'mount', self.image)
        self.fails(2, 'cp', self.image)
        self.fails(2, 'creat', self.image)
        self.fails(2, 'logplay', '--shadow', self.path('S'))

    def test_too_many_arguments(self):
        for verb in ('mkfs', 'umount', 'fsck', 'info', 'dump'):
            self.fails(2, verb, 'a', 'b')
        self.fails(2, 'mount', 'a', 'b', 'c')

    def test_sizes(self):
        for size in ('', '1X', '-1', '1.5G', 'G', '1 G', '0x100000', '1GG', '1Gi', '1GB', '18446744073709551616',
                     '16777216T', '1e9', '+1', '٣'):
            self.fails(2, 'mkfs', self.image, '--size', size, words=['size'])
        for size in ('0', '1', '1M', '10M'):
            self.fails((2, 3), 'mkfs', self.image, '--size', size)
        self.assertFalse(os.path.exists(self.image))

    def test_log_sizes(self):
        for size in ('0', '4M', '12M', '8388609', '3X', '9223372036854775808'):
            self.fails(2, 'mkfs', self.image, '--size', '1G', '--log-size', size)
        self.fails((2, 3), 'mkfs', self.image, '--size', '1G', '--log-size', '1G')

    def test_allocation_units(self):
        for unit in ('0', '8K', '1G', '3M', 'x'):
            self.fails(2, 'mkfs', self.image, '--size', '1G', '--alloc-unit', unit)

    def test_uuids(self):
        for uuid in ('', 'x', '123e4567-e89b-12d3-a456-42661417400', '123e4567-e89b-12d3-a456-4266141740000'):
            self.fails(2, 'mkfs', self.image, '--size', '1G', '--device-uuid', uuid)

    def test_modes(self):
        for mode in ('', '999', '12345678', 'u+x', '-1', '10000'):
            self.fails(2, 'mkdir', '-m', mode, self.path('d'), words=['mode'])

    def test_choices(self):
        self.fails(2, 'mount', self.image, self.path('m'), '--data-path', 'fast', words=['fast|data-path'])
        self.fails(2, 'logplay', '--shadow', self.path('S'), '--format', 'json', self.image, words=['json|format'])
        self.fails(2, 'info', '--progress=maybe', self.image, words=['maybe|progress'])

    def test_help_goes_to_stdout(self):
        for arguments in (['--help'], *([verb, '--help'] for verb in VERBS)):
            outcome = self.famfs(*arguments)
            self.assertEqual(outcome.err, '')
            self.assertIn('famfs', outcome.out)
        outcome = self.famfs('--version')
        self.assertRegex(outcome.out, r'\d+\.\d+')

    def test_daemon(self):
        for arguments in (['--frobnicate'], [], ['--shadow', self.dir], [self.dir],
                          ['--threads', 'x', '--shadow', 'S', 'm'], ['--data-path', 'fast', '--shadow', 'S', 'm']):
            self.fails(2, *arguments, program='famfs-fused')
        self.assertEqual(self.fused('--help').err, '')


if __name__ == '__main__':
    harness.main()
