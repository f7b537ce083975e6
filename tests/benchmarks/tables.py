"""Tables of a benchmark: shown in the terminal, and the same as Markdown."""

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

WIDTH = 150


@dataclass(frozen=True)
class Sheet:
    """A table with what it says; `note` is a sentence below it."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def markdown(self) -> str:
        """The table as Markdown."""
        lines = [self.heads, ("---",) * len(self.heads), *self.rows]
        text = "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)
        return f"## {self.title}\n\n{text}\n" + (f"\n{self.note}\n" if self.note else "")

    def table(self) -> Table:
        """The table for the terminal."""
        table = Table(box=SIMPLE_HEAD)
        for n, head in enumerate(self.heads):
            table.add_column(head, justify="left" if n == 0 or self._is_text(n) else "right")
        for row in self.rows:
            table.add_row(*(cell.replace("[", r"\[") for cell in row))
        return table

    def _is_text(self, column: int) -> bool:
        return any(character.isalpha() for row in self.rows for character in row[column])


def _escaped(cell: str) -> str:
    return cell.replace("|", r"\|")


def show(sheets: Iterable[Sheet]) -> None:
    """Print the tables."""
    console = Console(width=WIDTH)
    for sheet in sheets:
        console.print(sheet.title, style="bold", markup=False, highlight=False)
        console.print(sheet.table())
        if sheet.note:
            console.print(f"  {sheet.note}\n", markup=False, highlight=False)


def write(path: Path, title: str, command: str, sheets: Sequence[Sheet]) -> None:
    """Write the tables as one Markdown page that says how it was made."""
    head = f"# {title}\n\nMade by `{command}`; do not edit.\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *(s.markdown() for s in sheets)]), encoding="utf-8")


def takes_markdown(parser: ArgumentParser) -> None:
    """Let a benchmark be told where its tables are to be written as well."""
    parser.add_argument("--markdown", type=Path, help="write the tables to this file as well")


def publish(sheets: Sequence[Sheet], markdown: Path | None, title: str, command: str) -> None:
    """Print the tables; write them as well, if a file was given."""
    show(sheets)
    if markdown:
        write(markdown, title, f"python tests/benchmarks/{command}", sheets)


def of(part: int, whole: int) -> str:
    """A share with its counts: 7/20 = 35 %."""
    return f"{part}/{whole} = {part / whole:.0%}" if whole else "-"


def percent(share: float) -> str:
    """A share."""
    return f"{share:.0%}"
