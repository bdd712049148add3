# ctest: user timeout=300 labels=robust
"""Two mkfs of one image at once, and one that is stopped at any step: what is there in the end is one whole pool, or
what was there before; a loser takes nothing of the winner's away, nor what lies under the name by then."""
import os
import shutil
import signal
import subprocess
import unittest

import decoder
import harness

MIB = 1 << 20
STEPS = ('fcntl', 'ftruncate', 'fallocate', 'pwrite64')


class MkfsCase(harness.SystemTest):
    time_limit = 200

    def setUp(self):
        self.image = self.path('pool.img')
        self.famfs('mkfs', self.path('first.img'), '--size', '64M')  # this host has a system uuid from here on
        os.unlink(self.path('first.img'))

    def start(self, *arguments, inject=()):
        """Starts mkfs, with strace where system calls are to be delayed or fail."""
        argv = [os.environ['FAMFS'], 'mkfs', *arguments]
        if inject:
            calls = ','.join(rule.split(':')[0] for rule in inject)
            rules = [word for rule in inject for word in ('-e', f'inject={rule}')]
            argv = ['strace', '-f', '-qq', '-o', self.path('strace'), '-e', f'trace={calls}', *rules, *argv]
        process = subprocess.Popen(argv, env=self.environment(), cwd=self.dir, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        return process

    def finish(self, process):
        """Status and the line that it said."""
        _, said = process.communicate(timeout=60 * harness.SLOW)
        return process.returncode, said

    def assert_pool(self, size):
        self.famfs('fsck', self.image)
        self.assertEqual(decoder.decode(self.image).problems, [])
        self.assertEqual(os.path.getsize(self.image), size)

    def assert_one_won(self, ended, sizes):
        """One has made its pool; the others were refused, and said why."""
        self.assertEqual(sorted(status for status, _ in ended), [0] + [3] * (len(ended) - 1), ended)
        for (status, said), size in zip(ended, sizes):
            if status == 0:
                self.assert_pool(size)
            else:
                self.assertRegex(said, 'is being formatted by another mkfs|holds famfs; --force|already, more than')


class Together(MkfsCase):
    def test_many_rounds(self):
        for sizes in [(64, 64), (64, 96), (64, 64, 80, 96)] * 12:
            processes = [self.start(self.image, '--size', f'{size}M') for size in sizes]
            ended = [self.finish(process) for process in processes]
            self.assert_one_won(ended, [size * MIB for size in sizes])
            os.unlink(self.image)

    def test_kill_beside_force(self):
        for _ in range(20):
            self.famfs('mkfs', self.image, '--size', '64M', '--force')
            processes = [self.start(self.image, '--kill'), self.start(self.image, '--force')]
            for status, said in map(self.finish, processes):
                self.assertIn(status, (0, 3), said)
            self.assertIn(self.famfs('fsck', self.image, status=(0, 4)).status, (0, 4))
            self.assertEqual(os.path.getsize(self.image), 64 * MIB)

    @harness.needs_fuse
    def test_a_mount_is_not_another_mkfs(self):
        self.famfs('mkfs', self.image, '--size', '64M')
        self.mount(self.image)
        for arguments in (('--force',), ('--kill',), ('--force', '--size', '96M')):
            self.fails(3, 'mkfs', self.image, *arguments, words=['is mounted'])
        self.assert_pool(64 * MIB)


@unittest.skipUnless(shutil.which('strace'), 'needs strace')
class Stopped(MkfsCase):
    def test_creator_is_slow_at_any_step(self):
        for step in ('fchmod', *STEPS):
            with self.subTest(step=step):
                slow = self.start(self.image, '--size', '64M', inject=[f'{step}:delay_enter=700000:when=1'])
                self.wait_until(lambda: os.path.exists(self.image), 'the file')
                other = self.start(self.image, '--size', '96M')
                self.assert_one_won([self.finish(other), self.finish(slow)], [96 * MIB, 64 * MIB])
                os.unlink(self.image)

    def test_creator_that_fails_leaves_the_winner_alone(self):
        for step in STEPS[1:]:
            with self.subTest(step=step):
                slow = self.start(self.image, '--size', '64M', inject=[f'{step}:delay_enter=700000:error=ENOSPC:when=1'])
                self.wait_until(lambda: os.path.exists(self.image), 'the file')
                other, _ = self.finish(self.start(self.image, '--size', '64M'))
                status, said = self.finish(slow)
                if other == 0:
                    self.assert_pool(64 * MIB)
                    os.unlink(self.image)
                else:
                    self.assertEqual((other, status), (3, 5), said)
                    self.assertFalse(os.path.exists(self.image))

    def test_killed_at_any_step(self):
        """Nothing in the way of the next one."""
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
            for step in (*STEPS, 'openat'):
                for when in (1, 2, 3):
                    rule = f'{step}:signal={number.value}:when={when}'
                    self.finish(self.start(self.image, '--size', '64M', inject=[rule]))
                    if os.path.exists(self.image) and number != signal.SIGKILL:
                        self.assert_pool(64 * MIB)
                    self.famfs('mkfs', self.image, '--size', '64M', '--force')
                    self.assert_pool(64 * MIB)
                    os.unlink(self.image)

    def test_failure_while_growing_gives_the_old_file_back(self):
        content = self.write('pool.img', b'notes of mine' * 1000)
        size = os.path.getsize(content)
        for step in STEPS[1:]:
            status, said = self.finish(self.start(self.image, '--size', '64M', inject=[f'{step}:error=ENOSPC:when=1']))
            self.assertEqual(status, 5, said)
            self.assertEqual(os.path.getsize(self.image), size, step)
        status, said = self.finish(self.start(self.image, '--size', '4M'))
        self.assertEqual((status, os.path.getsize(self.image)), (2, size), said)

    def replace_meanwhile(self, content):
        """Another file takes the name while mkfs is about to fail; nothing of that file may change."""
        slow = self.start(self.image, '--size', '64M',
                          inject=['fallocate:delay_enter=1500000:when=1', 'pwrite64:error=ENOSPC'])
        self.wait_until(lambda: os.path.exists(self.image) and os.path.getsize(self.image) == 64 * MIB, 'the size')
        os.replace(self.write('other', content), self.image)
        status, said = self.finish(slow)
        self.assertEqual(status, 5, said)
        with open(self.image, 'rb') as other:
            self.assertEqual(other.read(), content)

    def test_what_took_the_name_stays(self):
        self.replace_meanwhile(b'x' * 5000)

    def test_what_took_the_name_is_not_shrunk(self):
        self.write('pool.img', b'old')
        self.replace_meanwhile(b'x' * 5000)


if __name__ == '__main__':
    harness.main()
