"""What a finality certificate must be, whoever signed it (FIP-0086; go-f3 gpbft/chain.go)."""

from papyrus.primitives.errors import DecodeError
from papyrus.types.finality_certificate import FinalityCertificate, FinalizedTipset

MAX_TIPSETS = 128
"""Tipsets of one certificate."""

MAX_CID_LENGTH = 38


def check_certificate(
    certificate: FinalityCertificate, instance: int, base: FinalizedTipset | None
) -> None:
    """Raise DecodeError where a certificate cannot be the one of an instance.

    `base` is the last tipset finalized before, None where that is not known. That two thirds of the
    power signed it is NOT checked: for that the signers' keys must be aggregated and the signature
    verified over the payload. This is where it belongs.
    """
    if certificate.instance != instance:
        raise DecodeError(f"instance {certificate.instance} is where {instance} should be")
    tipsets = certificate.tipsets
    if not 1 <= len(tipsets) <= MAX_TIPSETS:
        raise DecodeError(f"instance {instance} has {len(tipsets)} tipsets, 1 to {MAX_TIPSETS} may")
    if base is not None and tipsets[0] != base:
        raise DecodeError(f"instance {instance} does not begin where the one before it ended")
    before = -1
    for tipset in tipsets:
        if tipset.epoch <= before:
            raise DecodeError(f"instance {instance}: epoch {tipset.epoch} comes after {before}")
        if not tipset.key:
            raise DecodeError(f"instance {instance}: the tipset at {tipset.epoch} has no blocks")
        if len(tipset.power_table) > MAX_CID_LENGTH:
            raise DecodeError(f"instance {instance}: a power table has a CID that is too long")
        before = tipset.epoch
