"""`chatelier version`."""

import typer


def register(app: typer.Typer) -> None:
    app.command("version")(version)


def version() -> None:
    """Print the version of Chatelier and of what matters beside it."""
    import platform
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    from chatelier.runtime.console import answers
    from studio import __version__

    answers().print(f"chatelier {__version__}, Python {platform.python_version()}")
    for package in ("torch", "diffusers", "transformers", "celery", "redis", "pillow"):
        try:
            answers().print(f"  {package} {version_of(package)}")
        except PackageNotFoundError:
            answers().print(f"  {package}: not installed")
