"""A person's settings and the rules of a community."""

from studio.domain.settings.communities import Hosts, ResultPlacement
from studio.domain.settings.preferences import BuiltOn, RemixConsent

SETTINGS = "Your settings"
REMIX = "Who may build on your pictures"
REMIX_CHOICES = {
    RemixConsent.ANYONE: "Anyone",
    RemixConsent.ASK: "People who ask you first",
    RemixConsent.NOBODY: "Nobody",
}
DIRECT_MESSAGES = "Your pictures by direct message, too"
BUILT_ON = "Notices when others build on your pictures"
BUILT_ON_CHOICES = {BuiltOn.OFF: "No", BuiltOn.NOW: "At once", BuiltOn.DAILY: "Once a day"}
RECAP_NAMES = "Weekly recap and leaderboard may name you"
LANGUAGE = "Language"
AUTOMATIC = "as your platform says"
AUTOMATIC_HERE = "as the server says, else English"
COMMUNITY_LANGUAGE = "Language of what everybody reads"
YES = "Yes"
NO = "No"
COUNT = "How many pictures"
ASPECT = "Aspect ratio"
MODEL = "Model"
STYLE = "Style"
DEFAULT = "Default"
RESET_HINT = "Such as 3:2; none for the default."

RULES = "The rules of this community"
RENAMED = "{old} is now called {new}."
STATUS = "Status"
OPEN = "Open"
PAUSED = "Paused: nothing new is accepted."
CHANNELS = "Channels"
EVERYWHERE = "everywhere"
DESK = "Cases"
LOG = "Digest"
STARS = "Starboard"
STARS_FROM = "{channel}, for pictures with at least {count} star"
STARS_FROM_SEVERAL = "{channel}, for pictures with at least {count} stars"
RECAP = "Weekly recap"
GATHERINGS = "Who may open gatherings"
HOSTS = {
    Hosts.MEMBER: "members",
    Hosts.TRUSTED: "trusted people",
    Hosts.MODERATORS: "moderators",
    Hosts.OFF: "nobody",
}
NEWCOMERS_VOTE = "Votes of newcomers count in gatherings"
NONE = "none"
RESULTS = "Results of variations and edits"
PLACEMENTS = {
    ResultPlacement.REPLY: "as a reply to the message that they came from",
    ResultPlacement.THREAD: "in the thread of the message that they came from",
    ResultPlacement.CHANNEL: "in the channel, as messages of their own",
}
PING = "Ping owners when a job took longer than 30 s"
MOST_PICTURES = "Pictures at a time"
AS_MANY = "as many as the installation allows"
TIERS = "Tiers by role"
CREDITS = "Credits a month"
POOLS = "Budgets of channels, in credits a month"
LOCKDOWN = "Lockdown"
NEWCOMERS_HELD = "newcomers wait for a moderator until {until}"
UPLOADS_PAUSED = "uploads are paused until {until}"
WORDS = "Words of this community"
WORDS_NONE = "No words are listed. {example} tries some."
WORDS_TRIED = (
    "Of {requests} requests of the last {days} days, these words would have refused {refused}"
    " and held {held}."
)
WORDS_EXAMPLES = "Such as {jobs}."
WORDS_NOT_YET = "Nothing is changed yet. Add {apply} to apply it."
WORDS_APPLIED = "It applies from now on."
POLICY = "Stricter than the policy"
BY_CHANNEL = "In channels"
AGE_RESTRICTED = "for adults"
SPOILERS = "hidden until clicked"

HOME_CREDITS = "This month"
HOME_QUEUE = "Your queue"
HOME_QUEUE_EMPTY = "Nothing is waiting."
HOME_RECENT = "Your latest pictures"
HOME_RECENT_EMPTY = "Nothing yet. Type {command} in any channel that I am in."
HOME_HELP = "Type {command} to see what there is."
