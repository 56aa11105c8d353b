"""Backups that are damaged or forged are refused, and leave the database as empty as it was."""

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.backup import FORMAT, backup
from app.restoring import Refused, restore
from tests.changes import concept, put
from tests.copies import Lines, check_empty, fill, fresh, lines_of, seals, written
from tests.stores import Store


@pytest.fixture
async def full(empty_engine: Engine) -> Engine:
    return await fill(empty_engine)


def check_refused(engine: Engine, file: Path, saying: str = ".") -> None:
    with pytest.raises(Refused, match=saying):
        restore(engine, file)
    check_empty(engine)


@pytest.fixture
def target(store: Store) -> Iterator[Engine]:
    with fresh(store) as engine:
        yield engine


def unpacked(packed: bytes) -> bytes | None:
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return None


@pytest.mark.anyio
async def test_a_byte_that_changed_is_noticed(full: Engine, target: Engine, tmp_path: Path) -> None:
    backup(full, tmp_path / "sound")
    sound, choose = (tmp_path / "sound").read_bytes(), random.Random(1)  # noqa: S311 - it only spreads them
    damaged = tmp_path / "damaged"
    places = [*range(12), *range(len(sound) - 10, len(sound)), *choose.choices(range(12, len(sound)), k=60)]
    for place in places:
        changed = bytearray(sound)
        changed[place] ^= 1 << choose.randrange(8)
        if unpacked(bytes(changed)) == unpacked(sound):
            continue  # a few bits of gzip's own say nothing, such as when it was packed
        damaged.write_bytes(changed)
        check_refused(target, damaged)
    restore(target, tmp_path / "sound")
    assert seals(target) == seals(full)


@pytest.mark.anyio
async def test_a_file_that_ends_anywhere_or_goes_on_is_noticed(
    full: Engine, target: Engine, tmp_path: Path
) -> None:
    backup(full, tmp_path / "sound")
    sound, choose = (tmp_path / "sound").read_bytes(), random.Random(2)  # noqa: S311 - it only spreads them
    damaged = tmp_path / "damaged"
    for length in (0, 1, 9, 10, 18, len(sound) - 1, *(choose.randrange(len(sound)) for _ in range(30))):
        damaged.write_bytes(sound[:length])
        check_refused(target, damaged)
    for more in (b"\x01", sound, gzip.compress(b"{}\n"), b"\x00" * 8 + b"!"):
        damaged.write_bytes(sound + more)
        check_refused(target, damaged)


def other(line: dict[str, Any], **values: Any) -> dict[str, Any]:
    return line | {"row": line["row"] | values}


FORGED: dict[str, Callable[[Lines], Lines]] = {
    "another format": lambda lines: [lines[0] | {"format": "public-service catalogue backup 2"}, *lines[1:]],
    "an older schema": lambda lines: [lines[0] | {"schema": "0001"}, *lines[1:]],
    "a newer schema": lambda lines: [lines[0] | {"schema": "9999"}, *lines[1:]],
    "fewer releases than it says": lambda lines: [lines[0] | {"releases": 9}, *lines[1:]],
    "another seal": lambda lines: [lines[0] | {"seal": "0" * 64}, *lines[1:]],
    "no seal": lambda lines: [lines[0] | {"seal": None}, *lines[1:]],
    "a head that is short": lambda lines: [{"format": FORMAT, "schema": lines[0]["schema"]}, *lines[1:]],
    "no head": lambda lines: lines[1:],
    "a head alone": lambda lines: lines[:1],
    "a list for a line": lambda lines: [*lines, []],  # type: ignore[list-item]  # wrong on purpose
    "a row that is none": lambda lines: [*lines, {"table": "release", "row": [1]}],
    "a table that is none": lambda lines: [*lines, {"table": "sqlite_master", "row": {}}],
    "a table that is made anew": lambda lines: [*lines, {"table": "search_entry", "row": {"id": 1}}],
    "an empty row": lambda lines: [*lines, {"table": "webhook", "row": {}}],
    "a column that is none": lambda lines: [*lines[:-1], other(lines[-1], colour="red")],
    "a key nobody has": lambda lines: [*lines[:-1], other(lines[-1], key="nobody")],
    "the first release twice": lambda lines: [*lines[:2], *lines[1:]],
    "a reader who became a publisher": lambda lines: [
        *lines,
        *(x for x in lines if x.get("table") == "api_key"),
    ],
}
WRONG: list[Any] = [1, 2**70, -1, True, 1.5, "x", "x\x00", "\ud800", [], {}, "0000-00-00", "2024-06-01T25:00"]


@pytest.mark.anyio
@pytest.mark.parametrize("forge", FORGED)
async def test_what_was_forged_is_refused(full: Engine, target: Engine, tmp_path: Path, forge: str) -> None:
    backup(full, tmp_path / "sound")
    forged = FORGED[forge](lines_of(tmp_path / "sound")[:-1])
    check_refused(target, written(forged, tmp_path / "forged"), "schema" if "schema" in forge else ".")


@pytest.mark.anyio
async def test_lines_of_releases_removed_changed_or_swapped(
    full: Engine, target: Engine, store: Store, tmp_path: Path
) -> None:
    backup(full, tmp_path / "sound")
    lines, choose = lines_of(tmp_path / "sound")[:-1], random.Random(3)  # noqa: S311 - it only spreads them
    of_releases = [
        n for n, x in enumerate(lines) if x.get("table", "").endswith(("_version", "release", "seal"))
    ]
    forged = tmp_path / "forged"
    for place in of_releases:
        check_refused(target, written(lines[:place] + lines[place + 1 :], forged))
    for _ in range(80):
        changed, place = list(lines), choose.choice(of_releases)
        column = choose.choice(sorted(changed[place]["row"]))
        value = choose.choice(WRONG)
        if value != changed[place]["row"][column]:
            changed[place] = other(changed[place], **{column: value})
            check_refused(target, written(changed, forged))
    for _ in range(30):
        swapped = list(lines)
        one, two = choose.sample(of_releases, 2)
        swapped[one], swapped[two] = lines[two], lines[one]
        check_refused_or_the_same(written(swapped, forged), full, store)


def check_refused_or_the_same(file: Path, full: Engine, store: Store) -> None:
    """In which order the versions of one release stand does not matter."""
    with fresh(store) as engine:
        try:
            restore(engine, file)
        except Refused:
            check_empty(engine)
        else:
            assert seals(engine) == seals(full)


@pytest.mark.anyio
async def test_wrong_values_beside_the_releases(full: Engine, store: Store, tmp_path: Path) -> None:
    """Nothing seals them: they are taken or refused, and nothing else."""
    backup(full, tmp_path / "sound")
    lines, choose = lines_of(tmp_path / "sound")[:-1], random.Random(4)  # noqa: S311 - it only spreads them
    beside = [n for n, x in enumerate(lines) if x.get("table", "release") not in ("release", "release_seal")]
    beside = [n for n in beside if not lines[n]["table"].endswith("_version")]
    for _ in range(50):
        changed, place = list(lines), choose.choice(beside)
        column = choose.choice(sorted(changed[place]["row"]))
        changed[place] = other(changed[place], **{column: choose.choice(WRONG)})
        check_refused_or_the_same(written(changed, tmp_path / "forged"), full, store)


def test_a_small_file_that_unpacks_to_a_big_one(target: Engine, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    with gzip.open(bomb, "wb") as packed:
        for _ in range(100):
            packed.write(bytes(1024 * 1024))
    assert bomb.stat().st_size < 1024 * 1024
    check_refused(target, bomb)
    head = {"format": FORMAT, "schema": "0004", "program": "1", "releases": 1, "seal": None}
    with gzip.open(bomb, "wb") as packed:
        packed.write(json.dumps(head).encode() + b"\n" + b'{"table": "release", "row": {}}\n' * 200_000)
    check_refused(target, bomb)


def test_a_database_that_holds_something_is_left_as_it_is(full_of_one: Engine, tmp_path: Path) -> None:
    before = seals(full_of_one)
    backup(full_of_one, tmp_path / "one")
    with pytest.raises(Refused, match="empty"):
        restore(full_of_one, tmp_path / "one")
    assert seals(full_of_one) == before


@pytest.fixture
def full_of_one(empty_engine: Engine) -> Engine:
    put(empty_engine, concept())
    return empty_engine
