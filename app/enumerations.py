"""What each enumeration of the wire is called, and what its values mean.

Tools that write clients make a type of every enumeration: the OpenAPI document gives each a name and says it once.
An enumeration is known by its values, so a new value has to be explained here.
"""

from collections.abc import Mapping
from typing import NamedTuple, get_args

from app.catalogue import KINDS
from app.concepts.models import Category
from app.discrepancies.models import Contradiction
from app.lint.findings import CODES
from app.sheets.words import LABELS


class Enumeration(NamedTuple):
    """The name of a type, what it is in both languages, and its values with their meanings."""

    name: str
    title: str
    description: str
    meanings: Mapping[str, str]


def labelled(*values: str, **english: str) -> dict[str, str]:
    """Values that a table has Chinese labels for, with what they mean in English where it is worth saying."""
    meanings = dict.fromkeys(values, "") | english
    return {value: f"{said} ({LABELS[value]})" if said else LABELS[value] for value, said in meanings.items()}


ENUMERATIONS = (
    Enumeration(
        "Kind",
        "类别",
        "The kind of a resource, as it stands in URLs",
        {name: f"{kind.content.noun.en} {kind.content.noun.zh}" for name, kind in KINDS.items()},
    ),
    Enumeration(
        "Category",
        "国家分类",
        "A category of the national scheme of basic public services",
        labelled(*get_args(Category)),
    ),
    Enumeration(
        "RegionLevel",
        "级别",
        "The level of a region",
        labelled("province", "prefecture", "county"),
    ),
    Enumeration(
        "Basis",
        "出处依据",
        "How a value follows from its quote",
        labelled(
            stated="the text says it",
            named="read out of the service's own name, or its domain's goal",
            defined="a definition in the plan",
            derived="computed by us; `derivation` says how",
        ),
    ),
    Enumeration(
        "Strength",
        "约束力",
        "How firmly a rule commits the plan",
        labelled(
            entitlement="the text commits: 确保, 免除, 给予 …",
            target_group="it names whom it favours: 重点, 优先, 鼓励 …",
            pilot="it tries out: 探索, 试点 …",
        ),
    ),
    Enumeration(
        "Outcome",
        "结论",
        "Whether a person is entitled to a service",
        {
            "eligible": "a rule holds, whatever else is true (符合)",
            "not_eligible": "no rule can hold any more (不符合)",
            "undetermined": "facts are missing, or the plan leaves a word open (未定)",
        },
    ),
    Enumeration(
        "Explain",
        "说明程度",
        "How much of the reasoning to show",
        {
            "none": "no reasons (不说明)",
            "brief": "the clauses that decide (决定结论的条款)",
            "full": "every clause of every rule (全部条款)",
        },
    ),
    Enumeration(
        "ExpressionLanguage",
        "表达式语言",
        "A language that a rule can be written in",
        {
            "cel": "Common Expression Language",
            "sql": "a condition of a WHERE clause",
            "jsonlogic": "JSON Logic, in two expressions: one that it holds, one that it fails",
            "zh": "Chinese (中文)",
            "en": "English (英文)",
        },
    ),
    Enumeration(
        "FactType",
        "事实类型",
        "What the value of a fact is",
        labelled(
            boolean="true or false",
            integer="a whole number",
            date="a day, YYYY-MM-DD",
            enumeration="one of its `values`",
            region="a six-digit code",
        ),
    ),
    Enumeration(
        "FactSubject",
        "事实对象",
        "Whom a fact is about",
        labelled(
            person="the person",
            household="the household",
        ),
    ),
    Enumeration(
        "FactChange",
        "事实变化方式",
        "What can change a fact",
        labelled(
            with_time="only time",
            never="nothing",
            not_by_choice="much, but nobody should be told to change it",
            by_choice="the person's own decision",
        ),
    ),
    Enumeration(
        "Measure",
        "度量",
        "What a standard measures",
        labelled(
            amount="money, or goods",
            ratio="a share of a whole",
            deadline="the time until something is done",
            distance="how far it is",
            frequency="how often",
            coverage="the share of people or places that are reached",
            count="how many",
            level="a grade or a rank",
        ),
    ),
    Enumeration(
        "Comparator",
        "比较",
        "How the value of a standard bounds what is promised",
        labelled(
            equal="",
            at_least="",
            more_than="",
            at_most="",
            less_than="",
            about="",
            range="from `value` to `value_high`",
        ),
    ),
    Enumeration(
        "FigureComparator",
        "指标比较",
        "How a figure of an indicator bounds what is meant",
        labelled("equal", "at_least", "more_than", "at_most", "less_than", "about"),
    ),
    Enumeration(
        "StandardPeriod",
        "时段",
        "What time a quantity is counted over",
        labelled(
            annual="one year",
            five_years="the plan's five years",
        ),
    ),
    Enumeration(
        "Firmness",
        "承诺程度",
        "How firmly a standard is promised",
        labelled(
            commitment="it is promised",
            aim="",
            encouragement="",
            pilot="",
        ),
    ),
    Enumeration(
        "Standing",
        "位次",
        "Where a region's standard stands among those it is compared with",
        {
            "highest": "最高",
            "lowest": "最低",
            "between": "居中",
            "equal": "all are the same (相同)",
        },
    ),
    Enumeration(
        "FloorVerdict",
        "底线核对结论",
        "How a standard stands to the one above it",
        {
            "above": "keeps the promise above, and more (高于上级)",
            "equal": "the same promise (与上级相同)",
            "below": "allows what the promise above does not (低于上级)",
        },
    ),
    Enumeration(
        "IndicatorNature",
        "指标性质",
        "Whether the government is bound by an indicator",
        labelled("binding", "expected"),
    ),
    Enumeration(
        "FigureState",
        "数值状态",
        "What is printed for a figure",
        labelled(
            stated="a figure",
            none="a dash",
            lost="the text lost it",
            absent="there is no such figure",
        ),
    ),
    Enumeration(
        "FigureSpan",
        "口径",
        "What a figure is counted over",
        labelled(
            level="what is reached by the year",
            annual="one year",
            five_years="a total of five years",
            annual_growth="growth in a year",
        ),
    ),
    Enumeration(
        "DiscrepancyType",
        "矛盾类型",
        "How two statements contradict each other",
        labelled(*get_args(Contradiction)),
    ),
    Enumeration(
        "ChangeType",
        "变更类型",
        "How a version changes what was; the first that fits of withdrawn, added, restored, moved, renamed, revised",
        {
            "added": "its first version (新增)",
            "revised": "anything else (修订)",
            "renamed": "another name (更名)",
            "moved": "it belongs elsewhere: plan, domain, concept, service, region or parent (调整)",
            "withdrawn": "it ends (撤销)",
            "restored": "in force again after its end (恢复)",
        },
    ),
    Enumeration(
        "DifferenceType",
        "差异类型",
        "What a difference between two states means",
        {
            "added": "in force after and not before (新增)",
            "withdrawn": "in force before and not after (减少)",
            "merged": "several services became one (合并)",
            "split": "one service became several (拆分)",
            "moved": "it belongs elsewhere (调整归属)",
            "renamed": "another name (更名)",
            "tightened": "less would keep the promise than before (标准要求提高)",
            "loosened": "more would keep the promise than before (标准要求放宽)",
            "reworded": "other words for the same (仅调整表述)",
            "audience_widened": "nobody's answer gets worse and somebody's better (对象范围扩大)",
            "audience_narrowed": "nobody's answer gets better and somebody's worse (对象范围缩小)",
            "audience_changed": "some gain and some lose, or it cannot be decided (对象范围有调整)",
            "strength_raised": "promised more firmly (约束力提高)",
            "strength_lowered": "promised less firmly (约束力降低)",
            "revised": "any other field (内容修订)",
        },
    ),
    Enumeration(
        "LintSeverity",
        "严重程度",
        "How bad a finding is",
        {
            "error": "an answer is wrong or cannot be given (错误)",
            "warning": "probably a slip (警告)",
            "notice": "good to know (提示)",
        },
    ),
    Enumeration(
        "LintCode",
        "检查代码",
        "What kind of finding it is, and how bad; explained in docs/lint.md",
        {code: kind.severity for code, kind in CODES.items()},
    ),
    Enumeration(
        "ProposalState",
        "提案状态",
        "Where a proposal stands",
        {
            "draft": "拟稿",
            "in_review": "审核中",
            "approved": "已审核",
            "published": "已发布",
            "withdrawn": "已撤回",
        },
    ),
    Enumeration(
        "ProposalAction",
        "提案操作",
        "What somebody did to a proposal",
        {
            "open": "拟稿",
            "revise": "修改",
            "submit": "送审",
            "comment": "意见",
            "return": "退回",
            "approve": "审核通过",
            "withdraw": "撤回",
            "publish": "发布",
        },
    ),
    Enumeration(
        "ListFormat",
        "列表格式",
        "The file that a whole list comes as",
        {
            "json": "the items as on the pages, all on one",
            "csv": "the table that can be edited and published again (可编辑的表格)",
            "ndjson": "the items as on the pages, one a line",
            "xlsx": "the same table as a workbook (Excel 工作簿)",
            "parquet": "the items in typed columns",
        },
    ),
    Enumeration(
        "ChangesFormat", "变更格式", "What changes come as", {"json": "a page", "ndjson": "one change a line"}
    ),
    Enumeration(
        "DiffFormat",
        "差异格式",
        "What differences come as",
        {"json": "data", "text": "a report in Chinese (中文报告)"},
    ),
    Enumeration(
        "TimeMapFormat",
        "历史状态格式",
        "What a TimeMap comes as",
        {"json": "JSON", "link": "application/link-format, as RFC 7089 writes it"},
    ),
)
