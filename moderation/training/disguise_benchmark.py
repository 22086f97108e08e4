r"""How many disguises of listed words the prompt rules see through, and how long a prompt takes of one core.

    npm pack cuss && tar xzf cuss-*.tgz
    OMP_NUM_THREADS=1 python -m moderation.training.disguise_benchmark --cuss package/index.js --prompts USERS.jsonl

The words are the severe ones of the library's list, each in the middle of a harmless sentence; nothing prints them.
"""

import base64
import codecs
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import psutil
import typer

from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt.listed_words import ListedWords
from moderation.rules.prompt_judge import PromptJudge
from moderation.text.word_lists import SHORTEST_MISSPELT, Severity
from moderation.training.data.dataset import read_rows
from moderation.training.data.harmless_sentences import scenes
from moderation.training.word_list import consensus, ratings

_SENTENCE = "a picture of {} on a wall"
_LEET = str.maketrans("aeiostb", "4310578")
_SIGNS = str.maketrans("aisolt", "@!$0|+")
_CYRILLIC = str.maketrans("aceopxyi", "асеорхуі")
_GREEK = str.maketrans("aeiouvn", "αειουνη")


def _shift_letters(start: int) -> Callable[[str], str]:
    return lambda word: "".join(
        chr(start + ord(letter) - 97) if letter.islower() else letter for letter in word
    )


def _swap_letters(word: str) -> str:
    middle = len(word) // 2
    return word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]


DISGUISES: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "capitals now and then": lambda word: "".join(c.upper() if i % 2 else c for i, c in enumerate(word)),
    "digits for letters": lambda word: word.translate(_LEET),
    "signs for letters": lambda word: word.translate(_SIGNS),
    "spaces between": " ".join,
    "dots between": ".".join,
    "hyphens between": "-".join,
    "underscores between": "_".join,
    "letters repeated": lambda word: "".join(letter * 3 for letter in word),
    "one letter repeated": lambda word: word[0] + word[1] * 4 + word[2:],
    "invisible spaces": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "marks above": lambda word: "".join(letter + "\u0301" for letter in word),
    "Cyrillic letters": lambda word: word.translate(_CYRILLIC),
    "Greek letters": lambda word: word.translate(_GREEK),
    "full width": _shift_letters(0xFF41),
    "bold mathematics": _shift_letters(0x1D41A),
    "circled letters": _shift_letters(0x24D0),
    "backwards": lambda word: word[::-1],
    "base 64": lambda word: base64.b64encode(f"{word} picture".encode()).decode(),
    "HTML entities": lambda word: "".join(f"&#{ord(letter)};" for letter in word),
    "joined with the next word": lambda word: f"{word}picture",
    "joined with two words": lambda word: f"big{word}picture",
    "humps": lambda word: f"big{word.capitalize()}Picture",
    "ROT13": lambda word: codecs.encode(word, "rot13"),
    "vowels starred": lambda word: "".join("*" if letter in "aeiou" else letter for letter in word),
    "two letters swapped": _swap_letters,
}


def measure(
    cuss: Annotated[Path, typer.Option()],
    prompts: Annotated[Path | None, typer.Option(help="Rows of users' prompts, to measure the time.")] = None,
) -> None:
    listed = consensus(ratings(cuss.read_text("utf-8")))
    words = [
        word for word, severity in listed if severity is Severity.SEVERE and word.isalpha() and len(word) > 3
    ]
    _disguises(words)
    _speed(PromptJudge(), [row.text for row in read_rows(prompts)] if prompts else [])


def _disguises(words: list[str]) -> None:
    rule = ListedWords.load_bundled()
    shares = []
    for name, disguise in DISGUISES.items():
        chosen = [word for word in words if name != "two letters swapped" or len(word) >= SHORTEST_MISSPELT]
        texts = [_SENTENCE.format(disguise(word)) for word in chosen]
        found = sum(rule.judge(PromptSubject(prompt=text)) is not None for text in texts)
        shares.append(100 * found / len(texts))
        typer.echo(f"{name}: {shares[-1]:.1f} % of {len(texts)}")
    typer.echo(f"{len(shares)} disguises: {np.mean(shares):.1f} % on average, {min(shares):.1f} % at least")


def _speed(prompt_judge: PromptJudge, users: list[str]) -> None:
    texts = list(scenes(count=400, seed=3))
    prompt_judge.judge(PromptSubject(prompt=texts[0]))
    long = [" ".join(random.Random(seed).sample(texts, 300))[:10_000] for seed in range(10)]
    kinds = {"400 prompts": texts, "10 prompts of 10,000 characters": long}
    if users:
        rng = random.Random(1)
        kinds["400 users' prompts"] = rng.sample(users, 400)
        kinds["100 of 1,000 characters"] = [", ".join(rng.sample(users, 20))[:1_000] for _ in range(100)]
    for name, prompts in kinds.items():
        times = []
        for text in prompts:
            start = time.thread_time()
            prompt_judge.judge(PromptSubject(prompt=text))
            times.append(1000 * (time.thread_time() - start))
        typer.echo(f"{name}: median {np.median(times):.1f} ms, 95 % under {np.percentile(times, 95):.1f} ms")
    typer.echo(f"memory of this process: {psutil.Process().memory_info().rss / 2**20:.0f} MiB")


if __name__ == "__main__":
    typer.run(measure)
