"""A folder to fill in for a new plan, from the template."""

import json
from pathlib import Path
from string import Template
from typing import Annotated

import yaml
from pydantic import BaseModel, StringConstraints, ValidationError

from app.errors import Invalid
from app.faults import Fault, said_by_pydantic
from app.queries import Day
from app.regions.models import Code
from app.versioning import Name, Slug

TEMPLATE = Path(__file__).parent / "plan_template"


class NewPlan(BaseModel):
    """What is known of a plan before its folder is there, as the command line asks for it."""

    slug: Slug
    name: Name
    region: Code
    start: Day
    text_file: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\]+$")]


def new_plan(folder: Path, **said: str) -> list[Path]:
    """Writes the template's files into `folder/slug`.

    Raises `Invalid` with all that is wrong with what was said, or where that folder is there already.
    """
    try:
        plan = NewPlan.model_validate(said)
    except ValidationError as error:
        faults = [
            Fault(said_by_pydantic(e), parameter=f"--{e['loc'][0]}".replace("_", "-")) for e in error.errors()
        ]
        raise Invalid.of(faults) from None
    into = folder / plan.slug
    if into.exists():
        raise Invalid(f"{into} is there already; nothing was written.", f"{into} 已存在，未写入任何文件。")
    into.mkdir()
    values = {
        **{name: _in_yaml(text) for name, text in plan.model_dump(mode="json", exclude={"start"}).items()},
        "title": plan.name,
        "start": str(plan.start),
        "short": f"{plan.slug.split('-', maxsplit=1)[0]}-{plan.start.year}",
    }
    written = []
    for file in sorted(TEMPLATE.iterdir()):
        target = into / file.name
        target.write_text(Template(file.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
        written.append(target)
    return written


def _in_yaml(text: str) -> str:
    """As it is where YAML reads it as just that text, also in braces; else in quotes."""
    try:
        as_it_is = yaml.safe_load(f"{{x: {text}}}") == {"x": text}
    except yaml.YAMLError:
        as_it_is = False
    return text if as_it_is else json.dumps(text, ensure_ascii=False)
