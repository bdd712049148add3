# ctest: user timeout=120 labels=robust
"""What is left to a daemon that serves: not a file outside the shadow tree, no capability that it does not need, no
program to start. tests/unit/famfs-fused/sandbox/sandbox_test.cpp tries from inside."""
import glob
import os
import signal

import harness

@harness.needs_fuse
class Sandbox(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')
        self.mnt = self.mount(self.image, '--shadow', self.path('shadow'))
        self.famfs('cp', self.write('good', b'good'), f'{self.mnt}/good')

    def status(self, key):
        [server] = self.servers()
        with open(f'/proc/{server}/status') as status:
            [line] = [line for line in status if line.startswith(f'{key}:')]
        return line.split(':')[1].strip()

    def serve(self, *options):
        self.umount(self.mnt)
        self.fused('--shadow', self.path('shadow'), *options, self.mnt)
        self.addCleanup(self._unmount_if_mounted, self.mnt)

    def restricted(self):
        """Sanitized programs keep files and system calls: their runtimes need them."""
        return harness.SLOW == 1

    def test_full_is_the_default(self):
        self.assertEqual(self.status('NoNewPrivs'), '1')
        self.assertEqual(self.status('Seccomp'), '2' if self.restricted() else '0')
        self.assertIn(int(self.status('CapEff'), 16), (0, 1 << 2))  # at most CAP_DAC_READ_SEARCH
        self.assertEqual(self.status('CapInh').strip('0'), '')
        with open(f'{self.mnt}/good', 'rb') as file:
            self.assertEqual(file.read(), b'good')

    @harness.needs_root
    def test_root_sees_only_the_tree(self):
        if not self.restricted():
            self.skipTest('sanitized programs see all files')
        [server] = self.servers()
        self.assertEqual(sorted(os.listdir(f'/proc/{server}/root')), sorted(os.listdir(self.path('shadow'))))
        with open(f'/proc/{server}/mountinfo') as mounts:
            self.assertEqual(len(mounts.readlines()), 1)
        self.assertEqual(self.status('CapBnd').strip('0'), '')

    @harness.needs_root
    def test_in_a_chroot(self):
        """Its root is no mount and cannot be exchanged: private mounts are left out, and nothing else."""
        self.umount(self.mnt)
        root = self.path('root')
        os.mkdir(root)
        self.addCleanup(lambda: self.command(['umount', '--recursive', '--lazy', *glob.glob(f'{root}/*')], status=None))
        for name in os.listdir('/'):
            if os.path.islink(f'/{name}'):
                os.symlink(os.readlink(f'/{name}'), f'{root}/{name}')
            elif os.path.isdir(f'/{name}'):
                os.mkdir(f'{root}/{name}')
                self.command(['mount', '--rbind', f'/{name}', f'{root}/{name}'])
        outcome = self.command(['chroot', root, 'sh', '-ec', 'famfs mount "$0" "$1"; cat "$1/good"; famfs umount "$1"',
                                self.image, self.mnt])
        self.assertEqual(outcome.out, 'good')

    def test_less_on_request(self):
        self.serve('--sandbox', 'caps')
        self.assertEqual((self.status('NoNewPrivs'), self.status('Seccomp')), ('1', '0'))
        self.serve('--sandbox', 'none')
        self.assertEqual((self.status('NoNewPrivs'), self.status('Seccomp')), ('0', '0'))
        self.assertEqual(len(self.servers()), 1)
        self.fails(2, '--shadow', self.path('shadow'), '--sandbox', 'some', self.mnt, program='famfs-fused',
                   words=['some', 'none, caps, full'])

    def test_new_files_and_figures_are_still_seen(self):
        free = os.statvfs(self.mnt).f_bavail
        self.famfs('creat', '--size', '4M', f'{self.mnt}/later')
        self.assertEqual(os.stat(f'{self.mnt}/later').st_size, 4 << 20)
        self.assertLess(os.statvfs(self.mnt).f_bavail, free)

    def test_guardian_unmounts_when_the_server_dies(self):
        [server], [guardian] = self.servers(), self.daemons()
        self.assertNotEqual(server, guardian)
        os.kill(server, signal.SIGKILL)
        self.wait_until(lambda: not self.is_mounted(self.mnt), 'the mount goes')
        self.famfs('umount', self.mnt)


if __name__ == '__main__':
    harness.main()
