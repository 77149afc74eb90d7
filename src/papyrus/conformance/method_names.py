"""The names of the built-in actors' methods, to show beside their numbers.

The methods an actor has had from its beginning are counted from 1; those that user code may call
since nv18 are numbered by a hash of their name (FRC-0042). Numbers of retired methods keep their
names, since old messages call them.
"""

from functools import cache

from papyrus.crypto.hashing import blake2b_512

_FIRST_EXPORTED = 1 << 24
_SEND = "Send"
_CONSTRUCTOR = "Constructor"

_COUNTED_FROM_TWO: dict[str, tuple[str, ...]] = {
    "account": ("PubkeyAddress", "AuthenticateMessage"),
    "cron": ("EpochTick",),
    "eam": ("Create", "Create2", "CreateExternal"),
    "evm": (
        "Resurrect",
        "GetBytecode",
        "GetBytecodeHash",
        "GetStorageAt",
        "InvokeContractDelegate",
    ),
    "init": ("Exec", "Exec4"),
    "multisig": (
        "Propose",
        "Approve",
        "Cancel",
        "AddSigner",
        "RemoveSigner",
        "SwapSigner",
        "ChangeNumApprovalsThreshold",
        "LockBalance",
    ),
    "paymentchannel": ("UpdateChannelState", "Settle", "Collect"),
    "reward": ("AwardBlockReward", "ThisEpochReward", "UpdateNetworkKPI"),
    "storagemarket": (
        "AddBalance",
        "WithdrawBalance",
        "PublishStorageDeals",
        "VerifyDealsForActivation",
        "BatchActivateDeals",
        "OnMinerSectorsTerminate",
        "ComputeDataCommitment",
        "CronTick",
    ),
    "storageminer": (
        "ControlAddresses",
        "ChangeWorkerAddress",
        "ChangePeerID",
        "SubmitWindowedPoSt",
        "PreCommitSector",
        "ProveCommitSector",
        "ExtendSectorExpiration",
        "TerminateSectors",
        "DeclareFaults",
        "DeclareFaultsRecovered",
        "OnDeferredCronEvent",
        "CheckSectorProven",
        "ApplyRewards",
        "ReportConsensusFault",
        "WithdrawBalance",
        "InternalSectorSetupForPreseal",
        "ChangeMultiaddrs",
        "CompactPartitions",
        "CompactSectorNumbers",
        "ConfirmChangeWorkerAddress",
        "RepayDebt",
        "ChangeOwnerAddress",
        "DisputeWindowedPoSt",
        "PreCommitSectorBatch",
        "ProveCommitAggregate",
        "ProveReplicaUpdates",
        "PreCommitSectorBatch2",
        "ProveReplicaUpdates2",
        "ChangeBeneficiary",
        "GetBeneficiary",
        "ExtendSectorExpiration2",
        "MovePartitions",
        "ProveCommitSectors3",
        "ProveReplicaUpdates3",
        "ProveCommitSectorsNI",
    ),
    "storagepower": (
        "CreateMiner",
        "UpdateClaimedPower",
        "EnrollCronEvent",
        "OnEpochTickEnd",
        "UpdatePledgeTotal",
        "OnConsensusFault",
        "SubmitPoRepForBulkVerify",
        "CurrentTotalPower",
    ),
    "verifiedregistry": (
        "AddVerifier",
        "RemoveVerifier",
        "AddVerifiedClient",
        "UseBytes",
        "RestoreBytes",
        "RemoveVerifiedClientDataCap",
        "RemoveExpiredAllocations",
        "ClaimAllocations",
        "GetClaims",
        "ExtendClaimTerms",
        "RemoveExpiredClaims",
    ),
}
"""By the actor's name in the manifest."""

_EXPORTED = (
    # account, and the hooks any actor may have
    "AuthenticateMessage", "Receive", "InvokeEVM",
    # datacap, by FRC-0046
    "Mint", "Destroy", "Name", "Symbol", "Granularity", "TotalSupply", "Balance", "Transfer",
    "TransferFrom", "IncreaseAllowance", "DecreaseAllowance", "RevokeAllowance", "Burn",
    "BurnFrom", "Allowance",
    # storagemarket
    "AddBalance", "WithdrawBalance", "PublishStorageDeals", "GetBalance", "GetDealDataCommitment",
    "GetDealClient", "GetDealProvider", "GetDealLabel", "GetDealTerm", "GetDealTotalPrice",
    "GetDealClientCollateral", "GetDealProviderCollateral", "GetDealVerified",
    "GetDealActivation", "GetDealSector", "SettleDealPayments", "SectorContentChanged",
    # storageminer
    "ChangeWorkerAddress", "ChangePeerID", "ChangeMultiaddrs", "ConfirmChangeWorkerAddress",
    "RepayDebt", "ChangeOwnerAddress", "ChangeBeneficiary", "GetBeneficiary", "GetOwner",
    "IsControllingAddress", "GetSectorSize", "GetAvailableBalance", "GetVestingFunds",
    "GetPeerID", "GetMultiaddrs", "MaxTerminationFee", "InitialPledge",
    "GenerateSectorLocation", "ValidateSectorStatus", "GetNominalSectorExpiration",
    # storagepower
    "CreateMiner", "NetworkRawPower", "MinerRawPower", "MinerCount", "MinerConsensusCount",
    "MinerPower",
    # verifiedregistry
    "AddVerifiedClient", "RemoveExpiredAllocations", "GetClaims", "ExtendClaimTerms",
    "RemoveExpiredClaims",
)  # fmt: skip


def method_name(actor: str, number: int) -> str | None:
    """Return the name of a method of an actor, by the actor's name; None where it has none."""
    if number == 0:
        return _SEND
    if number >= _FIRST_EXPORTED:
        return _exported_names().get(number)
    counted = _COUNTED_FROM_TWO.get(actor, ())
    if number == 1:
        return _CONSTRUCTOR
    return counted[number - 2] if number - 2 < len(counted) else None


def exported_number(name: str) -> int:
    """Return the number of an exported method (FRC-0042)."""
    digest = blake2b_512(b"1|" + name.encode())
    words = (int.from_bytes(digest[at : at + 4], "big") for at in range(0, len(digest), 4))
    return next(word for word in words if word >= _FIRST_EXPORTED)


@cache
def _exported_names() -> dict[int, str]:
    return {exported_number(name): name for name in _EXPORTED}
