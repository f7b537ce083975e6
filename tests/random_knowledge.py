"""Random knowledge bases and facts, of no domain: what inference is tried on."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from traindx.engine.facts import Fact
from traindx.engine.knowledge import Cause, KnowledgeBase, Remedy, Scale, Symptom


class Lamp(Fact):
    place: str
    colour: str
    lit: bool | None = None
    power: float


class Crate(Fact):
    place: str
    number: int
    weight: float | None = None
    sealed: bool


class Weather(Fact):
    sky: str
    wind: float | None = None
    rain: bool


TEMPLATES: Mapping[str, type[Fact]] = {t.kind: t for t in (Lamp, Crate, Weather)}
PLACES = ("attic", "cellar", "hall", "yard", None)
WORDS = {"colour": ("red", "green", "blue"), "sky": ("grey", "clear")}
SLOTS: Mapping[str, tuple[str, ...]] = {
    kind: tuple(template.model_fields) for kind, template in TEMPLATES.items()
}
SCALE: dict[str, Any] = {
    "weights": {"weak": 0.5, "strong": 2.3},
    "priors": {"rare": -3.0, "common": -1.0},
    "strengths": {"weak": 0.0, "strong": 2.0},
    "report_at": 0.5,
    "suspect_at": -1.0,
    "margin": 0.5,
}
REMEDY: dict[str, Any] = {"remedy": "tidy_up", "do": "Tidy up", "how": "Well.", "cost": "config"}


@dataclass
class Draft:
    """What is to be a knowledge base, as it would be written, and the slots its symptoms show."""

    symptoms: dict[str, dict[str, Any]]
    causes: dict[str, dict[str, Any]]
    shown: dict[str, tuple[str, ...]]

    def knowledge(self) -> KnowledgeBase:
        """The knowledge base, straight from here."""
        return KnowledgeBase(
            {name: Symptom.model_validate(entry) for name, entry in sorted(self.symptoms.items())},
            {name: Cause.model_validate(entry) for name, entry in sorted(self.causes.items())},
            {"tidy_up": Remedy.model_validate(REMEDY)},
            {},
            Scale.model_validate(SCALE),
            {},
        )

    def written(self, folder: Path) -> None:
        """The knowledge base as files."""
        entries = {"scale": SCALE, "tidy_up": REMEDY, **self.symptoms, **self.causes}
        for name, entry in entries.items():
            text = yaml.safe_dump(entry, sort_keys=False)
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def random_facts(rng: random.Random, most: int = 14) -> list[Fact]:
    """Up to `most` facts; numbers come from few values, so that many are equally clear."""
    return [
        rng.choice((_lamp, _lamp, _crate, _crate, _weather))(rng)
        for _ in range(rng.randint(0, most))
    ]


def _lamp(rng: random.Random) -> Fact:
    lit = rng.choice((True, False, None))
    colour = rng.choice(WORDS["colour"])
    return Lamp(place=rng.choice(PLACES[:4]), colour=colour, lit=lit, power=_number(rng))


def _crate(rng: random.Random) -> Fact:
    weight = rng.choice((None, _number(rng), _number(rng)))
    number, sealed = rng.randint(0, 3), rng.random() < 0.5
    return Crate(place=rng.choice(PLACES[:4]), number=number, weight=weight, sealed=sealed)


def _weather(rng: random.Random) -> Fact:
    wind = rng.choice((None, _number(rng)))
    return Weather(sky=rng.choice(WORDS["sky"]), wind=wind, rain=rng.random() < 0.5)


def _number(rng: random.Random) -> float:
    return rng.choice((-1.0, -0.0, 0.0, 0.25, 0.5, 1e-7, 1e300, rng.random()))


def random_draft(rng: random.Random) -> Draft:
    """Symptoms on facts and on earlier symptoms, causes on both."""
    draft = Draft({}, {}, {})
    for n in range(rng.randint(0, 9)):
        name = f"s{n}"
        rule, shows = _rule(rng, draft)
        if rng.random() < 0.5 and shows:
            rule["shows"] = shows
        draft.symptoms[name] = {"symptom": name, "title": name, "severity": "warning", **rule}
        draft.shown[name] = tuple(rule.get("shows", ())) or _lone(draft, rule)
    for n in range(rng.randint(0, 4)):
        lines = {
            f"e{k}": _rule(rng, draft)[0] | {"weight": "strong"} for k in range(rng.randint(1, 3))
        }
        draft.causes[f"c{n}"] = {
            "cause": f"c{n}",
            "title": "x",
            "about": "x",
            "prior": "rare",
            "evidence": lines,
            "remedies": ["tidy_up"],
        }
    return draft


def _lone(draft: Draft, rule: dict[str, Any]) -> tuple[str, ...]:
    """The slots of a symptom that shows none of its own: those of its only pattern."""
    patterns = list(rule["when"].values())
    return _slots(draft, patterns[0]) if len(patterns) == 1 and "any" not in rule["when"] else ()


def _slots(draft: Draft, pattern: dict[str, Any]) -> tuple[str, ...]:
    return SLOTS[pattern["fact"]] if "fact" in pattern else draft.shown[pattern["symptom"]]


def _rule(rng: random.Random, draft: Draft) -> tuple[dict[str, Any], dict[str, str]]:
    """A rule, and the slots that it can show (each known in every alternative)."""
    always = {f"r{n}": _pattern(rng, draft) for n in range(rng.randint(0, 3))}
    others = [{"a": _pattern(rng, draft)} for _ in range(rng.choice((0, 0, 0, 1, 2, 3)))]
    for alternative in others:
        if rng.random() < 0.3:
            alternative["b"] = _pattern(rng, draft)
    if not always and not others:
        always = {"r0": _pattern(rng, draft)}
    unless = {f"u{n}": _pattern(rng, draft) for n in range(rng.choice((0, 0, 1, 1, 2)))}
    rule: dict[str, Any] = {"when": {**always, **({"any": others} if others else {})}}
    if unless:
        rule["unless"] = unless
    if same := _same(
        rng, draft, rule, [*always.values(), *(p for o in others for p in o.values())]
    ):
        rule["same"] = same
    sure = {role: p for role, p in always.items() if "count" not in p}
    shows = {
        f"{s}_of_{r}" if rng.random() < 0.2 else s: f"{r}.{s}"
        for r, p in sure.items()
        for s in _slots(draft, p)
    }
    return rule | {"because": "It is so."}, shows


def _same(rng: random.Random, draft: Draft, rule: dict[str, Any], patterns: list[Any]) -> list[str]:
    """Slots to join on; of a pattern that has only some of them, or counts, none may be asked."""
    everything = [*patterns, *rule.get("unless", {}).values()]
    wanted = rng.choice((["place"], ["place"], ["place", "colour"], ["number"], []))
    for pattern in everything:
        has = set(wanted) & set(_slots(draft, pattern))
        if has and (len(has) < len(wanted) or "count" in pattern):
            return []
    return wanted if any(set(wanted) <= set(_slots(draft, p)) for p in patterns) else []


def _pattern(rng: random.Random, draft: Draft) -> dict[str, Any]:
    if draft.symptoms and rng.random() < 0.45:
        pattern: dict[str, Any] = {"symptom": rng.choice(sorted(draft.symptoms))}
    else:
        pattern = {"fact": rng.choice(sorted(SLOTS))}
    for slot in _slots(draft, pattern):
        if rng.random() < 0.25:
            pattern[slot] = _constraint(rng, slot.partition("_of_")[0])
    if rng.random() < 0.12:
        pattern["count"] = rng.choice(
            ({"at_least": 2}, {"at_most": 1}, {"below": 1}, 0, 1, 3, {"is_not": 1})
        )
    return pattern


def _constraint(rng: random.Random, slot: str) -> Any:
    if slot in ("lit", "sealed", "rain"):
        return rng.choice((True, False, {"is_not": True}))
    if slot == "place" or slot in WORDS:
        words = PLACES[:4] if slot == "place" else WORDS[slot]
        return rng.choice((words[0], {"is_not": words[1]}, {"one_of": [words[0], words[-1]]}))
    if slot == "number":
        return rng.choice((1, {"at_least": 1}, {"above": 0, "at_most": 2}, {"one_of": [0, 3]}))
    least = rng.choice((-0.5, 0.0, 0.25))
    return rng.choice(({"at_least": least}, {"below": 0.7}, {"above": least, "at_most": 0.6}))
