#!/usr/bin/env python3
"""Makes seeds out of the golden pools and the independent encoder, for pack_corpus.py: make_seeds.py DIRECTORY"""
import gzip
import pathlib
import struct
import sys
import tarfile

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "tools"))
import omf  # noqa: E402

golden = here.parent / "golden"
corpus = pathlib.Path(sys.argv[1])


def save(target, name, content):
    (corpus / target).mkdir(parents=True, exist_ok=True)
    (corpus / target / name).write_bytes(content)


def records(entries):
    return b"".join(b"\1" + entry for entry in entries)


def golden_pools():
    for image in sorted(golden.glob("*/image-*.gz")):
        name = image.parent.name
        raw = gzip.decompress(image.read_bytes())
        save("superblock", name, b"\0" + raw[:200])
        save("superblock", name + "-log", b"\0" + raw[omf.LOG_OFFSET:omf.LOG_OFFSET + 48])
        start = omf.LOG_OFFSET + omf.HEADER
        count = int.from_bytes(raw[omf.LOG_OFFSET + 40:omf.LOG_OFFSET + 48], "little")
        entries = [raw[start + i * omf.ENTRY:start + (i + 1) * omf.ENTRY] for i in range(count)]
        if entries:
            save("log", name + "-uuid", b"\1" + records(entries))
            save("log", name + "-famfs", b"\0" + records(entries))


def golden_documents():
    with tarfile.open(golden / "mixed" / "shadow.tar.gz") as tree:
        for member in tree.getmembers():
            if member.isfile():
                place = member.name.split("/root/", 1)[1]
                text = tree.extractfile(member).read()
                save("document", "famfs-" + place.replace("/", "-")[:40], place.encode() + b"\0" + text)


def made():
    unit, data, dev = omf.UNIT, omf.DATA, bytes(range(16))
    simple, striped = omf.simple, omf.striped
    log = [omf.mkdir("d"), omf.file("d/a b\n", 100, simple((0, data, unit))),
           omf.file(b"\xff", 5, simple((0, data + unit, unit), (0, data + 5 * unit, unit))),
           omf.file("s", 3, striped(unit, (0, data + 8 * unit, unit), (0, data + 9 * unit, unit))),
           omf.add_daxdev(1 << 30, dev, 1), omf.file("e", 5, simple((1, 0, unit))),
           omf.file("d/a b\n/x", 1, simple((0, data, unit))), omf.mkdir("../x"), omf.raw(2), omf.raw(4)]
    save("log", "made", b"\3" + records(omf.entry(i, *e) for i, e in enumerate(log)))
    for name, extents in [("simple", "  extents:\n    - device_uuid: '123e4567-e89b-12d3-a456-426614174000'\n"
                           "      offset: 12582912\n      length: 2097152\n"),
                          ("striped", "  stripe:\n    chunk_size: 2097152\n    strips:\n"
                           "      - device_uuid: '123e4567-e89b-12d3-a456-426614174000'\n"
                           "        offset: 12582912\n        length: 2097152\n"
                           "      - {device_uuid: e8593b05-0d75-46f8-ac44-29830671aaad, offset: 0x200000,"
                           " length: 2097152}\n")]:
        text = ("file:\n  path: /d/x\n  size: 100\n  owner: 1\n  group: 2\n  permissions: '0640'\n" + extents)
        save("document", "uuid-" + name, b"d/x\0" + text.encode())
    save("document", "binary", b"\xff\0file:\n  path: !!binary L/8=\n  size: 1\n  owner: -1\n  group: 0\n"
         b"  permissions: 644\n  flags: 1\n  extents:\n    - device_uuid: \"123e4567-e89b-12d3-a456-426614174000\"\n"
         b"      offset: 0xc00000\n      length: 0x200000 # unit\n")
    uuid = "123e4567-e89b-12d3-a456-426614174000"
    save("side_files", "devices", f"file_system: '{uuid}'\nalloc_unit: 2097152\ndata_start: 10485760\ndevices:\n"
         f"  - uuid: '{uuid}'\n    size: 5\n    path: \"/a\\x0a\"\n  - uuid: '{uuid}'\n    size: 6\n".encode())
    save("side_files", "state", f"file_system: '{uuid}'\nboot: '{uuid}'\nform: famfs\nentries: 3\n"
         "last_entry_crc: 1\nfindings: 0\nlog_capacity: 15420\nfiles: 2\ndirectories: 1\nfile_bytes: 9\n"
         "allocated_bytes: 5\ndevice_bytes: 7\n".encode())
    for index, options in enumerate(["ro,shadow=/a,data-path=copy,_netdev,nofail,x-systemd.automount",
                                     "allow_other,attr_timeout=1.5,entry_timeout=0,direct_io", "a\\,b,max_read=4096",
                                     "rw,user=x,comment=y,data-path=none", "fsname=x", "attr_timeout=nan"]):
        save("mount_options", str(index), options.encode())
    offered = '{"available": true}'
    for name, text in {
            "offers-all": f'{{"maps": {offered}, "passthrough": {offered}, "module": {offered}, "kernel_abi": "v10",'
                          ' "map_unit": 2097152}',
            "offers-little": '{"maps": {"available": false, "reason": "raw-io", "message": "no \\\\xff"}, "passthrough":'
                             f' {offered}, "module": {{"available": false, "reason": "module", "message": ""}},'
                             ' "kernel_abi": "", "map_unit": 1}',
            "failure": '{"kind":"busy","errno":16,"message":"/dev/dax0.0: a \\\\x0a b"}\n',
            "mount": '{"mountpoint": "/m", "device": "/d\\\\x41", "shadow": "/s", "own_shadow": true,'
                     ' "mode_before": "devdax"}'}.items():
        save("records", name, text.encode())


def requests():
    """The kept transcript of a mount, as whole messages, and a request of each kind for the tree of requests.cpp."""
    lines = (golden / "kernel-maps" / "v10-mount.txt").read_text().splitlines()
    said = [bytes.fromhex(line.split()[2]) for line in lines if line[0] == ">"]
    whole = [message.ljust(int.from_bytes(message[:4], "little"), b"\0") for message in said]
    mount = b"".join(b"\xff\0" + struct.pack("<H", len(message)) + message for message in whole)
    save("requests", "mount", b"\x81" + mount)

    def record(opcode, node, payload=b""):
        return struct.pack("<BBH", opcode, node, len(payload)) + payload
    look = b"".join(record(1, node, name + b"\0") for node, name in (
        (1, b"simple"), (1, b"dir"), (3, b"striped"), (3, b"empty"), (1, b"bad"), (1, b"link"), (1, b"missing"), (1, b"..")))
    read = struct.pack("<QQIIQII", 1, 0, 65536, 0, 0, 0, 0)
    use = record(14, 2, bytes(8)) + record(54, 2) + record(54, 4, struct.pack("<II", 4096, 0)) + record(55, 0)
    use += record(15, 2, read) + record(16, 2, struct.pack("<QQIIQII", 1, 3, 5, 0, 0, 0, 0) + b"hello")
    use += record(27, 1, bytes(8)) + record(28, 1, read) + record(44, 1, read) + record(29, 1, bytes(24))
    use += record(3, 2, bytes(16)) + record(4, 2, struct.pack("<IIQQ", 8, 0, 0, 5).ljust(88, b"\0")) + record(17, 1)
    use += record(22, 2, struct.pack("<II", 4096, 0) + b"user.famfs.extents\0") + record(23, 2, bytes(8))
    use += record(20, 2, bytes(16)) + record(46, 2, struct.pack("<QQII", 1, 3, 3, 0)) + record(43, 2, bytes(32))
    use += record(36, 0, bytes(8)) + record(39, 2, bytes(32)) + record(45, 1, bytes(16) + b"a\0b\0")
    use += record(2, 2, struct.pack("<Q", 1)) + record(42, 0, struct.pack("<IIQQ", 1, 0, 3, 1)) + record(38, 0)
    for way, name in enumerate(("copy", "v10", "next", "yaml")):
        save("requests", name, bytes([way]) + look + use)


golden_pools()
golden_documents()
made()
requests()
