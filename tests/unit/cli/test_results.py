"""How a conformance run is shown."""

import json

import pytest

from papyrus.cli.results import show_summary
from papyrus.conformance.report import Call, CaseResult, RunSummary, Status

RUN = RunSummary(
    "accept-all",
    (
        CaseResult("one", Status.PASSED, gas_used=1500, calls=(Call("evm", 5, 33, 1500),)),
        CaseResult("two", Status.FAILED, "gas used: expected 1, got 2", ("more",), 2, ()),
        CaseResult("three", Status.SKIPPED, "no rules"),
        CaseResult("four", Status.SKIPPED, "no rules"),
    ),
)


def test_text_ends_with_a_table_and_the_counts(capsys: pytest.CaptureFixture[str]):
    assert show_summary(RUN, "vector", as_json=False) == 1
    assert capsys.readouterr().out == (
        "DIFFERS  two\n"
        "  gas used: expected 1, got 2\n"
        "  more\n"
        "\n"
        "skipped  three and 1 more: no rules\n"
        "\n"
        "ACTOR  METHOD            EXACT  DIFFER  EXIT CODES                      GAS\n"
        "evm    GetStorageAt (5)      1       0  EVM_CONTRACT_REVERTED(33): 1  1,500\n"
        "\n"
        "proofs: accept-all\n"
        "4 vectors: 1 exact, 1 differ, 2 skipped\n"
    )


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]):
    assert show_summary(RUN, "vector", as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == RUN.to_json()


def test_a_run_without_difference_ends_well(capsys: pytest.CaptureFixture[str]):
    run = RunSummary("accept-all", RUN.cases[2:])
    assert show_summary(run, "tipset", as_json=False) == 0
    assert capsys.readouterr().out.endswith("2 tipsets: 0 exact, 0 differ, 2 skipped\n")
