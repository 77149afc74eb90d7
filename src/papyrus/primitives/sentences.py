"""Sentences for people that name addresses.

As text an address begins with a letter of its network, which nobody knows where most errors are
raised: rules of the protocol know bytes alone. So an error may be made of a sentence, which keeps
the addresses that it names, and whoever tells it, to a client, in a log or on a terminal, knows the
network and writes them as it does. Plain `str` writes them as mainnet does.

The words of actors are no such sentences: the released actors write mainnet's letter on every
network, and those in Python say what they say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from string import Formatter
from typing import Protocol, runtime_checkable

MAINNET_LETTER = "f"


@runtime_checkable
class Written(Protocol):
    """What each network writes in its own way: an address."""

    def to_string(self, network: str = ..., /) -> str:
        """Return it as text, with the letter of a network."""
        ...


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and addresses in turn."""

    parts: tuple[str | Written, ...]

    def told(self, letter: str) -> str:
        """Return the text as a network writes it, whose letter is "f" or "t"."""
        return "".join(
            part if isinstance(part, str) else part.to_string(letter) for part in self.parts
        )

    def __str__(self) -> str:
        return self.told(MAINNET_LETTER)


Words = str | Sentence | BaseException
"""What an error may be made of: a text, a sentence, or what another error says."""


def sentence(words: str, *values: object) -> Sentence:
    """Return a sentence with values in the places of `{}`, as `str.format` puts them there.

    Of addresses, sentences and errors that are made of one, all that they name is kept.
    """
    return Sentence(tuple(_parts(words, iter(values))))


def told(subject: object, letter: str) -> str:
    """Return an error, a sentence or an address as a network writes it; anything else as `str`."""
    if isinstance(subject, BaseException) and subject.args:
        found = subject.args[0]
        return found.told(letter) if isinstance(found, Sentence) else str(subject)
    if isinstance(subject, Sentence):
        return subject.told(letter)
    return subject.to_string(letter) if isinstance(subject, Written) else str(subject)


def _parts(words: str, values: Iterator[object]) -> Iterator[str | Written]:
    for text, place, form, _ in Formatter().parse(words):
        yield text
        if place is not None:
            yield from _parts_of(next(values), form or "")


def _parts_of(value: object, form: str) -> tuple[str | Written, ...]:
    if isinstance(value, BaseException) and value.args and isinstance(value.args[0], Sentence):
        return value.args[0].parts
    if isinstance(value, Sentence):
        return value.parts
    return (value,) if isinstance(value, Written) else (format(value, form),)
