"""`chatelier` with a gate that lets everything pass: what the house rules say is tested in their own room."""

from chatelier import wiring
from tests.twins import TwinGate

wiring.open_gate = lambda *_arguments, **_named: TwinGate()  # type: ignore[assignment]

if __name__ == "__main__":
    from chatelier.cli import main

    main()
