"""`chatelier provenance …`: the certificates that sign pictures."""

from typing import Annotated

import typer

provenance = typer.Typer(help="The certificates that sign pictures.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(provenance, name="provenance")


@provenance.command()
def init(
    organization: Annotated[
        str | None, typer.Option(help="Who signs; by default as CHATELIER_PROVENANCE__ORGANIZATION says.")
    ] = None,
) -> None:
    """Make the two certificates, a root and one that signs, unless they are there.

    The first worker does so too. Copy the folder to every machine that paints for the same studio.

    Example: [bold]chatelier provenance init --organization "The Example Community"[/]
    """
    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings
    from chatelier.wiring.provenance import own_chain
    from moderation.provenance.certificates import make_chain

    settings = load_settings()
    chain = own_chain(settings)
    there = chain is not None
    if chain is None:
        name = organization or settings.provenance.organization or settings.web.name
        chain = make_chain(settings.provenance_folder, organization=name)
    state = "are there already" if there else "are made"
    answers().print(
        f"The certificates {state}: {chain.organization}, until {chain.ends_at:%Y-%m-%d},"
        f" in {settings.provenance_folder}.",
        soft_wrap=True,
        markup=False,
    )


@provenance.command()
def root() -> None:
    """Print the root certificate, for those who want to trust this studio's pictures.

    Example: [bold]chatelier provenance root > chatelier-root.pem[/]
    """
    from chatelier.settings import load_settings
    from chatelier.wiring.provenance import own_chain
    from studio.errors import ConfigurationError

    chain = own_chain(load_settings())
    if chain is None:
        raise ConfigurationError("There are no certificates yet. Make them with: chatelier provenance init")
    typer.echo(chain.root, nl=False)
