# ctest: user labels=format,sanitize
"""Pools that upstream's tools wrote: replayed byte for byte as upstream does, and every field as the log says."""
import os
import tarfile

import decoder
import harness
import yaml_reader
from harness import GOLDEN
from yaml_reader import number

MIXED_SIZE = 16 << 30


class Mixed(harness.SystemTest):
    def setUp(self):
        self.be_host('main', harness.MASTER_OF_TEST_POOLS)
        self.image = self.golden_pool('mixed', MIXED_SIZE)
        self.shadow = self.path('S')

    def upstream(self):
        """Upstream's tree: {path: (mode, uid, gid, document or None)}."""
        found = {}
        with tarfile.open(f'{GOLDEN}/mixed/shadow.tar.gz') as archive:
            for member in archive:
                name = member.name.removeprefix('shadow/root').lstrip('/')
                if member.name.startswith('shadow/root/') and name:
                    text = archive.extractfile(member).read() if member.isfile() else None
                    found[name.encode()] = (member.mode, member.uid, member.gid, text)
        self.assertEqual(len(found), 25)
        return found

    def ours(self, skip=('.meta',)):
        return harness.tree(f'{self.shadow}/root', skip)

    def test_form_2_is_byte_identical(self):
        self.famfs('logplay', '--shadow', self.shadow, '--format', 'famfs', self.image)
        self.assertEqual(self.ours(), {name: text for name, (_, _, _, text) in self.upstream().items()})

    def test_modes_and_owners_on_disk(self):
        self.famfs('logplay', '--shadow', self.shadow, '--format', 'famfs', self.image)
        root = os.fsencode(f'{self.shadow}/root')
        for name, (mode, uid, gid, text) in self.upstream().items():
            status = os.lstat(os.path.join(root, name))
            self.assertEqual(status.st_mode & 0o7777, 0o644 if text is not None else mode, name)
            if os.geteuid() == 0 and text is None:
                self.assertEqual((status.st_uid, status.st_gid), (uid, gid), name)

    def test_form_1_says_every_field(self):
        self.famfs('logplay', '--shadow', self.shadow, self.image)
        image = decoder.decode(self.image)
        self.assertEqual(image.problems, [])
        ours = self.ours()
        self.assertEqual({name for name, text in ours.items() if text is None}, set(image.directories))
        self.assertEqual({name for name, text in ours.items() if text is not None}, set(image.files))
        for name, file in image.files.items():
            self.assertEqual(self.form_1(ours[name]), self.expected(file, image.device, 16 + image.entries.index(file)), name)

    @staticmethod
    def form_1(text):
        """A form 1 document in plain values; whatever is not in the form stays and makes the comparison fail."""
        document = yaml_reader.load(text)
        file = document['file']
        for key in ('id', 'size', 'owner', 'group'):
            file[key] = number(file[key])
        stripe = file.get('stripe')
        if stripe:
            stripe['chunk_size'] = number(stripe['chunk_size'])
        for extent in (stripe['strips'] if stripe else file['extents']):
            extent.update(offset=number(extent['offset']), length=number(extent['length']))
        return document

    @staticmethod
    def expected(file, device, number):
        extents = [{'device_uuid': str(device).encode(), 'offset': offset, 'length': length}
                   for _, offset, length in file.extents]
        where = {'stripe': {'chunk_size': file.chunk, 'strips': extents}} if file.chunk else {'extents': extents}
        return {'file': {'path': b'/' + file.path, 'id': number, 'size': file.size, 'owner': file.uid, 'group': file.gid,
                         'permissions': b'%04o' % file.mode, **where}}

    def test_devices_and_state_say_which_pool(self):
        self.famfs('logplay', '--shadow', self.shadow, self.image)
        image = decoder.decode(self.image)
        with open(f'{self.shadow}/devices.yaml', 'rb') as text:
            devices = text.read()
            yaml_reader.load(devices)
        for fact in (str(image.device), str(MIXED_SIZE), os.path.realpath(self.image)):
            self.assertIn(fact.encode(), devices)
        with open(f'{self.shadow}/state.yaml', 'rb') as text:
            state = text.read()
            yaml_reader.load(state)
        for fact in (str(image.file_system), '25'):
            self.assertIn(fact.encode(), state)

    def test_meta_documents_on_the_master(self):
        self.famfs('logplay', '--shadow', self.shadow, '--format', 'famfs', self.image)
        self.assert_meta('superblock.yaml', '.superblock')
        self.assert_meta('log-master-8m.yaml', '.log')

    def assert_meta(self, golden, name):
        with open(f'{GOLDEN}/meta-shadow-yaml/{golden}', 'rb') as theirs:
            with open(f'{self.shadow}/root/.meta/{name}', 'rb') as ours:
                self.assertEqual(ours.read(), theirs.read())

    def test_again_writes_nothing(self):
        for form in ('uuid', 'famfs'):
            shadow = self.path(f'S-{form}')
            self.famfs('logplay', '--shadow', shadow, '--format', form, self.image)
            before = self.times(shadow)
            self.famfs('logplay', '--shadow', shadow, '--format', form, self.image)
            self.assertEqual(self.times(shadow), before)

    @staticmethod
    def times(shadow):
        return {os.path.join(where, name): os.lstat(os.path.join(where, name)).st_mtime_ns
                for where, directories, files in os.walk(f'{shadow}/root') for name in directories + files}

    def test_dry_run_writes_nothing(self):
        self.famfs('logplay', '--shadow', self.shadow, '--dry-run', self.image)
        self.assertFalse(os.path.exists(self.shadow))

    def test_fsck_finds_nothing(self):
        before = os.stat(self.image)
        self.famfs('fsck', self.image)
        after = os.stat(self.image)
        self.assertEqual((before.st_mtime_ns, before.st_ctime_ns), (after.st_mtime_ns, after.st_ctime_ns))

    def test_figures(self):
        report = self.famfs('fsck', '--json', self.image).json()
        self.assertEqual(harness.values_of(report, 'findings'), [[]])
        for key, value in (('files', 17), ('directories', 8), ('file_bytes', 234213261),
                           ('allocated_bytes', 325058560)):
            self.assertEqual(harness.values_of(report, key), [value], report)

    def test_roles(self):
        self.assertEqual(self.role(), 'master')
        self.be_host('other', '99999999-3333-4444-5555-666677778888')
        self.assertEqual(self.role(), 'client')
        self.be_host('without')
        self.assertEqual(self.role(), 'client')
        self.assertFalse(os.path.exists(self.host_file), 'a reader made a system uuid')
        with open(self.host_file, 'w') as nonsense:
            nonsense.write('not a uuid\n')
        self.assertEqual(self.role(), 'client')

    def role(self):
        [role] = harness.values_of(self.famfs('info', '--json', self.image).json(), 'role')
        self.assertIn(role, self.famfs('info', self.image).out)
        return role


class EmptyWithLongLog(harness.SystemTest):
    SIZE = 8 << 30

    def test_life(self):
        self.be_host('main', harness.MASTER_OF_TEST_POOLS)
        image = self.golden_pool('empty-16m-log', self.SIZE)
        decoded = decoder.decode(image)
        self.assertEqual((decoded.log_len, decoded.entries), (16 << 20, []))
        self.famfs('fsck', image)
        self.famfs('logplay', '--shadow', self.path('S'), image)
        self.assertEqual(harness.tree(self.path('S/root'), ('.meta',)), {})
        report = self.famfs('fsck', '--json', image).json()
        self.assertEqual(harness.values_of(report, 'files'), [0])
        self.assertIn('30840', self.famfs('info', image).out)


class MetaOnClient(harness.SystemTest):
    def test_log_of_256_mib(self):
        import omf
        image = self.encoded_pool(omf.Pool(log_len=256 << 20))
        self.be_host('other')
        self.famfs('logplay', '--shadow', self.path('S'), '--format', 'famfs', image)
        with open(f'{GOLDEN}/meta-shadow-yaml/log-client-256m.yaml', 'rb') as theirs:
            with open(self.path('S/root/.meta/.log'), 'rb') as ours:
                self.assertEqual(ours.read(), theirs.read())


if __name__ == '__main__':
    harness.main()
