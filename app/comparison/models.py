"""What is compared, and the county's standards against those above it."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.queries import ReadQuery
from app.regions.models import Code, RegionRef
from app.rules.models import Rule
from app.services.models import Service
from app.standards.models import Comparator, Standard
from app.versioning import Slug

MOST_REGIONS = 20
Verdict = Literal["above", "equal", "below"]
Standing = Literal["highest", "lowest", "between", "equal"]


def _codes(text: str) -> str:
    codes = text.split(",")
    if not 1 <= len(codes) <= MOST_REGIONS or not all(re.fullmatch("[1-9][0-9]{5}", code) for code in codes):
        raise PydanticCustomError(
            "codes",
            "Should be one to twenty six-digit codes with commas between",
            {"zh": "应为1至20个六位行政区划代码，以英文逗号分隔"},
        )
    if len(set(codes)) < len(codes):
        raise PydanticCustomError(
            "codes_twice", "Should name each region once", {"zh": "同一行政区划只写一次"}
        )
    return text


class ComparisonQuery(ReadQuery):
    """Which benefit, and where."""

    concept: Slug = Field(title="服务概念", description="Slug of the concept to compare")
    regions: Annotated[str, AfterValidator(_codes)] = Field(
        title="行政区划", description="Codes of the regions, with commas between: 510802,620602"
    )


class FloorQuery(ReadQuery):
    """Whose standards to hold against those of the regions above."""

    region: Code = Field(title="行政区划", description="The region whose standards are checked")


class ComparedStandard(BaseModel):
    """One standard in a common unit."""

    model_config = ConfigDict(title="可比标准")

    region: str = Field(title="行政区划", description="Code of the region")
    standard: str = Field(title="服务标准", description="Slug of the standard")
    name: str = Field(title="名称", description="What is measured, in the plan's words")
    value: float = Field(title="数值", description="The value in the common unit")
    value_text: str = Field(title="原文数值", description="The value as printed")
    comparator: Comparator = Field(title="比较", description="How the value bounds what is promised")
    population: str | None = Field(title="对象", description="Whom it is promised to, as printed")
    year: int | None = Field(title="年份", description="The year it is promised or stated for")
    converted: str | None = Field(
        title="换算", description="What was converted, and how, in Chinese; null if nothing was"
    )
    standing: Standing | None = Field(
        title="位次",
        description="Where it stands among the regions; equal if all are the same, null if only one region has any",
    )


class StandardGroup(BaseModel):
    """Standards that measure the same kind of thing in the same unit."""

    model_config = ConfigDict(title="同类标准")

    measure: str = Field(title="度量", description="amount, ratio, deadline …")
    unit: str | None = Field(title="单位", description="The common unit")
    per: str | None = Field(title="计量口径", description="The common period or person")
    period: Literal["five_years"] | None = Field(
        title="时段", description="five_years for totals of a plan's five years, else null"
    )
    items: list[ComparedStandard] = Field(title="标准", description="Highest value first")


class RegionSide(BaseModel):
    """What one region offers."""

    model_config = ConfigDict(title="一地情况")

    region: RegionRef = Field(title="所在区划", description="The region")
    services: list[Service] = Field(title="服务项目", description="Its services of the concept")
    standards: list[Standard] = Field(title="服务标准", description="Its standards of the concept")
    rules: list[Rule] = Field(title="资格规则", description="The rules of those services")


class ConceptComparison(BaseModel):
    """One concept in several regions."""

    model_config = ConfigDict(title="区域对比")

    concept: str = Field(title="服务概念", description="Slug of the concept")
    on: str = Field(title="查询日期", description="The day this answer is for")
    release: int = Field(title="查询发布号", description="The release the catalogue was read at")
    sides: list[RegionSide] = Field(title="各地情况", description="One per region, as asked for")
    measured: list[StandardGroup] = Field(
        title="可比标准", description="Standards in common units, side by side"
    )


class Floor(BaseModel):
    """A standard beside one of a region above."""

    model_config = ConfigDict(title="底线核对")

    standard: str = Field(title="服务标准", description="Slug of the region's own standard")
    floor: str = Field(title="上级标准", description="Slug of the standard above")
    region_above: str = Field(title="上级区划", description="Code of the region above")
    value: float = Field(title="数值", description="Its own value in the common unit")
    value_text: str = Field(title="原文数值", description="Its own value as printed")
    population: str | None = Field(title="对象", description="Whom its own is promised to, as printed")
    floor_value: float = Field(title="上级数值", description="The value above in the common unit")
    floor_value_text: str = Field(title="上级原文数值", description="The value above as printed")
    floor_population: str | None = Field(
        title="上级对象",
        description="Whom the one above is promised to, as printed: see whether it is the same people",
    )
    unit: str | None = Field(title="单位", description="The common unit")
    per: str | None = Field(title="计量口径", description="The common period or person")
    verdict: Verdict = Field(
        title="结论",
        description="above: keeps the promise above and more; below: allows what the promise above does not, such as "
        "a lower amount, a longer deadline or a higher rate where it says at most",
    )


class Floors(BaseModel):
    """A region's standards against its ancestors', where both exist."""

    model_config = ConfigDict(title="底线核对结果")

    region: RegionRef = Field(title="所在区划", description="The region")
    on: str = Field(title="查询日期", description="The day this answer is for")
    release: int = Field(title="查询发布号", description="The release the catalogue was read at")
    items: list[Floor] = Field(title="核对", description="One per pair of comparable standards")
    without_floor: list[str] = Field(
        title="无上级标准", description="Its standards that nothing above compares with"
    )
