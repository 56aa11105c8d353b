"""Figures computed anew: each kind of contradiction, its near-miss, and what is recorded already."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli import app
from app.consistency.checks import contradictions
from app.consistency.findings import Finding, recorded_by
from app.discrepancies.models import DiscrepancyContent
from app.indicators.models import IndicatorContent
from app.plans.models import PlanContent
from app.services.models import ServiceContent
from app.standards.models import StandardContent
from app.versioning import Content

START = "2021-01-01"


def figure(text: str | None, year: int | None = 2025, **more: Any) -> dict[str, Any] | None:
    """A figure with the number that its text prints."""
    if text is None:
        return None
    number = "".join(c for c in text if c in "0123456789.-")
    return {"year": year, "value": float(number), "text": text, "state": "stated", **more}


def indicator(slug: str, name: str, quote: str, /, plan: str = "one", **fields: Any) -> IndicatorContent:
    source = {"plan": plan, "section": fields.pop("section", slug), "quote": quote, "fields": ["name"]}
    whole = {"slug": slug, "name": name, "plan": plan, "valid_from": START, "sources": [source], **fields}
    return IndicatorContent.model_validate(whole)


def standard(slug: str, name: str, quote: str, text: str, /, **fields: Any) -> StandardContent:
    value = float("".join(c for c in text if c in "0123456789."))
    whole = {
        "slug": slug,
        "name": name,
        "plan": "one",
        "valid_from": START,
        "concept": "some",
        "value": value,
    }
    source = {"plan": "one", "section": slug, "quote": quote, "fields": ["name"]}
    kinds = {"measure": "coverage", "comparator": "equal", "firmness": "commitment"}
    return StandardContent.model_validate(
        {**whole, **kinds, "value_text": text, "sources": [source], **fields}
    )


def types(*contents: Content) -> list[str]:
    return [finding.type for finding in contradictions(contents)]


def total_and_parts(total: str, *parts: str, unit: str = "万人") -> Iterator[IndicatorContent]:
    yield indicator("total", "参保人数", f"参保{total}", unit=unit, baseline=figure(total, 2020))
    for number, part in enumerate(parts):
        name = f"第{'一二三四五六'[number]}种保险"
        yield indicator(
            f"part-{number}", name, f"{name}{part}", unit=unit, part_of="total", baseline=figure(part, 2020)
        )


@pytest.mark.parametrize(
    ("total", "parts", "found"),
    [
        ("74.83", ["47.06", "17.23", "2.76", "5.23", "1.81"], True),  # 74.09
        ("74.09", ["47.06", "17.23", "2.76", "5.23", "1.81"], False),
        ("74.1", ["47.06", "17.23", "2.76", "5.23", "1.81"], False),  # rounded
        ("74.11", ["47.06", "17.23", "2.76", "5.23", "1.81"], False),  # each part may be rounded
        ("22.64", ["3.23", "15.86", "2.4", "1.08", "0.03"], False),  # 2.4 may be 2.44
        ("100", ["20", "30"], False),  # some of it
        ("3", ["4.2"], True),  # more than the whole
        ("3", ["3.4"], False),  # 3 may be 3.4
    ],
)
def test_totals_against_their_parts(total: str, parts: list[str], found: int) -> None:
    assert types(*total_and_parts(total, *parts)) == ["total_against_parts"] * found


def test_a_sum_names_its_documents_its_arithmetic_and_its_quotes() -> None:
    (finding,) = contradictions(total_and_parts("9.3", "5.0", "4.0"))
    assert finding.documents == tuple(("indicators", slug) for slug in ("total", "part-0", "part-1"))
    assert finding.quotes == ("参保9.3", "第一种保险5.0", "第二种保险4.0")
    assert "50000+40000=90000" in finding.said.en
    assert "93000" in finding.said.zh


@pytest.mark.parametrize(
    ("total", "found"), [("78173", True), ("71822", False), ("71824", False), ("71830", True)]
)
def test_five_years_one_by_one_against_their_total(total: str, found: int) -> None:
    years = {2010: "0.6351", 2011: "0.7125", 2012: "1.1875", 2013: "1.9109", 2014: "2.1232", 2015: "1.2481"}
    points = [{"year": y, "value": float(t), "text": t, "span": "annual"} for y, t in years.items()]
    series = indicator("series", "城镇新增就业人数", "表", unit="万人", series=points)
    whole = figure(f"{total}人", 2015, span="five_years")
    made = indicator("made", "城镇共新增就业", f"共新增就业{total}人", unit="人", baseline=whole)
    assert types(series, made) == ["total_against_parts"] * found


@pytest.mark.parametrize(
    ("share", "found"), [("5.1%", False), ("5.11%", False), ("5.2%", True), ("51%", True)]
)
def test_a_share_against_its_part_and_its_whole(share: str, found: int) -> None:
    quote = f"经营性收入1169元,占{share}"
    whole = indicator(
        "income", "可支配收入", "可支配收入22885元", unit="元", baseline=figure("22885元", 2015)
    )
    part = indicator(
        "part", "经营性收入", quote, unit="元", part_of="income", baseline=figure("1169元", 2015)
    )
    of_it = indicator("share", "经营性收入", quote, unit="%", baseline=figure(share, 2015))
    assert types(whole, part, of_it) == ["total_against_parts"] * found


@pytest.mark.parametrize(
    ("start", "end", "comparator", "growth", "found"),
    [
        ("22885", "36850", "equal", "10%", False),
        ("12481", "15000", "equal", "4%", False),  # 3.7 %, printed without decimals
        ("12481", "15000", "equal", "4.0%", True),
        ("3205", "5000", "equal", "11.2%", True),  # a fifth of 56 %
        ("21.03", "20", "equal", "-5.15%", True),
        ("21.03", "20", "equal", "-1.0%", False),
        ("11178", "16000", "at_least", "8%", False),  # 16,424 are at least 16,000
        ("11178", "16000", "at_least", "5%", True),
    ],
)
def test_growth_against_its_two_ends(start: str, end: str, comparator: str, growth: str, found: int) -> None:
    row = indicator(
        "row",
        "收入",
        f"收入 {start} {end} {growth}",
        unit="元",
        baseline=figure(start, 2015),
        target=figure(end, 2020, comparator=comparator),
        growth={"value": float(growth.rstrip("%")), "text": growth, "span": "annual_growth"},
    )
    assert types(row) == ["growth_does_not_follow"] * found


@pytest.mark.parametrize(
    ("quote", "growth", "found"),
    [
        ("由2.4万人增加到2.76万人,增长115%", "115%", True),  # which is the ratio
        ("由2.4万人增加到2.76万人,增长15%", "15%", False),
        ("2.76万人,是2010年2.4万人的1.15倍", "1.15倍", False),
        ("2.76万人,比2010年增长1.15倍", "1.15倍", True),
        ("达到2.76万人,提高0.36个百分点", "0.36个百分点", False),
        ("达到2.76万人,提高0.46个百分点", "0.46个百分点", True),
    ],
)
def test_growth_of_a_series_in_per_cent_times_and_points(quote: str, growth: str, found: int) -> None:
    points = [{"year": 2010, "value": 2.4, "text": "2.4"}, {"year": 2015, "value": 2.76, "text": "2.76"}]
    value = float("".join(c for c in growth if c in "0123456789."))
    row = indicator("row", "失业保险", quote, series=points, growth={"value": value, "text": growth})
    assert types(row) == ["growth_does_not_follow"] * found


def test_growth_whose_start_stands_in_another_row() -> None:
    before = indicator("before", "参保人数", "2015年24.48万人", unit="万人", baseline=figure("24.48", 2015))

    def now(growth: str) -> IndicatorContent:
        grown = {"value": float(growth.rstrip("%")), "text": growth, "span": "five_years"}
        text = f"参保32.33万人,增长{growth}"
        return indicator("now", "参保人数", text, unit="万人", baseline=figure("32.33", 2020), growth=grown)

    assert types(before, now("32.07%")) == []
    assert types(before, now("35%")) == ["growth_does_not_follow"]


@pytest.mark.parametrize(
    ("times", "found"), [("增长2.28倍", True), ("增长1.30倍", False), ("是2.30倍", False)]
)
def test_growth_over_the_period_against_growth_a_year(times: str, found: int) -> None:
    quote = f"储蓄存款331亿元,比2010年{times},年均增长18.1%"
    text = times.lstrip("增长是")
    yearly = {"value": 18.1, "text": "18.1%", "span": "annual_growth"}
    amount = indicator("sum", "储蓄存款", quote, unit="亿元", baseline=figure("331亿元", 2015), growth=yearly)
    multiple = indicator("times", "储蓄存款", quote, unit="倍", baseline=figure(text, 2015))
    assert types(amount, multiple) == ["growth_does_not_follow"] * found


def test_one_year_against_five() -> None:
    base, total = figure("1.08", 2020, span="annual"), figure("[5.4]", comparator="equal", span="five_years")
    mixed = indicator("jobs", "城镇新增就业", "1.08 | [5.4]", unit="万人", baseline=base, target=total)
    assert types(mixed) == ["one_year_against_five_years"]
    each = indicator("each", "技能培训", "每年1万人", unit="万人", target=figure("1", None, span="annual"))
    for five, found in (("50000人", 0), ("60000人", 1)):
        made = figure(five, span="five_years", comparator="equal")
        whole = indicator("whole", "技能培训", f"五年{five}", unit="人", target=made)
        assert types(each, whole) == ["one_year_against_five_years"] * found
    same = figure("0.68", 2020, span="annual")
    text = indicator("text", "补贴培训", "2020年培训0.68万人次", unit="万人次", baseline=same)
    again = figure("[0.68]", 2020, span="five_years")
    table = indicator("table", "补贴培训", "补贴培训 | [0.68]", unit="万人次", table="表1", baseline=again)
    assert types(text, table) == ["one_year_against_five_years"]


@pytest.mark.parametrize(
    ("name", "text", "unit", "found"),
    [
        ("养老保险参保率", "120%", "%", ["other"]),
        ("养老保险参保率", "100%", "%", []),
        ("小学毛入学率", "104%", "%", []),
        ("旅游收入增长率", "120%", "%", []),
        ("完成任务的比例", "250%", "%", []),
        ("培训人数", "3万人次", "万人次", ["unit_differs"]),
        ("培训人次", "3万人", "万人", ["unit_differs"]),
        ("培训人数", "3万人", "万人", []),
    ],
)
def test_units_that_the_name_or_the_number_rules_out(
    name: str, text: str, unit: str, found: list[str]
) -> None:
    assert types(indicator("one", name, f"{name}{text}", unit=unit, baseline=figure(text))) == found


def two(first: str, second: str, unit: str, /, **more: Any) -> list[IndicatorContent]:
    """The same target in a table and in the text."""
    bounds = {"以上": "at_least", "以内": "at_most", "<": "less_than"}

    def aim(text: str) -> dict[str, Any] | None:
        comparator = next((c for sign, c in bounds.items() if sign in text), "equal")
        return figure(text, comparator=comparator)

    in_table = indicator(
        "table", "人才总量", f"人才总量 | {first}", unit=unit, table="表1", target=aim(first)
    )
    in_text = indicator("text", "人才总量", f"人才总量达到{second}", unit=unit, target=aim(second), **more)
    return [in_table, in_text]


@pytest.mark.parametrize(
    ("first", "second", "unit", "found"),
    [
        ("1.42", "1.5万人", "万人", ["table_against_text"]),
        ("1.42", "1.42万人", "万人", []),
        ("1.42", "14200人", "万人", []),
        ("1.42", "1.4万人", "万人", []),  # rounded
        ("1.48", "1.4万人", "万人", []),  # cut
        ("1.42", "14.2万人", "万人", ["unit_differs"]),
        ("95", "95以上", "%", ["table_against_text"]),
        ("<4", "4以内", "%", ["table_against_text"]),
        ("95以上", "98以上", "%", ["table_against_text"]),
    ],
)
def test_one_name_with_two_values(first: str, second: str, unit: str, found: list[str]) -> None:
    assert types(*two(first, second, unit)) == found


def test_a_unit_that_slipped_is_no_second_value() -> None:
    table, text = two("0.6351", "12481人", "万人")
    assert types(table, text) == ["table_against_text"]
    people = two("100", "100", "万人")[0]
    times = indicator(
        "times", "人才总量", "人才总量100", unit="万人次", target=figure("100", comparator="equal")
    )
    assert types(people, times) == ["unit_differs"]


def test_what_is_not_the_same_thing_is_not_compared() -> None:
    other_plan = two("1.42", "1.5", "万人", plan="two")
    assert types(*other_plan) == []
    plans = [
        PlanContent.model_validate(
            {"slug": slug, "name": slug, "region": "510802", "text_file": "both.txt", "valid_from": START}
        )
        for slug in ("one", "two")
    ]
    assert types(*other_plan, *plans) == ["table_against_text"]  # two plans of one file
    table, text = two("1.42", "1.5", "万人")
    text.target.year = 2030  # type: ignore[union-attr]  # `two` gives it a target
    assert types(table, text) == []
    urban = standard("a", "补助水平", "城市低保补助298元", "298元", unit="元", population="城市低保")
    rural = standard("b", "补助水平", "农村低保补助137元", "137元", unit="元", population="农村低保")
    assert types(urban, rural) == []
    again = standard("c", "补助水平", "农村低保补助147元", "147元", unit="元", population="农村低保")
    assert types(rural, again) == ["same_name_two_values"]
    both = "城乡收入分别达36850元、16000元"
    ends = [
        indicator(s, "收入", both, unit="元", target=figure(f"{n}元"))
        for s, n in (("u", 36850), ("r", 16000))
    ]
    assert types(*ends) == []


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("新增托位1800个(其中:普惠600个、非营利性600个、营利性600个)", False),
        ("新增托位1800个(其中:普惠600个、非营利性600个、营利性650个)", True),
        ("新增托位1800个,其中普惠600个,托育机构3家", False),
        ("建成小学28所、中学14所,共计42所", False),
        ("建成小学28所、中学14所,共计43所", True),
    ],
)
def test_sums_within_one_sentence(sentence: str, found: int) -> None:
    source = {"plan": "one", "section": "x", "quote": sentence, "fields": ["content"]}
    names = {"slug": "s", "name": "托育", "plan": "one", "domain": "d", "concept": "c", "listed": False}
    service = ServiceContent.model_validate({**names, "valid_from": START, "sources": [source]})
    assert types(service) == ["total_against_parts"] * found


def discrepancy(*slugs: str, kind: str = "total_against_parts") -> DiscrepancyContent:
    touches = [{"kind": "indicators", "slug": slug} for slug in slugs]
    whole = {
        "slug": "d",
        "plan": "one",
        "valid_from": START,
        "type": kind,
        "explanation": "x",
        "touches": touches,
    }
    return DiscrepancyContent.model_validate(whole)


def test_what_a_discrepancy_touches_is_recorded() -> None:
    (of_three,) = contradictions(total_and_parts("9.3", "5.0", "4.0"))
    assert recorded_by(of_three, [discrepancy("part-0"), discrepancy("total", "part-1")]) == "d"
    assert recorded_by(of_three, [discrepancy("part-0", "part-1"), discrepancy("total")]) is None
    (of_two,) = contradictions(two("1.42", "1.5", "万人"))
    assert recorded_by(of_two, [discrepancy("text", "table", kind="other")]) == "d"
    assert recorded_by(of_two, [discrepancy("text")]) is None
    (alone,) = contradictions([indicator("a", "参保率", "120%", unit="%", baseline=figure("120%"))])
    assert recorded_by(alone, [discrepancy("a", kind="numbering")]) is None
    assert recorded_by(alone, [discrepancy("a", kind="other")]) == "d"


def test_a_figure_held_twice_is_found_once_and_recorded_by_either() -> None:
    table, text = two("95", "95以上", "%")
    twin = standard(
        "twin", "人才总量", "人才总量达到95以上", "95以上", unit="%", comparator="at_least", year=2025
    )
    (finding,) = contradictions([table, text, twin])
    assert set(finding.documents) == {("indicators", "table"), ("indicators", "text"), ("standards", "twin")}
    assert recorded_by(finding, [discrepancy("table", "text", kind="table_against_text")]) == "d"


tenths = st.integers(1, 10_000)


@settings(deadline=None)
@given(parts=st.lists(tenths, min_size=2, max_size=6), data=st.data())
def test_sums_that_come_out_are_silent_and_others_are_not(parts: list[int], data: st.DataObject) -> None:
    """The total of parts as they are before rounding; off by more than all roundings together it is found."""
    exact = [Decimal(part) / 100 for part in parts]
    total = round(sum(exact, Decimal(0)), 1)
    printed = [str(round(part, 1)) for part in exact]
    assert types(*total_and_parts(str(total), *printed)) == []
    whole = sum(map(Decimal, printed))
    beyond = Decimal("0.05") * (len(parts) + 1) + Decimal("0.1")
    near = whole * Decimal("0.047")  # of the total as it is perturbed, less than 5 %
    # In tenths, so that what is drawn is printed as it is.
    steps = range(int(beyond * 10) + 1, int(near * 10))
    if steps:
        off = Decimal(data.draw(st.sampled_from(steps))) / 10 * data.draw(st.sampled_from((1, -1)))
        above = [p for p in printed if Decimal(p) - Decimal("0.05") > whole + off + Decimal("0.05")]
        found = types(*total_and_parts(str(whole + off), *printed))
        assert found == ["total_against_parts"] * (1 + len(above))


@settings(deadline=None)
@given(start=st.integers(10_000, 900_000), rate=st.integers(-50, 200), decimals=st.integers(0, 2))
def test_growth_that_follows_is_silent_and_other_growth_is_not(start: int, rate: int, decimals: int) -> None:
    exact = Decimal(rate) / 10
    end = round(Decimal(start) * (1 + exact / 100) ** 5)
    printed = round(exact, decimals)

    def row(growth: Decimal) -> IndicatorContent:
        ends: dict[str, Any] = {
            "baseline": figure(str(start), 2015),
            "target": figure(str(end), 2020, comparator="equal"),
        }
        grown = {"value": float(growth), "text": f"{growth}%", "span": "annual_growth"}
        return indicator("row", "收入", f"{start} {end} {growth}%", unit="元", **ends, growth=grown)

    assert types(row(printed)) == []
    unit = Decimal(1).scaleb(-decimals)
    assert types(row(printed + 4 * unit)) == ["growth_does_not_follow"]
    assert types(row(printed - 4 * unit)) == ["growth_does_not_follow"]


@settings(deadline=None)
@given(value=st.integers(1, 10**7), decimals=st.integers(0, 3))
def test_one_value_printed_in_two_units_is_one_value(value: int, decimals: int) -> None:
    coarse = round(Decimal(value) / 10_000, decimals)
    if coarse == 0:
        return
    fine = indicator("fine", "人才总量", f"人才总量{value}人", unit="人", target=figure(f"{value}人"))
    rounded = indicator(
        "coarse", "人才总量", f"人才总量达{coarse}万人", unit="万人", target=figure(str(coarse))
    )
    assert types(fine, rounded) == []
    away = coarse + 3 * Decimal(1).scaleb(-decimals)
    wrong = indicator("coarse", "人才总量", f"人才总量达{away}万人", unit="万人", target=figure(str(away)))
    assert len(types(fine, wrong)) == 1


def test_the_seed_check_warns_with_file_and_line(tmp_path: Path, seed_with: Any) -> None:
    folder = seed_with(tmp_path)
    result = CliRunner().invoke(app, ["check", str(folder)])
    assert result.exit_code == 0, result.output
    lines = result.output.replace(f"{folder}/", "").splitlines()
    assert lines[0].startswith("small/indicators.yaml:5: warning: total_against_parts: indicators/total: ")
    assert "    small/indicators.yaml:13: indicators/first" in lines
    assert "    “参保 9.3 万人”" in lines
    assert lines[-2] == "contradictions: 0 recorded, 1 not recorded"
    (folder / "small" / "discrepancies.yaml").write_text(DISCREPANCY, encoding="utf-8")
    result = CliRunner().invoke(app, ["check", str(folder)], env={"LANG": "zh_CN.UTF-8"})
    assert result.output.splitlines()[-2] == "矛盾：已记录1处，未记录0处"


HEAD = "valid_from: 2021-01-01\nitems:\n"
PLAN = """\
- slug: small
  name: 总则
  region: '510802'
  sources:
  - {section: 第一章, quote: 总则, fields: [name]}
  - {section: 第一章, quote: 总则, fields: [region], basis: derived, derivation: A test.}
"""
ROW = """\
- slug: {slug}
  name: {name}
  baseline: {{year: 2020, value: {value}, text: '{value}', state: stated}}
  unit: 万人
{part}  sources:
  - section: 第一章
    quote: {name} {value} 万人
    fields: [name, baseline]
"""
DISCREPANCY = (
    HEAD
    + """\
- slug: known
  type: total_against_parts
  explanation: The parts make 9.
  touches: [{kind: indicators, slug: total}, {kind: indicators, slug: first}]
  sources:
  - {section: 第一章, quote: 参保 9.3 万人, fields: [explanation]}
"""
)


@pytest.fixture
def seed_with() -> Any:
    """Writes a seed of one plan whose parts do not make their total."""

    def write(place: Path) -> Path:
        folder = place / "seed"
        (folder / "small").mkdir(parents=True)
        (folder / "regions").mkdir()
        regions = '[{"code":"510000","name":"四川省"},{"code":"510802","name":"利州区"}]'
        (folder / "regions" / "regions-two.json").write_text(regions, encoding="utf-8")
        (folder / "small" / "plans.yaml").write_text(HEAD + PLAN, encoding="utf-8")
        of_total = "  part_of: total\n"
        rows = [
            ("total", "参保", "9.3", ""),
            ("first", "养老", "5.0", of_total),
            ("second", "医疗", "4.0", of_total),
        ]
        text = HEAD + "".join(ROW.format(slug=s, name=n, value=v, part=p) for s, n, v, p in rows)
        (folder / "small" / "indicators.yaml").write_text(text, encoding="utf-8")
        return folder

    return write


def test_findings_say_so_in_both_languages() -> None:
    found: list[Finding] = contradictions(two("1.42", "1.5", "万人"))
    assert all(finding.said.en != finding.said.zh and finding.said.zh for finding in found)
