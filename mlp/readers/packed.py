"""Packed: the bytes of a file or of standard input, unpacked and piece by piece."""

import bz2
import lzma
import sys
import zipfile
import zlib
from atexit import register
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from tempfile import mkstemp
from typing import IO, Protocol

STDIN = "-"
PIECE = 2**18
HELD = 2**24
"""Bytes of standard input that are held in memory; more go to a temporary file."""
FINE = 512
"""Bytes that are unpacked at once, so that little is lost where a file is damaged."""


class Unpacker(Protocol):
    """Of zlib, bz2 or lzma: unpacks one stream."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip() -> Unpacker:
    return zlib.decompressobj(wbits=31)


class Zstandard:
    """Unpacks one stream of zstd; OSError where it is damaged, ValueError without the package."""

    def __init__(self) -> None:
        try:
            self.package = import_module("zstandard")
        except ImportError:
            raise ValueError(
                "compressed with zstd; install traindx[zstd], or unpack it first"
            ) from None
        self.stream = self.package.ZstdDecompressor().decompressobj()

    @property
    def eof(self) -> bool:
        return bool(self.stream.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self.stream.unused_data)

    def decompress(self, data: bytes, /) -> bytes:
        try:
            return bytes(self.stream.decompress(data))
        except self.package.ZstdError as error:
            raise OSError(str(error)) from error


UNPACKERS: dict[bytes, Callable[[], Unpacker]] = {
    b"\x1f\x8b": _gzip,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lzma.LZMADecompressor,
    b"\x28\xb5\x2f\xfd": Zstandard,
}
ZIP = b"PK\x03\x04"


@dataclass
class Packed:
    """A file that can be read from its start again and again; `damage` fills while it is read."""

    opened: Callable[[], IO[bytes]]
    damage: list[str] = field(default_factory=list)

    def pieces(self) -> Iterator[bytes]:
        """The unpacked bytes; up to the damage, if there is any."""
        self.damage.clear()
        with self.opened() as file:
            magic = file.read(8)
            file.seek(0)
            read = iter(lambda: file.read(PIECE), b"")
            new = next((new for start, new in UNPACKERS.items() if magic.startswith(start)), None)
            if magic.startswith(ZIP):
                yield from self._zipped(file)
            else:
                yield from read if new is None else self._unpacked(new, read)

    def _unpacked(self, new: Callable[[], Unpacker], read: Iterator[bytes]) -> Iterator[bytes]:
        stream, fresh = new(), True
        for piece in read:
            for start in range(0, len(piece), FINE):
                data = piece[start : start + FINE]
                while data:
                    try:
                        yield stream.decompress(data)
                    except (zlib.error, OSError, lzma.LZMAError, EOFError):
                        self.damage.append("the compressed file is damaged; read up to the damage")
                        return
                    fresh = stream.eof
                    data = stream.unused_data.lstrip(b"\0") if stream.eof else b""
                    stream = new() if stream.eof else stream
        if not fresh:
            self.damage.append("the compressed file is cut off; read what is there")

    def _zipped(self, archived: IO[bytes]) -> Iterator[bytes]:
        """The one file in an archive. Raises ValueError if it holds another number of them."""
        with zipfile.ZipFile(archived) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            if len(names) != 1:
                raise ValueError(_held(names))
            with archive.open(names[0]) as file:
                try:
                    yield from iter(lambda: file.read(PIECE), b"")
                except (zlib.error, zipfile.BadZipFile, EOFError):
                    self.damage.append("the compressed file is damaged; read up to the damage")


def _held(names: Sequence[str]) -> str:
    """What an archive is that is no packed log, and what to give instead."""
    if any(name.endswith(".pkl") for name in names):
        return "a PyTorch checkpoint, a pickle, which is never opened; save the history as json"
    if names and all(name.endswith(".npy") for name in names):
        return "arrays of numpy; save the losses as csv"
    return f"a zip archive of {len(names)} files; unpack it first and give the folder"


def packed(path: Path) -> Packed:
    """The file, or what comes from standard input ("-")."""
    return _from_stdin() if str(path) == STDIN else Packed(lambda: path.open("rb"))


def _from_stdin() -> Packed:
    """What comes from standard input, kept, for it can be read only once."""
    head = sys.stdin.buffer.read(HELD)
    if len(head) < HELD:
        return Packed(lambda: BytesIO(head))
    place, name = mkstemp(prefix="traindx-")
    register(Path(name).unlink, missing_ok=True)
    with open(place, "wb") as file:
        file.write(head)
        copyfileobj(sys.stdin.buffer, file)
    return Packed(lambda: Path(name).open("rb"))
