"""Chunks and lines: whatever can be decompressed comes out, what broke is said, a failing disk is no broken file."""

import gzip
import io

import pyarrow as pa
import pytest
from pyarrow import fs

from nightrec.ingest.streams import CHUNK_BYTES, BrokenStreamError, Source, StorageError, read_chunks, split_lines

LOCAL = fs.LocalFileSystem()
TEXT = b"".join(b"line %d\n" % k for k in range(50_000))
PACK = {"": bytes, ".gz": gzip.compress, ".gzip": gzip.compress, ".zst": lambda data: zstd(data)}


def zstd(data):
    return pa.Codec("zstd").compress(data, asbytes=True)


def read(path):
    """Return the bytes that come out and the message of what broke."""
    out = []
    try:
        for chunk in read_chunks(LOCAL, str(path)):
            out.append(chunk)
    except BrokenStreamError as err:
        return b"".join(out), str(err)
    return b"".join(out), None


@pytest.mark.parametrize("end", PACK)
def test_read_chunks_unpacks_by_the_end_of_the_name(tmp_path, end):
    (tmp_path / f"a.jsonl{end}").write_bytes(PACK[end](TEXT))
    assert read(tmp_path / f"a.jsonl{end}") == (TEXT, None)


@pytest.mark.parametrize("end", PACK)
def test_read_chunks_of_an_empty_file_yields_nothing(tmp_path, end):
    (tmp_path / f"a.jsonl{end}").touch()
    assert read(tmp_path / f"a.jsonl{end}") == (b"", None)


@pytest.mark.parametrize("end", [".gz", ".zst"])
def test_read_chunks_reads_members_one_after_the_other(tmp_path, end):
    (tmp_path / f"a{end}").write_bytes(PACK[end](b"one\n") + PACK[end](b"two\n"))
    assert read(tmp_path / f"a{end}") == (b"one\ntwo\n", None)


@pytest.mark.parametrize("end", [".gz", ".zst"])
def test_read_chunks_of_a_truncated_file_gives_all_that_can_be_unpacked(tmp_path, end):
    packed = PACK[end](TEXT)
    (tmp_path / f"a{end}").write_bytes(packed[: len(packed) * 3 // 4])

    got, broken = read(tmp_path / f"a{end}")

    assert broken.startswith("truncated file: ")
    assert TEXT.startswith(got)
    assert len(got) > CHUNK_BYTES


def test_read_chunks_of_truncated_zstd_reaches_past_the_last_whole_chunk(tmp_path):
    # Two frames: the first is whole and no multiple of a chunk, the second is cut. All of the first must come out.
    whole = b"x" * (CHUNK_BYTES + 100)
    (tmp_path / "a.zst").write_bytes(zstd(whole) + zstd(b"lost")[:6])

    assert read(tmp_path / "a.zst") == (whole, "truncated file: Truncated compressed stream")


@pytest.mark.parametrize("end", [".gz", ".zst"])
def test_read_chunks_of_what_is_no_such_file_says_corrupt(tmp_path, end):
    (tmp_path / f"a{end}").write_bytes(b"hello world, hello world")
    assert read(tmp_path / f"a{end}")[0] == b""
    assert read(tmp_path / f"a{end}")[1].startswith("corrupt file: ")


@pytest.mark.parametrize("end", [".gz", ".zst", ".jsonl"])
def test_a_failing_disk_raises_instead_of_calling_the_file_broken(tmp_path, end, monkeypatch):
    (tmp_path / f"a{end}").write_bytes(PACK.get(end, bytes)(TEXT))

    class Failing(io.BytesIO):
        def readinto(self, buffer):
            raise OSError("connection reset")

    def opened(self, filesystem, path):
        self._file, self._path = Failing(b"abc"), path

    monkeypatch.setattr(Source, "__init__", opened)
    with pytest.raises(StorageError, match=f"cannot read .*a{end}: connection reset"):
        list(read_chunks(LOCAL, str(tmp_path / f"a{end}")))


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_split_lines_does_not_depend_on_chunks(size):
    text = b"\xef\xbb\xbfone\r\n\ntwo\nthree"
    chunks = (text[k : k + size] for k in range(0, len(text), size))
    assert list(split_lines(chunks)) == [(b"one\r", None), (b"", None), (b"two", None), (b"three", None)]


def test_split_lines_ends_with_the_fragment_and_what_broke():
    def chunks():
        yield b"one\ntw"
        raise BrokenStreamError("truncated file: x")

    assert list(split_lines(chunks())) == [(b"one", None), (b"tw", "truncated file: x")]
