# ctest: user
"""mount and umount beside their plain use: mount.famfs, --foreground, --shadow, leftovers, a daemon started by hand."""
import os
import signal
import subprocess
import unittest

import harness
import sandbox


@harness.needs_fuse
class Mounting(harness.SystemTest):
    def setUp(self):
        self.image = self.new_pool('1G')
        self.point = self.path('mnt')
        os.mkdir(self.point)
        self.addCleanup(self._unmount_if_mounted, self.point)

    def helper(self, *arguments, status=0):
        """Runs famfs by the name that mount(8) calls."""
        name = self.path('mount.famfs')
        if not os.path.lexists(name):
            os.symlink(os.environ['FAMFS'], name)
        return self.command([name, *arguments], status)

    def options(self):
        with open('/proc/self/mountinfo', encoding='utf-8') as lines:
            for line in lines:
                if f' {self.point} ' in line:
                    return set(line.split()[5].split(','))
        return None

    def test_helper_takes_what_mount_passes(self):
        self.helper(self.image, self.point, '-n', '-s', '-o',
                    'ro,nofail,_netdev,x-systemd.automount,defaults,noauto,user,nosuid,data-path=copy,unheard-of')
        self.assertLessEqual({'ro', 'nosuid'}, self.options())
        self.umount(self.point)
        self.helper(self.image, self.point, '-o', f'shadow={self.path("S")}')
        self.assertTrue(os.path.isdir(self.path('S/root')))
        self.umount(self.point)

    def test_helper_pretends(self):
        self.helper('-f', self.image, self.point)
        self.assertFalse(self.is_mounted(self.point))

    def test_helper_refuses(self):
        for wrong in ([], [self.image], ['-x', self.image, self.point], [self.image, self.point, '-o'],
                      [self.image, self.point, '-o', 'data-path=fast'], [self.image, self.point, '-o', 'unheard-of']):
            outcome = self.helper(*wrong, status=2)
            self.assertEqual((outcome.out, len(outcome.errors)), ('', 1), outcome)
        self.assertFalse(self.is_mounted(self.point))
        self.assertEqual(self.run_directories(), [])

    def test_mkfs_by_its_other_name(self):
        os.symlink(os.environ['FAMFS'], self.path('mkfs.famfs'))
        self.command([self.path('mkfs.famfs'), self.image], 3)
        self.command([self.path('mkfs.famfs'), self.image, '--force'])

    def test_foreground_stays_until_it_is_told(self):
        process = subprocess.Popen([os.environ['FAMFS'], 'mount', '--foreground', self.image, self.point],
                                   env=self.environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        self.wait_until(lambda: self.is_mounted(self.point), 'the mount')
        self.famfs('creat', '--size', '1', f'{self.point}/f')
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20 * harness.SLOW)
        self.assertEqual(process.returncode, 0)
        self.assertFalse(self.is_mounted(self.point))
        self.assertEqual(self.run_directories(), [])

    def foreground_mount(self):
        process = subprocess.Popen([os.environ['FAMFS'], 'mount', '--foreground', self.image, self.point],
                                   env=self.environment(), stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_until(lambda: self.is_mounted(self.point), 'the mount')
        return process

    def test_foreground_ends_with_umount(self):
        for _ in range(5):
            process = self.foreground_mount()
            self.umount(self.point)
            self.assertEqual(process.wait(20 * harness.SLOW), 0)
            self.assertEqual(self.run_directories(), [])

    def test_umount_waits_for_a_foreground_mount_to_clean_up(self):
        process = self.foreground_mount()
        os.listdir(self.point)
        process.send_signal(signal.SIGSTOP)
        umount = subprocess.Popen([os.environ['FAMFS'], 'umount', self.point], env=self.environment())
        self.addCleanup(umount.wait)
        self.wait_until(lambda: not self.is_mounted(self.point) and not self.daemons(), 'the unmount')
        with self.assertRaises(subprocess.TimeoutExpired):
            umount.wait(0.2)
        self.assertEqual(len(self.run_directories()), 1)
        process.send_signal(signal.SIGCONT)
        self.assertEqual((umount.wait(20 * harness.SLOW), self.run_directories()), (0, []))
        self.assertEqual(process.wait(20 * harness.SLOW), 0)

    def test_given_shadow_stays_and_is_taken_up_again(self):
        shadow = self.path('S')
        self.mount(self.image, '--shadow', shadow)
        self.famfs('creat', '--size', '1', f'{self.point}/f')
        self.umount(self.point)
        self.assertTrue(os.path.isfile(f'{shadow}/root/f'))
        self.mount(self.image, '--shadow', shadow)
        self.assertEqual(os.listdir(self.point), [name for name in os.listdir(self.point) if name in ('.meta', 'f')])
        self.umount(self.point)

    def test_shadow_of_another_pool_is_refused(self):
        other = self.new_pool('1G', name='other.img')
        self.famfs('logplay', '--shadow', self.path('S'), other)
        self.fails(3, 'mount', self.image, self.point, '--shadow', self.path('S'))
        self.assertFalse(self.is_mounted(self.point))
        self.assertEqual(self.run_directories(), [])

    def test_leftovers_of_an_unmounted_mount_go_with_the_next(self):
        self.mount(self.image)
        [left] = self.run_directories()
        self.command(['umount', self.point])
        self.wait_until(lambda: not self.daemons(), 'the end of the daemon')
        self.assertEqual(self.run_directories(), [left])
        self.mount(self.image)
        [now] = self.run_directories()
        self.assertNotEqual(left, now)
        self.umount(self.point)
        self.assertEqual(self.run_directories(), [])

    def test_umount_of_a_daemon_started_by_hand(self):
        self.famfs('logplay', '--shadow', self.path('S'), self.image)
        self.fused('--shadow', self.path('S'), '--device', self.image, self.point)
        self.famfs('mkdir', f'{self.point}/d')
        self.famfs('umount', self.point)
        self.assertFalse(self.is_mounted(self.point))
        self.assertTrue(os.path.isdir(self.path('S/root/d')))

    def test_verbose_says_role_and_data_path(self):
        out = self.famfs('mount', '-v', self.image, self.point).out
        self.assertEqual(out, f'{self.point}: {self.image}, master, data path copy\n')

    def test_strange_names(self):
        point, image = self.path('a b\\\t\'"ä\n\udcff'), self.path('p, q\\.img')
        os.rename(self.image, image)
        os.mkdir(point)
        self.mount(image, name=os.path.basename(point))
        self.famfs('mkdir', f'{point}/d')
        self.assertEqual(len(self.famfs('info', point, '--json').json()['mounts']), 1)
        self.umount(point)
        self.assertEqual(self.run_directories(), [])

    def test_run_directory_of_somebody_else(self):
        if sandbox.is_root():
            raise unittest.SkipTest('/run belongs to root')
        os.makedirs(self.path('run/famfs'))
        os.chmod(self.path('run/famfs'), 0o777)
        self.fails(3, 'mount', self.image, self.point, words=['run/famfs'])
        self.assertFalse(self.is_mounted(self.point))


if __name__ == '__main__':
    harness.main()
