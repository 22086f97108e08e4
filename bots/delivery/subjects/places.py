"""What an address says of its place."""

from studio.domain.people import Address, Platform


def is_direct(address: Address) -> bool:
    """Whether it was asked for in direct messages to the bot, where nobody else reads."""
    if address.platform is Platform.SLACK:
        return address.channel.startswith("D")
    return address.platform is Platform.DISCORD and not address.community.isdecimal()
