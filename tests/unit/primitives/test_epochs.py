from papyrus.primitives import epochs


def test_a_day_of_epochs_is_a_day() -> None:
    assert epochs.EPOCHS_IN_HOUR * epochs.EPOCH_SECONDS == 60 * 60
    assert epochs.EPOCHS_IN_DAY == 2880
    assert epochs.EPOCHS_IN_YEAR == 1_051_200
