"""Commands killed in the middle of their work leave nothing half done; bench/proofs.py kills them far more often."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kills import KINDS, Kind, kill_again_and_again
from tests.stores import Store


@pytest.mark.parametrize("make", KINDS)
def test_a_killed_command_leaves_all_or_nothing(
    store: Store, tmp_path: Path, make: Callable[[Store, Path], Kind]
) -> None:
    kind = make(store, tmp_path)
    told = kill_again_and_again(kind, 6)
    store.drop(kind.base)
    assert told.codes[-9] > 0
    assert sum(told.ends.values()) == 6
