"""What all listeners work with."""

from bots.slack.context import SlackComponent
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.uploads import Uploads
from bots.slack.messages.message_lookup import MessageLookup


class Listener(SlackComponent):
    def __init__(self, dispatcher: Dispatcher) -> None:
        super().__init__(dispatcher.context)
        self._dispatcher = dispatcher
        self._people = dispatcher.people
        self._runner = dispatcher.runner
        self._images = dispatcher.images
        self._lookup = MessageLookup(dispatcher.context)
        self._uploads = Uploads(dispatcher.context)
