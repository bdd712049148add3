# ctest: user
"""Where a host keeps the uuid that makes it a pool's master, and who may make that file."""
import os
import shutil
import unittest
import uuid

import harness
import sandbox


class SystemUuid(harness.SystemTest):
    def environment(self):
        environment = super().environment()
        del environment['FAMFS_SYSTEM_UUID_FILE']
        return environment

    def private_etc(self, script):
        """Runs a script where /etc is a private copy-on-write view and /opt is empty."""
        os.makedirs(self.path('work'), exist_ok=True)  # a tmpfs: overlayfs cannot keep changes everywhere
        setup = ('mount -t tmpfs none "$D/work" && mkdir "$D/work/u" "$D/work/w" && mount -t tmpfs none /opt && '
                 'mount -t overlay -o "lowerdir=/etc,upperdir=$D/work/u,workdir=$D/work/w" none /etc && '
                 'rm -rf /etc/famfs && ')
        outcome = self.command(['unshare', '--mount', 'sh', '-ec', setup + script], None,
                               env={'D': self.dir, 'F': os.environ['FAMFS']})
        if outcome.status != 0 and 'overlay' in outcome.err:
            self.skipTest('needs overlayfs')
        self.assertEqual(outcome.status, 0, outcome)
        return outcome.out

    @harness.needs_root
    def test_root_keeps_it_in_etc(self):
        out = self.private_etc('"$F" mkfs "$D/pool.img" --size 1G >/dev/null; "$F" info "$D/pool.img" | grep role;'
                               'cat /etc/famfs/system_uuid; ls /opt')
        role, text = out.splitlines()
        self.assertIn('master', role)
        self.assertEqual(str(uuid.UUID(text)), text)

    @harness.needs_root
    def test_upstreams_file_wins(self):
        own = '11112222-3333-4444-5555-666677778888'
        out = self.private_etc(f'mkdir /opt/famfs; echo {own} > /opt/famfs/system_uuid; mkdir /etc/famfs;'
                               'echo 99999999-3333-4444-5555-666677778888 > /etc/famfs/system_uuid;'
                               '"$F" mkfs "$D/pool.img" --size 1G >/dev/null; "$F" info --json "$D/pool.img";')
        self.assertIn(own, out)

    @harness.needs_root
    def test_reading_makes_no_file(self):
        self.be_host('main', harness.MASTER_OF_TEST_POOLS)
        self.golden_pool('mixed', 16 << 30)
        out = self.private_etc('"$F" fsck "$D/mixed.img" >/dev/null; "$F" info "$D/mixed.img" | grep role;'
                               '"$F" logplay --shadow "$D/S" "$D/mixed.img" >/dev/null; ls -d /etc/famfs || true')
        self.assertIn('client', out)
        self.assertNotIn('/etc/famfs', out)

    def test_ordinary_user_keeps_it_at_home(self):
        if sandbox.is_root():
            self.skipTest('as an ordinary user')
        if os.path.exists('/etc/famfs/system_uuid') or os.path.exists('/opt/famfs/system_uuid'):
            self.skipTest('this machine has a system uuid')
        image = self.new_pool('1G')
        with open(self.path('home/config/famfs/system_uuid')) as text:
            own = text.read().strip()
        self.assertIn(own, harness.values_of(self.famfs('info', '--json', image).json(), 'system_uuid'))
        self.assertIn('master', self.famfs('info', image).out)
        os.unlink(self.path('home/config/famfs/system_uuid'))
        self.assertIn('client', self.famfs('info', image).out)
        self.assertFalse(os.path.exists(self.path('home/config/famfs/system_uuid')))

    def test_a_file_that_is_no_uuid_is_not_replaced(self):
        file = self.write('uuid', b'nonsense\n')
        self.fails((2, 3, 5), 'mkfs', self.path('pool.img'), '--size', '1G', env={'FAMFS_SYSTEM_UUID_FILE': file},
                   words=[file])
        with open(file, 'rb') as text:
            self.assertEqual(text.read(), b'nonsense\n')
        self.assertFalse(os.path.exists(self.path('pool.img')))

    @unittest.skipUnless(shutil.which('strace'), 'needs strace')
    def test_it_is_on_the_disk_before_a_pool_names_it(self):
        """Synced: the file before it gets its name, the directories that are new after that; then the superblock."""
        file = self.path('a/b/system_uuid')
        trace = self.path('trace')
        self.command(['strace', '-f', '-y', '-qq', '-o', trace, '-e', 'trace=fsync,fdatasync,link,linkat,pwrite64',
                      os.environ['FAMFS'], 'mkfs', self.path('pool.img'), '--size', '64M'],
                     env={'FAMFS_SYSTEM_UUID_FILE': file})
        with open(trace) as text:
            calls = text.read().splitlines()

        def place(*words):
            found = [index for index, line in enumerate(calls) if all(word in line for word in words)]
            self.assertTrue(found, (words, calls))
            return found[0]
        steps = [place('fsync(', f'<{file}.'), place('link', f'"{file}"')]
        steps += [place('fsync(', f'<{directory}>') for directory in (self.path('a/b'), self.path('a'), self.dir)]
        steps.append(place('pwrite64(', 'pool.img'))
        self.assertEqual(steps, sorted(steps), calls)


if __name__ == '__main__':
    harness.main()
