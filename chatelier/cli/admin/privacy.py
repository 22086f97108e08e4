"""`chatelier privacy`: the privacy notice and terms of this instance."""

import typer


def register(app: typer.Typer) -> None:
    app.command("privacy")(privacy)


def privacy() -> None:
    """Print a privacy notice and terms, in Markdown, from the settings.

    The web front end shows the same at /privacy. Read it before you publish it: it says what the software does, not
    what you do besides. Name yourself with CHATELIER_OPERATOR__NAME and CHATELIER_OPERATOR__CONTACT.

    Example:

      chatelier privacy > PRIVACY.md
    """
    from bots.texts.privacy_notice import TITLE, privacy_sections
    from bots.texts.translation import translate
    from chatelier.runtime.console import print_warning
    from chatelier.settings import load_settings
    from chatelier.wiring.instance import privacy_facts

    facts = privacy_facts(load_settings())
    if not facts.contact:
        print_warning("Nobody is named as the contact. Set CHATELIER_OPERATOR__CONTACT.")
    lines = [f"# {translate(TITLE)}"]
    for heading, paragraphs in privacy_sections(facts):
        lines += ["", f"## {heading}", "", *(f"- {paragraph}" for paragraph in paragraphs)]
    typer.echo("\n".join(lines))
