"""`chatelier` with a gate that lets everything pass: what the rules say is tested in their own room."""

from chatelier.wiring import ports
from tests.support.fakes import FakeGate


class OpenGate(FakeGate):
    def warm_up(self) -> None:
        """It has nothing to load."""


ports.open_gate = lambda *_arguments, **_named: OpenGate()  # type: ignore[assignment, return-value]

if __name__ == "__main__":
    from chatelier.cli.main import main

    main()
