"""Words that stand for a seed (BIP-39).

12 to 24 words of a list of 2,048 carry 128 to 256 bits and a checksum over them. The seed is made
of the words as text, with a passphrase that some people keep elsewhere: every passphrase gives a
seed, so a wrong one is not noticed but by its addresses.
"""

from functools import lru_cache

from mnemonic import Mnemonic

from papyrus.primitives.errors import DecodeError

WORD_COUNTS = (12, 15, 18, 21, 24)
LANGUAGES = (
    "english", "chinese_simplified", "chinese_traditional", "czech", "french", "italian",
    "japanese", "korean", "portuguese", "spanish",
)  # fmt: skip
"""The lists of BIP-39 itself; of other wallets most know the English one alone."""

MAX_TEXT_LENGTH = 1024
"""Characters beyond which text is refused unread."""


def new_words(count: int = 24, language: str = "english") -> str:
    """Return new words from the system's randomness; DecodeError for a count that is none."""
    if count not in WORD_COUNTS:
        raise DecodeError("a mnemonic has 12, 15, 18, 21 or 24 words")
    return _words_of(language).generate(strength=count // 3 * 32)


def check_words(text: str, language: str = "english") -> str:
    """Return the words as they are written out properly, one space between two of them.

    DecodeError, which repeats none of them, where their number, a word or the checksum is wrong.
    """
    if len(text) > MAX_TEXT_LENGTH:
        raise DecodeError(f"a mnemonic of {len(text)} characters, {MAX_TEXT_LENGTH} at most")
    known = _words_of(language)
    words = Mnemonic.normalize_string(text).lower().split()
    if len(words) not in WORD_COUNTS:
        raise DecodeError(f"a mnemonic of {len(words)} words, not 12, 15, 18, 21 or 24")
    list_of_words = set(known.wordlist)
    for place, word in enumerate(words, 1):
        if word not in list_of_words:
            raise DecodeError(f"word {place} of the mnemonic is not in the {language} list")
    if not known.check(" ".join(words)):
        raise DecodeError(
            "the checksum of the mnemonic does not match: a word is wrong, or two are swapped"
        )
    return known.delimiter.join(words)


def seed_of(words: str, passphrase: str = "") -> bytes:
    """Return the 64-byte seed of words that were checked."""
    return Mnemonic.to_seed(words, passphrase)


@lru_cache(maxsize=len(LANGUAGES))
def _words_of(language: str) -> Mnemonic:
    if language not in LANGUAGES:
        raise DecodeError(f"there is no list of words in {language[:40]!r}: {', '.join(LANGUAGES)}")
    return Mnemonic(language)
