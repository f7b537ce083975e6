"""What a project says of its runs: `[tool.traindx]` in pyproject.toml, or traindx.toml.

```toml
[tool.traindx.map]             # in traindx.toml: [map]
loss = "train/total_loss"      # this column is the training loss
"val/loss" = "loss@val"        # the other way round: what a column is
```
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from traindx.engine.sources import nearest

OWN, SHARED = "traindx.toml", "pyproject.toml"


class ConfigurationError(ValueError):
    """A mistake in a configuration: where, what, and what instead."""


class Configuration(BaseModel):
    """All that a project can say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    map: dict[str, str] = Field(default_factory=dict)
    """What columns are called, as `--map` takes it; it holds for logs that have such a column."""


def configuration(folder: Path) -> Configuration:
    """What is said in the folder or in the nearest one above it that says anything.

    Raises ConfigurationError if it is no TOML or has a key that is not known.
    """
    return next(_said(folder.resolve()), Configuration())


def _said(folder: Path) -> Iterator[Configuration]:
    for place in (folder, *folder.parents):
        if (place / OWN).is_file():
            yield _read(place / OWN, _loaded(place / OWN))
        if (place / SHARED).is_file():
            section = _loaded(place / SHARED).get("tool", {}).get("traindx")
            yield from [] if section is None else [_read(place / SHARED, section)]


def _loaded(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"{path}: not to be read as TOML: {error}") from None


def _read(path: Path, section: Any) -> Configuration:
    try:
        return Configuration.model_validate(section)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "tool.traindx"
        raise ConfigurationError(f"{path}: {key}: {_instead(key, first['msg'])}") from None


def _instead(key: str, message: str) -> str:
    known = Configuration.model_fields
    return message if key in known else message + nearest(key, known)
