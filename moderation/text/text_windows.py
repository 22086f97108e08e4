"""A long text as overlapping windows, so that a few harmful words are not outweighed by many harmless ones."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WORDS = 20  # of a window, at most
_STEP = 10  # words from the start of a window to the next one's, at least; also the longest piece
_CLAUSE_END = re.compile(r"(?<=[,.;:!?|\n])(?=\s)|(?<=\s)(?=[|(–—-]\s?)|(?<=[、。，；！？])")
# Chinese, Japanese and Thai are written without spaces: two letters count as a word.
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")
_LETTERS = 2


def count_words(text: str) -> int:
    """Of a text in any script; a run of letters of a script without spaces counts as several."""
    unspaced = sum(len(run) for run in _UNSPACED.findall(text))
    return len(_UNSPACED.sub(" ", text).split()) + -(-unspaced // _LETTERS)


@dataclass(frozen=True, slots=True)
class WindowedText:
    """The pieces make the text; the spans are ranges of pieces: the whole text, then its windows if it is long."""

    pieces: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def texts(self) -> list[str]:
        return [" ".join(self.pieces[start:stop]) for start, stop in self.spans]

    def window_around(self, place: int) -> tuple[int, int]:
        """The window that the piece stands in the middle of, as nearly as any; the whole text if it is short."""
        windows = [(start, stop) for start, stop in self.spans[1:] if start <= place < stop]
        return min(windows or self.spans, key=lambda span: abs(span[0] + span[1] - 1 - 2 * place))


def windows_of(text: str) -> WindowedText:
    """Windows begin and end between clauses, or every ten words of a longer clause."""
    pieces = tuple(_pieces(text))
    return WindowedText(pieces, spans_of(pieces))


def spans_of(pieces: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Ranges of the pieces: all of them, then the windows if they are long."""
    sizes = [count_words(piece) for piece in pieces]
    windows = _windows(sizes) if sum(sizes) > WORDS else []
    return ((0, len(pieces)), *windows)


def _pieces(text: str) -> list[str]:
    """At most about ten words each; the text itself where it has no word."""
    pieces: list[str] = []
    for clause in _CLAUSE_END.split(text):
        piece, size = "", 0
        for word in _split_words(clause):
            if piece and size + count_words(word) > _STEP:
                pieces.append(piece)
                piece, size = "", 0
            piece = f"{piece} {word}".strip()
            size += count_words(word)
        pieces += [piece] if piece else []
    return pieces or [text]


def _split_words(clause: str) -> Iterator[str]:
    """Words, and long runs without spaces in pieces."""
    longest = _STEP * _LETTERS
    for word in clause.split():
        if len(word) > longest and _UNSPACED.search(word):
            yield from (word[start : start + longest] for start in range(0, len(word), longest))
        else:
            yield word


def _windows(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """As many pieces as fit into each window; the next one begins about half a window later and overlaps it."""
    windows: list[tuple[int, int]] = []
    start = stop = 0
    while stop < len(sizes):
        stop, words = start, 0
        while stop < len(sizes) and words + sizes[stop] <= WORDS:
            words += sizes[stop]
            stop += 1
        windows.append((start, stop))
        skipped = sizes[start]
        start += 1
        while skipped < _STEP and start < stop - 1:
            skipped += sizes[start]
            start += 1
    start, stop = windows[-1]
    while start and sum(sizes[start - 1 : stop]) <= WORDS:  # the last one reaches back as far as it can
        start -= 1
    return [*windows[:-1], (start, stop)]
