"""``python -m chatelier`` is the same as ``chatelier``."""

from chatelier.cli.main import main

if __name__ == "__main__":
    main()
