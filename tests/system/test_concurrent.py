# ctest: user timeout=240 labels=sanitize,threads
"""Several processes that write one pool at once, and writers that are killed: nothing overlaps, nothing is half."""
import os
import random
import signal
import subprocess
import time

import decoder
import harness


@harness.needs_fuse
class Concurrent(harness.SystemTest):
    time_limit = 120

    def setUp(self):
        self.image = self.new_pool('64G', '--log-size', '16M')
        self.mnt = self.mount(self.image)

    def start(self, *arguments):
        return subprocess.Popen([os.environ['FAMFS'], *arguments], env=self.environment(), cwd=self.dir,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def finish(self, processes):
        for process in processes:
            _, err = process.communicate(timeout=60 * harness.SLOW)
            self.assertEqual(process.returncode, 0, err.decode(errors='replace'))

    def assert_sound(self, killed=False):
        """A killed writer may leave the bytes of an entry that the header does not count yet, and nothing else."""
        self.famfs('fsck', self.image)
        image = decoder.decode(self.image)
        problems = [problem for problem in image.problems if not (killed and problem == decoder.UNUSED_LOG)]
        self.assertEqual(problems, [])
        return image

    def test_writers_side_by_side(self):
        for number in range(4):
            for name in range(30):
                self.write(f'source{number}/{name}', b'%d-%d ' % (number, name) * (1000 * number + name))
        processes = [self.start('cp', '-r', self.path(f'source{number}'), self.mnt) for number in range(4)]
        processes += [self.start('creat', '--size', '3M', *(f'{self.mnt}/c{number}-{name}' for name in range(20)))
                      for number in range(2)]
        processes += [self.start('mkdir', *(f'{self.mnt}/d{number}-{name}' for name in range(20)))
                      for number in range(2)]
        self.finish(processes)
        image = self.assert_sound()
        self.assertEqual((len(image.files), len(image.directories)), (4 * 30 + 2 * 20, 4 + 2 * 20))
        for number in range(4):
            self.assertEqual(harness.difference(harness.tree(f'{self.mnt}/source{number}'),
                                                harness.tree(self.path(f'source{number}'))), '')

    def test_same_name_has_one_winner(self):
        for round_ in range(5):
            sources = [self.write(f'{number}', b'%d' % number * 5000) for number in range(4)]
            target = f'{self.mnt}/target{round_}'
            processes = [self.start('cp', source, target) for source in sources]
            for process in processes:
                process.communicate(timeout=60 * harness.SLOW)
            self.assertEqual(sorted(process.returncode for process in processes), [0, 1, 1, 1])
            [winner] = [number for number, process in enumerate(processes) if process.returncode == 0]
            with open(target, 'rb') as file:
                self.assertEqual(file.read(), b'%d' % winner * 5000)
        self.assertEqual(len(self.assert_sound().files), 5)

    def test_readers_while_a_writer_writes(self):
        writer = self.start('creat', '--size', '4096', *(f'{self.mnt}/{number}' for number in range(500)))
        seen = 0
        while writer.poll() is None:
            names = [name for name in os.listdir(self.mnt) if name != '.meta']
            for name in names[-20:]:
                self.assertEqual(os.stat(f'{self.mnt}/{name}').st_size, 4096)
            self.assertGreaterEqual(len(names), seen)
            seen = len(names)
        self.finish([writer])
        self.assertEqual(len(os.listdir(self.mnt)) - ('.meta' in os.listdir(self.mnt)), 500)
        self.assert_sound()

    def test_readers_without_a_lock_meanwhile(self):
        """fsck, and a replay as another host does it: each sees a log that is whole up to some entry."""
        writer = self.start('creat', '--size', '4096', *(f'{self.mnt}/{number}' for number in range(400)))
        seen, rounds = 0, 0
        while writer.poll() is None or not rounds:
            self.famfs('fsck', self.image)
            self.famfs('logplay', '--shadow', self.path('other'), self.image)
            there = len(harness.tree(self.path('other/root'), ('.meta',)))
            self.assertGreaterEqual(there, seen)
            seen, rounds = there, rounds + 1
        self.finish([writer])
        self.famfs('logplay', '--shadow', self.path('other'), self.image)
        self.assertEqual(len(harness.tree(self.path('other/root'), ('.meta',))), 400)

    def test_who_waits_goes_on_when_the_holder_is_killed(self):
        for attempt in range(9):
            names = [f'{self.mnt}/h{attempt}-{number}' for number in range(3000)]
            holder = self.start('creat', '--size', '64K', *names)
            self.wait_until(lambda: os.path.exists(names[0]), 'the holder is at work', seconds=30)
            holder.send_signal(signal.SIGSTOP)
            if not os.path.exists(names[-1]):
                break
            holder.send_signal(signal.SIGCONT)  # on a busy machine it may be through before it is stopped
            holder.communicate()
        waiting = [self.start('mkdir', f'{self.mnt}/w{number}') for number in range(4)]
        waiting += [self.start('logplay', self.mnt)]
        time.sleep(0.3)
        self.assertEqual([process.poll() for process in waiting], [None] * 5)
        self.assertIsNone(holder.poll())
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
        self.finish(waiting)
        image = self.assert_sound(killed=True)
        self.assertEqual({name for name in image.directories}, {b'w%d' % number for number in range(4)})
        self.famfs('logplay', self.mnt)
        self.assertEqual(set(harness.tree(self.mnt, ('.meta',))), set(image.files) | set(image.directories))

    def test_killed_writers_leave_whole_files_or_none(self):
        dice = random.Random(4)
        content = {b'%03d' % name: bytes([name]) * (1 + name * 7919) for name in range(60)}
        for name, text in content.items():
            self.write(f'source/{name.decode()}', text)
        kills = 0
        for round_ in range(8):
            writer = self.start('cp', '-r', self.path('source'), f'{self.mnt}/copy{round_}')
            time.sleep(dice.uniform(0.0, 0.04) * harness.SLOW)
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
            kills += writer.returncode == -signal.SIGKILL
            image = self.assert_sound(killed=True)
            for path, file in image.files.items():
                self.assertEqual(decoder.content(self.image, file), content[path.rpartition(b'/')[2]], path)
        self.assertGreater(kills, 0, 'no writer was killed: this test shows nothing')
        self.famfs('logplay', self.mnt)
        self.famfs('cp', '-r', self.path('source'), f'{self.mnt}/last')
        self.assertEqual(harness.tree(f'{self.mnt}/last'), content)
        decoded = self.assert_sound()
        self.assertEqual(set(harness.tree(self.mnt, ('.meta',))), set(decoded.files) | set(decoded.directories))


if __name__ == '__main__':
    harness.main()
