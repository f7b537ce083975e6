"""What stands where: imports point one way, and each room keeps to its own words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("engine", "mlp", "scenarios", "traindx")
"""Each may import from those before it."""
MODULES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]
LONGEST = 39
DOMAIN = re.compile(
    r"(?i)(?<![a-z])(gradients?|loss(es)?|epochs?|neurons?|neural|relu|sigmoid|softmax|dropout|"
    r"optimi[sz]ers?|sgd|adam|learning[_ ]?rates?|weight_decay|momentum|batch(es)?|mini-?batch|"
    r"layers?|activation functions?|overfit\w*|train|trained|training\w*|validation|accurac\w+|"
    r"keras|torch|pytorch|hugging ?face|tensors?|backprop\w*|initiali[sz]ers?|numpy)(?![a-z])"
)
every_module = pytest.mark.parametrize("path", MODULES, ids=NAMES)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that is imported, with the level of a relative import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module or ''}.{alias.name}", node.level) for alias in node.names)


def room_of(name: str) -> str | None:
    """The room that an import reaches into."""
    top, _, rest = name.partition(".")
    inner = rest.partition(".")[0]
    return (inner if inner in ROOMS else "traindx") if top == "traindx" else None


def test_there_are_modules_to_look_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in MODULES} == set(ROOMS)


@every_module
def test_imports_point_one_way(path: Path) -> None:
    here = ROOMS.index(path.relative_to(ROOT).parts[0])
    reached = {name for name, _ in imported(parsed(path)) if room_of(name) in ROOMS[here + 1 :]}
    assert not reached


@every_module
def test_modules_are_imported_by_the_name_they_have_when_installed(path: Path) -> None:
    names = list(imported(parsed(path)))
    assert not [name for name, level in names if level], "relative"
    assert not [name for name, _ in names if name.partition(".")[0] in (*ROOMS[:3], "kb")]


@every_module
def test_no_error_is_caught_that_is_not_named(path: Path) -> None:
    handlers = [n for n in ast.walk(parsed(path)) if isinstance(n, ast.ExceptHandler)]
    assert not [handler.lineno for handler in handlers if _catches_all(handler)]


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


@every_module
def test_functions_are_short(path: Path) -> None:
    functions = [n for n in ast.walk(parsed(path)) if isinstance(n, ast.FunctionDef)]
    assert not {f.name: _length(f) for f in functions if _length(f) > LONGEST}


def _length(function: ast.FunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    first, end = function.body[0], function.end_lineno or 0
    docstring = 0
    if ast.get_docstring(function) is not None:
        docstring = (first.end_lineno or 0) - first.lineno + 1
    return end - function.lineno + 1 - docstring


@every_module
def test_only_the_front_door_prints(path: Path) -> None:
    if path.relative_to(ROOT).parts[0] not in ("engine", "mlp"):
        return
    tree = parsed(path)
    mains = {id(n) for node in tree.body if _is_main(node) for n in ast.walk(node)}
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and id(n) not in mains]
    assert not [n.lineno for n in calls if isinstance(n.func, ast.Name) and n.func.id == "print"]


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


@pytest.mark.parametrize("path", sorted((ROOT / "engine").glob("*.py")), ids=lambda p: p.name)
def test_the_engine_has_never_heard_of_a_network(path: Path) -> None:
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    assert not [f"{n}: {found[0]}" for n, line in lines if (found := DOMAIN.search(line))]


def test_the_words_of_the_domain_are_recognised() -> None:
    assert all(DOMAIN.search(text) for text in ("gradient_norm", "a loss of", "`relu`", "Epoch 3"))
    assert not any(
        DOMAIN.search(text) for text in ("traindx", "gloss", "player", "lossless", "Adams")
    )


def test_one_module_knows_durable_rules() -> None:
    names = {
        path.name: {n.partition(".")[0] for n, _ in imported(parsed(path))} for path in MODULES
    }
    knowing = {name for name, tops in names.items() if tops & {"durable_rules_engine", "durable"}}
    assert knowing == {"durable.py"}


def test_the_knowledge_base_is_nothing_but_files_to_read() -> None:
    files = {p for p in (ROOT / "kb").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert {p.relative_to(ROOT / "kb") for p in files if p.suffix != ".yaml"} == {
        Path("__init__.py")
    }
    assert (ROOT / "kb" / "__init__.py").read_text() == ""
