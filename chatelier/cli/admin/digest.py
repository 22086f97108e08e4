"""`chatelier digest`: what happened in the last days."""

import typer


def register(app: typer.Typer) -> None:
    app.command("digest")(digest)


def digest(
    days: int = typer.Option(7, "--days", min=1, max=366, help="How many days, up to now."),
) -> None:
    """Say for each community how many jobs, refusals and cases there were, and how long people waited.

    The same goes to a community's log channel every Monday (/community log CHANNEL).

    Example:

      chatelier digest --days 30
    """
    from contextlib import closing
    from datetime import timedelta

    from bots.texts.coded.sentences import say
    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings
    from chatelier.wiring.database import open_database
    from studio.clock import now
    from studio.services.weekly_digest import find_communities, lines_of, read_digest

    until = now()
    since = until - timedelta(days=days)
    with closing(open_database(load_settings())) as database, database.read() as session:
        found = find_communities(session, since=since, until=until)
        digests = [read_digest(session, *community, since=since, until=until) for community in found]
    if not digests:
        answers().print("Nothing was asked for in that time.")
    for digest in digests:
        answers().print(f"[bold]{digest.platform} {digest.community}[/]", highlight=False)
        for line in lines_of(digest):
            answers().print(f"  {say(line)}", highlight=False, markup=False)
