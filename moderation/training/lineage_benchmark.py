"""Figures for lineages: `python -m moderation.training.lineage_benchmark ROWS.jsonl`.

ROWS.jsonl is the file for measuring that `moderation.training.data.dataset` writes; its prompts of users are taken.
"""

import json
import random
import time
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt.meaning import Meaning
from moderation.rules.prompt_judge import PromptJudge

_CHAINS = 150
_LONG = 30  # words
_STEPS = 20


def main(rows: Annotated[Path, typer.Argument(exists=True)]) -> None:
    """Print how many lineages are flagged, and how long the steps of one take."""
    sentences = tomllib.loads(
        resources.files("moderation.training.data").joinpath("lineages.toml").read_text("utf-8")
    )
    spread, harmless = sentences["spread"], sentences["harmless"]
    chosen = random.Random(3)
    judge = PromptJudge(rules=[Meaning()])
    prompts = [prompt for prompt in _prompts(rows) if not is_flagged(judge, [prompt])]
    long = [prompt for prompt in prompts if len(prompt.split()) > _LONG]
    groups = {
        "harm over three steps": spread,
        "with a long harmless parent": [[chosen.choice(long), *steps] for steps in spread],
        "and two harmless steps between": [
            [
                chosen.choice(long),
                steps[0],
                *chosen.sample(harmless, 2),
                steps[1],
                *chosen.sample(harmless, 2),
                steps[2],
            ]
            for steps in spread
        ],
        "a prompt and five harmless steps": [
            [chosen.choice(prompts), *chosen.sample(harmless, 5)] for _ in range(_CHAINS)
        ],
        "five unrelated prompts": [chosen.sample(prompts, 5) for _ in range(_CHAINS)],
    }
    for name, lineages in groups.items():
        typer.echo(
            f"{name}: {sum(is_flagged(judge, steps) for steps in lineages)} of {len(lineages)} flagged"
        )
    times = step_times(PromptJudge(), chosen.sample(long, _STEPS))
    typer.echo(f"{_STEPS} steps of long prompts, all rules: slowest {max(times):.0f} ms of one core")


def is_flagged(judge: PromptJudge, steps: Sequence[str]) -> bool:
    return not judge.judge(PromptSubject(prompt=steps[-1], lineage=tuple(steps[:-1]))).allows


def step_times(judge: PromptJudge, steps: Sequence[str]) -> list[float]:
    """Milliseconds of processor time of each step, one after another."""
    times = []
    for number in range(1, len(steps)):
        begun = time.process_time()
        is_flagged(judge, steps[: number + 1])
        times.append(1_000 * (time.process_time() - begun))
    return times


def _prompts(rows: Path) -> list[str]:
    labelled = map(json.loads, rows.read_text("utf-8").splitlines())
    return [row["text"] for row in labelled if row["label"] == "benign" and "ImageReward" in row["source"]]


if __name__ == "__main__":
    typer.run(main)
