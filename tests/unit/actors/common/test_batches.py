import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.actors.common.batches import BatchReturn, FailCode, stack

codes = st.lists(st.sampled_from((0, 0, 16, 20)), max_size=12)


def test_a_batch_tells_what_failed_and_where():
    batch = BatchReturn.of([0, 16, 0, 20])
    assert batch == BatchReturn(2, (FailCode(1, 16), FailCode(3, 20)))
    assert batch.successes("abcd") == ["a", "c"]
    assert not batch.all_succeeded


@given(codes)
def test_a_batch_remembers_each_code(each):
    batch = BatchReturn.of(each)
    assert batch.codes() == each
    assert batch.size == len(each)
    assert BatchReturn.from_cbor(batch.to_cbor()) == batch


def test_items_must_be_as_many_as_the_batch_had():
    with pytest.raises(ValueError, match="zip"):
        BatchReturn.of([0, 0]).successes("a")


def test_stacked_batches_place_each_failure_in_the_first():
    first = BatchReturn.of([0, 16, 0, 0])
    second = BatchReturn.of([0, 20, 0])
    assert stack([first, second]).codes() == [0, 16, 20, 0]


@given(codes, st.data())
def test_stacking_is_filtering_step_by_step(each, data):
    first = BatchReturn.of(each)
    size = first.success_count
    later = data.draw(st.lists(st.sampled_from((0, 17)), min_size=size, max_size=size))
    stacked = stack([first, BatchReturn.of(later)])
    survivors = [place for place, code in enumerate(each) if code == 0]
    expected = dict(enumerate(each)) | dict(zip(survivors, later, strict=True))
    assert stacked.codes() == list(expected.values())


def test_a_batch_cannot_be_stacked_on_one_of_another_size():
    with pytest.raises(ValueError, match="zip"):
        stack([BatchReturn.of([0, 0]), BatchReturn.of([0])])


def test_nothing_stacks_to_nothing():
    assert stack([]) == BatchReturn(0, ())
