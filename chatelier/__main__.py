"""``python -m chatelier`` is the same as ``chatelier``."""

from chatelier.cli import main

if __name__ == "__main__":
    main()
