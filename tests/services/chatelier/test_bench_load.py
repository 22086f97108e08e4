"""`chatelier bench load` with few people: real processes, and nothing of it left."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest


@pytest.mark.thorough
def test_a_bench_of_few_people_measures_every_part_and_ends_what_it_started(tmp_path: Path) -> None:
    temporary, report = tmp_path / "tmp", tmp_path / "figures.json"
    temporary.mkdir()
    size = ["--people", "2", "--minutes", "0.05", "--workers", "1", "--side", "64"]
    options = [*size, "--front-ends", "discord, slack", "--json", str(report)]
    subprocess.run(
        [sys.executable, "-m", "chatelier", "bench", "load", *options],
        check=True,
        capture_output=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        timeout=500,
    )
    figures = json.loads(report.read_text())
    assert set(figures["at_once"]) == {"discord", "slack"}
    for found in figures["at_once"].values():
        assert (found["requests"], found["failed"], found["unanswered"]) == (1, 0, 0)
        assert 0 < found["acknowledged"]["p99"] <= found["pictures"]["p99"]
    assert figures["sustained"]["jobs_per_second"] > 0
    assert {"discord", "slack", "beat", "redis", "worker 1"} <= set(figures["sustained"]["memory_mib"])
    assert figures["drain"]["jobs_per_second"] > 0
    assert figures["drain"]["database"]["statement_ms"] > 0
    assert list(temporary.glob("chatelier-bench-*")) == []
    left = [process for process in psutil.process_iter(["cmdline"]) if str(temporary) in str(process.info)]
    assert left == []
