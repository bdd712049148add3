# ctest: timeout=240 labels=robust
"""System calls that fail: strace makes them. One file suffers, with a line in the log, and the others go on; a verb says
what happened in one line, leaves nothing half, and ends where an undisturbed run does when it is run again."""
import errno
import os
import re
import shutil
import signal
import subprocess
import unittest

import daemon_case
import decoder
import harness
import omf
import sandbox
import test_interrupted

CODES = ('EIO', 'ENOSPC', 'ENOMEM')


def listing(shadow):
    """A host whose system uuid cannot be read is a client: its tree has the log read-only."""
    found = test_interrupted.listing(shadow)
    mode, text = found.get('root/.meta/.log', (0, b''))
    found['root/.meta/.log'] = mode, text.replace(b"'0444'", b"'0644'")
    return found


def text_of(code):
    return os.strerror(getattr(errno, code))


@unittest.skipUnless(shutil.which('strace'), 'needs strace')
class Verbs(harness.SystemTest):
    time_limit = 200

    def with_fault(self, call, code, number, *arguments):
        """Runs famfs; call number `number` fails. Returns the outcome, and whether it came to that."""
        note = self.path('strace')
        outcome = self.command(['strace', '-f', '-qq', '-o', note, '-e', f'trace={call}', '-e',
                                f'inject={call}:error={code}:when={number}', os.environ['FAMFS'], *arguments],
                               status=None)
        with open(note, errors='replace') as lines:
            return outcome, '(INJECTED)' in lines.read()

    def assert_said(self, outcome, codes):
        """Done, done with remarks, or one line that names the reason."""
        if 'error while loading shared libraries' in outcome.err or outcome.status in (0, 1):
            return
        self.assertEqual(outcome.status, 5, outcome)
        self.assertEqual(len(outcome.errors), 1, outcome)
        reasons = '|'.join(map(text_of, codes))
        self.assertRegex(outcome.err, f'^famfs: .*({reasons}|out of memory)', outcome)

    def test_logplay(self):
        image = self.encoded_pool(test_interrupted.pool())
        self.famfs('logplay', '--shadow', self.path('whole'), image)
        whole = listing(self.path('whole'))
        shadow, faults = self.path('shadow'), 0
        for call in (*test_interrupted.STEPS, 'pread64', 'fstat,newfstatat'):
            for number in range(1, 200):
                code = CODES[number % 3]
                outcome, failed = self.with_fault(call, code, number, 'logplay', '--shadow', shadow, image)
                if not failed:
                    break
                faults += 1
                self.assert_said(outcome, (code,))
                if outcome.status == 0:  # the state may be one that is not believed again
                    self.assertEqual({**listing(shadow), 'state.yaml': None}, {**whole, 'state.yaml': None},
                                     f'{code} at {call} number {number}')
                self.famfs('logplay', '--shadow', shadow, image)
                self.assertEqual(listing(shadow), whole, f'{code} at {call} number {number}')
                shutil.rmtree(shadow, ignore_errors=True)
            else:
                self.fail(f'{call}: does not end')
            shutil.rmtree(shadow, ignore_errors=True)
        print(f'{faults} faults')
        self.assertGreater(faults, 60)

    @harness.needs_fuse
    def test_writers(self):
        """Each write to the pool and each step in the tree: the file is whole or absent, log and tree agree."""
        image = self.new_pool('1G')
        point = self.mount(image, '--shadow', self.path('S'))
        content = os.urandom(300000)
        source = self.write('source', content)
        faults, made = 0, 0
        for verb in (['cp', source], ['creat', '--size', '300000'], ['mkdir']):
            for call in ('pwrite64', 'copy_file_range', 'fallocate', 'openat', 'renameat2', 'fchmod', 'mkdirat'):
                for number in range(1, 60):
                    name = f'{verb[0]}-{call}-{number}'
                    code = CODES[number % 3]
                    outcome, failed = self.with_fault(call, code, number, *verb, f'{point}/{name}')
                    if not failed:
                        break
                    faults += 1
                    # A host that cannot read its system uuid is a client.
                    if outcome.status in (0, 1, 3) or 'error while loading' in outcome.err:
                        continue
                    self.assert_said(outcome, (code, 'EIO'))  # what a stream of C++ says for any of them
                    entry = decoder.decode(image)
                    # An entry that the header does not count may be there.
                    self.assertEqual(set(entry.problems) - {decoder.UNUSED_LOG}, set(), outcome)
                    if name.encode() in entry.files:
                        made += 1
                        wanted = content if verb[0] == 'cp' else bytes(300000)
                        self.assertEqual(decoder.content(image, entry.files[name.encode()]), wanted, outcome)
                    self.famfs('fsck', image)
                    self.famfs('logplay', point)
                    self.assertEqual(os.path.exists(f'{point}/{name}'),
                                     name.encode() in {one.path for one in entry.entries}, outcome)
        print(f'{faults} faults, {made} files in the pool in spite of one')
        self.assertGreater(faults, 50)

    @harness.needs_root
    def test_read_only_shadow(self):
        """logplay says so; what was replayed is served."""
        image = self.encoded_pool(omf.Pool([omf.file('f', 5, omf.simple((0, omf.DATA, omf.UNIT)), mode=0o666)]))
        shadow = self.path('shadow')
        os.mkdir(shadow)
        self.famfs('logplay', '--shadow', shadow, image)
        sandbox.bind(shadow, shadow)
        self.addCleanup(sandbox.detach, shadow)
        self.command(['mount', '-o', 'remount,bind,ro', shadow])
        self.famfs('logplay', '--shadow', shadow, image, status=(0, 5))
        os.mkdir(self.path('mnt'))
        self.fused('--shadow', shadow, self.path('mnt'))
        self.addCleanup(self._unmount_if_mounted, self.path('mnt'))
        with open(self.path('mnt/f'), 'r+b') as file:
            self.assertEqual(file.read(), bytes(5))
            file.seek(0)
            file.write(b'12345')
        self.fails(5, 'creat', '--size', '1', self.path('mnt/g'), words=['Read-only file system'])
        self.assertEqual(set(decoder.decode(image).files), {b'f'})
        self.umount(self.path('mnt'))


@harness.needs_fuse
@harness.needs_root
@unittest.skipUnless(shutil.which('strace'), 'needs strace')
class Daemon(daemon_case.DaemonTest):
    """Calls of the serving process fail for one request; the log says so; everything else is answered, and the same
    request is, once they work."""
    files = {'victim': 300000, 'good': 300000, 'dir/deep': 5000}

    def setUp(self):
        super().setUp()
        for number, name in enumerate(self.files):
            with open(self.image, 'r+b') as image:
                image.seek(omf.DATA + number * omf.UNIT)
                image.write(name.encode() * 40000)
        self.serve_and_watch('--data-path', 'copy', '-o', 'direct_io,entry_timeout=0,attr_timeout=0')
        os.stat(f'{self.mnt}/dir')  # from here on there is a process that serves

    def read(self, name):
        with open(f'{self.mnt}/{name}', 'rb', buffering=0) as file:
            return file.read(100)

    def trace(self, calls, injection):
        """strace on the serving process, ready; what it does is in self.traced()."""
        [server] = self.servers()
        tracer = subprocess.Popen(['strace', '-f', '-qq', '-o', self.path('strace'), '-p', str(server), '-e',
                                   f'trace={calls}', '-e', f'inject={calls}:{injection}'], stderr=subprocess.DEVNULL)
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.terminate)
        self.wait_until(lambda: all_traced(server, tracer), 'strace has every thread')
        return tracer

    def injected(self):
        with open(self.path('strace'), errors='replace') as lines:
            return '(INJECTED)' in lines.read()

    def failing(self, calls, code, work):
        """Returns the errno that `work` ends with while the calls fail, 0 if it does not."""
        tracer = self.trace(calls, f'error={code}')
        try:
            work()
            for _ in range(100):  # the very first calls after the attachment may escape it
                if self.injected():
                    return 0
                work()
            return self.fail(f'{calls} is not called')
        except OSError as problem:
            return problem.errno
        finally:
            tracer.terminate()
            tracer.wait()

    def assert_all_well(self):
        for name in self.files:
            self.assertEqual(self.read(name), (name.encode() * 40000)[:100][:self.files[name]])
        self.assertEqual(sorted(os.listdir(self.mnt)), ['.meta', 'dir', 'good', 'victim'])

    def assert_suffers(self, calls, code, work, wanted=None, said=None):
        """Two requests to one file fail alike: the first one is not remembered of it."""
        wanted = getattr(errno, wanted or code)
        before = len(self.logged())
        self.assertEqual(self.failing(calls, code, work), wanted, f'{calls} {code}')
        said = said or rf'(victim|dir).*{text_of(code)}'
        self.wait_until(lambda: re.search(said, self.logged()[before:].decode()), f'{said} in the log, for {calls}')
        self.assert_all_well()

    def test_documents_that_cannot_be_read(self):
        """The name has an error while it lasts, and is no unusable file for good."""
        for code in ('EIO', 'ENOMEM', 'EMFILE', 'ENFILE'):
            os.utime(self.document('victim'))  # not the one that was parsed
            self.assert_suffers('pread64', code, lambda: os.stat(f'{self.mnt}/victim'))
            self.assert_suffers('openat2', code, lambda: os.stat(f'{self.mnt}/victim'))

    def test_directories_that_cannot_be_read(self):
        for code in ('EIO', 'ENOMEM'):
            self.assert_suffers('getdents64', code, lambda: os.listdir(f'{self.mnt}/dir'))
            self.assert_suffers('openat2', code, lambda: os.listdir(f'{self.mnt}/dir'))

    def test_image_that_cannot_be_read(self):
        with open(f'{self.mnt}/victim', 'rb', buffering=0) as file:
            for size in (100, 1 << 18):
                for code in ('EIO', 'ENOMEM'):
                    self.assert_suffers('splice,pread64,preadv', code, lambda: os.pread(file.fileno(), size, 0))

    def test_image_that_cannot_be_written(self):
        with open(f'{self.mnt}/victim', 'r+b', buffering=0) as file:
            for code in ('EIO', 'ENOSPC', 'ENOMEM'):
                self.assert_suffers('pwrite64,pwritev', code, lambda: os.pwrite(file.fileno(), b'v', 0))
            for code in ('EIO', 'ENOSPC'):
                self.assert_suffers('fdatasync,fsync', code, lambda: os.fsync(file.fileno()))

    def test_no_pipe_to_splice_through(self):
        """A read goes another way then."""
        with open(f'{self.mnt}/victim', 'rb', buffering=0) as file:
            def read_much():
                self.assertEqual(os.pread(file.fileno(), 1 << 17, 0), (b'victim' * 40000)[:1 << 17])
            self.assertEqual(self.failing('splice', 'EINVAL', read_much), 0)
            read_much()

    def test_requests_that_cannot_be_received(self):
        """The daemon asks again; what waits is answered."""
        for code in ('EIO', 'ENOMEM', 'EINVAL'):
            before = len(self.logged())
            tracer = self.trace('read', f'error={code}:when=1..3')
            for _ in range(100):
                if self.injected():
                    break
                self.assert_all_well()
            for _ in range(20):
                self.assert_all_well()
            tracer.terminate()
            tracer.wait()
            self.assertRegex(self.logged()[before:].decode(), f'reading requests: {text_of(code)}')
        self.assert_all_well()

    def test_few_descriptors(self):
        """No descriptor for a lookup or a listing; those that are held open take none."""
        [server] = self.servers()
        held = [os.open(f'{self.mnt}/dir', os.O_RDONLY | os.O_DIRECTORY) for _ in range(5)]
        # 0 to 2 are always open, so that nothing can be opened, whatever a late RELEASE of an earlier test step gives back
        self.command(['prlimit', '--pid', str(server), '--nofile=3:'])
        codes = set()
        for name in ('victim', 'dir/deep'):
            try:
                self.read(name)
            except OSError as problem:
                codes.add(problem.errno)
        try:
            os.listdir(held[0])
        except OSError as problem:
            codes.add(problem.errno)
        self.assertEqual(codes, {errno.EMFILE})
        self.assertRegex(self.logged().decode(), 'Too many open files')
        self.command(['prlimit', '--pid', str(server), '--nofile=1024:'])
        self.assertEqual(os.listdir(held[0]), os.listdir(f'{self.mnt}/dir'))
        for descriptor in held:
            os.close(descriptor)
        self.assert_all_well()

    def test_every_end_has_a_line(self):
        [guardian], [server] = self.daemons(), self.servers()
        os.kill(guardian, signal.SIGTERM)
        self.wait_until(lambda: not self.daemons(), 'the daemon ends')
        self.assertRegex(self.logged().decode(), f'signal 15 from process {guardian}: unmounting')
        for end, said in ((lambda: os.kill(self.servers()[0], signal.SIGKILL), 'ended by signal 9'),
                          (lambda: self.famfs('umount', self.mnt), 'unmounted')):
            self.serve_and_watch()
            os.stat(f'{self.mnt}/dir')
            end()
            self.wait_until(lambda: not self.daemons(), 'the daemon ends')
            self.assertRegex(self.logged().decode(), said)

    def test_tree_that_is_removed(self):
        with open(f'{self.mnt}/good', 'rb', buffering=0) as file:
            shutil.rmtree(f'{self.shadow}/root')
            for _ in range(3):
                with self.assertRaises(FileNotFoundError):
                    os.stat(f'{self.mnt}/victim')
            os.stat(self.mnt)
            self.assertEqual(file.read(4), b'good')
        self.assertRegex(self.logged().decode(), 'the shadow tree was removed')
        self.assertEqual(os.listdir(self.mnt), [])


def all_traced(pid, tracer):
    try:
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/status') as status:
                if int(re.search(r'TracerPid:\t(\d+)', status.read()).group(1)) != tracer.pid:
                    return False
    except FileNotFoundError:
        return False
    return True


if __name__ == '__main__':
    harness.main()
