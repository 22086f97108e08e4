"""What a rule says it found can be translated: no phrase of its own stands in a rule."""

import ast
from pathlib import Path

NO_PHRASES = {"nudity.py"}  # what a network calls its classes


def test_the_phrases_of_rules_are_listed_for_translators(repository: Path) -> None:
    phrases = [
        f"{path.relative_to(repository)}:{node.lineno}: {node.value!r}"
        for path in sorted((repository / "moderation" / "rules").rglob("*.py"))
        if path.name not in NO_PHRASES
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.keyword) and call.arg == "evidence"
        for node in ast.walk(call.value)
        if isinstance(node, ast.Constant) and any(map(str.isalpha, str(node.value).split()))
    ]
    assert phrases == []
