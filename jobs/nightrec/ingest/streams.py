"""Bytes of one delivered file: decompressed in chunks, split into lines, never lost silently.

A compressed file that breaks off gives everything before the break. A failing disk or network is another matter: it
raises `StorageError`, so that the task is tried again instead of calling good lines broken.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyarrow import fs

CHUNK_BYTES = 1 << 16
CODECS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd"}
Line = tuple[bytes, str | None]


class BrokenStreamError(Exception):
    """The rest of a file cannot be decompressed."""


class StorageError(Exception):
    """A file could not be read for reasons that have nothing to do with its content."""


class Source(io.RawIOBase):
    """A file of any Arrow filesystem whose I/O errors cannot be mistaken for a decompressor's (both are `OSError`)."""

    def __init__(self, filesystem: fs.FileSystem, path: str) -> None:
        self._file, self._path = filesystem.open_input_file(path), path

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a byte."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """Return the current byte."""
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # the buffer protocol has no type before Python 3.12
        """Fill a buffer and return the number of bytes.

        Raises:
            StorageError: If the filesystem fails.
        """
        try:
            return int(self._file.readinto(buffer))
        except OSError as err:
            raise StorageError(f"cannot read {self._path}: {err}") from err

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def read_chunks(filesystem: fs.FileSystem, path: str) -> Iterator[bytes]:
    """Yield the content of a plain, gzip or zstd file, told apart by the end of its name.

    Raises:
        BrokenStreamError: After the last bytes that could be decompressed, if the file is truncated or corrupt.
        StorageError: If the filesystem fails.
    """
    codec = next((codec for end, codec in CODECS.items() if path.lower().endswith(end)), None)
    with Source(filesystem, path) as source:
        if codec == "gzip":
            yield from _gunzip(source)
        elif codec == "zstd":
            yield from _unzstd(source)
        else:
            yield from iter(lambda: source.read(CHUNK_BYTES) or b"", b"")


def split_lines(chunks: Iterator[bytes]) -> Iterator[Line]:
    r"""Yield each line without its `\n` and without a byte order mark, beside an error that is null for a whole line.

    Of a broken stream the last, incomplete line comes with what broke; it may be empty.
    """
    parts: list[bytes] = []
    mark = codecs.BOM_UTF8
    try:
        for chunk in chunks:
            first, *others = chunk.split(b"\n")
            parts.append(first)
            if others:
                yield b"".join(parts).removeprefix(mark), None
                mark = b""
                for line in others[:-1]:
                    yield line, None
                parts = [others[-1]]
    except BrokenStreamError as err:
        yield b"".join(parts), str(err)
        return
    if rest := b"".join(parts).removeprefix(mark):
        yield rest, None


def _gunzip(source: Source) -> Iterator[bytes]:
    try:
        # `read1` hands out what it has before it fails; `read` would drop up to a chunk.
        with gzip.GzipFile(fileobj=source) as stream:
            yield from iter(lambda: stream.read1(CHUNK_BYTES), b"")
    except EOFError as err:
        raise BrokenStreamError("truncated file: gzip ended before its end marker") from err
    except (gzip.BadGzipFile, zlib.error) as err:
        raise BrokenStreamError(f"corrupt file: {err}") from err


def _unzstd(source: Source) -> Iterator[bytes]:
    if source.seek(0, io.SEEK_END) == 0:  # like gzip: an empty file has no lines
        return
    done = 0
    try:
        for chunk in _zstd_chunks(source, CHUNK_BYTES):
            done += len(chunk)
            yield chunk
    except OSError as err:
        yield from _last_bytes(source, done)
        kind = "truncated" if "Truncated" in str(err) else "corrupt"
        raise BrokenStreamError(f"{kind} file: {err}") from err


def _zstd_chunks(source: Source, size: int) -> Iterator[bytes]:
    source.seek(0)
    stream = pa.CompressedInputStream(pa.PythonFile(source, mode="r"), "zstd")
    yield from iter(lambda: stream.read(size), b"")


def _last_bytes(source: Source, done: int) -> Iterator[bytes]:
    """Yield what lies between the last whole chunk and the break: Arrow drops the chunk in which it fails."""
    source.seek(0)
    stream = pa.CompressedInputStream(pa.PythonFile(source, mode="r"), "zstd")
    while done:
        done -= len(stream.read(min(done, CHUNK_BYTES)))
    try:
        yield from iter(lambda: stream.read(1), b"")
    except OSError:
        return
