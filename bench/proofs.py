"""The proofs of the tests at their full size: `python -m bench.proofs [histories] [crowd] [kills]`.

Nothing is measured against anything here: each proof holds or ends the run, and the figures say how much was tried.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app.database import create, reading, writing
from app.keys.models import create as create_key
from app.sealing import verify
from tests.crowd import Crowd
from tests.histories import Histories, office
from tests.kills import KINDS, kill_again_and_again
from tests.running import serving
from tests.stores import Store, postgresql, sqlite, take_away

PUBLISHERS, CHANGESETS = 20, 200


@contextmanager
def stores(folder: Path) -> Iterator[list[Store]]:
    with postgresql(folder) as other:
        yield [sqlite(folder), other]
    take_away(folder)


def histories(store: Store, times: int) -> None:
    """`times` changesets, in histories of thirty."""
    began = time.monotonic()
    with office(store) as place:
        run_state_machine_as_test(
            lambda: Histories(place),  # type: ignore[arg-type]  # called for each history
            settings=settings(
                max_examples=max(1, times // 30),
                stateful_step_count=30,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
    told = ", ".join(f"{number} {what}" for what, number in place.told.items())
    print(f"| histories | {store.name} | {told} | {time.monotonic() - began:.0f} s |", flush=True)


def crowd(store: Store, servers: int) -> None:
    url = store.copy("empty")
    engine = create(url)
    with writing(engine) as session:
        key = create_key(session, "publisher", "The crowd")[1]
    with ExitStack() as stack:
        given = {"direct_publishing": True, "writes_limit": "", "log_level": "error"}
        running = [stack.enter_context(serving(url, **given)) for _ in range(servers)]
        began = time.monotonic()
        gathered = Crowd(running, key, publishers=PUBLISHERS, changesets=CHANGESETS)
        gathered.gather()
        took = time.monotonic() - began
        gathered.check()
    with reading(engine) as session:
        assert verify(session).broken == []
    engine.dispose()
    store.drop(url)
    told = ", ".join(f"{number} {what}" for what, number in gathered.told.items())
    said = f"{PUBLISHERS} publishers, {len(gathered.published)} releases, {told}"
    print(f"| crowd, servers: {servers} | {store.name} | {said} | {took:.0f} s |", flush=True)


def kills(store: Store, folder: Path, times: int) -> None:
    for make in KINDS:
        began = time.monotonic()
        kind = make(store, folder)
        told = kill_again_and_again(kind, times, seed=times)
        store.drop(kind.base)
        said = (
            f"{times} kills within {told.took:.2f} s, {told.codes[-9]} before its end; "
            f"found as before {told.ends['before']}, whole {told.ends['after']}"
        )
        print(f"| kill {kind.name} | {store.name} | {said} | {time.monotonic() - began:.0f} s |", flush=True)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("proofs", nargs="*", default=["histories", "crowd", "kills"])
    asked.add_argument("--publishes", type=int, default=3000, help="changesets in random histories")
    asked.add_argument("--kills", type=int, default=200, help="kills of each command")
    given = asked.parse_args()
    print("| proof | database | what was tried, and held | took |\n|---|---|---|---|", flush=True)
    with TemporaryDirectory() as folder, stores(Path(folder)) as both:
        for store in both:
            if "histories" in given.proofs:
                histories(store, given.publishes)
            if "crowd" in given.proofs:
                for servers in (1, 2):
                    crowd(store, servers)
            if "kills" in given.proofs:
                kills(store, Path(folder), given.kills)


if __name__ == "__main__":
    main()
