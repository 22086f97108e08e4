"""Numbers about sets of pictures: ranks, distances between distributions, seams."""

import numpy as np
from PIL import Image

Edges = tuple[int, int, int, int]


def share_within(scores: np.ndarray, places: int) -> float:
    """`scores` (pictures, captions), each picture's own caption on the diagonal: how often it is among the best."""
    own = scores[np.arange(len(scores)), np.arange(len(scores))]
    return float(((scores > own[:, None]).sum(1) < places).mean())


def frechet(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> float:
    """The Fréchet distance between two normal distributions, each given by mean (d,) and covariance (d, d)
    (Dowson & Landau 1982). The trace of the root comes from the eigenvalues of the product.
    """
    (mean, spread), (next_mean, next_spread) = one, other
    roots = np.linalg.eigvals(spread @ next_spread).real.clip(0)
    distance = ((mean - next_mean) ** 2).sum() + np.trace(spread) + np.trace(next_spread)
    return float(distance - 2 * np.sqrt(roots).sum())


def distribution(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of vectors (n, d)."""
    return vectors.mean(0), np.cov(vectors, rowvar=False)


def diversity(vectors: np.ndarray) -> float:
    """The mean cosine distance between any two of several unit vectors (n, d)."""
    count = len(vectors)
    return float((1 - vectors @ vectors.T).sum() / (count * (count - 1)))


def seam(picture: Image.Image, edges: Edges) -> float:
    """How much steeper a picture is across the edges (left, top, right, bottom; pixels) of a part than beside them.

    1 is no seam at all. Steps across each edge are compared with those three to eight pixels away on both sides;
    edges on the rim of the picture do not count.
    """
    grey = np.asarray(picture.convert("L"), np.float32)
    across, beside = [], []
    for values, first, last, start, stop in (
        (grey, edges[0], edges[2], edges[1], edges[3]),
        (grey.T, edges[1], edges[3], edges[0], edges[2]),
    ):
        steps = np.abs(np.diff(values[start:stop], axis=1))
        for line in (first, last):
            if 9 <= line <= values.shape[1] - 9:
                across.append(steps[:, line - 2 : line + 1].mean())
                near = np.r_[line - 9 : line - 3, line + 2 : line + 8]
                beside.append(steps[:, near].mean())
    return float(np.mean(across) / max(np.mean(beside), 0.5)) if across else 1.0


def is_unchanged(before: Image.Image, after: Image.Image, preserved: np.ndarray) -> bool:
    """Whether no pixel of `preserved` (height, width; bool) differs."""
    return bool(
        (np.asarray(before.convert("RGB"))[preserved] == np.asarray(after.convert("RGB"))[preserved]).all()
    )
