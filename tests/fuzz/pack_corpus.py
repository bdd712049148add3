#!/usr/bin/env python3
"""Adds inputs to a kept corpus: pack_corpus.py TARGET FILE-OR-DIRECTORY…

corpus/TARGET.tar.gz holds each input once, by the hash of its content, in order and without times, so that the same
inputs always make the same archive."""
import gzip
import hashlib
import io
import pathlib
import sys
import tarfile


def kept(archive):
    if not archive.exists():
        return
    with tarfile.open(archive) as packed:
        for member in packed:
            yield packed.extractfile(member).read()


def given(paths):
    for path in map(pathlib.Path, paths):
        for file in sorted(path.rglob('*')) if path.is_dir() else [path]:
            if file.is_file():
                yield file.read_bytes()


def pack(inputs):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode='wb', mtime=0, filename='') as packed, \
            tarfile.open(fileobj=packed, mode='w', format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted({hashlib.sha256(each).hexdigest()[:16]: each for each in inputs}.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    archive = pathlib.Path(__file__).resolve().parent / 'corpus' / f'{sys.argv[1]}.tar.gz'
    archive.write_bytes(pack([*kept(archive), *given(sys.argv[2:])]))


if __name__ == '__main__':
    main()
