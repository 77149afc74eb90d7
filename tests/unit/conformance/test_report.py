"""Results and their sums."""

from papyrus.conformance.report import Call, CaseResult, MethodRow, RunSummary, Status

PASSED = CaseResult(
    "a", Status.PASSED, gas_used=30, calls=(Call("miner", 5, 0, 10), Call("miner", 5, 16, 20))
)
FAILED = CaseResult(
    "b",
    Status.FAILED,
    "gas used: ...",
    ("more",),
    7,
    (Call("miner", 5, 0, 7), Call("init", 2, 0, 1)),
)
SKIPPED = CaseResult("c", Status.SKIPPED, "no rules")


def test_a_run_is_counted_by_status():
    run = RunSummary("nobody", (PASSED, FAILED, SKIPPED))
    assert (run.total, run.passed, run.failed, run.skipped) == (3, 1, 1, 1)
    assert run.exit_code == 1


def test_a_run_with_nothing_but_skipped_cases_is_no_failure():
    assert RunSummary("nobody", (PASSED, SKIPPED)).exit_code == 0


def test_rows_are_by_actor_and_method_and_count_every_exit_code():
    assert RunSummary("nobody", (PASSED, FAILED, SKIPPED)).by_method() == (
        MethodRow("init", 2, passed=0, failed=1, exit_codes=((0, 1),), gas_used=1),
        MethodRow("miner", 5, passed=2, failed=1, exit_codes=((0, 2), (16, 1)), gas_used=37),
    )


def test_json_holds_every_case_in_order():
    assert RunSummary("nobody", (FAILED, SKIPPED)).to_json() == {
        "total": 2,
        "passed": 0,
        "failed": 1,
        "skipped": 1,
        "verifier": "nobody",
        "engine": "wasm",
        "gas": "computed",
        "cases": [
            {
                "id": "b",
                "status": "failed",
                "reason": "gas used: ...",
                "details": ["more"],
                "gas_used": 7,
                "messages": [
                    {"actor": "miner", "method": 5, "exit_code": 0, "gas_used": 7},
                    {"actor": "init", "method": 2, "exit_code": 0, "gas_used": 1},
                ],
            },
            {
                "id": "c",
                "status": "skipped",
                "reason": "no rules",
                "details": [],
                "gas_used": 0,
                "messages": [],
            },
        ],
    }
