"""A chat model behind an OpenAI-compatible server (``/chat/completions``).

https://platform.openai.com/docs/api-reference/chat
"""

import json
import re
from typing import Any

from studio.chat_models.json_client import JsonClient

_FENCED = re.compile(r"```(?:json)?\s*(\{.*\})\s*```", re.DOTALL)


class ChatCompletions:
    """`name` is the model's on the server. Safe for many threads."""

    def __init__(self, client: JsonClient, name: str) -> None:
        self._client = client
        self._name = name

    def ask(self, system: str, content: Any, *, most_tokens: int) -> str:
        """The text of the answer to a person's `content`: text, or a list of parts. Always the likeliest words.

        Raises `httpx.HTTPError`, or ValueError for an answer that is late, long or no chat completion.
        """
        messages = [{"role": "system", "content": system}, {"role": "user", "content": content}]
        asked = {"model": self._name, "messages": messages, "temperature": 0, "max_tokens": most_tokens}
        return _content_of(self._client.post(asked))


def object_in(content: str) -> Any:
    """The JSON object alone, or in a fence, which many models cannot leave out. Raises ValueError."""
    fenced = _FENCED.fullmatch(content)
    try:
        return json.loads(fenced[1] if fenced else content)
    except RecursionError as error:
        raise ValueError("the answer is nested too deeply") from error


def image_part(encoded_png: str) -> dict[str, Any]:
    """A picture, base64 of a PNG, as a part of what a person says."""
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded_png}"}}


def _content_of(answer: Any) -> str:
    try:
        content = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError("the answer is no chat completion") from error
    if not isinstance(content, str):
        raise ValueError("the answer has no text")
    return content.strip()
