"""The loader: a folder of YAML files becomes a KnowledgeBase, or every complaint about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from traindx.engine.checks import check
from traindx.engine.facts import Fact
from traindx.engine.knowledge import Cause, KnowledgeBase, Reference, Remedy, Scale, Symptom
from traindx.engine.sources import Complaint, Source, SourceError, nearest, parsed, read_source

KINDS: dict[str, type[BaseModel]] = {"symptom": Symptom, "cause": Cause, "remedy": Remedy}
TABLES: dict[str, type[BaseModel]] = {"scale": Scale}


@dataclass
class Drawer:
    """What has been read so far, and what is wrong with it."""

    entries: dict[str, dict[str, tuple[Source, BaseModel]]] = field(
        default_factory=lambda: {kind: {} for kind in (*KINDS, *TABLES, "reference")}
    )
    complaints: list[Complaint] = field(default_factory=list)
    torn: set[str] = field(default_factory=set)
    """Names of what is there and could not be read."""

    def put(self, kind: str, name: str, source: Source, entry: BaseModel) -> None:
        """Files an entry, unless one of that name is there already."""
        if name in self.entries[kind]:
            first = self.entries[kind][name][0].path
            self.complaints.append(
                source.complaint((kind,), f"{kind} '{name}' is already defined in {first}")
            )
        else:
            self.entries[kind][name] = source, entry

    def models(self, kind: str) -> Mapping[str, BaseModel]:
        """The entries of a kind by name, sorted."""
        return {name: self.entries[kind][name][1] for name in sorted(self.entries[kind])}


def load(
    folder: Path, *more: Path, templates: Mapping[str, type[Fact]] | None = None
) -> KnowledgeBase:
    """The knowledge in all YAML files below the folders.

    A later folder adds to the earlier ones; each name may be defined once.
    Raises `SourceError` with all complaints, each as `file:line: what; what instead`.
    """
    drawer = Drawer()
    for one in (folder, *more):
        _read_folder(one, drawer)
    if not drawer.entries["scale"] and "scale" not in drawer.torn:
        drawer.complaints.append(Complaint(str(folder), 1, "no scale.yaml among its files"))
    known = Fact.templates if templates is None else templates
    drawer.complaints.extend(check(drawer.entries, known, frozenset(drawer.torn)))
    if drawer.complaints:
        raise SourceError(drawer.complaints)
    return _knowledge(drawer)


def _knowledge(drawer: Drawer) -> KnowledgeBase:
    places = {
        f"{kind} {name}": str(source.path)
        for kind, entries in drawer.entries.items()
        for name, (source, _) in entries.items()
    }
    return KnowledgeBase(
        drawer.models("symptom"),  # type: ignore[arg-type]
        drawer.models("cause"),  # type: ignore[arg-type]
        drawer.models("remedy"),  # type: ignore[arg-type]
        drawer.models("reference"),  # type: ignore[arg-type]
        drawer.models("scale")["scale"],  # type: ignore[arg-type]
        places,
    )


def _read_folder(folder: Path, drawer: Drawer) -> None:
    if not folder.is_dir():
        drawer.complaints.append(Complaint(str(folder), 1, "is not a folder of rule files"))
        return
    for path in yaml_files(folder):
        source, complaints = read_source(path)
        drawer.complaints.extend(complaints)
        if source.data is None:
            drawer.torn.add(path.stem)
        else:
            _read_file(source, drawer)


def yaml_files(folder: Path) -> list[Path]:
    """What is named like a YAML file below a folder and is not hidden, by name."""
    named = (p for p in folder.rglob("*") if p.suffix in (".yaml", ".yml"))
    return sorted(p for p in named if not p.name.startswith("."))


def _read_file(source: Source, drawer: Drawer) -> None:
    if not isinstance(source.data, dict):
        drawer.torn.add(source.path.stem)
        drawer.complaints.append(source.complaint((), "is not a mapping of keys to values"))
    elif source.path.stem == "references":
        _read_references(source, drawer)
    elif source.path.stem in TABLES:
        _read_entry(source, source.path.stem, source.path.stem, TABLES[source.path.stem], drawer)
    else:
        _read_kind(source, drawer)


def _read_references(source: Source, drawer: Drawer) -> None:
    for name, entry in source.data.items():
        lines = {k[1:]: n for k, n in source.lines.items() if k[:1] == (name,)}
        inner = Source(source.path, entry, lines)
        _read_entry(inner, "reference", str(name), Reference, drawer)


def _read_kind(source: Source, drawer: Drawer) -> None:
    kind = next((kind for kind in KINDS if kind in source.data), None)
    if kind is None:
        keys = ", ".join(f"`{k}:`" for k in KINDS)
        hint = next((nearest(str(k), KINDS) for k in source.data if nearest(str(k), KINDS)), "")
        drawer.torn.add(source.path.stem)
        drawer.complaints.append(source.complaint((), f"is none of {keys}{hint}"))
        return
    name = str(source.data[kind])
    if name != source.path.stem:
        text = f"the {kind} '{name}' stands in a file called '{source.path.stem}'; name both alike"
        drawer.complaints.append(source.complaint((kind,), text))
    _read_entry(source, kind, name, KINDS[kind], drawer)


def _read_entry(
    source: Source, kind: str, name: str, model: type[BaseModel], drawer: Drawer
) -> None:
    entry, complaints = parsed(source, model)
    drawer.complaints.extend(complaints)
    if entry is None:
        drawer.torn |= {name, source.path.stem}
    else:
        drawer.put(kind, name, source, entry)
