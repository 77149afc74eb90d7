import json
from pathlib import Path

import pytest

from papyrus.primitives import base58
from papyrus.primitives.errors import DecodeError
from papyrus.wallet.hd import master_key
from papyrus.wallet.mnemonic import LANGUAGES, check_words, new_words, seed_of

# Of the vectors of BIP-39 (trezor/python-mnemonic vectors.json): words, seed, master key.
OFFICIAL = json.loads((Path(__file__).parent / "bip39.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("words", "seed", "extended"), OFFICIAL)
def test_official_vectors(words: str, seed: str, extended: str) -> None:
    language = "english" if words.isascii() else "chinese_simplified"
    found = seed_of(check_words(words, language), "TREZOR")
    assert found.hex() == seed
    node = master_key(found)
    wire = base58.decode(extended)
    assert (node.chain_code, node.secret) == (wire[13:45], wire[46:78])


def test_spaces_and_capitals_do_not_matter() -> None:
    words, seed, _ = OFFICIAL[0]
    typed = "\n  " + words.replace(" ", "   ").upper() + " \t"
    assert check_words(typed) == words
    assert seed_of(check_words(typed), "TREZOR").hex() == seed


@pytest.mark.parametrize("count", [12, 15, 18, 21, 24])
@pytest.mark.parametrize("language", LANGUAGES)
def test_new_words_are_good_ones(count: int, language: str) -> None:
    words = new_words(count, language)
    assert len(words.split()) == count
    assert seed_of(check_words(words, language)) == seed_of(words)
    assert new_words(count, language) != words


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", "a mnemonic of 0 words"),
        ("zoo " * 13, "a mnemonic of 13 words"),
        ("zoo " * 12, "checksum of the mnemonic does not match"),
        ("zoo zoo zoo zoo zoo zoo zoo sesame zoo zoo zoo wrong", "word 8 of the mnemonic"),
        ("zoo " * 10_000, "40000 characters"),
    ],
)
def test_wrong_words_are_refused_and_not_repeated(words: str, found: str) -> None:
    with pytest.raises(DecodeError, match=found) as caught:
        check_words(words)
    assert not {"zoo", "sesame", "wrong."} & set(str(caught.value).split())


def test_words_swapped_are_noticed() -> None:
    words = OFFICIAL[5][0].split()
    words[0], words[1] = words[1], words[0]
    with pytest.raises(DecodeError, match="two are swapped"):
        check_words(" ".join(words))


def test_list_and_count_that_are_none_are_refused() -> None:
    with pytest.raises(DecodeError, match="there is no list of words in 'klingon'"):
        check_words(OFFICIAL[0][0], "klingon")
    with pytest.raises(DecodeError, match="12, 15, 18, 21 or 24 words"):
        new_words(13)
