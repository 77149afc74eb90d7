from papyrus.primitives.exit_codes import ExitCode


def test_code_with_a_name_is_described_by_it() -> None:
    assert ExitCode.describe(7) == "SYS_OUT_OF_GAS(7)"
    assert ExitCode.describe(ExitCode.USR_NOT_FOUND) == "USR_NOT_FOUND(17)"


def test_actor_specific_code_needs_its_actor() -> None:
    assert ExitCode.describe(33) == "33"
    assert ExitCode.describe(33, "evm") == "EVM_CONTRACT_REVERTED(33)"
    assert ExitCode.describe(33, "storagemarket") == "EX_DEAL_NOT_ACTIVATED(33)"
    assert ExitCode.describe(16, "evm") == "USR_ILLEGAL_ARGUMENT(16)"
    assert ExitCode.describe(1000, "multisig") == "1000"
