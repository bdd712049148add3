# ctest: user timeout=120 labels=hostile,sanitize
"""A shadow tree that names files which are not the pool's: the daemon serves no byte of them, whoever runs it and
however the tree came about."""
import os
import re
import shutil
import uuid

import daemon_case
import harness
import omf


@harness.needs_fuse
class NamedByTheTree(daemon_case.DaemonTest):
    """devices.yaml and a document are all that it takes to name a file of the host."""

    def setUp(self):
        super().setUp()
        with open(self.image, 'rb') as image:
            self.lead = image.read(omf.DATA)
        self.state = self.read_side('state.yaml')

    def read_side(self, name):
        with open(f'{self.shadow}/{name}') as text:
            return text.read()

    def write_side(self, name, text):
        with open(f'{self.shadow}/{name}', 'w') as out:
            out.write(text)

    def secret(self, lead=b''):
        path = self.write('secret', lead + b'secret' * (1 << 20))
        os.chmod(path, 0o600)
        os.truncate(path, 16 << 20)
        return path

    def add_device(self, path, device=None):
        """A second device at `path`, and a document with an extent on it."""
        device = device or str(uuid.UUID(int=77))
        text = self.read_side('devices.yaml')
        self.write_side('devices.yaml', text + f"  - uuid: '{device}'\n    size: {16 << 20}\n    path: {path}\n")
        owner = os.geteuid()
        self.put('stolen', f"""file:
  path: /stolen
  size: 4096
  owner: {owner}
  group: {os.getegid()}
  permissions: '0666'
  extents:
    - device_uuid: '{device}'
      offset: {omf.DATA}
      length: {omf.UNIT}
""".encode())

    def assert_refused(self, path, *words, options=(), status=(3, 4)):
        with open(path, 'rb') as content:
            before = content.read(16 << 20)
        self.fails(status, '--shadow', self.shadow, *options, self.mnt, program='famfs-fused',
                   words=(re.escape(path), *words))
        self.assertFalse(self.is_mounted(self.mnt))
        with open(path, 'rb') as content:
            self.assertEqual(content.read(16 << 20), before)

    def test_a_second_device_that_is_any_file(self):
        secret = self.secret()
        self.add_device(secret)
        for options in ((), ('--device', self.image), ('--data-path', 'copy'), ('--read-only',),
                        ('--data-path', 'iomap', '--kernel-abi', 'next')):
            self.assert_refused(secret, 'device 1', options=options)

    def test_a_second_device_that_is_another_pool(self):
        secret = self.secret(omf.Pool([]).superblock)
        self.add_device(secret)
        self.assert_refused(secret, 'file system', status=3)

    def test_a_second_device_that_is_the_first_once_more(self):
        """A superblock of the pool, but of another of its devices."""
        secret = self.secret(self.lead)
        self.add_device(secret)
        self.assert_refused(secret, 'is device', status=3)

    def test_the_first_device_is_another_file(self):
        for lead, status in ((b'', 4), (omf.Pool([]).superblock, 3)):
            secret = self.secret(lead)
            text = self.read_side('devices.yaml')
            self.write_side('devices.yaml', text.replace(self.image, secret).replace(str(1 << 30), str(16 << 20)))
            for options in ((), ('--data-path', 'iomap', '--kernel-abi', 'v10')):
                self.assert_refused(secret, options=options, status=status)
            self.write_side('devices.yaml', text)

    def test_the_first_device_has_another_uuid(self):
        text = self.read_side('devices.yaml')
        self.write_side('devices.yaml', re.sub(r"uuid: '[^']*'", f"uuid: '{uuid.UUID(int=5)}'", text))
        self.assert_refused(self.image, 'is device', status=3)

    def test_another_geometry_would_open_the_log(self):
        text = self.read_side('devices.yaml')
        for wrong in (text.replace(f'data_start: {omf.DATA}', 'data_start: 0'),
                      text.replace(f'alloc_unit: {omf.UNIT}', 'alloc_unit: 4096')):
            self.assertNotEqual(wrong, text)
            self.write_side('devices.yaml', wrong)
            self.assert_refused(self.image, 'data starts at', status=3)

    def test_a_link_to_another_file(self):
        secret = self.secret()
        link = self.path('link')
        os.symlink(secret, link)
        self.add_device(link)
        self.fails((3, 4), '--shadow', self.shadow, self.mnt, program='famfs-fused', words=('device 1',))

    def test_what_is_no_file_at_all(self):
        os.mkfifo(self.path('fifo'))
        for path in (self.path('fifo'), '/dev/null', '/dev/zero', self.dir, '/proc/self/mem'):
            text = self.read_side('devices.yaml')
            self.add_device(path)
            outcome = self.fused('--shadow', self.shadow, self.mnt, status=None, limit=20)
            self.assertIn(outcome.status, (2, 3, 4, 5))
            self.assertEqual(len(outcome.errors), 1, outcome)
            self.write_side('devices.yaml', text)

    def test_mount_takes_the_table_from_the_pool(self):
        secret = self.secret()
        self.write_side('devices.yaml', self.read_side('devices.yaml'))
        self.add_device(secret)
        self.mount(self.image, '--shadow', self.shadow)
        self.assertNotIn(secret, self.read_side('devices.yaml'))
        with self.assertRaises(OSError):
            with open(f'{self.mnt}/stolen', 'rb') as stolen:
                stolen.read()

    def test_logplay_writes_the_table_anew(self):
        good = self.read_side('devices.yaml')
        for wrong in (good.replace(self.image, '/etc/shadow'), good.replace(str(1 << 30), str(2 << 30)),
                      good.replace(f'data_start: {omf.DATA}', 'data_start: 0')):
            self.assertNotEqual(wrong, good)
            self.write_side('devices.yaml', wrong)
            self.famfs('logplay', '--shadow', self.shadow, self.image)
            self.assertEqual(self.read_side('devices.yaml'), good)

    def test_a_moved_image_is_found_again(self):
        moved = self.path('moved.img')
        shutil.move(self.image, moved)
        self.image = moved
        self.mount(moved, '--shadow', self.shadow)
        self.assertIn(moved, self.read_side('devices.yaml'))


if __name__ == '__main__':
    harness.main()
