"""The notation in which curves are drawn: "2.3-0.2x9 0.5x20 nan"."""

import re

import numpy as np

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_TOKEN = re.compile(
    rf"(?P<start>[-+]?(?:{_NUMBER}|inf)|nan|_)(?P<step>[-+*]{_NUMBER})?(?:x(?P<times>\d+))?"
)


def drawn(text: str) -> list[float | None]:
    """The values of a curve drawn in tokens.

    `v` is one value and `vxn` is n of them. `a-bxn`, `a+bxn` and `a*bxn` start at a and go on for
    n steps of minus b, plus b or times b. `nan`, `inf` and `-inf` are values, `_` is a point that
    was not recorded.

    Raises ValueError for a token that is none of these.
    """
    return [value for token in text.split() for value in _token(token)]


def _token(token: str) -> list[float | None]:
    match = _TOKEN.fullmatch(token)
    if match is None:
        message = f"{token!r} draws no curve; write 2.3, 0.5x20, 2.3-0.2x9, 1*0.9x50, nan, inf or _"
        raise ValueError(message)
    return _values(match["start"], match["step"], int(match["times"] or 1))


def _values(start: str, step: str | None, times: int) -> list[float | None]:
    if start == "_":
        return [None] * times
    value = float(start)
    if step is None:
        return [value] * times
    by, places = float(step[1:]), np.arange(times + 1)
    if step[0] == "*":
        return [float(v) for v in value * by**places]
    return [float(v) for v in value + (by if step[0] == "+" else -by) * places]
