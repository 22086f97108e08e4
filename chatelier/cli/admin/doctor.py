"""`chatelier doctor`: what is wrong, and how to put it right."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from chatelier.doctor import Finding


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(
    as_json: bool = typer.Option(False, "--json", help="Print the findings as JSON, for programs."),
) -> None:
    """Look over settings, folders, database, Redis, storage, models, ports and tokens, and say how to mend
    each.

    Changes nothing but a probe that it writes and deletes. Exit status 1 when something will not work.

    Examples:

      chatelier doctor

      chatelier doctor --json | jq '.[] | select(.health == "bad")'
    """
    import json
    from dataclasses import asdict

    from bots.texts.languages.readers import use_language
    from chatelier.doctor import Finding, Health, examine
    from chatelier.runtime.console import terminal_language

    use_language(terminal_language())
    findings: list[Finding] = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            print_finding(finding)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        _sum_up(findings)
    if any(finding.health is Health.BAD for finding in findings):
        raise typer.Exit(1)


def print_finding(finding: "Finding") -> None:
    """A line for what was found, and one for what to do."""
    from rich.markup import escape

    from bots.texts.translation import translate
    from chatelier.runtime.console import answers

    colour, word = {
        "good": ("green", translate("ok")),
        "note": ("yellow", translate("note")),
        "bad": ("bold red", translate("bad")),
    }[finding.health]
    mark = f"[{colour}]{word:<4}[/]"
    answers().print(f"{mark} {finding.subject:<12} {escape(finding.said)}", soft_wrap=True)
    if finding.fix:
        answers().print(f"     {'':<12} → {escape(finding.fix)}", soft_wrap=True)


def _sum_up(findings: "list[Finding]") -> None:
    from bots.texts.translation import translate
    from chatelier.runtime.console import answers

    bad = sum(finding.health == "bad" for finding in findings)
    text = translate("{count} to mend.", count=bad) if bad else translate("All is well.")
    answers().print(f"\n{text}")
