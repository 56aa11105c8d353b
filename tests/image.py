"""The Dockerfile's own steps without an engine: its copies, its commands, its user, its start.

`python -m tests.image` also installs what the Dockerfile installs; the tests do with what is installed already.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from tests.running import PROJECT, free_port, until

DOCKERFILE = PROJECT / "Dockerfile"


class Step(NamedTuple):
    """One instruction of one stage; stages are counted from 0, -1 is before the first."""

    stage: int
    verb: str
    rest: str


def steps(text: str) -> list[Step]:
    """The Dockerfile's instructions in order."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    stage, found = -1, []
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if line.strip():
            verb, _, rest = line.partition(" ")
            stage += verb == "FROM"
            found.append(Step(stage, verb, rest.strip()))
    return found


def of(verb: str, stage: int) -> list[str]:
    return [step.rest for step in steps(DOCKERFILE.read_text()) if (step.verb, step.stage) == (verb, stage)]


def release_steps() -> list[list[str]]:
    """The commands that the Dockerfile says to run before it serves."""
    said = re.findall(r"^#   docker run .* catalogue (catalogue .+)$", DOCKERFILE.read_text(), re.MULTILINE)
    return [shlex.split(command) for command in said]


def ignored(path: str, patterns: Sequence[str]) -> bool:
    """Whether .dockerignore keeps a path of the project out; the last pattern that fits decides."""
    parents = ["/".join(path.split("/")[:end]) for end in range(1, path.count("/") + 2)]
    out = False
    for pattern in patterns:
        wanted = pattern.removeprefix("!").strip("/")
        anywhere = wanted.removeprefix("**/")
        if any(
            (fnmatchcase(parent, wanted) and parent.count("/") == wanted.count("/"))
            or (anywhere != wanted and fnmatchcase(parent.rpartition("/")[2], anywhere))
            for parent in parents
        ):
            out = not pattern.startswith("!")
    return out


def patterns() -> list[str]:
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


@dataclass
class Image:
    """What the steps have made: files under `root`, and how to run something in it."""

    root: Path
    folder: str = "/"
    user: str = "0:0"
    env: dict[str, str] = field(default_factory=dict)
    start: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def at(self, path: str) -> Path:
        """Where a path of the image really is."""
        return self.root / str(Path("/", self.folder, path)).lstrip("/")

    def command(self, program: Sequence[str], **env: str) -> subprocess.Popen[str]:
        """Starts a program as the image would: its user, its folder, its environment, nothing else."""
        inside = {
            name: re.sub(r"(?<![^:/])/(?=(data|srv)\b)", f"{self.root}/", value)
            for name, value in self.env.items()
        }
        inside["PATH"] = inside["PATH"].replace("$PATH", os.defpath)
        inside |= {"HOME": "/"} | env
        name = shutil.which(program[0], path=inside["PATH"])
        assert name, f"{program[0]} is not in the image"
        return subprocess.Popen(
            [*rights(self.user), name, *program[1:]],
            cwd=self.at("."),
            env=inside,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, program: Sequence[str], **env: str) -> str:
        """Runs a program to its end; fails where it fails."""
        process = self.command(program, **env)
        said, complaint = process.communicate(timeout=120)
        assert process.returncode == 0, f"{shlex.join(program)}: {said}{complaint}"
        return said


def rights(user: str) -> list[str]:
    """What goes before a command to run it as a user of the image; nothing where we are nobody special ourselves.

    The interpreter may lie in a folder that only root may enter. Then the user is given the right to read
    everything, which an image with an interpreter of its own does not need; it still may write nothing.
    """
    if os.geteuid() != 0 or user == "0:0":
        return []
    uid, gid = user.split(":")
    plain = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    reads = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
    probe = [sys.executable, "-c", f"import os, pydantic_core; assert os.__file__ == {os.__file__!r}"]
    for way in (plain, [*plain, *reads]) if shutil.which("setpriv") else ():
        if subprocess.run([*way, *probe], check=False, capture_output=True).returncode == 0:
            return way
    return []


def build(root: Path, *, install: bool) -> Image:
    """Does the Dockerfile's steps, each stage at the same place. Without `install`, pip's are left out."""
    stages: dict[str, Path] = {}
    image = Image(root)
    for step in steps(DOCKERFILE.read_text()):
        if step.verb == "FROM":
            if root.exists():
                stages["builder"] = root.rename(root.with_name("builder"))
            root.mkdir()
            image = Image(root)
        elif step.verb == "WORKDIR":
            image.folder = step.rest
            image.at(".").mkdir(parents=True, exist_ok=True)
        elif step.verb == "ENV":
            image.env |= dict(pair.split("=", 1) for pair in shlex.split(step.rest))
        elif step.verb == "USER":
            image.user = step.rest
        elif step.verb == "COPY":
            copy(image, step.rest, stages)
        elif step.verb == "RUN":
            perform(image, step.rest, install=install)
        elif step.verb == "CMD":
            image.start = json.loads(step.rest)
        elif step.verb == "HEALTHCHECK":
            image.health = json.loads(step.rest.partition("CMD ")[2])
    return image


def copy(image: Image, arguments: str, stages: dict[str, Path]) -> None:
    *sources, into = [word for word in arguments.split() if not word.startswith("--")]
    stage = re.search(r"--from=(\S+)", arguments)
    for source in sources:
        start = stages[stage[1]] / source.lstrip("/") if stage else PROJECT / source
        keep_out = [] if stage else patterns()

        def left_out(folder: str, names: list[str], keep_out: list[str] = keep_out) -> list[str]:
            inside = Path(folder).relative_to(PROJECT) if keep_out else Path()
            return [name for name in names if ignored(str(inside / name), keep_out)]

        assert start.exists(), f"COPY {source}: there is no such thing"
        assert not ignored(source, keep_out), f"COPY {source}: .dockerignore keeps it out"
        if start.is_dir():
            shutil.copytree(start, image.at(into), ignore=left_out, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy(start, image.at(into) / start.name)


def perform(image: Image, command: str, *, install: bool) -> None:
    if not install and ("-m venv" in command or "-m pip" in command):
        installed = image.at(".venv")
        if not installed.exists():
            installed.symlink_to(sys.prefix)
        return
    command = re.sub(r"(?<= )/(?=\w)", f"{image.root}/", command)
    if os.geteuid() != 0:
        command = re.sub(r"--(owner|group)=\S+ ", "", command)
    env = {**os.environ, **image.env, "PATH": os.environ["PATH"]}
    subprocess.run(["sh", "-euc", command], cwd=image.at("."), check=True, env=env)


@contextmanager
def built(*, install: bool) -> Iterator[Image]:
    """The image in a folder that everybody may enter and nobody may write to but where the image lets them."""
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        image = build(Path(scratch) / "image", install=install)
        if not install:
            # The installed program leads to this project's code; the image's own goes first.
            image.env["PYTHONPATH"] = str(image.at("."))
        program = [image.root, *(path for path in image.root.rglob("*") if not path.is_symlink())]
        for path in program:
            if path != image.root / "data":
                path.chmod(path.stat().st_mode & ~0o222)
        yield image
        for path in program:
            path.chmod(path.stat().st_mode | 0o200)


@contextmanager
def serving(image: Image) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The image released and started as the Dockerfile says, on a free port of this machine only."""
    for command in release_steps():
        image.run(command)
    port = str(free_port())
    image.env |= {"HOST": "127.0.0.1", "PORT": port}
    process = image.command(image.start)
    base = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or answers(f"{base}/readyz"), pause=0.05)
        assert process.poll() is None, process.communicate()
        yield base, process
    finally:
        process.kill()
        process.communicate()


def answers(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def stopped(process: subprocess.Popen[str]) -> int:
    """The exit code of a server that is asked to stop."""
    process.terminate()
    return process.wait(timeout=20)


if __name__ == "__main__":
    with built(install=True) as fresh, serving(fresh) as (base, server):
        assert answers(f"{base}/v1/services?listed=true")
        fresh.run(fresh.health)
        assert stopped(server) == 0
    sys.stdout.write("The Dockerfile's steps give a catalogue that is released, serves and stops.\n")
