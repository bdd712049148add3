# ctest: labels=robust
"""The daemon's lines in the system's log, of which the test plays the logger: also after it was started anew."""
import contextlib
import os
import signal
import socket

import daemon_case
import harness

DEVICES = ('null', 'zero', 'full', 'random', 'urandom', 'fuse')


@harness.needs_fuse
@harness.needs_root
class SystemLog(daemon_case.DaemonTest):
    files = {f'file{number}': 100 for number in range(4)}
    directories = ()

    def setUp(self):
        super().setUp()
        self.use_private_devices()
        self.logger = None
        self.start_logger()
        self.addCleanup(lambda: self.logger.close())

    def use_private_devices(self):
        """/dev in a tmpfs, so that a /dev/log there is the test's alone."""
        top = '/run/dev'
        os.makedirs(top)
        self.addCleanup(os.rmdir, top)
        self.command(['mount', '-t', 'tmpfs', 'tmpfs', top])
        self.addCleanup(self.command, ['umount', '--lazy', top])
        for name in DEVICES:
            with open(f'{top}/{name}', 'wb'):
                bound = self.command(['mount', '--bind', f'/dev/{name}', f'{top}/{name}'], status=None)
                if bound.status != 0:
                    self.skipTest(f'/dev/{name} cannot be shown elsewhere here: {bound.err}')
        os.mkdir(f'{top}/shm')
        self.command(['mount', '--rbind', '/dev/shm', f'{top}/shm'])
        self.command(['mount', '--rbind', top, '/dev'])
        self.addCleanup(self.command, ['umount', '--recursive', '--lazy', '/dev'])

    def start_logger(self):
        self.stop_logger()
        self.logger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.logger.bind('/dev/log')
        self.logger.settimeout(0.1)
        self.lines = []

    def stop_logger(self):
        if self.logger is None:
            return
        self.logger.close()
        os.unlink('/dev/log')

    def has_logged(self, words):
        with contextlib.suppress(TimeoutError):
            while True:
                self.lines.append(self.logger.recv(8192).decode())
        return any(words in line for line in self.lines)

    def break_document(self, name):
        """The process that serves has something to say then."""
        self.put(name, b'nonsense\n')
        self.wait_until(lambda: os.stat(f'{self.mnt}/{name}').st_size == 0, 'the document is seen')

    def expect(self, words):
        self.wait_until(lambda: self.has_logged(words), f'a line with {words!r}')

    def check(self, *options):
        self.serve('-o', 'attr_timeout=0,entry_timeout=0', *options)
        self.expect('serving')
        self.break_document('file0')
        self.expect('file0')
        self.start_logger()
        self.break_document('file1')
        self.expect('file1')

    def test_logger_that_is_started_anew(self):
        self.check()

    def test_logger_that_is_started_anew_without_a_sandbox(self):
        self.check('--sandbox', 'none')

    def test_nobody_waits_for_a_logger_that_does_not_read(self):
        self.serve('-o', 'attr_timeout=0,entry_timeout=0')
        self.expect('serving')
        full = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(full.close)
        full.setblocking(False)
        full.connect('/dev/log')
        with contextlib.suppress(BlockingIOError):
            while True:
                full.send(b'filler')
        for number in range(4):
            self.break_document(f'file{number}')
        [guardian] = self.daemons()
        os.kill(guardian, signal.SIGTERM)
        self.wait_until(lambda: not self.is_mounted(self.mnt), 'the daemon ends')


if __name__ == '__main__':
    harness.main()
