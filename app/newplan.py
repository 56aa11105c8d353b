"""A folder to fill in for a new plan, from the template."""

from pathlib import Path
from string import Template

from app.errors import Invalid

TEMPLATE = Path(__file__).parent / "plan_template"


def new_plan(folder: Path, *, slug: str, name: str, region: str, start: str, text_file: str) -> list[Path]:
    """Writes the template's files into `folder/slug`; `Invalid` where that folder is there already."""
    into = folder / slug
    if into.exists():
        raise Invalid(f"{into} is there already; nothing was written.", f"{into} 已存在，未写入任何文件。")
    into.mkdir(parents=True)
    values = {
        "slug": slug,
        "name": name,
        "region": region,
        "start": start,
        "text_file": text_file,
        "short": f"{slug.split('-', maxsplit=1)[0]}-{start[:4]}",
    }
    written = []
    for file in sorted(TEMPLATE.iterdir()):
        target = into / file.name
        target.write_text(Template(file.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
        written.append(target)
    return written
