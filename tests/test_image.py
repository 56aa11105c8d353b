"""The Dockerfile keeps its promises, as far as that can be seen without an engine: its very steps are done."""

import json
import os
import subprocess
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image import (
    Image,
    build,
    built,
    ignored,
    of,
    patterns,
    release_steps,
    rights,
    serving,
    stopped,
)
from tests.running import PROJECT

BUILDER, FINAL = 0, 1


def test_it_installs_exactly_what_the_makefile_installs() -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "WHEELHOUSE"))}
    make = ["make", "--dry-run", "--always-make", "--no-print-directory", ".venv/.run"]
    said = subprocess.run(make, cwd=PROJECT, env=clean, capture_output=True, text=True, check=True).stdout
    commands = [" ".join(line.split()) for line in said.splitlines() if " pip " in line]
    assert [line for line in of("RUN", BUILDER) if " pip " in line] == commands
    assert "--require-hashes -r requirements.lock" in commands[0]
    assert "PIP_NO_CACHE_DIR=1" in of("ENV", BUILDER)
    assert not [line for line in of("RUN", FINAL) if "pip" in line]


def test_it_starts_one_program_as_nobody_special() -> None:
    assert [json.loads(line) for line in of("CMD", FINAL)] == [["catalogue", "serve"]]
    assert of("ENTRYPOINT", FINAL) == []
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]
    assert "catalogue" in scripts
    (user,) = of("USER", FINAL)
    assert all(int(number) >= 1000 for number in user.split(":"))
    assert [command[:2] for command in release_steps()] == [
        ["catalogue", "migrate"],
        ["catalogue", "publish"],
    ]


def test_only_what_is_needed_goes_in_and_only_root_may_write_to_it(tmp_path: Path) -> None:
    image = build(tmp_path / "image", install=False)
    inside = {path.name for path in image.at(".").iterdir()}
    assert inside == {
        ".venv", "LICENSE", "README.md", "app", "migrations", "pyproject.toml", "requirements.lock", "seed",
    }  # fmt: skip
    files = [path for path in image.at(".").rglob("*") if not path.is_symlink()]
    assert [path for path in files if path.stat().st_mode & 0o022] == []
    for outside in (".git/config", "catalogue.db", "app/x.db-wal", "app/web/__pycache__/a.pyc", "tests/x.py"):
        assert ignored(outside, patterns()), outside


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with built(install=False) as made:
        yield made


def files(image: Image) -> dict[str, tuple[int, int]]:
    data = image.root / "data"
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_size)
        for path in image.root.rglob("*")
        if path != data and data not in path.parents
    }


def test_it_is_released_serves_and_stops(image: Image) -> None:
    before = files(image)
    with serving(image) as (base, process):
        with urllib.request.urlopen(f"{base}/v1/services?listed=true&limit=1") as answer:  # noqa: S310 - our own server
            assert json.load(answer)["total"] == 91
        image.run(image.health)
        assert stopped(process) == 0
    unhealthy = image.command(image.health)
    unhealthy.communicate(timeout=20)
    assert unhealthy.returncode != 0
    assert files(image) == before
    assert {path.name for path in (image.root / "data").iterdir()} == {"catalogue.db"}


def test_its_user_can_write_to_its_data_and_nowhere_else(image: Image) -> None:
    if os.geteuid() == 0 and not rights(image.user):
        pytest.skip("root without setpriv may write everywhere")
    note = f"{image.root}/data/note"
    image.run(["python", "-c", f"import os; open('{note}', 'w').close(); os.remove('{note}')"])
    for path in (".", "app", "app/main.py", "seed", "..", "/"):
        writes = f"import os; raise SystemExit(os.access({str(image.at(path))!r}, os.W_OK))"
        image.run(["python", "-c", writes])
