"""What the daemon's own tests share: a pool with its shadow tree, and famfs-fused run on it without `famfs mount`."""
import os
import re
import subprocess
import traceback

import harness
import omf


class DaemonTest(harness.SystemTest):
    """self.image is a pool of the files below, self.shadow its shadow tree, self.mnt where it gets mounted."""
    files = {'small': 5000, 'dir/empty': 0, 'dir/big': 5 << 20}
    directories = ('dir',)
    form = 'uuid'

    def setUp(self):
        log, start = [omf.mkdir(name) for name in self.directories], omf.DATA
        for name, size in self.files.items():
            length = max(1, -(-size // omf.UNIT)) * omf.UNIT
            log.append(omf.file(name, size, omf.simple((0, start, length)), mode=0o666))
            start += length
        self.image = self.encoded_pool(omf.Pool(log))
        self.shadow, self.mnt = self.path('shadow'), self.path('mnt')
        self.famfs('logplay', '--shadow', self.shadow, '--format', self.form, self.image)
        os.mkdir(self.mnt)

    def serve(self, *options):
        self.addCleanup(self.stop)
        self.fused('--shadow', self.shadow, *options, self.mnt)
        self.assertTrue(self.is_mounted(self.mnt), 'famfs-fused returned, but there is no mount')

    def serve_and_watch(self, *options):
        """In the foreground, for its log; returns the process."""
        self.log = open(self.path('log'), 'w+b')
        self.addCleanup(self.log.close)
        daemon = subprocess.Popen([os.environ['FAMFS_FUSED'], '--foreground', '--shadow', self.shadow, *options,
                                   self.mnt], stderr=self.log, env=self.environment())
        self.addCleanup(daemon.wait)
        self.addCleanup(self.stop)
        self.wait_until(lambda: daemon.poll() is not None or self.is_mounted(self.mnt), 'the mount is there')
        self.assertIsNone(daemon.poll())
        return daemon

    def logged(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        if self.is_mounted(self.mnt):
            self.famfs('umount', self.mnt)
        self.wait_until(lambda: not self.daemons(), 'the daemon ends')

    def document(self, name):
        return f'{self.shadow}/root/{name}'

    def edit(self, name, pattern, replacement):
        """Gives a file another document, as a writer of the tree does it: written aside, renamed into place."""
        with open(self.document(name)) as document:
            text = document.read()
        edited = re.sub(pattern, replacement, text)
        self.assertNotEqual(text, edited)
        self.put(name, edited.encode())

    def put(self, name, content):
        with open(f'{self.shadow}/aside', 'wb') as out:
            out.write(content)
        os.rename(f'{self.shadow}/aside', self.document(name))


def in_another_process(function, *arguments):
    """Starts it; wait_for() returns True if it returned something true."""
    pid = os.fork()
    if pid:
        return pid
    status = 2
    try:
        status = 0 if function(*arguments) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def wait_for(pid):
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status not in (0, 1):
        raise AssertionError(f'the other process failed: {status}')
    return status == 0
