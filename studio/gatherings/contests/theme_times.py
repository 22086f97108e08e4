"""When the contests of a theme open and close: pure functions on aware UTC times."""

import re
from datetime import datetime, time, timedelta

DAY, WEEK = "day", "week"
INTERVALS = {DAY: timedelta(days=1), WEEK: timedelta(weeks=1)}
# What a contest of a theme is open at least; one that would be open for less waits for the next time.
_LEAST_SHARE = 0.5
_GAP = timedelta(minutes=15)  # between the end of one contest and the next opening
_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


def parse_time_of_day(text: str) -> time | None:
    """``09:00`` or ``9.00``; None for what is no time of day."""
    found = _TIME_OF_DAY.fullmatch(text.strip())
    return time(int(found[1]), int(found[2])) if found else None


def first_opening(now: datetime, time_of_day: time | None) -> datetime:
    """The next time that the clock shows `time_of_day` (UTC); now where there is none."""
    if time_of_day is None:
        return now
    today = now.replace(hour=time_of_day.hour, minute=time_of_day.minute, second=0, microsecond=0)
    return today if today >= now else today + timedelta(days=1)


def next_opening(first: datetime, every: timedelta, *, after: datetime) -> datetime:
    """The earliest of `first`, `first` + `every`, … that is later than `after`."""
    if after < first:
        return first
    return first + ((after - first) // every + 1) * every


def split_time(left: timedelta) -> tuple[timedelta, timedelta]:
    """How long pictures are entered, and how long people vote, so that all ends in good time before `left` is over."""
    entries = left * 3 / 4
    return entries, left - entries - _GAP


def is_too_late(left: timedelta, every: timedelta) -> bool:
    """Whether so little is `left` before the next opening that this one is left out."""
    return left < every * _LEAST_SHARE
