# ctest: user labels=sanitize
"""A pool of another host is not erased by mistake: mkfs --force, --kill and --size say whose it is, and want --foreign."""
import os

import harness
import omf

OTHER = '99999999-3333-4444-5555-666677778888'
WRITTEN = r'last written 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC'


class ForeignPool(harness.SystemTest):
    def setUp(self):
        self.image = self.encoded_pool(omf.Pool([omf.mkdir('a'), omf.mkdir('a/b'), omf.mkdir('c')]), 64 << 20)

    def refused(self, *arguments, words=(), image=None):
        """mkfs with these arguments changes nothing and makes no system uuid."""
        before = self.snapshot()
        self.fails(3, 'mkfs', image or self.image, *arguments, words=['holds famfs', '--foreign', *words])
        self.assertEqual(self.snapshot(), before)

    def test_master_needs_no_more_than_before(self):
        self.fails(3, 'mkfs', self.image, words=['holds famfs; --force overwrites it'])
        self.famfs('mkfs', self.image, '--force')
        self.famfs('mkfs', self.image, '--kill')

    def test_another_host_is_told_whose_it_is(self):
        self.be_host('other', OTHER)
        words = [harness.MASTER_OF_TEST_POOLS, OTHER, r'\b3 entries', WRITTEN]
        for arguments in ((), ('--force',), ('--foreign',), ('--force', '--size', '128M'), ('--force', '--size', '64M'),
                          ('--size', '128M')):
            self.refused(*arguments, words=[*words, '--force --foreign'])
        for arguments in (('--kill',), ('--kill', '--force')):
            self.refused(*arguments, words=[*words, '--kill --foreign'])

    def test_foreign_does_it(self):
        self.be_host('other', OTHER)
        self.famfs('mkfs', self.image, '--force', '--foreign', '--size', '128M')
        self.assertEqual(os.path.getsize(self.image), 128 << 20)
        self.assertIn('master', self.famfs('info', self.image).out)
        self.be_host('main')
        self.refused('--kill', words=[OTHER, r'\b0 entries'])
        self.famfs('mkfs', self.image, '--kill', '--foreign')
        self.fails(4, 'fsck', self.image)

    def test_host_without_a_uuid(self):
        """It stays without one: a refusal makes no file."""
        self.be_host('new')
        for arguments in (('--force',), ('--kill',), ('--force', '--size', '128M')):
            self.refused(*arguments, words=[harness.MASTER_OF_TEST_POOLS, 'here: none'])
        self.famfs('mkfs', self.image, '--force', '--foreign')

    def test_damaged_superblock(self):
        """It is another host's, unless it names this one all the same."""
        for number, fields in enumerate(({'version': 47}, {'major': 3}, {'sb_flip': 1})):
            with self.subTest(fields=fields):
                image = self.encoded_pool(omf.Pool([omf.mkdir('d')], **fields), 64 << 20, name=f'{number}.img')
                self.be_host('other', OTHER)
                for arguments in (('--force',), ('--kill',)):
                    self.refused(*arguments, words=['cannot be told', harness.MASTER_OF_TEST_POOLS], image=image)
                self.be_host('main')
                self.famfs('mkfs', image, '--kill')

    def test_further_device_of_a_pool(self):
        """It has a superblock, but no log."""
        with open(self.image, 'r+b') as image:
            image.seek(104)
            image.write((2).to_bytes(4, 'little'))
            image.seek(0x200000)
            image.write(bytes(48))
        self.be_host('other', OTHER)
        self.refused('--force', words=[harness.MASTER_OF_TEST_POOLS, WRITTEN])
        outcome = self.famfs('mkfs', self.image, '--force', status=3)
        self.assertNotIn('entries', outcome.err)

    def test_usage(self):
        self.fails(2, 'mkfs', self.image, '--kill', '--foreign', '--size', '1G', words=['--kill goes with'])
        self.assertIn('--foreign', self.famfs('mkfs', '--help').out)
        fresh = self.path('fresh.img')
        self.famfs('mkfs', fresh, '--size', '64M', '--foreign')  # nothing there to be foreign


if __name__ == '__main__':
    harness.main()
