"""A chain's head whose notes are on the disk at once, as the methods of the interface ask it."""


class AtOnce:
    """What `papyrus.node.announced_head.AnnouncedHead` is to a node whose disk has a thread."""

    def __init__(self, chain):
        self._chain = chain
        self.subscribe = chain.subscribe

    @property
    def head(self):
        return self._chain.head

    async def caught_up(self):
        """Return at once: it always is."""
