"""Work on a thread with room for deep calls."""

import sys
import threading

import pytest

from papyrus.vm import deep_stack


def depth_of(count):
    return 0 if count == 0 else 1 + depth_of(count - 1)


def test_five_thousand_frames_fit():
    assert deep_stack.call(depth_of, 5_000) == 5_000


def test_work_already_there_stays_on_its_thread():
    def outer():
        return threading.current_thread(), deep_stack.call(threading.current_thread)

    first, second = deep_stack.call(outer)
    assert first is second is not threading.main_thread()


def test_the_recursion_limit_is_raised_only_meanwhile():
    before = sys.getrecursionlimit()
    assert deep_stack.call(sys.getrecursionlimit) > before
    assert sys.getrecursionlimit() == before


def test_what_is_raised_reaches_the_caller():
    def fail():
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        deep_stack.call(fail)


def test_work_goes_on_on_a_further_stack_as_part_of_the_same_execution():
    def outer():
        inner = deep_stack.call_afresh(
            lambda: (threading.current_thread(), deep_stack.current_execution())
        )
        return (threading.current_thread(), deep_stack.current_execution()), inner

    (first, execution), (second, same) = deep_stack.call(outer)
    assert first is not second
    assert execution is same is not None
    assert deep_stack.current_execution() is None


def test_each_execution_is_its_own():
    first, second = (deep_stack.call(deep_stack.current_execution) for _ in range(2))
    assert first is not second
