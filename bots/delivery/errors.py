"""How sending a message fails, whatever the platform."""


class DestinationUnreachableError(Exception):
    """The message, its channel, or every way to the person is gone. There is nothing left to do."""


class ChannelClosedError(DestinationUnreachableError):
    """The bot may not (or no longer) write there. Another place may take the message."""


class MessageTakenBackError(DestinationUnreachableError):
    """The front end itself has deleted the message, which was not about its subject after all. A new one is due."""


class FileTooLargeError(Exception):
    """The platform does not take a file of that size there; a smaller one may do."""


class DeliveryInProgressError(Exception):
    """Another process is sending the message; come again in a while."""


class PlatformUnavailableError(Exception):
    """The platform does not answer, or asks for patience. Trying again later may help.

    `perhaps_done`: the request went out and its answer was lost, so that the message may be there.
    """

    def __init__(self, why: str = "", *, perhaps_done: bool = False) -> None:
        super().__init__(why)
        self.perhaps_done = perhaps_done


class SentMeanwhileError(DeliveryInProgressError):
    """Another process sent the message while this one waited for it: what this one was to show may be outdated."""
