"""How Lotus spells the fields of actors' records, where that is not our own name in camel case.

`sector_number` is SectorNumber to Go, and most names are so. The rest is here: names that are
spelt so in every record, and those that only one record has. The spelling is that of
go-state-types (builtin/v18), which Lotus writes and reads.
"""

from collections.abc import Mapping

from papyrus.actors.common.batches import FailCode
from papyrus.actors.datacap.params import TransferFromParams
from papyrus.actors.init.params import Exec4Params, ExecParams
from papyrus.actors.miner.params.control import GetMultiaddrsReturn, MinerConstructorParams
from papyrus.actors.miner.params.notifications import (
    PieceReturn,
    SectorContentChangedParams,
    SectorContentChangedReturn,
    SectorReturn,
)
from papyrus.actors.multisig.params import (
    ChangeApprovalsThresholdParams,
    SwapSignerParams,
    TransactionIDParams,
)
from papyrus.actors.paych.params import Extra
from papyrus.actors.reward.params import ThisEpochRewardReturn
from papyrus.actors.verifreg.params import (
    ClaimAllocationsReturn,
    GetClaimsReturn,
    RemoveDataCapParams,
    RemoveDataCapRequest,
    RemoveDataCapReturn,
    SectorClaimSummary,
)
from papyrus.ipld.tuples import Record

EVERYWHERE: Mapping[str, str] = {
    "actor_id": "ActorID",
    "approvals_threshold": "NumApprovalsThreshold",
    "auxiliary_data": "AuxData",
    "bit_width": "HamtBitWidth",
    "chain_commit_randomness": "ChainCommitRand",
    "channel": "ChannelAddr",
    "cid": "CID",
    "control_addresses": "ControlAddrs",
    "cumulative_baseline": "CumsumBaseline",
    "cumulative_realized": "CumsumRealized",
    "deal_ids": "DealIDs",
    "exit_code": "Code",
    "expiry": "SectorExpiry",
    "first_request": "VerifierRequest1",
    "header1": "BlockHeader1",
    "header2": "BlockHeader2",
    "header_extra": "BlockHeaderExtra",
    "id": "ID",
    "id_address": "IDAddress",
    "ids": "IDs",
    "kind": "Type_",
    "lanes": "LaneStates",
    "method_number": "MethodNum",
    "miner_above_minimum_power_count": "MinerAboveMinPowerCount",
    "new_control_addresses": "NewControlAddrs",
    "new_id": "NewID",
    "new_sealed_cid": "NewSealedCID",
    "new_sealed_sector_cid": "NewSealedSectorCID",
    "new_unsealed_sector_cid": "NewUnsealedSectorCID",
    "next_id": "NextID",
    "next_transaction_id": "NextTxnID",
    "payee": "To",
    "payer": "From",
    "pending": "PendingTxns",
    "piece_cid": "PieceCID",
    "position": "PositionEstimate",
    "post_index": "PoStIndex",
    "post_proof": "PoStProof",
    "pre_committed_sectors_cleanup": "PreCommittedSectorsCleanUp",
    "proposal_ids": "RemoveDataCapProposalIDs",
    "provider_or_client": "ProviderOrClientAddress",
    "quality_adjusted_power": "QualityAdjPower",
    "quality_adjusted_power_smoothed": "QualityAdjPowerSmoothed",
    "recovered": "DataCapRecovered",
    "returned": "Ret",
    "seal_randomness_epoch": "SealRandEpoch",
    "sealed_cid": "SealedCID",
    "sealer_id": "SealerID",
    "second_request": "VerifierRequest2",
    "sector_id": "SectorID",
    "subaddress": "SubAddress",
    "this_epoch_quality_adjusted_power": "ThisEpochQualityAdjPower",
    "this_epoch_quality_adjusted_power_smoothed": "ThisEpochQAPowerSmoothed",
    "total_quality_adjusted_bytes_committed": "TotalQABytesCommitted",
    "total_quality_adjusted_power": "TotalQualityAdjPower",
    "transaction_id": "TxnID",
    "unsealed_cids": "UnsealedCIDs",
    "velocity": "VelocityEstimate",
    "voucher": "Sv",
    "window_post_proof_type": "WindowPoStProofType",
}
"""Go's name of a field of any record."""

IN_RECORD: Mapping[type[Record], Mapping[str, str]] = {
    ChangeApprovalsThresholdParams: {"approvals_threshold": "NewThreshold"},
    ClaimAllocationsReturn: {"sector_results": "BatchInfo"},
    Exec4Params: {"code": "CodeCID"},
    ExecParams: {"code": "CodeCID"},
    Extra: {"to": "Actor", "params": "Data"},
    FailCode: {"index": "Idx"},
    GetClaimsReturn: {"results": "BatchInfo"},
    GetMultiaddrsReturn: {"multiaddrs": "MultiAddrs"},
    MinerConstructorParams: {"owner": "OwnerAddr", "worker": "WorkerAddr"},
    RemoveDataCapParams: {
        "client": "VerifiedClientToRemove",
        "amount": "DataCapAmountToRemove",
    },
    RemoveDataCapRequest: {"signature": "VerifierSignature"},
    RemoveDataCapReturn: {"client": "VerifiedClient", "removed": "DataCapRemoved"},
    SwapSignerParams: {"removed": "From", "added": "To"},
    ThisEpochRewardReturn: {
        "reward_smoothed": "ThisEpochRewardSmoothed",
        "baseline_power": "ThisEpochBaselinePower",
    },
    TransactionIDParams: {"transaction_id": "ID"},
    TransferFromParams: {"owner": "From"},
}
"""Go's name of a field of one record, before what holds everywhere."""

UNWRAPPED: frozenset[type[Record]] = frozenset(
    (
        PieceReturn,
        SectorClaimSummary,
        SectorContentChangedParams,
        SectorContentChangedReturn,
        SectorReturn,
    )
)
"""Records of one field that stand for it in JSON too, as they do in CBOR."""


def go_name(record: type[Record], field: str) -> str:
    """Return the key of a record's field in Lotus' JSON."""
    own = IN_RECORD.get(record, {}).get(field)
    return own or EVERYWHERE.get(field) or "".join(map(str.capitalize, field.split("_")))
