"""What a command reads again and again, read once: a person's names and settings, a community's rules.

A command asks the gate, the forms and the submission one after the other, each in a transaction of its own. Within
`remember_reads` all of these see what the first of them read, until the thread writes: its next reads are fresh ones.
Transactions that write always read for themselves, so what is decided in them holds by the rules of that moment.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from sqlalchemy.orm import Session

T = TypeVar("T")
_KEY = "read_memo"
_memo: ContextVar[dict[Hashable, Any] | None] = ContextVar("read_memo", default=None)


@contextmanager
def remember_reads() -> Iterator[None]:
    """For this thread, or this task and the threads that work for it. One within another changes nothing."""
    if _memo.get() is not None:
        yield
        return
    token = _memo.set({})
    try:
        yield
    finally:
        _memo.reset(token)


def attach(session: Session) -> None:
    """Let a session that only reads remember."""
    session.info[_KEY] = _memo.get()


def remember_within(session: Session) -> None:
    """For a transaction that writes nothing of this itself, once it holds the rows that what it reads depends on."""
    session.info[_KEY] = {}


def note(session: Session, fact: Hashable, value: Any) -> None:
    """What another query told already, if the session remembers."""
    memo: dict[Hashable, Any] | None = session.info.get(_KEY)
    if memo is not None:
        memo.setdefault((session.get_bind(), fact), value)


def is_remembering() -> bool:
    """Whether this thread, or this task, is within `remember_reads`."""
    return _memo.get() is not None


def recall(session: Session, fact: Hashable) -> Any:
    """What was noted, or None."""
    memo: dict[Hashable, Any] | None = session.info.get(_KEY)
    return None if memo is None else memo.get((session.get_bind(), fact))


def forget_reads() -> None:
    """Something was written."""
    if memo := _memo.get():
        memo.clear()


def read_once(session: Session, fact: Hashable, load: Callable[[], T]) -> T:
    """What `load` reads; `fact` names it. It must not be changed: others get the same object."""
    memo: dict[Hashable, Any] | None = session.info.get(_KEY)
    if memo is None:
        return load()
    key = (session.get_bind(), fact)
    if key not in memo:
        memo[key] = load()
    return cast("T", memo[key])
