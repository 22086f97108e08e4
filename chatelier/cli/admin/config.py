"""`chatelier config`: what is set, and where."""

import typer


def register(app: typer.Typer) -> None:
    app.command("config")(config)


def config(
    example: bool = typer.Option(
        False, "--example", help="Print a chatelier.toml in which everything is explained."
    ),
) -> None:
    """Show the settings in effect and where each comes from. Secrets are hidden.

    Examples:

      chatelier config

      chatelier config --example > chatelier.toml
    """
    from chatelier.runtime.console import answers, print_warning
    from chatelier.settings import read_settings
    from chatelier.settings.display import effective, example_file

    if example:
        typer.echo(example_file(), nl=False)
        return
    from rich.table import Column, Table

    loaded = read_settings()
    table = Table(Column("setting", no_wrap=True), Column("value", overflow="fold"), "from", box=None)
    for name, value, origin in effective(loaded):
        table.add_row(name, value, origin, style=None if origin != "default" else "dim")
    answers().print(table)
    for warning in loaded.warnings:
        print_warning(warning)
