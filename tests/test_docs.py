"""The pages in both languages: links that lead somewhere, the same parts, and what the program really has."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from app.cli import app
from app.keys.models import ROLES
from app.lint.findings import CODES
from app.lint.lines import NAMES
from app.main import create_app
from app.settings import Settings
from tests.stores import SEED

ROOT = SEED.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CHINESE = [page for page in PAGES if page.name.endswith(".zh-CN.md")]
# These say the same, part by part; the others are written for other readers.
TRANSLATED = ("following", "lint", "operations", "publishing")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def fences(text: str) -> list[tuple[str, str]]:
    """The blocks of code, each with its language."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def prose(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def headings(text: str) -> list[str]:
    return re.findall(r"^(#+) ", prose(text), re.MULTILINE)


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def rows(text: str) -> list[list[str]]:
    """The lines of all tables, cell by cell."""
    lines = re.findall(r"^\|(.+)\|$", prose(text), re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]


def links(text: str) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", prose(text))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def twin(page: Path) -> Path:
    """The page in Chinese beside one in English; of one in Chinese there is none."""
    return page.with_name(page.name.replace(".md", ".zh-CN.md"))


def named(text: str) -> list[list[str]]:
    """What the first column of each line names in code; a placeholder may be in another language."""
    return [re.findall(r"`([^`]+)`", row[0].replace("文件夹", "DIR")) for row in rows(text)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page.read_text(encoding="utf-8")):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.name)
def test_a_chinese_page_leads_to_chinese_pages(page: Path) -> None:
    """But for its first link, which is to the English page, as that one's is to it."""
    first, *others = links(page.read_text(encoding="utf-8"))
    there = (page.parent / first.partition("#")[0]).resolve()
    back = [(there.parent / link).resolve() for link in links(there.read_text(encoding="utf-8"))]
    assert page in back
    for link in others:
        assert not link.endswith(".md") or not twin(page.parent / link).exists(), link


@pytest.mark.parametrize("name", TRANSLATED)
def test_both_languages_have_the_same_parts(name: str) -> None:
    """Headings, tables with their lines, requests in them, and commands and messages letter by letter."""
    english, chinese = read(f"docs/{name}.md"), read(f"docs/{name}.zh-CN.md")
    assert headings(english) == headings(chinese)
    assert named(english) == named(chinese)
    one, other = fences(english), fences(chinese)
    assert [language for language, _ in one] == [language for language, _ in other]
    for (language, said), (_, said_in_chinese) in zip(one, other, strict=True):
        if language in ("sh", "json"):
            assert re.sub(" +#.*", "", said) == re.sub(" +#.*", "", said_in_chinese)


def commands(command: Any, name: str) -> dict[str, set[str]]:
    """A command and those below it, each with its options; a group may leave out the name of one below."""
    below: dict[str, set[str]] = {}
    for sub, one in getattr(command, "commands", {}).items():
        below |= commands(one, f"{name} {sub}")
    own = {option for parameter in command.params for option in parameter.opts}
    return {name: own.union(*below.values()), **below}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_their_options_exist(page: Path) -> None:
    known = commands(get_command(app), "catalogue")
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    code = re.findall(r"`([^`\n]+)`", prose(text))
    code += [line for language, said in fences(text) if language == "sh" for line in said.splitlines()]
    for line in code:
        for said in re.findall(r"(?:^|bin/| )catalogue ([a-z][^#;&>]*)", line):
            words = re.split(r"[ |\\]+", said.strip())
            name = f"catalogue {words[0]}"
            if name not in known:
                # The image is called like the program, which runs in it.
                assert "docker" in line, line
                continue
            below = "catalogue " + " ".join(words[:2])
            name = below if below in known else name
            options = {word.strip("[]") for word in words if word.strip("[").startswith("--")}
            assert options <= known[name], line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_requests_that_pages_name_exist(page: Path) -> None:
    routes = create_app(Settings(database_url="sqlite:///never-opened.db")).openapi()["paths"]
    known = [
        (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)))
        for path, methods in routes.items()
        for method in methods
    ]
    for method, path in re.findall(
        r"`(GET|POST|PUT|DELETE) (/v1/[^`?\s]*)", page.read_text(encoding="utf-8")
    ):
        if not path.startswith("/v1/{"):
            assert any(m == method and route.fullmatch(path) for m, route in known), f"{method} {path}"


@pytest.mark.parametrize("name", ["lint.md", "lint.zh-CN.md"])
def test_the_findings_are_those_that_there_are(name: str) -> None:
    told = {"then": "届时", "ahead": "提前", "always": "始终"}
    chinese = ".zh-" in name
    wanted = {
        f"`{code}`": (NAMES[about.severity].zh, told[about.told]) if chinese else (about.severity, about.told)
        for code, about in CODES.items()
    }
    said = {row[0]: tuple(row[1:3]) for row in rows(read(f"docs/{name}")) if row[0] in wanted}
    assert said == wanted


@pytest.mark.parametrize("name", ["operations.md", "operations.zh-CN.md"])
def test_the_settings_are_those_that_there_are(name: str) -> None:
    said: dict[str, str] = {}
    for names, default, *_ in rows(read(f"docs/{name}")):
        variables = re.findall(r"`([A-Z_]+)`", names)
        said |= dict(zip(variables, re.findall(r"`([^`]*)`", default) or [""], strict=False))
    fields = Settings.model_fields
    wanted = {
        field.upper(): str(info.default).lower() if info.default in (True, False) else str(info.default)
        for field, info in fields.items()
    }
    assert said == wanted


@pytest.mark.parametrize("name", ["publishing.md", "publishing.zh-CN.md"])
def test_the_roles_are_those_that_there_are(name: str) -> None:
    first = [re.match("`([a-z]+)`", row[0]) for row in rows(read(f"docs/{name}"))]
    assert tuple(found[1] for found in first if found) == ROLES
