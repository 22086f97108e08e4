"""Whether this machine can build what compiled models need: a C compiler with Python's headers."""

import os
import shutil
import subprocess
import sysconfig
from enum import StrEnum

_NAMES = (os.environ.get("CC", "cc"), "gcc", "clang")
_PROGRAM = b"#include <Python.h>\nint main(void) { return 0; }\n"
_SECONDS = 20.0


class CompilerProblem(StrEnum):
    MISSING = "missing"
    HEADERS = "headers"


def find_compiler_problem() -> CompilerProblem | None:
    """Found by compiling: Triton builds a small module for Python when a model's blocks are compiled."""
    compiler = next(filter(None, map(shutil.which, _NAMES)), None)
    if compiler is None:
        return CompilerProblem.MISSING
    command = [compiler, "-fsyntax-only", f"-I{sysconfig.get_path('include')}", "-x", "c", "-"]
    try:
        built = subprocess.run(command, input=_PROGRAM, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return CompilerProblem.MISSING
    return None if built.returncode == 0 else CompilerProblem.HEADERS
