"""The dependencies of traindx, durable-rules among them where it can be compiled.

It has no wheels, and pip gives up the whole installation if one dependency cannot be built. Without
it traindx works all the same (a matcher in Python takes its place, and the reports say so); so
where there is no C compiler, or Python's headers are missing, it is not asked for.
"""

import sys
import tempfile
from pathlib import Path

from setuptools import Distribution, Extension, setup
from setuptools.errors import BaseError, CompileError, LinkError

DEPENDENCIES = [
    "numpy>=1.26",
    "pydantic>=2.10",
    "pyyaml>=6.0.1",
    "yamlcore>=0.0.4",
    "rich>=13.7",
    "typer>=0.15",
]
DURABLE = "durable-rules==2.0.28; python_version < '3.13'"


def can_compile() -> bool:
    """Whether an extension module in C can be built here."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "trial.c")
        source.write_text("#include <Python.h>\nint trial(void) { return 0; }\n")
        distribution = Distribution({"ext_modules": [Extension("trial", [str(source)])]})
        build = distribution.get_command_obj("build_ext")
        build.build_temp = build.build_lib = folder
        build.ensure_finalized()
        try:
            build.run()
        except (BaseError, CompileError, LinkError, OSError):
            return False
    return True


dependencies = list(DEPENDENCIES)
if can_compile():
    dependencies.append(DURABLE)
else:
    print("no C compiler: traindx is installed without durable-rules", file=sys.stderr)
setup(install_requires=dependencies)
