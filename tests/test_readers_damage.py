"""Thousands of malformed neighbours of every log: read or refused, never a foreign exception."""

import gzip
import random
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from foreign_logs import LOGS

from traindx import diagnose
from traindx.mlp.readers import ReadError, read

SAMPLES = Path(__file__).parent / "samples"
SECONDS = 15.0
"""A machine that needs longer reads fewer; which ones comes from the seed."""
ROUNDS = 4
"""How often each log is damaged in each way."""
LEAST = 1_000


def raw_logs() -> dict[str, bytes]:
    """The samples, unpacked, and the logs of other programs."""
    found = {path.name: path.read_bytes() for path in sorted(SAMPLES.iterdir()) if path.is_file()}
    packed = {n: gzip.decompress(raw) for n, raw in found.items() if n.endswith(".gz")}
    return found | packed | {name: text.encode() for name, text in LOGS.items()}


Damage = Callable[[bytes, random.Random], bytes]


def cut(raw: bytes, rng: random.Random) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def flip(raw: bytes, rng: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(rng.choice([1, 5, 40])):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def shuffle_lines(raw: bytes, rng: random.Random) -> bytes:
    lines = raw.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def repeat(raw: bytes, rng: random.Random) -> bytes:
    return raw * rng.choice([2, 3]) + cut(raw, rng)


def one_row(raw: bytes, rng: random.Random) -> bytes:
    lines = raw.split(b"\n")
    return b"\n".join([lines[0], rng.choice(lines)])


def drop(raw: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.randrange(len(raw)) for _ in range(2))
    return raw[:start] + raw[end:]


def _delimiter(raw: bytes) -> bytes:
    return max((b",", b"\t", b";", b"|", b" "), key=lambda mark: raw[:2000].count(mark))


def shuffle_columns(raw: bytes, rng: random.Random) -> bytes:
    mark, seed = _delimiter(raw), rng.random()
    rows = [line.split(mark) for line in raw.split(b"\n")]
    for row in rows:
        random.Random(seed).shuffle(row)
    return b"\n".join(map(mark.join, rows))


def drop_column(raw: bytes, rng: random.Random) -> bytes:
    mark, place = _delimiter(raw), rng.randrange(6)
    rows = [line.split(mark) for line in raw.split(b"\n")]
    return b"\n".join(mark.join(row[:place] + row[place + 1 :]) for row in rows)


def rename(raw: bytes, rng: random.Random) -> bytes:
    words = (
        b"loss epoch step train val config history mode iter metrics learn name step loss"
    ).split()
    return raw.replace(rng.choice(words), rng.choice([*words, b"", b"nan", "\u00e9poque".encode()]))


ODD = (
    b'text||nan|[]|{}|null|1e999|"|true|-1e308|0x10|1_0|--|inf|-inf|\xff\xfe|NA|1,5|5%|\r|\x1b[K|\0'
)
ODDITIES = [*ODD.split(b"|"), b"9" * 400, b"[" * 3000, b"|"]


def retype(raw: bytes, rng: random.Random) -> bytes:
    return raw.replace(b"0." + str(rng.randrange(1, 10)).encode(), rng.choice(ODDITIES))


def insert(raw: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(raw) + 1)
    return raw[:place] + rng.choice(ODDITIES) + raw[place:]


def encode(raw: bytes, rng: random.Random) -> bytes:
    text = raw.decode("utf-8", "replace")
    return text.encode(rng.choice(["utf-16", "utf-16-be", "utf-8-sig", "latin-1"]), "replace")


def pack(raw: bytes, rng: random.Random) -> bytes:
    return flip(gzip.compress(raw, 1, mtime=0), rng)


DAMAGES: tuple[Damage, ...] = (cut, flip, shuffle_lines, repeat, one_row, drop, shuffle_columns)
DAMAGES += (drop_column, rename, retype, insert, encode, pack)


def neighbours(seed: int) -> Iterator[tuple[str, bytes]]:
    """Damaged logs, each with a name that says how to get it again."""
    for round_ in range(ROUNDS):
        for name, raw in raw_logs().items():
            for damage in DAMAGES:
                how = f"{damage.__name__} {name} {seed} {round_}"
                yield how, damage(raw, random.Random(how))


def attempt(raw: bytes, diagnosed: bool) -> bool:
    """Whether there is a history in it, which is then in order; an error of ours is none."""
    try:
        history = read(BytesIO(raw))
    except ReadError:
        return False
    for series in history.series.values():
        assert series.steps.shape == series.values.shape
        assert np.isfinite(series.steps).all()
        assert (np.diff(series.steps) > 0).all()
    if diagnosed:
        diagnose(history)
    return True


def test_thousands_of_damaged_logs_are_read_or_refused() -> None:
    end = perf_counter() + SECONDS
    tried = good = 0
    for how, raw in neighbours(seed=1):
        if perf_counter() > end:
            break
        try:
            good += attempt(raw, diagnosed=tried % 25 == 0)
        except Exception as error:
            pytest.fail(f"{how}: {error!r}")
        tried += 1
    assert tried >= LEAST
    assert tried / 4 < good < tried


@pytest.mark.parametrize("name", sorted(raw_logs()))
def test_a_log_cut_after_any_line_is_read_or_refused(name: str) -> None:
    raw = raw_logs()[name]
    ends = [i for i, byte in enumerate(raw) if byte == 10][:: max(1, raw.count(b"\n") // 25)]
    for end in (0, *ends):
        attempt(raw[: end + 1], diagnosed=False)
