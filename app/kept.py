"""What was looked up before: what is in force on a day at a release never changes, so it need not be asked again.

Only reads keep anything, each in its engine's own store; a session that publishes sees the database alone.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from threading import Lock
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlmodel import Session

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST = 8192
NAME = "kept"


class Store:
    """The things looked up last, among them that something is not there."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.things: OrderedDict[Hashable, Any] = OrderedDict()
        self.lock = Lock()

    def get(self, keys: Iterable[Hashable]) -> dict[Hashable, Any]:
        found = {}
        with self.lock:
            for key in keys:
                if key in self.things:
                    self.things.move_to_end(key)
                    found[key] = self.things[key]
        return found

    def keep(self, things: Mapping[Hashable, Any]) -> None:
        with self.lock:
            self.things.update(things)
            while len(self.things) > self.most:
                self.things.popitem(last=False)


class LastFew(Generic[K, V]):
    """What takes long to work out and is asked for again soon, page by page: the last few of its kind."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.kept: OrderedDict[K, V] = OrderedDict()
        self.lock = Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """What was made for a key, which is shared, so nobody may change it."""
        # One at a time: whoever asks meanwhile waits for the same, instead of working it out, too.
        with self.lock:
            if key not in self.kept:
                self.kept[key] = make()
                while len(self.kept) > self.most:
                    self.kept.popitem(last=False)
            self.kept.move_to_end(key)
            return self.kept[key]


_stores: WeakKeyDictionary[Engine, Store] = WeakKeyDictionary()


def store_of(engine: Engine) -> Store:
    return _stores.setdefault(engine, Store())


def look_up(
    session: Session, what: Hashable, keys: Iterable[K], ask: Callable[[list[K]], Mapping[K, V]]
) -> dict[K, V]:
    """Things by their keys, asking only for those that are not kept; what is not there is left out.

    `what` says what they are, with all that they depend on; they are shared, so nobody may change them.
    """
    wanted = list(dict.fromkeys(keys))
    store: Store | None = session.info.get(NAME)
    if store is None:
        return dict(ask(wanted)) if wanted else {}
    kept = store.get((what, key) for key in wanted)
    found: dict[K, V | None] = {key: kept[what, key] for key in wanted if (what, key) in kept}
    missing = [key for key in wanted if key not in found]
    if missing:
        new = ask(missing)
        store.keep({(what, key): new.get(key) for key in missing})
        found |= new
    return {key: thing for key, thing in found.items() if thing is not None}
