"""What happens to sectors between their proofs: methods 9 to 11, 19, 20 and 32."""

from papyrus.ipld.schema import U64, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.bitfield import BitField


@cbor_tuple
class SectorClaim(Record):
    """What becomes of the DataCap claims of a sector that is extended."""

    sector_number: U64
    maintain_claims: tuple[U64, ...]
    drop_claims: tuple[U64, ...]


@cbor_tuple
class ExpirationExtension2(Record):
    """Sectors of one partition that are to last longer."""

    deadline: U64
    partition: U64
    sectors: BitField
    """Those without claims."""
    sectors_with_claims: tuple[SectorClaim, ...]
    new_expiration: ChainEpoch


@cbor_tuple
class ExtendSectorExpiration2Params(Record):
    """Sectors that are to last longer (FIP-0045)."""

    extensions: tuple[ExpirationExtension2, ...]


@cbor_tuple
class TerminationDeclaration(Record):
    """Sectors of one partition to be given up."""

    deadline: U64
    partition: U64
    sectors: BitField


@cbor_tuple
class TerminateSectorsParams(Record):
    """Sectors to be given up before their time."""

    terminations: tuple[TerminationDeclaration, ...]


@cbor_tuple
class TerminateSectorsReturn(Record):
    """Whether no terminated sector remains to be paid for."""

    done: bool
    """While it is false no funds can be withdrawn; cron or further calls get it done."""


@cbor_tuple
class FaultDeclaration(Record):
    """Sectors of one partition that cannot be proven."""

    deadline: U64
    partition: U64
    sectors: BitField


@cbor_tuple
class DeclareFaultsParams(Record):
    """Sectors that cannot be proven."""

    faults: tuple[FaultDeclaration, ...]


@cbor_tuple
class RecoveryDeclaration(Record):
    """Faulty sectors of one partition that can be proven again."""

    deadline: U64
    partition: U64
    sectors: BitField


@cbor_tuple
class DeclareFaultsRecoveredParams(Record):
    """Faulty sectors that can be proven again."""

    recoveries: tuple[RecoveryDeclaration, ...]


@cbor_tuple
class CompactPartitionsParams(Record):
    """Partitions of one deadline whose dead sectors are to be dropped."""

    deadline: U64
    partitions: BitField


@cbor_tuple
class CompactSectorNumbersParams(Record):
    """Sector numbers to take without using them, so that the set of those taken gets simpler."""

    mask_sector_numbers: BitField
