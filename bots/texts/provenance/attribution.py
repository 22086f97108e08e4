"""Who made a picture, from what, and how that is known."""

from studio.domain.provenance import Trace

MADE_BY = "{deed} by {maker} {when}."
MADE_BY_ON = "{deed} by {maker} on {when}."
FAMILY_OF_ONE = "No other picture here is related to it."
FAMILY = "Its family: {count} pictures, by {people}."
FAMILY_ALT_TEXT = "The family tree of the picture. {summary}"
RELATIVE = "{picture} · {subject} · {deed} by {maker}"
RELATIVE_FROM = "{picture} · {subject} · {deed} by {maker} from {parents}"
RELATIVE_DELETED = "{picture} · deleted · {maker}"
MORE = "{count} more is not listed."
MORE_SEVERAL = "{count} more are not listed."

NOTHING = "Nothing in this picture says where it comes from."
HERE_BUT_CLOSED = "It was made here on {when}, in a place that is not open to you: {picture}."
HERE_BUT_DELETED = "It was made by {maker} on {when} and has been deleted since: {picture}."
QUOTED = "“{prompt}”"
KNOWN_BY = {
    Trace.CREDENTIALS: "Known by its content credentials: this studio signed it, and it is unchanged since.",
    Trace.MARK: "Known by its invisible watermark.",
    Trace.TEXT: "Known by the text in its file, which anybody could have written.",
    Trace.LIKENESS: "Recognised only by how it looks.",
}
CLAIMED_BY = {
    Trace.CREDENTIALS: "This studio signed it as {picture}, but the records here do not have that picture.",
    Trace.MARK: "It has the watermark of a Chatelier studio, as {picture}; the records here do not have that picture.",
    Trace.TEXT: "Its file says that it is {picture}; the records here do not have that picture.",
}
LOOKS_DIFFERENT = {
    Trace.MARK: (
        "Its invisible watermark is that of a picture made here which looks different. Watermarks can be copied, so"
        " nobody is named."
    ),
    Trace.TEXT: (
        "Its file names a picture made here which looks different. Anybody could have written that, so nobody is"
        " named."
    ),
}
ALIKE = "It is {share} similar to the picture in the records."
SOFTWARE = "Its file says that {software} made it, but not who."
SIGNED_BY = (
    "Its content credentials are intact and name {organization}; whether that is true cannot be checked here."
)
TAMPERED = "It was changed after it was signed: its content credentials no longer match."
