"""Sentences of themes, which open contests by themselves."""

NAME = "Theme"
HINT = (
    "A contest opens here by itself each time. Make pictures about its theme and enter the best;"
    " then everybody votes, and the winners are in {command}."
)
HINT_OVER = "No more contests open by themselves. The winners are in {command}."
SEVERAL = "Themes in turn"
TURNS = "Themes"
OPENS = "Opens"
EVERY = {"day": "every day", "week": "every week"}
EVERY_AT = {"day": "every day at {time} UTC", "week": "every week at {time} UTC"}
NEXT = "Next contest"
OPENED = "Contests so far"

REMARKS = {
    "deserted": "Nobody entered a picture in the last {times} contests of your theme, so it has ended. Open it anew"
    " whenever you like.",
}
