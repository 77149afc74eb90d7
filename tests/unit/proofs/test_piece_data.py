"""The commitment to data: figures that Lotus gave, and a tree built the slow way."""

import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.proofs.commitments import PieceError, zero_commitment
from papyrus.proofs.piece_data import commitment_to, fr32_padded, padded_piece_size, piece_of

RANDOM = base64.b64decode(
    "VAL1oI1jm1cOL91qlhrY9Wiwc+PYADyqvI51kmJa2thvYYntawG2+bXR6XHE5EFs/2rnN0+kDi/pHV+bleyYzO+Sytf1"
    "kNoqbod14vAa0VSItKU/pvpNmMCxuXNU2MK2wsqyt7DN5AtCqiIZjkDwpi8IUMFUCDQ00pEcXCkJWDPRA7rFhmmeEU8I"
    "NVAp7jEteFLuYAnGmp5pSPSEk+DvlLQqwKz4WY4WQ/Qqmu23857aswfYButWriSycHXSL7mhe+fjHqx5ABNKlqF6T6nL"
    "VRWwc2OTLEApEuTG22d8la+rPypfc5rOdQYERJx8WQoZcQZ6jLMVYzyl9VDD3IvRQpPmlLqOQpWFLzWw1ooNSM+tk7Zv"
    "LOu6CJCTjRUEl7Y1Z8qnuNEdmLhHee8iMR41ji45ItxtNTzaXfrjCmNXiRG9KqBlwgSEzESGoi6d6zYf1w3IxOIftvxp"
    "A/uc3e5E/AltjU6fgpqDi/Igy/DTS9vdkABaWjqwYaBJqpGq+xiJju0GuhGE6I5+Q9CXVSjwP+9jBIyK5kQBTR3oWQRv"
    "XD4GWHejkymPwY3A8G66ELqqkXgJjfs1ovBxq8OB3fuGkkjoQUVEkv4oGnhGzFGPRJE0v4ASsmIWkCwhbuPPZsCE9zPf"
    "VZrNKrKjRNLwjwNgORMdJI1jNrPtE0VAqTPQS/wD5hyWAYRfyNXQg/1J8gLfTxi9yfoQyjT7Igf7itXyvVbWTl2GXXnz"
    "v1jmu9vu28h50tnKdLPZgds5MYjyNn3WUb/1KwjTjoxOize2mTPJGamJPGwc4GZ6d77+8emx+K37m2aJVNjLvMScX1AQ"
    "MVeRnPnd87oY3fUDAAvy5f/0VohJ5sG7V9r+F7c5VtYAwYvEXcM5wLwmQXoj0yrUtndQcnmAL6pZ0DBzpUGDNB3RHOL9"
    "lgMOPAlRZLe6ZQUjWp3kcSLBXqt8EcxKi+gZSNu5e1flth9RBy8DivPR0WjaLFXgilCJ0d7nC9bCCXMvkN3gTA3Ks1WC"
    "KEPDqNnrCxbGVh7WqTdPrAJUyonFIJN4vnfBcwhkrMZGso7ZedUSJsGHB6IpLPdtNmUWAYUc+7zDErtVyJXtXyON2zwa"
    "nwR6ZyT/5U72M2tppU4FIJxz2RN+49WlpabTnjId2UTDj91zohnvJh0Gpss4Db3GpizAWBPC8XuwykS2MKjjsDLl8DXY"
    "WzpJLk6MQXPMoHqkD+Y7rlkEvpQGdQakKOihH+bCySyycskIUnc1/hrvIGop1jFbaAnSDRyeJ5tw6Tb3X7bFPEDmN9yr"
    "Vsxci581Rc+EB9XxAE9/38uqDlUhaH3ZVhzcnnVvQsJYYTFppLJrZ27lt7YwI2Lpoa1hTBTf9NZChA=="
)
"""What `random 1024 1337` of jbenet/go-random prints."""

# What ClientCalcCommP of Lotus answered (go-fil-commp-hashhash, testdata): length of the data,
# padded size of the piece, and its CID, for zeros, for bytes of 0xCC, and for random ones.
ANSWERS = {
    "zeros": (
        (96, 128, "baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"),
        (126, 128, "baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"),
        (127, 128, "baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"),
        (192, 256, "baga6ea4seaqgiktap34inmaex4wbs6cghlq5i2j2yd2bb2zndn5ep7ralzphkdy"),
        (253, 256, "baga6ea4seaqgiktap34inmaex4wbs6cghlq5i2j2yd2bb2zndn5ep7ralzphkdy"),
        (254, 256, "baga6ea4seaqgiktap34inmaex4wbs6cghlq5i2j2yd2bb2zndn5ep7ralzphkdy"),
        (255, 512, "baga6ea4seaqfpirydiugkk7up5v666wkm6n6jlw6lby2wxht5mwaqekerdfykjq"),
        (256, 512, "baga6ea4seaqfpirydiugkk7up5v666wkm6n6jlw6lby2wxht5mwaqekerdfykjq"),
        (384, 512, "baga6ea4seaqfpirydiugkk7up5v666wkm6n6jlw6lby2wxht5mwaqekerdfykjq"),
        (507, 512, "baga6ea4seaqfpirydiugkk7up5v666wkm6n6jlw6lby2wxht5mwaqekerdfykjq"),
        (508, 512, "baga6ea4seaqfpirydiugkk7up5v666wkm6n6jlw6lby2wxht5mwaqekerdfykjq"),
        (509, 1024, "baga6ea4seaqb66wjlfkrbye6uqoemcyxmqylwmrm235uclwfpsyx3ge2imidoly"),
        (512, 1024, "baga6ea4seaqb66wjlfkrbye6uqoemcyxmqylwmrm235uclwfpsyx3ge2imidoly"),
        (768, 1024, "baga6ea4seaqb66wjlfkrbye6uqoemcyxmqylwmrm235uclwfpsyx3ge2imidoly"),
        (1015, 1024, "baga6ea4seaqb66wjlfkrbye6uqoemcyxmqylwmrm235uclwfpsyx3ge2imidoly"),
        (1016, 1024, "baga6ea4seaqb66wjlfkrbye6uqoemcyxmqylwmrm235uclwfpsyx3ge2imidoly"),
        (1017, 2048, "baga6ea4seaqpy7usqklokfx2vxuynmupslkeutzexe2uqurdg5vhtebhxqmpqmy"),
        (1024, 2048, "baga6ea4seaqpy7usqklokfx2vxuynmupslkeutzexe2uqurdg5vhtebhxqmpqmy"),
    ),
    "0xCC": (
        (96, 128, "baga6ea4seaqhwcjhi4krhl3ht6dewnwevkpxbepxy7p7onwgz65t52typbsysby"),
        (126, 128, "baga6ea4seaqapbh46gdnszvb7fcinevsy5bzg3b4higkh7groptswf6zas6jamy"),
        (127, 128, "baga6ea4seaqmfldjtozgne6adk7eve2vdxte7vzlivae7nzsbrawobo546zkijq"),
        (192, 256, "baga6ea4seaqkx7m2s6r4zahtlbwrs5ryvemkclwfp7nijopdd5swpdnxzjf7wkq"),
        (253, 256, "baga6ea4seaql6ldbyafhiecr36xba5tufreyo4km2ts3lfknhl2zogp3aztxijy"),
        (254, 256, "baga6ea4seaqkixbzz75uys2pcjbrbdilgjhmum72qm4xphrwav2iyel5oat4aka"),
        (255, 512, "baga6ea4seaqg7celu5y2iwbi2ra5koygvotxtzr5lj6vzvxi6gfub6mpa6niwpi"),
        (256, 512, "baga6ea4seaqi7c3dnwkqysqh4lpkz5jaxz2d2f5bvo3ttu2hnfmdewhcoji56na"),
        (384, 512, "baga6ea4seaqhexlmnzbarsbdbdahs7e36dkq5vkdwsrttehoakrif5wiqme36lq"),
        (507, 512, "baga6ea4seaqenvh5mcy5cjqwsbubbpczprkk2onwvfjd2743zkqh6ofuzkatwey"),
        (508, 512, "baga6ea4seaqb6ckbupixkhwp7thgb52f4en222boppajkqk7gaomkpof3lh4cei"),
        (509, 1024, "baga6ea4seaqdzbeaexq6gpbqh2tlnbz5mm5neap2kejsketkogzd6x2dx7dzkii"),
        (512, 1024, "baga6ea4seaqojaa522sjqms2wipasjbxnjgytunsgp52tgrfcofj73f7q7ou6hy"),
        (768, 1024, "baga6ea4seaqb6xvxaybzp6vslujjiwvgt23ckrwt7y53eddy5qmc6csnc37lwpi"),
        (1015, 1024, "baga6ea4seaqmgiyjcutwgo6glks2mogixs6mb4sbehto6uzienucfx23wbtkica"),
        (1016, 1024, "baga6ea4seaqjxgfdkdu37aryhg7bqqiwizj5f6ugasftgeocabwnj4cxkgisaoq"),
        (1017, 2048, "baga6ea4seaqf3n5ob5qonkwnxfcbjzftsagbnrjfzualqvzhcylz46b7sgz6wmi"),
        (1024, 2048, "baga6ea4seaqdlpnhgsndrgjeu4p46hahlsr4lybg6du4d56ooppdpxhcofxeuoi"),
    ),
    "random": (
        (96, 128, "baga6ea4seaqo4jg2quvjpclvaoicqywb26mnjlme54tkeb3e3ceeahbyg7tviai"),
        (126, 128, "baga6ea4seaqein3inkr73gcpqxdhjy56wfkb52pdw23hpuwr35csiiso2yuvyoq"),
        (127, 128, "baga6ea4seaqmqqwwyg6ql6scq5vvunlbvddhjxwzqsxcdnig4vqbuyh6bbzxodi"),
        (192, 256, "baga6ea4seaqotbhavqkao7eoxjtixti2glidgwvxp3chvidrlf52l7vaknwweky"),
        (253, 256, "baga6ea4seaqebawcodewpyhscsdthmmtvgqkzogca45eg6v7lafkt4tv434l6iq"),
        (254, 256, "baga6ea4seaqpt3iccipvltny4uvpd37qg6w5u7wbng7lqbqplbp7t4amwgvmefi"),
        (255, 512, "baga6ea4seaqlm52frc6d6xnpfquc75qxq4r5pinbahr2klui4fqs5wxy3doyaaq"),
        (256, 512, "baga6ea4seaqffn52ixzqoaahrdl7pahrljpvy45xaosmt35ty53gyvai6t456ni"),
        (384, 512, "baga6ea4seaqnory3ske3s5l25ykklefj5ph4ymer6bt42hmw55rme37jkkys6li"),
        (507, 512, "baga6ea4seaqjplkgedsxnqoygmbx2iqvqog4w2scn2dzpxw26iggia357jveuka"),
        (508, 512, "baga6ea4seaqidun3iro3tn65tqn3zjfwa2j2bltromfptcdqa5stlkjh5q4qeaa"),
        (509, 1024, "baga6ea4seaqky7sahpzp37csmkswze43zbpyzrpdli5mxzy7k5pflwridmnkgmi"),
        (512, 1024, "baga6ea4seaqiqj7rbfe4pz6b7rcbf3dv6xfnnr2dwbwotr6xitwec5mrgslgcea"),
        (768, 1024, "baga6ea4seaqp47zaubuxxi6sdjd7qdr5wzcutem2stj5pec3g554ync227336cy"),
        (1015, 1024, "baga6ea4seaqedz5ubjpdwgfm72tn6ejrnejs2wcvhycf3enyy6ygzwu4pulwijy"),
        (1016, 1024, "baga6ea4seaqnvlx4oaqkcjrog6v27jpouto6rbsymqvljftyxitm7jfalzpmwcq"),
        (1017, 2048, "baga6ea4seaqhx2zkltpeqwlnkvxfu2auzwv6xeqk35gd2keih65iocpjnrsqeoi"),
        (1024, 2048, "baga6ea4seaqjvo24o24lunggsgxp2ykw2nl6ub5oshkgyccaiscbiu7dixiwiga"),
    ),
}
DATA = {"zeros": bytes(1024), "0xCC": b"\xcc" * 1024, "random": RANDOM}


@pytest.mark.parametrize(
    ("data", "length", "size", "cid"),
    [(name, *answer) for name, answers in ANSWERS.items() for answer in answers],
)
def test_commitments_are_those_of_lotus(data: str, length: int, size: int, cid: str) -> None:
    piece = piece_of([commitment_to(DATA[data][:length])])
    assert (piece.size, str(piece.cid)) == (size, cid)


def slow_commitment(data: bytes) -> bytes:
    """Return the commitment by the words of the specification, bit by bit."""
    bits = [byte >> place & 1 for byte in data for place in range(8)]
    leaves = [bits[at : at + 254] for at in range(0, len(bits), 254)]
    size = 4
    while size < len(leaves):
        size *= 2
    nodes = [
        sum(bit << place for place, bit in enumerate(leaf)).to_bytes(32, "little")
        for leaf in leaves + [[]] * (size - len(leaves))
    ]
    while len(nodes) > 1:
        hashed = [
            sha256(left + right).digest()
            for left, right in zip(nodes[::2], nodes[1::2], strict=True)
        ]
        nodes = [node[:31] + bytes((node[31] & 0x3F,)) for node in hashed]
    return nodes[0]


@given(st.binary(min_size=1, max_size=1200))
def test_commitment_is_the_root_of_the_tree(data: bytes) -> None:
    assert commitment_to(data) == (padded_piece_size(len(data)), slow_commitment(data))


@given(st.binary(min_size=1, max_size=3000), st.sampled_from([127, 254, 508]))
def test_parts_make_the_same_piece_as_the_whole(data: bytes, step: int) -> None:
    parts = [commitment_to(data[at : at + step]) for at in range(0, len(data), step)]
    assert piece_of(parts) == piece_of([commitment_to(data)])


def test_zeros_have_the_commitment_of_zeros() -> None:
    assert commitment_to(bytes(127 << 5)) == (4096, zero_commitment(4096))


def test_padding_keeps_every_bit() -> None:
    chunk = bytes(range(127))
    elements = [
        int.from_bytes(fr32_padded(chunk)[at : at + 32], "little") for at in range(0, 128, 32)
    ]
    assert max(elements) < 1 << 254
    together = sum(element << 254 * place for place, element in enumerate(elements))
    assert together.to_bytes(127, "little") == chunk


@pytest.mark.parametrize(
    ("length", "size"),
    [(1, 128), (127, 128), (128, 256), (254, 256), (255, 512), (127 << 28, 1 << 35)],
)
def test_pieces_have_the_smallest_size_that_holds_the_data(length: int, size: int) -> None:
    assert padded_piece_size(length) == size


@pytest.mark.parametrize("sizes", [[], [128, 256], [256, 128, 256], [256, 128, 128]])
def test_parts_that_do_not_fit_are_refused(sizes: list[int]) -> None:
    with pytest.raises(PieceError):
        piece_of([(size, bytes(32)) for size in sizes])


def test_nothing_is_no_piece() -> None:
    with pytest.raises(PieceError, match="no bytes"):
        commitment_to(b"")
