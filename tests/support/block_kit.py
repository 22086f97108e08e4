"""What Slack takes: blocks and views checked with slack_sdk's models, and the limits that these leave out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

_MOST_BLOCKS = {"message": 50, "view": 100}
_TEXT_LIMITS = {"section": 3000, "header": 150, "context": 2000}


def check_blocks(blocks: Sequence[Mapping[str, Any]], kind: str = "message") -> None:
    """Raises `AssertionError` for what Slack would refuse. `kind` is ``message`` or ``view``."""
    assert len(blocks) <= _MOST_BLOCKS[kind], "too many blocks"
    for block in blocks:
        _check_block(block)
    actions = [
        element["action_id"] for block in blocks for element in elements_of(block) if "action_id" in element
    ]
    assert len(actions) == len(set(actions)), "an action_id stands in a message once"


def check_view(view: Mapping[str, Any]) -> None:
    """Raises `AssertionError` for what Slack would refuse."""
    known = {name: value for name, value in view.items() if name not in ("id", "team_id")}
    try:
        View(**known).validate_json()
        assert len(view.get("private_metadata", "")) <= 3000
        names = [block["block_id"] for block in view["blocks"] if "block_id" in block]
        assert len(names) == len(set(names)), "a block_id stands in a view once"
    except Exception as error:
        raise AssertionError(f"a view that Slack would not take: {error}") from error
    check_blocks(view["blocks"], kind="view")


def files_of(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of the files that blocks show, in order."""
    images = (image for block in blocks for image in _images_of(block))
    return [image["slack_file"]["id"] for image in images if "slack_file" in image]


def elements_of(block: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The buttons, menus and texts of a block, also those of its cards."""
    for element in block.get("elements", ()):
        if element["type"] == "card":
            yield from element.get("actions", ())
        else:
            yield element


def _images_of(block: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if block["type"] == "image":
        yield block
    elif block["type"] == "carousel":
        yield from (card["hero_image"] for card in block["elements"] if "hero_image" in card)


def _check_block(block: Mapping[str, Any]) -> None:
    try:
        parsed = Block.parse(dict(block))
        assert parsed is not None, "an unknown kind of block"
        parsed.validate_json()
        _check_texts(block)
        for element in elements_of(block):
            if element["type"] == "button":
                assert len(element["text"]["text"]) <= 75
            if element["type"] == "feedback_buttons":
                for button in (element["positive_button"], element["negative_button"]):
                    assert 0 < len(button["text"]["text"]) <= 75
                    assert 0 < len(button["value"]) <= 2000
            if "action_id" in element:
                assert 0 < len(element["action_id"]) <= 255
        for image in _images_of(block):
            assert 0 < len(image["alt_text"]) <= 2000, "a picture has an alternative text"
    except Exception as error:
        raise AssertionError(f"a block that Slack would not take: {error}: {block}") from error


def _check_texts(block: Mapping[str, Any]) -> None:
    texts = [block["text"]] if isinstance(block.get("text"), dict) else []
    texts += [element for element in elements_of(block) if isinstance(element.get("text"), str)]
    for text in texts:
        assert 0 < len(text["text"]) <= _TEXT_LIMITS.get(block["type"], 3000), "a text's length"
    for field in block.get("fields", ()):
        assert 0 < len(field["text"]) <= 2000, "a field's length"
    if block["type"] == "carousel":
        for card in block["elements"]:
            parsed = Block.parse(dict(card))
            assert parsed is not None
            parsed.validate_json()
