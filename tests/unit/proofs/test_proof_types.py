import pytest

from papyrus.proofs.proof_types import (
    post_proof_length,
    post_sector_size,
    seal_proof_length,
    seal_proof_of_window_post,
    update_proof_of,
    window_post_partition_sectors,
    window_post_proof_of,
    winning_post_proof_of,
)


@pytest.mark.parametrize(
    ("post", "size", "sectors", "length"),
    [
        (0, 2 << 10, 2, 192),
        (3, 32 << 30, 2349, 192),
        (5, None, None, None),
        (9, None, None, None),
        (11, 8 << 20, 2, 192),
        (14, 64 << 30, 2300, 192),
        (15, None, None, None),
        (-1, None, None, None),
    ],
)
def test_what_a_post_proof_implies(post, size, sectors, length):
    assert post_sector_size(post) == size
    assert window_post_partition_sectors(post) == sectors
    assert post_proof_length(post) == length


@pytest.mark.parametrize(
    ("seal", "window_post", "update", "length"),
    [
        (0, 10, 0, 192),
        (8, 13, 3, 1_920),
        (14, 14, 4, 1_920),
        (16, 11, 1, 14_164),
        (19, 14, 4, 23_092),
        (20, None, None, None),
        (-1, None, None, None),
    ],
)
def test_what_a_seal_proof_implies(seal, window_post, update, length):
    assert window_post_proof_of(seal) == window_post
    assert update_proof_of(seal) == update
    assert seal_proof_length(seal) == length


@pytest.mark.parametrize(
    ("window_post", "winning_post", "seal"),
    [(10, 0, 5), (13, 3, 8), (14, 4, 9), (7, None, None), (15, None, None)],
)
def test_what_a_window_post_proof_goes_with(window_post, winning_post, seal):
    assert winning_post_proof_of(window_post) == winning_post
    assert seal_proof_of_window_post(window_post) == seal
