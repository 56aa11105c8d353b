"""`catalogue diff`: between two places in the catalogue, or between the catalogue and what somebody would publish."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.terminal import database, err, language


def diff(
    path: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            metavar="[FILE|DIR]",
            help="Seed files, a workbook or CSV: what publishing it would change",
        ),
    ] = None,
    from_: Annotated[int | None, typer.Option("--from", help="Before: the catalogue at this release")] = None,
    to: Annotated[int | None, typer.Option(help="After: at this release; default: the latest")] = None,
    from_on: Annotated[str | None, typer.Option(help="Before: on this day; default: as --to-on")] = None,
    to_on: Annotated[str | None, typer.Option(help="After: on this day; default: today in China")] = None,
    plan: Annotated[str | None, typer.Option(help="Only this plan and what belongs to it")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind, such as services")] = None,
    slug: Annotated[str | None, typer.Option(help="Only the resource with this slug")] = None,
    region: Annotated[str | None, typer.Option(help="Only plans of this region")] = None,
    from_plan: Annotated[str | None, typer.Option(help="Compare this plan …")] = None,
    to_plan: Annotated[str | None, typer.Option(help="… with this one of the same region")] = None,
    json_: Annotated[bool, typer.Option("--json", help="As JSON instead of a report")] = False,  # noqa: FBT002 - typer's way to say a flag
    publisher: Annotated[str | None, typer.Option(help="Who would publish the file")] = None,
) -> None:
    """Say what publishing a file would change; or, in Chinese, what distinguishes two releases, days or plans."""
    from app.diff.answer import asked, compared, said
    from app.errors import Invalid
    from app.faults import Fault
    from app.sheets.commands import shown

    wanted = {
        "from": from_, "to": to, "from_on": from_on, "to_on": to_on, "plan": plan, "kind": kind, "slug": slug,
        "region": region, "from_plan": from_plan, "to_plan": to_plan,
    }  # fmt: skip
    if path is not None:
        if json_ or any(value is not None for value in wanted.values()):
            raise typer.BadParameter(
                "a file is compared with what is in force: give it alone", param_hint="FILE"
            )
        shown(path, publisher)
        return
    try:
        query = asked(wanted)
        with database() as engine:
            found = compared(engine, query)
    except Invalid as problem:
        for fault in problem.faults or [Fault(problem.detail)]:
            option = f"--{fault.parameter.replace('_', '-')}: " if fault.parameter else ""
            err.print(f"{option}{fault.said.to(language())}")
        raise typer.Exit(2) from None
    sys.stdout.write(said(found, as_json=json_))
