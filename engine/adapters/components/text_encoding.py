"""Prompts of any length and with weights through text encoders that take a fixed number of tokens.

CLIP reads 77 tokens, of which 75 are words. A longer prompt is read in chunks of so many, whose hidden states stand one
behind the other, and its pooled words are those of the first chunk. Words have weights by `prompt_weights`: a hidden
state lies so many times as far from what the encoder answers to an empty prompt at that place.
"""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import torch
from transformers import CLIPTokenizer, PreTrainedTokenizerBase

from studio.parsing.prompt_weights import plain_words, read_weights

# A prompt has at most 1000 characters: no English one is cut here, and others end somewhere.
MAX_CHUNKS = 14
_ROWS = 16  # of one forward pass of an encoder


@dataclass(frozen=True, slots=True)
class Word:
    ids: Sequence[int]
    weight: float


@dataclass(slots=True)
class Chunk:
    """Tokens between the encoder's marks for start and end."""

    ids: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, ids: Sequence[int], weight: float) -> None:
        self.ids += ids
        self.weights += [weight] * len(ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """One prompt: hidden states (chunks · length, width), and the pooled words (width,) of the first chunk."""

    hidden: torch.Tensor
    pooled: torch.Tensor


def encode_clip(
    prompts: Sequence[str], *, tokenizer: Any, encoder: Any, device: torch.device, layer: int | None = None
) -> list[Encoded]:
    """`layer` counts the encoder's hidden states; None takes its last one, normed."""
    length = clip_length(tokenizer, encoder)
    chunks = [chunk_prompt(prompt, tokenizer=tokenizer, length=length) for prompt in prompts]
    rows = [chunk for prompt_chunks in chunks for chunk in prompt_chunks]
    weighted = any(weight != 1 for row in rows for weight in row.weights)
    blank = [Chunk()] if weighted else []
    hidden, pooled = _encode_chunks([*rows, *blank], tokenizer, encoder, device, length, layer)
    if weighted:
        weights = torch.tensor([_pad_weights(row.weights, length) for row in rows])
        hidden = weigh(hidden[:-1], weights, blank=hidden[-1])
    starts = [sum(map(len, chunks[:index])) for index in range(len(chunks))]
    return [
        Encoded(
            hidden=hidden[start : start + len(prompt_chunks)].flatten(0, 1),
            pooled=pooled[start],
        )
        for start, prompt_chunks in zip(starts, chunks, strict=True)
    ]


def encode_long(
    prompts: Sequence[str], *, tokenizer: Any, encoder: Any, device: torch.device, length: int
) -> torch.Tensor:
    """(n, length, width) by an encoder such as T5, cut to `length` tokens; without an attention mask, as diffusers."""
    plain = [plain_words(prompt) for prompt in prompts]
    tokens = tokenizer(plain, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
    ids: torch.Tensor = tokens.input_ids
    weights = torch.ones(ids.shape)
    for row, prompt in enumerate(prompts):
        words = list(read_words(prompt, tokenizer))
        if any(word.weight != 1 for word in words):
            weights[row], ids[row] = _weighted_row(words, tokenizer, length)
    hidden: torch.Tensor = encoder(ids.to(device))[0]
    if bool((weights == 1).all()):
        return hidden
    blank = tokenizer([""], padding="max_length", max_length=length, return_tensors="pt").input_ids
    return weigh(hidden, weights, blank=encoder(blank.to(device))[0][0])


def _weighted_row(words: Sequence[Word], tokenizer: Any, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and ids (length,) of words that are not read as one text."""
    tokens = [(one, word.weight) for word in words for one in word.ids][: length - 1]
    tokens.append((tokenizer.eos_token_id, 1.0))
    tokens += [(tokenizer.pad_token_id, 1.0)] * (length - len(tokens))
    ids, weights = zip(*tokens, strict=True)
    return torch.tensor(weights), torch.tensor(ids)


def weigh(hidden: torch.Tensor, weights: torch.Tensor, *, blank: torch.Tensor) -> torch.Tensor:
    """Hidden states (n, length, width) by weights (n, length); `blank` (length, width) is an empty prompt's."""
    factors = weights[..., None].to(hidden)
    return torch.where(factors == 1, hidden, blank + factors * (hidden - blank))


def pad_chunks(hidden: torch.Tensor, length: int, blank: torch.Tensor) -> torch.Tensor:
    """Hidden states with chunks of no words behind them, up to `length` tokens."""
    missing = (length - len(hidden)) // len(blank)
    return torch.cat([hidden, *[blank] * missing]) if missing else hidden


def clip_length(tokenizer: Any, encoder: Any) -> int:
    """Tokens of one chunk, the marks for start and end among them."""
    return int(min(tokenizer.model_max_length, encoder.config.max_position_embeddings))


def chunk_prompt(prompt: str, *, tokenizer: Any, length: int) -> list[Chunk]:
    """One chunk at least; words stay whole where they fit into a chunk."""
    return list(_chunks(read_words(prompt, tokenizer), room=length - 2))[:MAX_CHUNKS]


def count_unread_clip(prompt: str, *, tokenizer: Any, length: int) -> int:
    """Words at the prompt's end that lie beyond the last chunk."""
    chunks = chunk_prompt(prompt, tokenizer=tokenizer, length=length)
    return count_unread(prompt, tokenizer=tokenizer, tokens=sum(len(chunk.ids) for chunk in chunks))


def count_unread(prompt: str, *, tokenizer: Any, tokens: int) -> int:
    """Words at the prompt's end that lie beyond so many tokens."""
    ends = accumulate(len(word.ids) for word in read_words(prompt, tokenizer))
    return sum(end > tokens for end in ends)


def count_unread_whole(prompt: str, pipelines: Iterable[Any]) -> int:
    """Words at the prompt's end that every tokenizer of a model's pipelines cuts off."""
    counts = [
        count_unread(prompt, tokenizer=tokenizer, tokens=tokens)
        for pipeline in pipelines
        for tokenizer, tokens in _tokenizers(pipeline)
    ]
    return min(counts, default=0)


def read_words(prompt: str, tokenizer: Any) -> Iterator[Word]:
    """The tokens of each word between spaces, and its weight. Side by side they are those of the whole prompt."""
    for fragment in read_weights(prompt):
        words = fragment.text.split()
        if words:
            for ids in tokenizer(words, add_special_tokens=False, verbose=False).input_ids:
                yield Word(ids, fragment.weight)


def _chunks(words: Iterator[Word], *, room: int) -> Iterator[Chunk]:
    chunk = Chunk()
    for word in words:
        for start in range(0, len(word.ids), room):
            ids = word.ids[start : start + room]
            if len(chunk.ids) + len(ids) > room:
                yield chunk
                chunk = Chunk()
            chunk.add(ids, word.weight)
    yield chunk


def _encode_chunks(
    chunks: Sequence[Chunk],
    tokenizer: Any,
    encoder: Any,
    device: torch.device,
    length: int,
    layer: int | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden states (chunks, length, width) and pooled words (chunks, width)."""
    first, last, pad = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    ids = torch.tensor(
        [[first, *chunk.ids, last] + [pad] * (length - 2 - len(chunk.ids)) for chunk in chunks]
    )
    mask = torch.tensor(
        [[1] * (len(chunk.ids) + 2) + [0] * (length - 2 - len(chunk.ids)) for chunk in chunks]
    )
    # Only Stable Diffusion's own pipeline asks for it.
    masked = layer is None and getattr(encoder.config, "use_attention_mask", False)
    hidden, pooled = [], []
    for start in range(0, len(chunks), _ROWS):
        rows = slice(start, start + _ROWS)
        answer = encoder(
            ids[rows].to(device),
            attention_mask=mask[rows].to(device) if masked else None,
            output_hidden_states=layer is not None,
        )
        hidden.append(answer[0] if layer is None else answer.hidden_states[layer])
        pooled.append(answer.get("text_embeds", answer.get("pooler_output")))
    return torch.cat(hidden), torch.cat(pooled)


def _pad_weights(weights: Sequence[float], length: int) -> list[float]:
    """With those of the marks and of what fills the chunk up."""
    return [1.0, *weights, *([1.0] * (length - 1 - len(weights)))]


def _tokenizers(pipeline: Any) -> Iterator[tuple[Any, int]]:
    """Each tokenizer of a pipeline with the tokens that it has room for, without its marks for start and end."""
    longest = inspect.signature(pipeline.__call__).parameters.get("max_sequence_length")
    for part in pipeline.components.values():
        if isinstance(part, PreTrainedTokenizerBase):
            room = part.model_max_length
            if longest is not None and longest.default and not isinstance(part, CLIPTokenizer):
                room = min(room, longest.default)
            yield part, room - part.num_special_tokens_to_add()
