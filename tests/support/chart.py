"""The Helm chart as Helm's own library renders it, and the golden files of two sets of values.

``python -m tests.support.chart`` writes the golden files anew: read the difference.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "tests" / "fixtures" / "chart"
CHART = REPOSITORY / "deploy" / "helm" / "chatelier"
# In a process of its own: the library brings Go's runtime, which installs signal handlers.
_RENDER = """
import json, sys, helm_python, yaml
with helm_python.Chart.load(sys.argv[1]) as chart:
    for file in sys.argv[2:]:
        with open(file) as opened:
            rendered = chart.render(yaml.safe_load(opened), name="studio", namespace="art")
        print(json.dumps(rendered))
"""


def render_all() -> dict[str, str]:
    """By the name of a set of values, all documents in the order of their files."""
    files = sorted(FIXTURES.glob("*.values.yaml"))
    command = [sys.executable, "-c", _RENDER, str(CHART), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sets = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        file.name.partition(".")[0]: "".join(_tidy(text) for _, text in sorted(found.items()))
        for file, found in zip(files, sets, strict=True)
    }


def golden_file(name: str) -> Path:
    return FIXTURES / f"{name}.golden.yaml"


def _tidy(text: str) -> str:
    """Without empty lines, comments and trailing spaces, of which a change says nothing."""
    lines = [
        line.rstrip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    documents = re.split(r"^---$", "\n".join(lines), flags=re.MULTILINE)
    return "".join(f"---\n{document.strip()}\n" for document in documents if document.strip())


if __name__ == "__main__":
    for set_name, documents in render_all().items():
        golden_file(set_name).write_text(documents)
