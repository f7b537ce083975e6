"""Settings that a log prints: "lr=0.001, batch_size=64", "Epoch 1/100"."""

import re
from collections.abc import Mapping
from typing import Any

from traindx.mlp.readers.columns import number

END = 100_000
"""Characters of either end of a log in which epochs are looked for."""
PLANNED = re.compile(r"\bepoch\b\W{0,3}(\d+)\s*(?:/|of)\s*(\d+)\b(?!\.\d)", re.IGNORECASE)
NUMBER = r"(\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)(?![\w%/]|\.\d)"
WORDS: Mapping[str, str] = {
    "learning_rate": r"(?:initial |base )?learning[_ ]rate|(?:initial_|base_)?lr",
    "batch_size": r"(?:train_)?batch[_ -]?size",
    "epochs": r"(?:num|n|max|total)[_ ]epochs|number of epochs|epochs",
    "classes": r"(?:num|n)[_ ]classes|number of classes|nclass",
    "vocabulary": r"vocab[_ ]size|vocabulary size|vocab_(?:tgt|target)",
    "weight_decay": r"weight[_ ]decay",
    "parameters": r"trainable params",
}
SETTING = {
    name: re.compile(rf"(?<![\w.-])(?<!val )(?<!eval )(?:{said})['\"]?\s*[:=]\s*{NUMBER}", re.I)
    for name, said in WORDS.items()
}
COUNTS = frozenset({"batch_size", "epochs", "classes", "vocabulary", "parameters"})


def settings_in(head: str, text: str) -> dict[str, Any]:
    """What the lines before the first values (`head`) say, and how many epochs were planned."""
    found = {name: _only(pattern.findall(head)) for name, pattern in SETTING.items()}
    said = {name: value for name, value in found.items() if value}
    whole = {n: int(v) if n in COUNTS - {"epochs"} else v for n, v in said.items()}
    planned = _planned(text)
    return {n: v for n, v in whole.items() if v == said[n]} | (
        {"epochs": planned} if planned else {}
    )


def _only(cells: list[str]) -> float | None:
    """The one number that all the cells have."""
    numbers = {number(cell.replace(",", "")) for cell in cells}
    return numbers.pop() if len(numbers) == 1 else None


def _planned(text: str) -> float | None:
    """The number after "Epoch 3/", if it is the same throughout."""
    ends = text if len(text) <= 2 * END else text[:END] + "\n" + text[-END:]
    places = [(int(at), int(of)) for at, of in PLANNED.findall(ends)]
    totals = {of for _, of in places}
    if len(totals) != 1 or not (total := totals.pop()):
        return None
    epochs = {at for at, _ in places}
    return None if max(epochs) > total else float(total + ({0, total} <= epochs))
