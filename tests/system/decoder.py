"""An independent reader of the on-media format, written from docs/format.md: struct and zlib only.

decode(path) returns what an image says and every rule that it breaks, including the ones that only a writer must
keep (unused bytes are zero). It shares no code with the encoder in tests/tools or with the programs under test.
"""
import dataclasses
import os
import struct
import uuid
import zlib

SUPERBLOCK = struct.Struct('<5Q2I16s16s16sQ2IQ16s64s')
LOG_HEADER = struct.Struct('<6Q')
ENTRY_BYTES, LOG_AT = 544, 0x200000
UNUSED_LOG = 'log is not zero after its entries'


@dataclasses.dataclass
class File:
    path: bytes
    size: int
    flags: int
    uid: int
    gid: int
    mode: int
    chunk: int     # 0: simple extents
    extents: list  # (device, offset, length)


@dataclasses.dataclass
class Directory:
    path: bytes
    uid: int
    gid: int
    mode: int


@dataclasses.dataclass
class Device:
    size: int
    uuid: uuid.UUID
    index: int


@dataclasses.dataclass
class Image:
    size: int = 0
    log_len: int = 0
    unit: int = 0
    file_system: uuid.UUID = None
    device: uuid.UUID = None
    system: uuid.UUID = None
    stored_size: int = 0
    stored_path: bytes = b''
    next_seqnum: int = 0
    next_index: int = 0
    entries: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)

    def want(self, true, problem):
        if not true:
            self.problems.append(problem)
        return true

    @property
    def files(self):
        return {entry.path: entry for entry in self.entries if isinstance(entry, File)}

    @property
    def directories(self):
        return {entry.path: entry for entry in self.entries if isinstance(entry, Directory)}


def decode(path):
    with open(path, 'rb') as source:
        image = Image(size=os.fstat(source.fileno()).st_size)
        _superblock(image, source.read(LOG_AT))
        if not image.problems:
            _log(image, source.read(image.log_len))
    _relations(image)
    return image


def content(path, file):
    """The bytes of a decoded file, gathered from the image by its extents or strips."""
    out = bytearray()
    with open(path, 'rb') as source:
        for offset, length in _runs(file):
            source.seek(offset)
            out += source.read(length)
    return bytes(out[:file.size])


def _runs(file):
    if not file.chunk:
        return [(offset, length) for _, offset, length in file.extents]
    rows = range(file.extents[0][2] // file.chunk)
    return [(offset + row * file.chunk, file.chunk) for row in rows for _, offset, _ in file.extents]


def _superblock(image, region):
    (magic, version, log_offset, image.log_len, image.unit, major, minor, file_system, device, system, crc, flags,
     padding, image.stored_size, primary, path) = SUPERBLOCK.unpack_from(region)
    image.file_system, image.device, image.system = (uuid.UUID(bytes=raw) for raw in (file_system, device, system))
    image.stored_path = path.split(b'\0')[0]
    want = image.want
    want(magic == 0x87b282ff, f'superblock magic {magic:#x}')
    want(version == 48, f'superblock version {version}')
    want((major, minor) == (2, 2), f'format {major}.{minor}')
    want(log_offset == LOG_AT, f'log offset {log_offset:#x}')
    want(image.log_len >= 8 << 20 and image.log_len & (image.log_len - 1) == 0, f'log length {image.log_len:#x}')
    want(image.unit in (4096, 2 << 20), f'allocation unit {image.unit:#x}')
    want(crc == zlib.crc32(region[:96]), 'superblock crc')
    want(flags & ~1 == 0 and padding == 0, f'superblock flags {flags:#x} padding {padding:#x}')
    want(image.stored_size in (0, image.size), f'stored size {image.stored_size}, real {image.size}')
    want(primary in (bytes(16), device), 'primary device uuid')
    want(not any(region[SUPERBLOCK.size:]), 'superblock region is not zero after its fields')
    want(LOG_AT + image.log_len + image.unit <= image.size, 'no room for data')


def _log(image, log):
    magic, length, last, crc, image.next_seqnum, image.next_index = LOG_HEADER.unpack_from(log)
    want = image.want
    want(magic == 0xbadcafef00d, f'log magic {magic:#x}')
    want(length == image.log_len, f'log header says {length:#x}, superblock {image.log_len:#x}')
    want(last == (length - LOG_HEADER.size) // ENTRY_BYTES - 1, f'last index {last}')
    want(crc == zlib.crc32(log[:24]), 'log header crc')
    want(image.next_seqnum == image.next_index, f'next_seqnum {image.next_seqnum} next_index {image.next_index}')
    if want(image.next_index <= last + 1, f'next_index {image.next_index} past {last}'):
        for index in range(image.next_index):
            start = LOG_HEADER.size + index * ENTRY_BYTES
            _entry(image, index, log[start:start + ENTRY_BYTES])
        want(not any(log[LOG_HEADER.size + image.next_index * ENTRY_BYTES:]), UNUSED_LOG)


def _entry(image, index, raw):
    seqnum, kind, padding = struct.unpack_from('<QII', raw)
    [crc] = struct.unpack_from('<Q', raw, 536)
    want = image.want
    want(crc == zlib.crc32(raw[:536]), f'entry {index}: crc')
    want(seqnum == index, f'entry {index}: seqnum {seqnum}')
    want(padding == 0, f'entry {index}: padding')
    payload = raw[16:536]
    reader = {0: _file, 1: _directory, 3: _device}.get(kind)
    if want(reader is not None, f'entry {index}: type {kind}'):
        image.entries.append(reader(image, index, payload))


def _file(image, index, payload):
    size, flags, uid, gid, mode = struct.unpack_from('<Q4I', payload)
    want = image.want
    want(flags in (1, 2), f'entry {index}: flags {flags}')
    map_ = payload[104:]
    kind, pad1, count, pad2 = struct.unpack_from('<4I', map_)
    want(pad1 == 0 and pad2 == 0, f'entry {index}: map padding')
    chunk, first = 0, 16
    if want(kind in (0, 1), f'entry {index}: extent type {kind}') and kind == 1:
        want(count == 1, f'entry {index}: {count} stripes')
        count, chunk = struct.unpack_from('<QQ', map_, 16)
        first = 32
    if not want(1 <= count <= 16, f'entry {index}: {count} extents'):
        count = 0
    extents = [struct.unpack_from('<3Q', map_, first + 24 * item) for item in range(count)]
    want(not any(payload[104 + first + 24 * count:]), f'entry {index}: unused bytes are not zero')
    return File(_path(image, index, payload[24:104]), size, flags, uid, gid, _mode(image, index, mode), chunk, extents)


def _directory(image, index, payload):
    uid, gid, mode = struct.unpack_from('<3I', payload)
    image.want(not any(payload[92:]), f'entry {index}: unused bytes are not zero')
    return Directory(_path(image, index, payload[12:92]), uid, gid, _mode(image, index, mode))


def _device(image, index, payload):
    size, raw, number, padding = struct.unpack_from('<Q16sII', payload)
    image.want(padding == 0 and not any(payload[32:]), f'entry {index}: unused bytes are not zero')
    return Device(size, uuid.UUID(bytes=raw), number)


def _path(image, index, field):
    path, nul, rest = field.partition(b'\0')
    image.want(nul == b'\0', f'entry {index}: path without NUL')
    image.want(not any(rest), f'entry {index}: path field is not zero after the path')
    parts = path.split(b'/')
    image.want(not {b'', b'.', b'..'} & set(parts), f'entry {index}: path {path!r}')
    image.want(parts[0] != b'.meta', f'entry {index}: reserved path {path!r}')
    return path


def _mode(image, index, mode):
    image.want(mode & ~0o7777 == 0, f'entry {index}: mode {mode:o}')
    return mode


def _relations(image):
    """The rules between entries: parents first, names once, extents inside the device and disjoint."""
    directories, names = {b''}, set()
    devices = [image.size]
    ranges = [(0, 0, LOG_AT + image.log_len, 'superblock and log')]
    for entry in image.entries:
        if isinstance(entry, Device):
            image.want(entry.index == len(devices), f'device index {entry.index}')
            devices.append(entry.size)
            continue
        parent = entry.path.rpartition(b'/')[0]
        image.want(parent in directories, f'{entry.path!r}: no directory {parent!r} before it')
        image.want(entry.path not in names, f'{entry.path!r}: taken')
        names.add(entry.path)
        if isinstance(entry, Directory):
            directories.add(entry.path)
        else:
            _layout(image, entry, devices)
            ranges += [(device, offset, offset + length, entry.path) for device, offset, length in entry.extents]
    ranges.sort(key=lambda item: item[:3])
    for (device, _, end, name), (other, start, _, later) in zip(ranges, ranges[1:]):
        image.want(device != other or start >= end, f'{later!r} overlaps {name!r} at {start:#x}')


def _layout(image, file, devices):
    name, want = file.path, image.want
    for device, offset, length in file.extents:
        want(device < len(devices) and offset + length <= devices[device], f'{name!r}: extent beyond device {device}')
        want(length > 0 and offset % image.unit == 0 and length % image.unit == 0, f'{name!r}: {offset:#x}+{length:#x}')
    want(sum(length for _, _, length in file.extents) >= file.size, f'{name!r}: extents shorter than {file.size}')
    if file.chunk:
        want(file.chunk & (file.chunk - 1) == 0 and file.chunk % image.unit == 0, f'{name!r}: chunk {file.chunk:#x}')
        lengths = {length for _, _, length in file.extents}
        want(len(lengths) == 1 and min(lengths) % file.chunk == 0, f'{name!r}: strips of {lengths}')
