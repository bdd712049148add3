# ctest: user timeout=240 labels=hostile,sanitize
"""Fifos, sockets, links, directories, devices and other users' files where the programs keep theirs: nothing hangs,
nothing of others is touched, and what cannot be done is said in one line."""
import errno
import os
import shutil
import signal
import socket
import subprocess
import time

import harness
import sandbox

LIMIT = 20  # seconds; what waits for a fifo waits for ever


class InTheWay(harness.SystemTest):
    time_limit = 100

    def setUp(self):
        self.image = self.new_pool('1G')
        self.victim = self.write('victim', b'precious')
        os.chmod(self.victim, 0o640)

    def things(self, path):
        """Puts one thing after the other at `path`; yields its name."""
        def bound():
            with socket.socket(socket.AF_UNIX) as server:
                os.chdir(os.path.dirname(path))  # for its short names
                server.bind(os.path.basename(path))
                os.chdir(self.dir)
        makers = {'fifo': lambda: os.mkfifo(path), 'socket': bound, 'symlink': lambda: os.symlink(self.victim, path),
                  'symlink to nothing': lambda: os.symlink(self.path('nowhere'), path),
                  'symlink to itself': lambda: os.symlink(path, path),
                  'hard link': lambda: os.link(self.victim, path),
                  'directory': lambda: os.makedirs(f'{path}/full')}
        if sandbox.is_root():
            makers['device'] = lambda: os.mknod(path, 0o020666, os.makedev(1, 5))
            makers['file of another user'] = lambda: self.others(path)
        for name, make in makers.items():
            self.remove(path)
            try:
                make()
            except OSError as problem:  # other file systems, ordinary users
                self.assertIn(problem.errno, (errno.EPERM, errno.EACCES, errno.EXDEV))
                continue
            with self.subTest(name):
                yield name
                self.assert_untouched()
        self.remove(path)

    def others(self, path):
        with open(path, 'wb') as file:
            file.write(b"{'mountpoint': '/'}")
        os.chown(path, 1234, 1234)

    def remove(self, path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def assert_untouched(self):
        with open(self.victim, 'rb') as file:
            self.assertEqual(file.read(), b'precious')
        self.assertEqual(os.stat(self.victim).st_mode & 0o7777, 0o640)
        self.assertFalse(os.path.exists(self.path('nowhere')))

    def tried(self, *arguments, program='famfs'):
        """Ends in time, with success or one line."""
        run = self.famfs if program == 'famfs' else self.fused
        outcome = run(*arguments, status=None, limit=LIMIT)
        self.assertIn(outcome.status, range(6), outcome)
        if outcome.status:
            self.assertEqual(len(outcome.errors), 1, outcome)
        return outcome

    def test_side_files_of_a_tree(self):
        tree = self.path('tree')
        for name in ('.state.yaml.new', '.devices.yaml.new', 'state.yaml', 'devices.yaml', '.staged/entry'):
            self.famfs('logplay', '--shadow', tree, self.image)
            for _ in self.things(f'{tree}/{name}'):
                self.remove(f'{tree}/root/.meta/.log')
                self.tried('logplay', '--shadow', tree, self.image)
            shutil.rmtree(tree)

    def test_the_first_mark(self):
        for name in ('.state.yaml.new', 'state.yaml', 'devices.yaml'):
            os.makedirs(self.path('tree'))
            for _ in self.things(self.path(f'tree/{name}')):
                self.tried('logplay', '--shadow', self.path('tree'), self.image)
            shutil.rmtree(self.path('tree'))

    def test_directories_of_a_tree(self):
        tree = self.path('tree')
        for name in ('root', '.staged', 'root/.meta', 'root/.meta/.superblock'):
            self.famfs('logplay', '--shadow', tree, self.image)
            for _ in self.things(f'{tree}/{name}'):
                self.remove(f'{tree}/devices.yaml')
                self.tried('logplay', '--shadow', tree, self.image)
            shutil.rmtree(tree)

    def test_the_system_uuid(self):
        for _ in self.things(self.host_file):
            outcome = self.tried('mkfs', '--size', '1G', self.path('new.img'))
            self.assertNotEqual(outcome.status, 0)
            self.remove(self.path('new.img'))
            self.tried('info', self.image)

    @harness.needs_fuse
    def test_the_pid_file(self):
        tree, mnt = self.path('tree'), self.path('mnt')
        self.famfs('logplay', '--shadow', tree, self.image)
        os.mkdir(mnt)
        for kind in self.things(self.path('pid')):
            outcome = self.tried('--shadow', tree, '--pid-file', self.path('pid'), mnt, program='fused')
            self.assertNotEqual(outcome.status, 0, kind)
            self.assertIn('pid file', outcome.err)
            self.assertFalse(self.is_mounted(mnt))

    @harness.needs_fuse
    def test_files_of_a_run_directory(self):
        mnt = self.mount(self.image)
        [run] = self.run_directories()
        self.umount(mnt)
        other = f'{os.path.dirname(run)}/mount-others'
        os.makedirs(other, mode=0o700)
        try:
            for name in ('mount.yaml', 'pid', 'mount.yaml.new'):
                for _ in self.things(f'{other}/{name}'):
                    mnt = self.mount(self.image)
                    self.umount(mnt)
        finally:
            shutil.rmtree(other)

    def base(self):
        return '/run/famfs' if sandbox.is_root() else f'{self.dir}/run/famfs'

    @harness.needs_fuse
    def test_the_run_directory_itself(self):
        os.makedirs(self.path('mnt'))
        os.makedirs(self.path('run'), mode=0o700, exist_ok=True)
        os.makedirs(self.path('elsewhere'))
        for _ in self.things(self.base()):
            outcome = self.tried('mount', self.image, self.path('mnt'))
            if outcome.status == 0:
                self.famfs('umount', self.path('mnt'))
            self.tried('umount', self.path('mnt'))
        os.symlink(self.path('elsewhere'), self.base())
        self.fails((3, 5), 'mount', self.image, self.path('mnt'), words=('famfs',))
        os.unlink(self.base())

    @harness.needs_fuse
    def test_a_run_directory_that_others_write(self):
        """Not looked into: a fifo as mount.yaml in it would hold the program for ever."""
        os.makedirs(self.path('mnt'))
        os.makedirs(f'{self.base()}/mount-x')
        os.mkfifo(f'{self.base()}/mount-x/mount.yaml')
        os.chmod(self.base(), 0o777)
        try:
            self.fails(3, 'mount', self.image, self.path('mnt'), words=('not a directory that only',), limit=LIMIT)
            self.fails(3, 'umount', self.path('mnt'), words=('not a famfs mount point',), limit=LIMIT)
        finally:
            shutil.rmtree(self.base())

    @harness.needs_root
    def test_a_run_directory_of_another_user(self):
        """What /tmp/famfs-UID may be: somebody was there first."""
        os.makedirs(self.path('mnt'))
        os.makedirs(f'{self.base()}/mount-x')
        os.mkfifo(f'{self.base()}/mount-x/mount.yaml')
        os.chown(self.base(), 1234, 1234)
        try:
            self.fails(3, 'mount', self.image, self.path('mnt'), words=('not a directory that only',), limit=LIMIT)
        finally:
            shutil.rmtree(self.base())

    @harness.needs_fuse
    def test_sigterm_ends_it(self):
        """Whatever is in the way, SIGTERM is obeyed."""
        os.makedirs(f'{self.base()}/mount-x', mode=0o700)
        os.makedirs(self.path('mnt'))
        os.mkfifo(f'{self.base()}/mount-x/mount.yaml')
        os.mkfifo(f'{self.base()}/mount-x/pid')
        try:
            program = subprocess.Popen([os.environ['FAMFS'], 'mount', '--foreground', self.image, self.path('mnt')],
                                       env=self.environment(), cwd=self.dir)
            self.wait_until(lambda: program.poll() is not None or self.is_mounted(self.path('mnt')), 'the mount')
            program.send_signal(signal.SIGTERM)
            end = time.monotonic() + LIMIT * harness.SLOW
            while program.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            self.assertIsNotNone(program.poll())
            self.assertFalse(self.is_mounted(self.path('mnt')))
        finally:
            shutil.rmtree(f'{self.base()}/mount-x')


if __name__ == '__main__':
    harness.main()
