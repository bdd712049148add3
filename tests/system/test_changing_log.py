# ctest: timeout=180 labels=robust,sanitize,threads
"""Another process rewrites the log while everything that reads it runs. Each outcome must be the old truth, the new
truth, or a report: never a crash, never a file that no log ever said."""
import os
import random
import struct
import subprocess
import sys
import time

import harness
import omf

FILES = 40
SECONDS = float(os.environ.get('FAMFS_TEST_SECONDS', '8'))


def entry(index, version):
    """File `index` as the log says it in one of two versions, which differ in name, size and place."""
    place = omf.DATA + (2 * index + version) * omf.UNIT
    return omf.entry(index, *omf.file(f'f{index}-v{version}', 1000 + version, omf.simple((0, place, omf.UNIT))))


def scribble(image, end):
    """Until `end`: writes good entries of either version, spoilt ones, noise, and any next_index."""
    rng = random.Random(7)
    header = omf.LOG_OFFSET
    with open(image, 'r+b', buffering=0) as pool:
        while time.monotonic() < end:
            index = rng.randrange(FILES)
            at = header + omf.HEADER + index * omf.ENTRY
            what = rng.randrange(6)
            if what < 3:
                os.pwrite(pool.fileno(), entry(index, rng.randrange(2)), at)
            elif what == 3:
                piece = entry(index, rng.randrange(2))[:rng.randrange(1, omf.ENTRY)]  # half of a store
                os.pwrite(pool.fileno(), piece, at)
            elif what == 4:
                os.pwrite(pool.fileno(), rng.randbytes(rng.randrange(1, omf.ENTRY)), at + rng.randrange(100))
            else:
                jump = rng.choice([0, 1, index, FILES, FILES, FILES, 15420, 15421, 2**64 - 1, rng.getrandbits(64)])
                os.pwrite(pool.fileno(), struct.pack('<QQ', jump, jump), header + 32)


@harness.needs_fuse
class ChangingLog(harness.SystemTest):
    time_limit = 150

    def setUp(self):
        self.image = self.encoded_pool(omf.Pool(log=[entry(i, 0) for i in range(FILES)]))

    def start_scribbling(self):
        end = time.monotonic() + SECONDS
        process = subprocess.Popen([sys.executable, __file__, 'scribble', self.image, str(end)])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return end

    def assert_true_once(self, shadow):
        """Each document that is there says what one of the two versions says."""
        for name in os.listdir(f'{shadow}/root'):
            if name == '.meta':
                continue
            index, version = name[1:].split('-v')
            place = omf.DATA + (2 * int(index) + int(version)) * omf.UNIT
            with open(f'{shadow}/root/{name}') as document:
                text = document.read()
            self.assertRegex(text, rf'path: /{name}\n  id: \d+\n  size: {1000 + int(version)}\n')
            self.assertIn(f'offset: {place}\n      length: {omf.UNIT}\n', text)

    def test_readers_meanwhile(self):
        kept = self.path('kept')
        end, rounds = self.start_scribbling(), 0
        while time.monotonic() < end:
            fresh = self.path(f'fresh{rounds}')
            for verb in (['fsck'], ['dump'], ['info'], ['logplay', '--shadow', kept], ['logplay', '--salvage',
                         '--shadow', fresh], ['logplay', '--dry-run', '--shadow', self.path('none')]):
                outcome = self.famfs(*verb, self.image, status=(0, 1, 4))
                if outcome.status == 4:
                    self.assertEqual(len(outcome.errors), 1, outcome)
            for shadow in (kept, fresh):
                if os.path.isdir(f'{shadow}/root'):
                    self.assert_true_once(shadow)
            rounds += 1
        self.assertGreater(rounds, 1)

    def test_daemon_meanwhile(self):
        mnt = self.mount(self.image)
        end, reads = self.start_scribbling(), 0
        while time.monotonic() < end:
            self.famfs('logplay', mnt, status=(0, 1, 4))
            for name in os.listdir(mnt):
                if name == '.meta':
                    continue
                with open(f'{mnt}/{name}', 'rb') as file:
                    self.assertEqual(file.read(), bytes(1000 + int(name[-1])))
                reads += 1
        self.assertGreater(reads, FILES)
        self.assertTrue(self.daemons())
        self.umount(mnt)


if __name__ == '__main__':
    if sys.argv[1:2] == ['scribble']:
        scribble(sys.argv[2], float(sys.argv[3]))
    else:
        harness.main()
