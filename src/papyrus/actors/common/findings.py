"""What a check of state invariants finds: sentences, each with where it was found."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """Broken invariants, collected so that one does not hide the next."""

    place: str = ""
    """What stands before each sentence: the actor, the deadline, the partition."""
    sentences: list[str] = field(default_factory=list)

    def within(self, place: str) -> "Findings":
        """Return findings about a part, which are collected with these."""
        return Findings(f"{self.place}{place}: ", self.sentences)

    def add(self, sentence: str) -> None:
        """Note that something is wrong."""
        self.sentences.append(self.place + sentence)

    def require(self, holds: bool, sentence: str) -> None:
        """Note that something is wrong unless it holds."""
        if not holds:
            self.add(sentence)
