"""Aim's store: a hidden folder of binary files, which Aim alone can read."""

from pathlib import Path

FOLDER = ".aim"
EXPORT = (
    "holds an Aim store, which only Aim can read; get its metrics with "
    "aim.Repo(FOLDER).query_metrics().dataframe(), and save those of one run as csv, "
    "a column for each"
)


def is_store(path: Path) -> bool:
    return path.name == FOLDER and path.is_dir()
