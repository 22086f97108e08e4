"""What a rule says it found can be translated: no phrase of its own stands in a rule."""

import ast
from pathlib import Path


def test_the_phrases_of_rules_are_listed_for_translators(repository: Path) -> None:
    phrases = [
        f"{path.relative_to(repository)}:{node.lineno}: {node.value!r}"
        for path in sorted((repository / "moderation" / "rules").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.keyword) and call.arg == "evidence"
        for node in ast.walk(call.value)
        if isinstance(node, ast.Constant)
        and " " in str(node.value)
        and not isinstance(call.value, ast.JoinedStr)
    ]
    assert phrases == []
