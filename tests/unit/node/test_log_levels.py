"""How much the parts of a running node tell."""

import logging

import pytest

from papyrus.node.log_levels import parts, set_level
from papyrus.node.logging import part
from papyrus.primitives.errors import LocalFault


@pytest.fixture
def teller():
    """Return the logger of a part, whose level is as it was afterwards."""
    log, logger = part("test-of-levels"), logging.getLogger("papyrus.test-of-levels")
    yield log, logger
    logger.setLevel(logging.NOTSET)


def test_part_tells_from_its_level_on(teller, caplog) -> None:
    log, logger = teller
    assert "test-of-levels" in parts()
    set_level("test-of-levels", "error")
    log.warning("not told")
    set_level("test-of-levels", "DEBUG")
    log.debug("told")
    assert [record.getMessage() for record in caplog.records] == ["told"]
    set_level("test-of-levels", "warn")
    assert logger.level == logging.WARNING


@pytest.mark.usefixtures("teller")
def test_part_or_level_that_is_none_is_refused() -> None:
    with pytest.raises(LocalFault, match="there is no level 'loud': there are debug, info"):
        set_level("test-of-levels", "loud")
    with pytest.raises(LocalFault, match="no part 'elsewhere' tells anything"):
        set_level("elsewhere", "info")
