"""What `/verify` and `chatelier verify` say about the origin of a file."""

from studio.domain.provenance import GenerationClaim, Origin, Trace

VERDICTS = {
    Origin.HERE: "Made here",
    Origin.ELSEWHERE: "Made by AI, elsewhere",
    Origin.DOUBTFUL: "The traces do not fit together",
    Origin.UNKNOWN: "Nothing found",
}
LEADS = {
    Origin.HERE: "AI generated this picture, and this Chatelier instance made it.",
    Origin.ELSEWHERE: "The file says that AI generated this picture, and nothing shows that it was made here.",
    Origin.DOUBTFUL: "The file has the watermark of a picture that was made here, but looks different from it.",
    Origin.UNKNOWN: "Nothing in this file says where it comes from or whether AI made it.",
}
CERTAIN = "What is certain"
UNCERTAIN = "What is not"

SIGNED_HERE = (
    "Its content credentials were signed with the key of this instance, and the file is unchanged since."
)
MARK_RECORDED = "Its invisible watermark holds the id {picture}, and the records here have that picture."
MARK_UNKNOWN = (
    "Its invisible watermark is one of Chatelier's and holds the id {picture}; the records here lack it."
)
TEXT_RECORDED = "Its file names the id {picture}, and the records here have that picture."
MADE_AT = "That picture was made on {when}."
LOOKS_ALIKE = "It looks like that picture: {share} of the bits of their perceptual hashes agree."
LOOKS_DIFFERENT = (
    "It looks different from that picture: only {share} of the bits of their perceptual hashes agree."
)
SAYS_GENERATED = {
    GenerationClaim.CREDENTIALS: "Its content credentials are intact and say that AI generated it.",
    GenerationClaim.METADATA: "Its metadata says that AI generated it.",
    GenerationClaim.RECIPE: "It contains text that a program for generating images writes.",
}
NAMED_GENERATOR = "The program that it names is {generator}."
TAMPERED = "Its content credentials no longer match: the file was changed after it was signed."

DOUBTS = {
    Trace.CREDENTIALS: "Whether the picture shows something true: credentials say who made a file, not what it means.",
    Trace.MARK: "Whether the picture was changed since: the watermark survives cropping, resizing and small edits, and"
    " it can be copied onto another picture.",
    Trace.TEXT: "Who wrote that text: anybody can write or remove it.",
}
MAY_BE_DELETED = "Where it was made: on another Chatelier instance, or here and its record was deleted since."
SIGNER_UNKNOWN = "Whether {organization} really signed it: anybody can make a certificate with that name."
METADATA_WRITABLE = "Whether that is true: anybody can write or remove such text."
NOT_THEREFORE_REAL = (
    "Whether AI made it. Credentials and text are lost in a screenshot or a conversion, and only Chatelier's own"
    " watermark is read here."
)
