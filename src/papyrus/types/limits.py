"""Bounds that the chain's decoder puts on every record (cbor-gen's defaults in Lotus).

They hold when reading and when writing, so that nothing is made that others would refuse.
"""

from typing import Annotated, TypeAlias

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import MaxLength

MAX_ARRAY_LENGTH = 8192
"""Elements of an array."""

MAX_BYTES_LENGTH = 2 << 20
"""Bytes of a byte string."""

BoundedBytes: TypeAlias = Annotated[bytes, MaxLength(MAX_BYTES_LENGTH)]
BoundedCids: TypeAlias = Annotated[tuple[Cid, ...], MaxLength(MAX_ARRAY_LENGTH)]
