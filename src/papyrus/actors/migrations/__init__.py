"""What network upgrades do to the state: one module an upgrade, `nv21` to `nv28` (FIP-0032).

At an upgrade's height, after that epoch's cron, the whole state tree is rewritten once: every actor
gets the code of the new release, and a few get a state of a new shape. `table` says what each
network version needs and runs it, `verify` compares the two trees afterwards.
"""

from papyrus.actors.migrations.context import Progress
from papyrus.actors.migrations.table import migrate
from papyrus.actors.migrations.trees import SHARES, Memo, RecentMemo

__all__ = ["SHARES", "Memo", "Progress", "RecentMemo", "migrate"]
