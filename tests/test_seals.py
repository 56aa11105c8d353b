"""Seals: whatever is changed in the database behind the program's back shows."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session
from typer.testing import CliRunner

from app.cli import app
from app.database import create
from app.sealing import Broken, seals_of, verify
from tests.changes import concept, put, withdrawal


@pytest.fixture
def sealed(empty_url: str) -> Iterator[Engine]:
    """A catalogue of four releases."""
    engine = create(empty_url)
    put(engine, concept(), concept(slug="snow-making", name="造雪"))
    put(engine, concept(name="扫雪"))
    put(engine, concept(slug="tea", name="茶"))
    put(engine, withdrawals=[withdrawal(day="2023-01-01", reason="No snow.")])
    yield engine
    engine.dispose()


def broken(engine: Engine) -> list[int]:
    with Session(engine) as session:
        return [found.release for found in verify(session).broken]


def tamper(engine: Engine, *statements: str) -> None:
    """Changes the database as somebody would who is allowed to do anything there."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))  # no triggers, no foreign keys
        else:
            names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
            for name in names:
                connection.execute(text(f"DROP TRIGGER {name}"))
            connection.connection.driver_connection.execute("PRAGMA ignore_check_constraints = ON")  # type: ignore[union-attr]  # SQLite's own connection
        for statement in statements:
            connection.execute(text(statement))
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = DEFAULT"))


def test_what_nobody_touched_is_whole(sealed: Engine) -> None:
    with Session(sealed) as session:
        found = verify(session)
        assert found.broken == []
        assert len(set(found.seals)) == 4
        assert found.seals[-1] == seals_of(session, [4])[4]


@pytest.mark.parametrize(
    ("statement", "release"),
    [
        ("UPDATE concept_version SET name = '扫雪铲冰' WHERE version = 2 AND name = '扫雪'", 2),
        ("UPDATE concept_version SET valid_from = '2020-01-01' WHERE slug = 'tea'", 3),
        ("UPDATE concept_version SET withdrawn_because = 'Other.' WHERE withdrawn", 4),
        ("UPDATE concept_version SET change_note = 'Why.' WHERE slug = 'tea'", 3),
        ("UPDATE release SET publisher = 'somebody' WHERE number = 1", 1),
        ("UPDATE release SET recorded_at = '2020-01-01 00:00:00' WHERE number = 3", 3),
        ("DELETE FROM concept_version WHERE slug = 'tea'", 3),
        (
            "INSERT INTO concept_version (slug, version, release, valid_from, withdrawn, name, aliases) "
            "VALUES ('salt', 1, 2, '2021-01-01', false, '盐', '[]')",
            2,
        ),
        ("UPDATE release_seal SET seal = 'x' WHERE release = 2", 2),
        ("DELETE FROM release_seal WHERE release = 4", 4),
    ],
)
def test_what_somebody_changed_shows(sealed: Engine, statement: str, release: int) -> None:
    tamper(sealed, statement)
    assert broken(sealed)[0] == release


def test_a_release_that_is_taken_away_shows(sealed: Engine) -> None:
    for table, column in (("concept_version", "release"), ("release_seal", "release"), ("release", "number")):
        tamper(sealed, f"DELETE FROM {table} WHERE {column} = 3")
    assert broken(sealed)[0] == 3


def test_only_the_changed_release_is_named(sealed: Engine) -> None:
    tamper(sealed, "UPDATE concept_version SET name = '茶叶' WHERE slug = 'tea'")
    with Session(sealed) as session:
        found = verify(session)
    assert [(one.release, one.said.en) for one in found.broken] == [(3, "It is not as it was published.")]
    assert isinstance(found.broken[0], Broken)


def test_what_is_read_back_of_every_kind_is_what_was_sealed(engine: Engine) -> None:
    assert broken(engine) == []


def test_the_command_says_whether_a_seal_is_still_there(
    sealed: Engine, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_url)
    run = CliRunner().invoke
    with Session(sealed) as session:
        kept = seals_of(session, [2])[2]
    assert run(app, ["verify", "--seal", kept]).exit_code == 0
    for language, word in (("en_GB.UTF-8", "not in the chain"), ("zh_CN.UTF-8", "没有该封存值")):
        monkeypatch.setenv("LANG", language)
        gone = run(app, ["verify", "--seal", "0" * 64])
        assert (gone.exit_code, word in gone.stderr) == (1, True)
    tamper(sealed, "UPDATE concept_version SET name = '茶叶' WHERE slug = 'tea'")
    changed = run(app, ["verify"])
    assert (changed.exit_code, changed.stderr) == (1, "发布3：内容与发布时不一致。\n")
