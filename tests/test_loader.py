"""Every mistake in a rule file ends in `file:line: what; what instead`, and nowhere else."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from random_knowledge import TEMPLATES

from traindx.engine.compile import compiled
from traindx.engine.facts import Fact
from traindx.engine.inference import infer
from traindx.engine.knowledge import KnowledgeBase
from traindx.engine.loader import load, yaml_files
from traindx.engine.matching import PlainMatcher
from traindx.engine.sources import SourceError, read_source

FUZZED = 400
"""Damaged knowledge bases to be tried."""

FILES = {
    "scale.yaml": """\
weights: {weak: 0.5, strong: 2.3, tiny: 1e-6}
priors: {rare: -3.0, common: -1.0}
strengths: {weak: 0, strong: 2.0}
report_at: 0.5
suspect_at: -1.0
margin: 0.5
""",
    "references.yaml": """\
smith2017:
  authors: Smith
  year: 2017
  title: On lamps
  claims: Lamps glow.
""",
    "lamps/too_bright.yaml": """\
symptom: too_bright
title: A lamp is too bright
severity: warning
when:
  bulb: {fact: lamp, power: {above: 0.5}, lit: true}
unless:
  storm: {fact: weather, rain: true}
because: The lamp in the {bulb.place} has {bulb.power:.0%} power.
examples:
  - holds: true
    facts: {bulb: {place: hall, power: 0.6, lit: true}}
references: [smith2017]
""",
    "lamps/hot_place.yaml": """\
symptom: hot_place
title: A place is hot
severity: note
when:
  bright: {symptom: too_bright, power: {at_least: 0.7}}
  any:
    - crate: {fact: crate, weight: {below: 1e-6}}
    - crate: {fact: crate, number: {one_of: [1, 2]}}
same: [place]
shows: {place: bright.place, number: crate.number}
because: The {bright.place} holds crate {crate.number}.
""",
    "causes/new_bulb.yaml": """\
cause: new_bulb
title: There is a new bulb
about: Bulbs fade.
prior: common
excludes: [old_bulb]
explains: [too_bright, hot_place]
evidence:
  seen:
    when: {hot: {symptom: hot_place, number: 1}}
    weight: strong
    because: It is hot in the {hot.place}.
  dim:
    when: {bulb: {fact: lamp, power: {below: 0.1}}}
    weight: -weak
    because: The lamp in the {bulb.place} is dim.
remedies: [dim_it]
references: [smith2017]
""",
    "causes/old_bulb.yaml": """\
cause: old_bulb
title: The bulb is old
about: Bulbs fade.
prior: rare
evidence:
  seen:
    when: {bulb: {fact: lamp, power: {below: 0.1}, count: {at_least: 2}}}
    weight: weak
    because: The lamp in the {bulb.place} is dim.
remedies: [dim_it]
""",
    "remedies/dim_it.yaml": """\
remedy: dim_it
do: Dim the lamp
how: Turn it down by half.
change: {lamp.power: {multiply: 0.5}}
cost: config
unless: {already: {fact: lamp, power: {below: 0.1}}}
""",
}
BRIGHT, HOT, NEW = "lamps/too_bright.yaml", "lamps/hot_place.yaml", "causes/new_bulb.yaml"
OLD, DIM, SCALE = "causes/old_bulb.yaml", "remedies/dim_it.yaml", "scale.yaml"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def complaints(folder: Path) -> list[str]:
    """What the loader says of a folder, as `name:line: text` without the folders."""
    with pytest.raises(SourceError) as caught:
        load(folder, templates=TEMPLATES)
    assert str(caught.value) == "\n".join(map(str, caught.value.complaints))
    return [f"{Path(c.file).name}:{c.line}: {c.text}" for c in caught.value.complaints]


def changed(file: str, old: str, new: str) -> dict[str, str]:
    assert FILES[file].count(old) >= 1, (file, old)
    return FILES | {file: FILES[file].replace(old, new, 1)}


def test_what_is_right_is_loaded(tmp_path: Path) -> None:
    kb = load(write(tmp_path, FILES), templates=TEMPLATES)
    assert list(kb.symptoms) == ["hot_place", "too_bright"]
    assert list(kb.causes) == ["new_bulb", "old_bulb"]
    assert list(kb.remedies) == ["dim_it"]
    assert kb.places["cause old_bulb"] == str(tmp_path / OLD)
    assert kb.exclusions == {frozenset({"new_bulb", "old_bulb"})}


def test_numbers_with_an_exponent_are_numbers(tmp_path: Path) -> None:
    kb = load(write(tmp_path, FILES), templates=TEMPLATES)
    crate = kb.symptoms["hot_place"].when.any[0]["crate"]
    assert crate.constraints["weight"].below == 1e-6
    assert kb.scale.weights["tiny"] == 1e-6


# file, what is replaced, by what -> line, part of what is said
MISTAKES = {
    "duplicate key": (
        BRIGHT,
        "severity: warning",
        "title: Again",
        3,
        "duplicate key 'title', first on line 2",
    ),
    "duplicate role": (NEW, "  dim:", "  seen:", 12, "duplicate key 'seen', first on line 8"),
    "duplicate slot": (BRIGHT, "lit: true}", "power: 1}", 5, "duplicate key 'power'"),
    "unknown fact": (
        BRIGHT,
        "fact: lamp",
        "fact: lmap",
        5,
        "bulb: no fact is called 'lmap'; did you mean 'lamp'?",
    ),
    "unknown slot": (
        BRIGHT,
        "power: {ab",
        "powr: {ab",
        5,
        "bulb: lamp has no slot 'powr'; did you mean 'power'?",
    ),
    "unknown slot, nothing near": (
        BRIGHT,
        "power: {ab",
        "zzz: {ab",
        5,
        "no slot 'zzz'; it has place, colour",
    ),
    "unknown slot in unless": (
        BRIGHT,
        "rain: true",
        "rein: true",
        7,
        "storm: weather has no slot 'rein'; did you mean 'rain'?",
    ),
    "unknown slot of a symptom": (
        NEW,
        "number: 1",
        "numbr: 1",
        9,
        "hot_place has no slot 'numbr'; did you mean 'number'?",
    ),
    "unknown slot in any": (
        HOT,
        "number: {one_of",
        "nubmer: {one_of",
        8,
        "crate has no slot 'nubmer'",
    ),
    "unknown symptom": (
        HOT,
        "symptom: too_bright",
        "symptom: to_bright",
        5,
        "bright: no symptom is called 'to_bright'; did you mean 'too_bright'?",
    ),
    "unknown cause": (
        NEW,
        "[old_bulb]",
        "[odd_bulb]",
        5,
        "excludes: no cause is called 'odd_bulb'; did",
    ),
    "unknown remedy": (OLD, "[dim_it]", "[dim_its]", 10, "did you mean 'dim_it'?"),
    "unknown reference": (
        NEW,
        "[smith2017]",
        "[smith2018]",
        17,
        "no reference is called 'smith2018'; did you mean 'smith2017'?",
    ),
    "unknown weight": (
        OLD,
        "weight: weak",
        "weight: weka",
        8,
        "seen: no weight is called 'weka'; did you mean 'weak'?",
    ),
    "unknown prior": (
        OLD,
        "prior: rare",
        "prior: rar",
        4,
        "no prior is called 'rar'; did you mean 'rare'?",
    ),
    "unknown slot in a remedy": (
        DIM,
        "power: {below",
        "pover: {below",
        6,
        "already: lamp has no slot 'pover'",
    ),
    "text for a number": (
        BRIGHT,
        "{above: 0.5}",
        "high",
        5,
        "power: 'high' cannot be compared with a slot of type float",
    ),
    "number for a text": (
        BRIGHT,
        "lit: true",
        "place: 3",
        5,
        "place: 3 cannot be compared with a slot of type str",
    ),
    "number for a truth": (
        BRIGHT,
        "lit: true",
        "lit: 1",
        5,
        "lit: 1 cannot be compared with a slot of type bool",
    ),
    "truth for a number": (HOT, "{below: 1e-6}", "{below: true}", 7, "weight.below"),
    "fraction for a whole number": (
        HOT,
        "[1, 2]",
        "[1, 2.5]",
        8,
        "2.5 cannot be compared with a slot of type int",
    ),
    "operator on a text": (
        BRIGHT,
        "lit: true",
        "place: {above: 3}",
        5,
        "`above` needs a number, and place is not one",
    ),
    "quoted number": (BRIGHT, "above: 0.5", "above: '0.5'", 5, "'0.5' is not what can stand here"),
    "no value": (BRIGHT, "above: 0.5", "above: ", 5, "`above` needs a value"),
    "infinite bound": (BRIGHT, "above: 0.5", "above: .inf", 5, "power.above"),
    "bound without end": (BRIGHT, "above: 0.5", f"above: 1{400 * '0'}", 5, "power.above"),
    "list for a value": (BRIGHT, "lit: true", "lit: [true]", 5, "lit"),
    "unknown operator": (
        BRIGHT,
        "above: 0.5",
        "abov: 0.5",
        5,
        "when.bulb.power.abov: there is no such key; did you mean 'above'?",
    ),
    "unknown key": (
        BRIGHT,
        "severity: warning",
        "sevrity: warning",
        3,
        "sevrity: there is no such key; did you mean 'severity'?",
    ),
    "unknown key in evidence": (
        NEW,
        "weight: strong",
        "wieght: strong",
        10,
        "evidence.seen.wieght: there is no such key; did you mean 'weight'?",
    ),
    "missing key": (BRIGHT, "title: A lamp is too bright\n", "", 1, "title: is missing"),
    "missing key in evidence": (
        OLD,
        "    weight: weak\n",
        "",
        6,
        "evidence.seen.weight: is missing",
    ),
    "wrong word": (BRIGHT, "warning", "alarming", 3, "severity"),
    "fact and symptom": (
        HOT,
        "{symptom: too_bright,",
        "{symptom: too_bright, fact: lamp,",
        5,
        "either a `fact` or a `symptom`",
    ),
    "neither fact nor symptom": (BRIGHT, "fact: lamp, ", "", 5, "either a `fact` or a `symptom`"),
    "symptom rests on itself": (
        BRIGHT,
        "storm: {fact: weather, rain: true}",
        "hot: {symptom: hot_place}",
        4,
        "too_bright -> hot_place -> too_bright",
    ),
    "excludes what is not there": (
        NEW,
        "[old_bulb]",
        "[dim_bulb]",
        5,
        "no cause is called 'dim_bulb'; did you mean 'old_bulb'?",
    ),
    "excludes itself": (NEW, "[old_bulb]", "[new_bulb]", 5, "cannot exclude itself"),
    "explains what is not there": (
        NEW,
        "hot_place]",
        "hot_palace]",
        6,
        "no symptom or cause is called 'hot_palace'; did you mean 'hot_place'?",
    ),
    "explains itself": (NEW, "hot_place]", "new_bulb]", 6, "cannot explain itself"),
    "file name differs": (
        OLD,
        "cause: old_bulb",
        "cause: odd_bulb",
        1,
        "stands in a file called 'old_bulb'",
    ),
    "name is no word": (OLD, "cause: old_bulb", "cause: Old bulb", 1, "cause"),
    "no kind": (
        OLD,
        "cause: old_bulb",
        "casue: old_bulb",
        1,
        "is none of `symptom:`, `cause:`, `remedy:`; did you mean 'cause'?",
    ),
    "sentence with an unknown role": (
        BRIGHT,
        "{bulb.place}",
        "{bulp.place}",
        8,
        "plays the role 'bulp'; did you mean 'bulb'?",
    ),
    "sentence with an unknown slot": (
        BRIGHT,
        "{bulb.place}",
        "{bulb.palace}",
        8,
        "bulb has no slot 'palace'; did you mean 'place'?",
    ),
    "sentence with an impossible format": (
        BRIGHT,
        "{bulb.place}",
        "{bulb.place:.0%}",
        8,
        "'bulb.place' cannot be written as ':.0%'",
    ),
    "sentence with an endless format": (
        BRIGHT,
        "{bulb.place}",
        "{bulb.place:99999999}",
        8,
        "cannot be written as",
    ),
    "sentence that counts a word": (
        BRIGHT,
        "{bulb.place}",
        "{bulb.place:room|rooms}",
        8,
        "'bulb.place' cannot be written as ':room|rooms'",
    ),
    "advice with an unknown slot": (
        BRIGHT,
        "because:",
        "next: Look at {bulb.palace}.\nbecause:",
        8,
        "next: bulb has no slot 'palace'; did you mean 'place'?",
    ),
    "sentence with an open brace": (BRIGHT, "{bulb.place}", "{bulb.place", 8, "because: "),
    "sentence without a slot": (
        BRIGHT,
        "{bulb.place}",
        "{bulb}",
        8,
        "write '{bulb}' as {role.slot}",
    ),
    "sentence about a role of unless": (
        BRIGHT,
        "{bulb.place}",
        "{storm.sky}",
        8,
        "no pattern that always matches plays the role 'storm'",
    ),
    "role not in every alternative": (
        HOT,
        "- crate: {fact: crate, number",
        "- box: {fact: crate, number",
        11,
        "plays the role 'crate'",
    ),
    "shows what is not in every alternative": (
        HOT,
        "- crate: {fact: crate, number",
        "- box: {fact: crate, number",
        10,
        "plays the role 'crate'",
    ),
    "shows without a slot": (
        HOT,
        "place: bright.place",
        "place: bright",
        10,
        "write 'bright' as role.slot",
    ),
    "sentence about what may be nothing": (
        OLD,
        "count: {at_least: 2}",
        "count: {below: 2}",
        9,
        "bulb may match nothing",
    ),
    "count of a text": (
        OLD,
        "count: {at_least: 2}",
        "count: many",
        7,
        "count: 'many' cannot be compared",
    ),
    "same on what nobody has": (
        HOT,
        "same: [place]",
        "same: [plaze]",
        9,
        "has the slot plaze; did you mean 'place'?",
    ),
    "same and count": (
        HOT,
        "at_least: 0.7}",
        "at_least: 0.7}, count: 2",
        9,
        "`count` and `same` do not go together",
    ),
    "empty any": (
        HOT,
        "    - crate: {fact: crate, weight: {below: 1e-6}}",
        "    - {}",
        4,
        "needs at least one pattern",
    ),
    "when without patterns": (
        BRIGHT,
        "\n  bulb: {fact: lamp, power: {above: 0.5}, lit: true}",
        " {}",
        4,
        "at least one pattern",
    ),
    "too many patterns": (
        BRIGHT,
        "unless:\n",
        "unless:\n" + "".join(f"  u{n}: {{fact: crate, number: {n}}}\n" for n in range(8)),
        4,
        "10 patterns in one rule, 8 at most",
    ),
    "example with an unknown role": (
        BRIGHT,
        "facts: {bulb",
        "facts: {blub",
        11,
        "plays the role 'blub'; did you mean 'bulb'?",
    ),
    "example with an unknown slot": (
        BRIGHT,
        "power: 0.6",
        "poser: 0.6",
        11,
        "bulb has no slot 'poser'; did you mean 'power'?",
    ),
    "example with a wrong value": (
        BRIGHT,
        "power: 0.6",
        "power: much",
        11,
        "bulb.power cannot be 'much'",
    ),
    "no evidence for it": (OLD, "weight: weak", "weight: -weak", 1, "no evidence speaks for it"),
    "no remedies": (OLD, "remedies: [dim_it]", "settle: Look.", 1, "needs remedies"),
    "two changes": (DIM, "{multiply: 0.5}", "{multiply: 0.5, add: 1}", 4, "exactly one of"),
    "weight below zero": (SCALE, "weak: 0.5", "weak: -0.5", 1, "must be above 0"),
    "weight without end": (SCALE, "weak: 0.5", "weak: .inf", 1, "must be a finite number"),
    "unquoted >": (BRIGHT, "{above: 0.5}", "> 0.5", 5, "needs quotes"),
    "unquoted > in a block": (
        NEW,
        "    when: {hot: {symptom: hot_place, number: 1}}",
        "    when:\n      hot:\n        symptom: hot_place\n        number: > 0.5",
        12,
        "begins with > or | needs quotes",
    ),
    "tab": (BRIGHT, "  storm", "\tstorm", 7, "no tabs"),
    "bracket left open": (BRIGHT, "lit: true}", "lit: true", 6, "is not YAML"),
    "colon in a text": (BRIGHT, "title: A lamp", "title: Note: a lamp", 2, "needs quotes"),
    "control character": (BRIGHT, "too bright\n", "too\x01bright\n", 2, "control characters"),
    "tag": (BRIGHT, "title: A", "title: !!python/name:os.system A", 2, "is not YAML"),
    "two documents": (BRIGHT, "unless:", "---\nunless:", 6, "another document"),
    "key that is a list": (BRIGHT, "title:", "[a, b]:", 2, "is not YAML"),
    "number of too many digits": (
        BRIGHT,
        "above: 0.5",
        f"above: {5000 * '9'}",
        1,
        "holds what is no value",
    ),
    "alias used": (
        BRIGHT,
        "  storm: {fact: weather, rain: true}",
        "  storm: &a {fact: weather, rain: true}\n  gale: *a",
        8,
        "an alias, *a; write out",
    ),
}


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "said"),
    MISTAKES.values(),
    ids=MISTAKES,
)
def test_a_mistake_is_said_with_its_line(
    tmp_path: Path, file: str, old: str, new: str, line: int, said: str
) -> None:
    heard = complaints(write(tmp_path, changed(file, old, new)))
    start = f"{Path(file).name}:{line}: "
    assert any(one.startswith(start) and said in one for one in heard), heard
    assert all("\n" not in one for one in heard)
    assert len(heard) <= 4, heard


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    files = changed(BRIGHT, "power: {ab", "powr: {ab") | {
        OLD: FILES[OLD].replace("prior: rare", "prior: rar").replace("weight: weak", "weight: w"),
        HOT: FILES[HOT].replace("severity", "sevrity"),
        DIM: FILES[DIM] + "\t",
        NEW: FILES[NEW].replace("weight: strong", "weight: strng").replace("[smith2017]", "[x]"),
    }
    heard = "\n".join(complaints(write(tmp_path, files)))
    for said in ("'powr'", "'rar'", "'w'", "sevrity", "dim_it.yaml:7", "'strng'", "'x'"):
        assert said in heard
    # What stands in a file that cannot be read is not called unknown as well.
    assert "no symptom is called" not in heard
    assert "no remedy is called" not in heard


@pytest.mark.parametrize("torn", FILES)
def test_a_torn_file_is_the_only_one_complained_of(tmp_path: Path, torn: str) -> None:
    heard = complaints(write(tmp_path, FILES | {torn: "a: [\n"}))
    assert [one.partition(":")[0] for one in heard] == [Path(torn).name]


def test_one_name_may_be_defined_once(tmp_path: Path) -> None:
    heard = complaints(write(tmp_path, FILES | {"more/old_bulb.yaml": FILES[OLD]}))
    assert len(heard) == 1
    assert heard[0].startswith("old_bulb.yaml:1: cause 'old_bulb' is already defined in ")


def test_a_later_folder_adds_to_an_earlier_one(tmp_path: Path) -> None:
    write(tmp_path / "own", {OLD: FILES[OLD]})
    write(tmp_path / "kb", {name: text for name, text in FILES.items() if name != OLD})
    assert "old_bulb" in load(tmp_path / "kb", tmp_path / "own", templates=TEMPLATES).causes
    assert "no cause is called 'old_bulb'" in complaints(tmp_path / "kb")[0]


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda p: p.write_bytes(b""), "1: is empty"),
    "comment": (lambda p: p.write_bytes(b"# later\n"), "1: is empty"),
    "null": (lambda p: p.write_bytes(b"~\n"), "1: is empty"),
    "word": (lambda p: p.write_bytes(b"word\n"), "1: is not a mapping"),
    "list": (lambda p: p.write_bytes(b"- a\n"), "1: is not a mapping"),
    "binary": (lambda p: p.write_bytes(bytes(range(256))), "is not text in UTF-8"),
    "zeros": (lambda p: p.write_bytes(bytes(100)), "1: is not YAML: control characters"),
    "latin": (lambda p: p.write_bytes(b"a: 1\nb: caf\xe9\n"), "2: is not text in UTF-8"),
    "utf16": (lambda p: p.write_text("a: 1", encoding="utf-16"), "1: is not text in UTF-8"),
    "folder": (lambda p: p.mkdir(), "1: is not a file"),
    "dangling": (lambda p: p.symlink_to("nowhere"), "1: cannot be read: No such file"),
    "circle": (lambda p: p.symlink_to(p), "1: cannot be read: Too many levels"),
    "deep": (lambda p: p.write_text("a: " + "[" * 100_000), "1: is nested more than"),
    "deep block": (
        lambda p: p.write_text("".join(f"{n * ' '}a:\n" for n in range(2000))),
        "is nested more than",
    ),
    "deep in one line": (lambda p: p.write_text("- " * 100_000), "is nested more than"),
    "laughs": (
        lambda p: p.write_text(
            "a: &a [ha, ha]\n"
            + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n" for a, b in PAIRS)
        ),
        "2: an alias, *a",
    ),
    "alias of itself": (lambda p: p.write_text("a: &a [*a]\n"), "1: an alias, *a"),
}
PAIRS = list(zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True))


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_complained_of(tmp_path: Path, name: str) -> None:
    spoil, said = UNREADABLE[name]
    spoil(write(tmp_path, FILES) / "x.yaml")
    heard = complaints(tmp_path)
    assert len(heard) == 1
    assert heard[0].startswith("x.yaml:")
    assert said in heard[0]


def test_hidden_files_and_other_files_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, FILES | {".draft.yaml": "[", "README.md": "[", "notes.yaml.bak": "["})
    (tmp_path / ".#lock.yaml").symlink_to("nowhere")
    assert len(yaml_files(tmp_path)) == len(FILES)
    assert load(tmp_path, templates=TEMPLATES)


def test_a_folder_must_be_there_and_hold_a_scale(tmp_path: Path) -> None:
    assert "is not a folder of rule files" in complaints(tmp_path / "nowhere")[0]
    (tmp_path / "kb").mkdir()
    assert complaints(tmp_path / "kb") == ["kb:1: no scale.yaml among its files"]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes("\ufeffa: 1\r\nb: 2\r\n".encode())
    source, heard = read_source(tmp_path / "x.yaml")
    assert (source.data, heard) == ({"a": 1, "b": 2}, [])
    assert source.lines["b",] == 2


def test_symptoms_that_rest_on_each_other_many_ways_are_checked_soon(tmp_path: Path) -> None:
    """Thirty layers of two, each on both below: a billion ways, sixty symptoms."""
    files = {
        f"s{n}{side}.yaml": f"symptom: s{n}{side}\ntitle: t\nseverity: note\nbecause: So.\n"
        f"when: {{a: {{symptom: s{n - 1}a}}, b: {{symptom: s{n - 1}b}}}}\n"
        f"shows: {{place: a.place, other: b.place}}\n"
        for n in range(1, 30)
        for side in "ab"
    }
    for side in "ab":
        files[f"s0{side}.yaml"] = (
            f"symptom: s0{side}\ntitle: t\nseverity: note\nbecause: So.\n"
            "when: {a: {fact: lamp}}\n"
        )
    assert len(load(write(tmp_path, FILES | files), templates=TEMPLATES).symptoms) == 62


class Bag(Fact):
    count: int


def test_a_slot_cannot_be_called_what_patterns_call_their_own(tmp_path: Path) -> None:
    text = (
        "symptom: full\ntitle: t\nseverity: note\nwhen:\n  b: {fact: bag, count: 3}\nbecause: So.\n"
    )
    write(tmp_path, FILES | {"full.yaml": text})
    with pytest.raises(SourceError, match=r"full.yaml:5: b: bag has a slot 'count', a word"):
        load(tmp_path, templates={**TEMPLATES, "bag": Bag})


def damaged(rng: random.Random, text: bytes) -> bytes:
    """A file after an accident."""
    lines = text.splitlines(keepends=True)
    spot, line = rng.randrange(len(text)), rng.randrange(len(lines))
    accident = rng.randrange(7)
    if accident == 0:
        return text[:spot] + bytes([rng.randrange(256)]) + text[spot + 1 :]
    if accident == 1:
        return text[:spot] + bytes([text[spot] ^ (1 << rng.randrange(8))]) + text[spot + 1 :]
    if accident == 2:
        return b"".join(lines[:line] + lines[line + 1 :])
    if accident == 3:
        return b"".join([*lines[:line], lines[line], *lines[line:]])
    if accident == 4:
        return text[:spot]
    if accident == 5:
        words = re.findall(rb"[\w.]+", text)
        return text.replace(
            rng.choice(words), rng.choice((*words, b"~", b"[]", b"{}", b".nan", b"")), 1
        )
    return (
        text[:spot]
        + rng.choice((b"\t", b"\n", b": ", b"- ", b"&a ", b"*a", b"!!x ", b"{", b"'"))
        + text[spot:]
    )


@pytest.mark.parametrize("batch", range(4))
def test_an_accident_ends_in_complaints_or_in_knowledge_that_works(
    tmp_path: Path, batch: int
) -> None:
    loaded = 0
    facts = [t.model_validate(v) for t, v in zip(TEMPLATES.values(), VALUES, strict=True)]
    for seed in range(batch, FUZZED, 4):
        rng = random.Random(seed)
        name = rng.choice(sorted(FILES))
        write(tmp_path, FILES)
        text = FILES[name].encode()
        for _ in range(rng.randint(1, 2)):
            text = damaged(rng, text) or b"\n"
        (tmp_path / name).write_bytes(text)
        try:
            kb = load(tmp_path, templates=TEMPLATES)
        except SourceError as error:
            said = [(Path(c.file).suffix, c.line >= 1, "\n" in c.text) for c in error.complaints]
        else:
            said, loaded = [(".yaml", True, False)], loaded + 1
            speaks(kb, facts)
        assert set(said) == {(".yaml", True, False)}, f"seed {seed}"
    assert 0 < loaded < FUZZED / 8


VALUES = (
    {"place": "hall", "colour": "red", "lit": True, "power": 0.9},
    {"place": "hall", "number": 1, "weight": None, "sealed": True},
    {"sky": "clear", "rain": False},
)


def speaks(kb: KnowledgeBase, facts: list[Fact]) -> None:
    """Infers, and fills every sentence."""
    program = compiled(kb, TEMPLATES)
    inference = infer(facts, program, PlainMatcher(program))
    assert all(f.sentence for some in inference.findings.values() for f in some)
