"""Seed folders: faults with file, line and field; quotes re-found; what the real seed holds."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine
from sqlmodel import Session
from typer.testing import CliRunner, Result

from app.checking.quotes import look_up, refind
from app.cli import app
from app.errors import Invalid
from app.newplan import TEMPLATE
from app.provenance import normalised
from app.seed import load
from app.versioning import latest_release
from tests.stores import LIZHOU, SEED

PLAN_TEXT = "目录\n第一章 总则 1\n第一章 总则\n为老年人(lǎo)提供 健康\u00a0管理。\n第二章 保障\n发放补贴。\n"
PLANS = """\
valid_from: 2021-01-01
items:
- slug: small-plan
  name: 总则
  region: '510802'
  text_file: small.txt
  sources:
  - {section: 第一章, quote: 总则, fields: [name]}
  - {section: 第一章, quote: 总则, fields: [region], basis: derived, derivation: A test.}
"""
DOMAINS = """\
valid_from: 2021-01-01
items:
- slug: small-domain
  name: 保障
  ordinal: 1
  claimed_count: 1
  sources:
  - section: 第二章
    quote: 保障
    fields: [name, ordinal, claimed_count]
"""
SERVICES = """\
valid_from: 2021-01-01
items:
- slug: small-service
  name: 健康管理
  domain: small-domain
  concept: small-concept
  listed: true
  audience: 老年人
  sources:
  - section: 第一章
    quote: 为老年人提供健康管理
    fields: [name, domain, listed, audience]
"""
REGIONS = (
    '[{"code":"510000","name":"四川省"},{"code":"510800","name":"广元市"},{"code":"510802","name":"利州区"}]'
)
CONCEPTS = """\
items:
- slug: small-concept
  name: 健康管理
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A seed of one plan, and its text beside it."""
    seed = tmp_path / "seed"
    (seed / "small-plan").mkdir(parents=True)
    (seed / "regions").mkdir()
    (seed / "regions" / "regions-three.json").write_text(REGIONS, encoding="utf-8")
    (seed / "concepts.yaml").write_text(CONCEPTS, encoding="utf-8")
    for kind, text in (("plans", PLANS), ("domains", DOMAINS), ("services", SERVICES)):
        (seed / "small-plan" / f"{kind}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "small.txt").write_text(PLAN_TEXT, encoding="utf-8")
    return seed


def check(folder: Path, *more: str, texts: bool = True) -> tuple[int, list[str]]:
    options = ["--plans", str(folder.parent / "texts")] if texts else []
    result = CliRunner().invoke(app, ["check", str(folder), *options, *more])
    lines = [line.removeprefix(f"{folder}/") for line in result.output.splitlines()]
    return result.exit_code, lines


def edit(folder: Path, file: str, before: str, after: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_a_sound_folder_has_no_faults(folder: Path) -> None:
    covered = "small-plan: 1 of 1 sentences with a figure quoted, 0 of 1 with a claim"
    quotes = ["quotes exact: 9", "quotes not found: 0", "quotes no text: 0"]
    assert check(folder) == (0, [covered, *quotes, "7 documents, no faults."])


def test_a_check_speaks_chinese(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    covered = "small-plan：含数字的句子1句，已引用1句；含权益用语的句子1句，已引用0句"
    quotes = ["原文相符：9处", "原文未找到：0处", "没有全文可查：0处"]
    assert check(folder) == (0, [covered, *quotes, "共7份文档，没有错误。"])


@pytest.mark.parametrize(
    ("file", "before", "after", "line"),
    [
        ("small-plan/services.yaml", "name: 健康管理", "name: 体检", "small-plan/services.yaml:4: name: "),
        ("small-plan/services.yaml", "listed: true", "listed: often", "small-plan/services.yaml:7: listed: "),
        ("small-plan/services.yaml", "  domain:", "  domian:", "small-plan/services.yaml:5: domian: "),
        ("small-plan/services.yaml", "concept: small-", "concept: other-", "small-plan/services.yaml:6: concept: "),
        ("small-plan/services.yaml", "提供健康", "提供养老的健康", "small-plan/services.yaml:10: sources.0: "),
        ("small-plan/services.yaml", "section: 第一章", "section: 第九章", "small-plan/services.yaml:10: sources.0: "),
        ("small-plan/services.yaml", "section: 第一章", "section: 第二章", "small-plan/services.yaml:10: sources.0: "),
        ("small-plan/services.yaml", "audience: 老年人", "audience: 老\n  audience: 老人", "small-plan/services.yaml:9: "),
        ("small-plan/services.yaml", "valid_from: 2021-01-01", "valid_from: soon", "small-plan/services.yaml:3: valid_from"),
        ("small-plan/services.yaml", "valid_from: 2021-01-01", "valid_from: 2021-02-30", "small-plan/services.yaml:3: val"),
        ("small-plan/services.yaml", "valid_from: 2021-01-01", "valid_from: 86400", "small-plan/services.yaml:3: valid"),
        ("small-plan/services.yaml", "name: 健康管理", "name: !x 健康管理", "small-plan/services.yaml:4: Tags such as !x "),
        ("small-plan/services.yaml", "items:", "entries:", "small-plan/services.yaml:1: "),
        ("small-plan/services.yaml", "items:", "items: [", "small-plan/services.yaml:3: "),
        ("small-plan/services.yaml", "- slug: small-service", "- &a\n  slug: small-service", "small-plan/services.yaml:3"),
        ("small-plan/domains.yaml", "claimed_count: 1", "claimed_count: 2", "small-plan/domains.yaml:6: claimed_count: "),
        ("small-plan/plans.yaml", "region: '510802'", "region: 510802", "small-plan/plans.yaml:5: region: "),
        ("concepts.yaml", "slug: small-concept", "slug: Small Concept", "concepts.yaml:2: slug: "),
    ],
)  # fmt: skip
def test_a_fault_is_said_with_file_line_and_field(
    folder: Path, file: str, before: str, after: str, line: str
) -> None:
    edit(folder, file, before, after)
    code, lines = check(folder)
    if "&a" in after:  # an anchor alone does no harm; nothing points back at it
        assert code == 0
        return
    assert code == 1
    assert any(said.startswith(line) for said in lines), lines


def test_an_alias_is_refused_before_it_grows(folder: Path) -> None:
    bomb = "a: &a [x,x]\n" + "".join(
        f"{c}: &{c} [*{p},*{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=False)
    )
    (folder / "concepts.yaml").write_text(bomb + "items: [*i, {slug: x, name: *h}]\n", encoding="utf-8")
    code, lines = check(folder)
    assert code == 1
    assert any("aliases are not used" in line for line in lines)


def test_a_file_that_cannot_be_read_is_not_buried_under_what_refers_to_it(folder: Path) -> None:
    edit(folder, "concepts.yaml", "items:", "items: [")
    code, lines = check(folder)
    assert code == 1
    assert [line.split(" ")[0] for line in lines if ".yaml:" in line] == ["concepts.yaml:2:"]


def test_a_line_number_stays_a_number(folder: Path) -> None:
    """`:100:` is the name of an emoji to what prints it."""
    edit(folder, "concepts.yaml", "items:\n", "items:\n" + "#\n" * 97)
    edit(folder, "concepts.yaml", "name: 健康管理", "name: ''")
    _, lines = check(folder)
    assert any(line.startswith("concepts.yaml:100: name") for line in lines), lines


def test_all_faults_are_said_at_once(folder: Path) -> None:
    edit(folder, "small-plan/services.yaml", "listed: true", "listed: often")
    edit(folder, "small-plan/domains.yaml", "ordinal: 1", "ordinal: first")
    edit(folder, "concepts.yaml", "name: 健康管理", "name: ''")
    code, lines = check(folder)
    assert code == 1
    files = {line.split(":")[0] for line in lines if ".yaml:" in line}
    assert files == {"concepts.yaml", "small-plan/domains.yaml", "small-plan/services.yaml"}


def test_a_faulty_folder_publishes_nothing(
    folder: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    edit(folder, "small-plan/services.yaml", "name: 健康管理", "name: 体检")
    result = CliRunner().invoke(app, ["publish", str(folder)])
    assert result.exit_code == 1
    assert "services.yaml:4: name" in result.output
    with Session(engine) as session:
        assert latest_release(session) == 1


def test_publishing_a_folder_says_what_it_did(
    folder: Path, empty_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_engine.url.render_as_string(hide_password=False))

    def publish() -> str:
        result = CliRunner().invoke(app, ["publish", str(folder)])
        assert result.exit_code == 0, result.output
        return result.output.strip()

    assert publish() == "Published release 1: 7 added, 0 revised, 0 withdrawn."
    assert publish() == "Nothing to publish: release 1 says all of it."
    edit(folder, "concepts.yaml", "name: 健康管理", "name: 老年健康管理")
    assert publish() == "Published release 2: 0 added, 1 revised, 0 withdrawn."
    (folder / "withdrawals.yaml").write_text(
        "items:\n- {kind: concepts, slug: small-concept, valid_from: 2024-01-01, reason: A test.}\n",
        encoding="utf-8",
    )
    assert publish() == "Published release 3: 0 added, 0 revised, 1 withdrawn."
    assert publish() == "Nothing to publish: release 3 says all of it."
    assert check(folder, texts=False) == (0, ["7 documents, no faults."])


def test_an_empty_folder_is_no_seed(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(tmp_path)], standalone_mode=False)
    assert result.exception is not None
    assert "holds no seed" in str(result.exception)


@pytest.mark.parametrize(
    ("section", "quote", "found"),
    [
        ("第一章", "老年人提供健康管理", True),
        ("第一章 / 第二章", "发放补贴", True),
        ("第二章 / 第一章", "发放补贴", False),
        ("第二章", "健康管理", False),
        ("第一章", "老年人健康管理", False),
        ("第一章", "老年人提供养老管理", False),
    ],
)
def test_a_quote_is_contiguous_verbatim_and_under_its_section(section: str, quote: str, found: bool) -> None:  # noqa: FBT001 - a case of a table
    assert (look_up(normalised(PLAN_TEXT), section, quote) is None) is found


def test_sentences_that_nothing_quotes_are_listed(folder: Path) -> None:
    text = folder.parent / "texts" / "small.txt"
    text.write_text(
        PLAN_TEXT + "(2)弘揚文化\n对老年人每月發放100元。\n殘疾人免費乘車;健康管理站3个\n", encoding="utf-8"
    )
    edit(folder, "small-plan/domains.yaml", "quote: 保障", "quote: 保障。发放补贴")
    code, lines = check(folder, "--uncited")
    assert (code, [line for line in lines if ": line " in line]) == (
        1,  # the changed quote is not in the text
        [
            "small-plan: line 6: 发放补贴",
            "small-plan: line 8: 对老年人每月發放100元",
            "small-plan: line 9: 殘疾人免費乘車",
            "small-plan: line 9: 健康管理站3个",
        ],
    )
    edit(folder, "small-plan/domains.yaml", "quote: 保障。发放补贴", "quote: 发放补贴")
    lines = check(folder, "--uncited")[1]
    assert "small-plan: line 6: 发放补贴" not in lines
    # The third figure is the page number in the table of contents, whose heading is quoted.
    assert "small-plan: 1 of 3 sentences with a figure quoted, 1 of 3 with a claim" in lines


def test_without_a_text_nothing_is_claimed(folder: Path) -> None:
    (folder.parent / "texts" / "small.txt").unlink()
    results = {finding.result for finding in refind(load(folder), folder.parent / "texts")}
    assert results == {"no text"}
    assert check(folder)[0] == 1


@pytest.mark.parametrize("stray", ["services.yml", "small-plan/deeper/services.yaml", "wishes.yaml"])
def test_a_file_that_would_not_be_read_is_a_fault(folder: Path, stray: str) -> None:
    (folder / stray).parent.mkdir(exist_ok=True)
    (folder / stray).write_text("items: []\n", encoding="utf-8")
    code, lines = check(folder)
    assert code == 1
    assert lines[-2].startswith(f"{stray}:1: Not read")


def test_the_seed_quotes_a_source_for_every_value_of_every_service() -> None:
    """Read from the files themselves, past the loader's own idea of them."""
    services = yaml.safe_load((SEED / LIZHOU / "services.yaml").read_text(encoding="utf-8"))["items"]
    listed = [service for service in services if service["listed"]]
    assert len(listed) == 91
    assert len({service["slug"] for service in services}) == len(services)
    for service in services:
        cited = {field for source in service["sources"] for field in source["fields"]}
        values = {"audience", "content", "lead_body", "funding"} & service.keys()
        assert {"name", "domain"} | ({"listed"} if service["listed"] else set()) | values <= cited, service[
            "slug"
        ]


EXAMPLE_TEXT = """\
某县“十五五”公共服务规划
前言
规划期限为2026—2030年。
第二章 发展基础
城市低保标准380元/月。
第四章 主要任务
第一节 幼有所育
向孕产妇免费提供基本医疗保健服务。托位达到4.5个。
专栏1 幼有所育工程
托育服务扩容。建成托育普惠机构33个。
表1 基本公共服务清单
幼有所育
为城乡居民提供优生优育服务
孕产妇健康服务
(共计1项)
每千人口3岁以下婴幼儿托位数(个)|0.3|5.0|预期性
"""


def new_plan(folder: Path, slug: str = "somewhere-services-2026-2030", **changes: str) -> Result:
    options = {
        "name": "某县“十五五”公共服务规划",
        "region": "510802",
        "start": "2026-01-01",
        "text-file": "new.txt",
    }
    said = [part for name, value in (options | changes).items() for part in (f"--{name}", value)]
    return CliRunner().invoke(app, ["new-plan", slug, *said, "--seed", str(folder)], standalone_mode=False)


def test_a_new_plans_folder_is_sound_before_anything_is_filled_in(folder: Path) -> None:
    result = new_plan(folder)
    assert result.exit_code == 0, result.output
    assert f"catalogue check {folder}" in " ".join(result.output.split())
    (folder.parent / "texts" / "new.txt").write_text(EXAMPLE_TEXT, encoding="utf-8")
    code, lines = check(folder)
    assert (code, lines[-1]) == (0, "8 documents, no faults.")
    assert "there already" in str(new_plan(folder).exception)


@pytest.mark.parametrize(
    "name",
    ["规划：2026#1", "规划: 第一部 #2", "[规划], {修订}", "- 规划", "2026", "null", "'规划'", '"规划" $x'],
)
def test_a_title_is_a_title_whatever_yaml_would_make_of_it(folder: Path, name: str) -> None:
    assert new_plan(folder, name=name).exit_code == 0
    (folder.parent / "texts" / "new.txt").write_text(name, encoding="utf-8")
    code, lines = check(folder)
    assert code == 0, lines
    (plan,) = [one for one in load(folder).documents if one["slug"] == "somewhere-services-2026-2030"]
    assert plan["name"] == name


def test_a_new_plan_that_cannot_be_is_said_before_anything_is_written(folder: Path) -> None:
    before = sorted(folder.parent.rglob("*"))
    result = new_plan(folder, "../Bad Slug", region="5108", start="2026-02-30", **{"text-file": "../new.txt"})
    assert isinstance(result.exception, Invalid)
    named = {fault.parameter for fault in result.exception.faults}
    assert named == {"--slug", "--region", "--start", "--text-file"}
    assert new_plan(folder / "nowhere").exit_code != 0
    assert sorted(folder.parent.rglob("*")) == before


def test_the_templates_examples_are_a_sound_plan(folder: Path) -> None:
    """Every commented example, together, with a text that says what they quote and the concepts and facts of the seed."""
    for name in ("concepts.yaml", "facts.yaml"):
        (folder / name).write_text((SEED / name).read_text(encoding="utf-8"), encoding="utf-8")
    edit(folder, "small-plan/services.yaml", "concept: small-concept", "concept: maternal-health-services")
    assert new_plan(folder).exit_code == 0
    (folder.parent / "texts" / "new.txt").write_text(EXAMPLE_TEXT, encoding="utf-8")
    for file in (folder / "somewhere-services-2026-2030").glob("*.yaml"):
        lines = file.read_text(encoding="utf-8").replace("items: []", "items:").splitlines()
        examples = [
            re.sub("^# (?=- |  )", "", re.sub("^  # (?=[a-z]+_?[a-z]*: |- |  )", "  ", line))
            for line in lines
        ]
        whole = "\n".join(
            line for line in examples if not re.match("  (number|issuer|issued_on|text_coverage): ", line)
        )
        file.write_text(whole + "\n", encoding="utf-8")
    code, said = check(folder)
    assert code == 0, said
    held = [
        one
        for one in load(folder).documents
        if one.get("plan", one["slug"]) == "somewhere-services-2026-2030"
    ]
    assert sorted(one["kind"] for one in held) == sorted(file.stem for file in TEMPLATE.glob("*.yaml"))
    (plan,) = [one for one in held if one["kind"] == "plans"]
    assert plan["period_end"] == date(2030, 12, 31)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_counts_what_the_seed_holds(readme: str) -> None:
    """One line for each plan, in the order of the seed's sources, and one for all together."""
    kinds = ("services", "rules", "standards", "indicators", "programmes", "discrepancies")
    documents = load(SEED).documents
    plans = [document["slug"] for document in documents if document["kind"] == "plans"]
    held = Counter((document["kind"], document.get("plan")) for document in documents)
    wanted = {tuple(held[kind, plan] for kind in kinds) for plan in plans}
    text = (SEED.parent / readme).read_text(encoding="utf-8")
    rows = re.findall(r"^\|[^|]+((?:\| *\d+ *){6})\|$", text, re.MULTILINE)
    lines = [tuple(map(int, re.findall(r"\d+", row))) for row in rows]
    assert set(lines[:-1]) == wanted
    assert lines[-1] == tuple(map(sum, zip(*lines[:-1], strict=True)))
