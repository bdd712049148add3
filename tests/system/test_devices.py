# ctest: user labels=sanitize
"""A pool on two devices: mount finds them, reads a file that is striped over both, and says which one is missing."""
import os
import uuid

import harness
import omf

CHUNK = omf.UNIT
SIZE = 3 * CHUNK + 1000
DEVICE = 64 << 20


class TwoDevices(harness.SystemTest):
    def setUp(self):
        second = uuid.uuid4().bytes
        log = [omf.add_daxdev(DEVICE, second, 1),
               omf.file('striped', SIZE, omf.striped(CHUNK, (0, omf.DATA, 2 * CHUNK), (1, omf.DATA, 2 * CHUNK))),
               omf.file('alone', CHUNK, omf.simple((1, omf.DATA + 8 * CHUNK, CHUNK)))]
        first = omf.Pool(log, device_size=DEVICE)
        self.first = self.encoded_pool(first, DEVICE)
        self.second = self.encoded_pool(omf.Pool(fs=first.fs, dev=second, device_size=DEVICE), DEVICE, name='second.img')
        self.chunks = [bytes([number]) * CHUNK for number in range(1, 5)]
        for number, chunk in enumerate(self.chunks):
            self.store((self.first, self.second)[number % 2], omf.DATA + number // 2 * CHUNK, chunk)
        self.store(self.second, omf.DATA + 8 * CHUNK, b'a' * CHUNK)

    @staticmethod
    def store(image, offset, content):
        with open(image, 'r+b') as out:
            out.seek(offset)
            out.write(content)

    @staticmethod
    def content(path):
        with open(path, 'rb') as file:
            return file.read()

    def test_bytes_come_from_the_right_device(self):
        point = self.mount(self.first, '--device', self.second)
        self.assertEqual(self.content(f'{point}/striped'), b''.join(self.chunks)[:SIZE])
        self.assertEqual(self.content(f'{point}/alone'), b'a' * CHUNK)

    def test_writers_keep_to_the_first_device(self):
        point = self.mount(self.first, '--device', self.second)
        before = self.content(self.second)
        self.famfs('cp', self.write('source', b'content'), f'{point}/copy')
        self.assertEqual(self.content(f'{point}/copy'), b'content')
        self.assertEqual(self.content(self.second), before)
        self.famfs('fsck', self.first)

    def test_missing_device(self):
        point = self.path('mnt')
        os.mkdir(point)
        self.fails(5, 'mount', self.first, point, words=['its path on this host is not known'])
        self.assertFalse(self.is_mounted(point))

    def test_device_of_another_pool(self):
        point = self.path('mnt')
        os.mkdir(point)
        for name in (self.encoded_pool(omf.Pool(), DEVICE, name='other.img'), self.first):
            self.fails(3, 'mount', self.first, point, '--device', name,
                       words=['is not a further device of this pool'])


if __name__ == '__main__':
    harness.main()
