# ctest: timeout=180 labels=robust,threads
"""64 clients of one mount, while files are added on this host and by a logplay that another host's writes call for."""
import os
import random
import sys
import time
import traceback

import harness

CLIENTS = 64
SECONDS = float(os.environ.get('FAMFS_TEST_SECONDS', '5'))


def content(number):
    return b'%d ' % number * 3000


def client(kind, mnt, files, end):
    """Runs until `end`; whatever it sees must be whole."""
    rng = random.Random(os.getpid())
    while time.monotonic() < end:
        number = rng.randrange(files)
        path = f'{mnt}/d/{number}'
        if kind == 0:
            with open(path, 'rb') as file:
                assert file.read() == content(number), path
        elif kind == 1:
            assert os.stat(path).st_size == len(content(number)), path
        elif kind == 2:
            seen = [entry for entry in os.scandir(f'{mnt}/d')]
            assert len(seen) >= files, len(seen)
            assert all(entry.stat().st_size > 0 for entry in seen[:50])
        else:
            with open(path, 'r+b') as file:
                file.seek(rng.randrange(1000))
                at = file.tell()
                file.write(content(number)[at:at + 500])
                file.flush()
                os.fsync(file.fileno())


@harness.needs_fuse
class ManyClients(harness.SystemTest):
    time_limit = 150

    def start(self, *arguments):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                client(*arguments)
                status = 0
            except BaseException:  # noqa: B902 - a child must not go on as a second test runner
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        return child

    def test_64_clients(self):
        image = self.new_pool('8G', '--log-size', '16M')
        mnt = self.mount(image, '-o', 'entry_timeout=0.1,attr_timeout=0.1')
        files = 100
        for number in range(files):
            self.write(f'd/{number}', content(number))
        self.famfs('cp', '-r', self.path('d'), mnt)
        end = time.monotonic() + SECONDS * harness.SLOW ** 0.5
        clients = [self.start(number % 4, mnt, files, end) for number in range(CLIENTS)]
        added = files
        while time.monotonic() < end or added < files + 3:  # also where it takes that long to start them all
            self.write('more', content(added))
            self.famfs('cp', self.path('more'), f'{mnt}/d/{added}')
            self.famfs('logplay', mnt)
            with open(f'{mnt}/d/{added}', 'rb') as file:
                self.assertEqual(file.read(), content(added))
            added += 1
        statuses = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in clients]
        self.assertEqual(statuses, [0] * CLIENTS)
        self.assertGreater(added, files)
        self.assertEqual(len(os.listdir(f'{mnt}/d')), added)
        self.umount(mnt)
        self.famfs('fsck', image)


if __name__ == '__main__':
    harness.main()
