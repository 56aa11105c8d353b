"""`catalogue export …`, and what `check` and `diff` do with tables."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from app.clock import today_in_china
from app.errors import Invalid
from app.faults import Said
from app.queries import FileFormat
from app.terminal import database, language, out, report

if TYPE_CHECKING:
    from app.publishing import Prepared


class DataUnlessNamed(TyperGroup):
    """`export --format xlsx list.xlsx` is `export data --format xlsx list.xlsx`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - the context of typer's own click
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["data", *args]
        return super().parse_args(ctx, args)


export = typer.Typer(
    cls=DataUnlessNamed,
    help="Write the catalogue out. `export --format xlsx list.xlsx` is short for `export data --format xlsx "
    "list.xlsx`; `export openapi` writes the OpenAPI document.",
    no_args_is_help=True,
)


@export.command("data")
def export_data(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|DIR",
            help="A workbook, an archive (.zip of CSV), a file for one kind, or a folder with a file for each",
        ),
    ],
    name: Annotated[
        FileFormat | None, typer.Option("--format", help="Left out, the file's ending says it")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only this kind, such as services; repeatable")
    ] = None,
    plan: Annotated[str | None, typer.Option(help="Only what belongs to the plan with this slug")] = None,
    region: Annotated[
        str | None, typer.Option(help="Only what belongs to plans of exactly this region")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="What applies on this day; today if left out"),
    ] = None,
    release: Annotated[
        int | None, typer.Option(min=0, help="As of this release; the latest if left out")
    ] = None,
    overwrite: Annotated[  # noqa: FBT002 - typer's way to say a flag
        bool, typer.Option("--overwrite", help="Replace files that are there already")
    ] = False,
) -> None:
    """Write lists as Excel or CSV, to be edited and published again, or as JSON, NDJSON or Parquet."""
    from app.database import reading
    from app.sheets.exporting import write_out
    from app.sheets.selection import select_kinds
    from app.versioning import At, check_release, latest_release

    wanted = name or _format_of(target)
    _check_kinds(kind or [])
    with database() as engine, reading(engine) as session:
        at = At(
            on.date() if on else today_in_china(),
            latest_release(session) if release is None else check_release(session, release),
        )
        chosen = select_kinds(session, at, kind or [], plan, region)
        for file in write_out(chosen, wanted, target, overwrite=overwrite):
            out.print(file)


def _format_of(target: Path) -> str:
    from app.sheets.formats import FORMATS

    ending = target.suffix.lower().removeprefix(".")
    ending = "csv" if ending == "zip" else ending
    if ending not in FORMATS:
        raise typer.BadParameter(f"one of {', '.join(FORMATS)}", param_hint="--format")
    return ending


def _check_kinds(kinds: list[str]) -> None:
    from app.catalogue import KINDS

    if any(kind not in KINDS for kind in kinds):
        raise typer.BadParameter(f"one of {', '.join(KINDS)}", param_hint="--kind")


def shown(path: Path, publisher: str | None) -> None:
    """Prints what publishing it would change: what is added, revised (old → new) and withdrawn."""
    from app.sheets.difference import difference

    for line in difference(_prepared(path, publisher), language()):
        out.print(line)


def check_tables(path: Path) -> None:
    """Checks tables as publishing would, against the database; publishes nothing."""
    ready = _prepared(path, None)
    n = len(ready.rows)
    out.print(Said(f"{n} changes, no faults.", f"有{n}处改动，没有错误。").to(language()))


def _prepared(path: Path, publisher: str | None) -> "Prepared":
    from app.changesets import check
    from app.database import reading
    from app.handed_in import changeset_of, load
    from app.publishing import prepare
    from app.versioning import latest_release

    handed_in = load(path)
    with database() as engine, reading(engine) as session:
        base = latest_release(session)
        changeset = changeset_of(session, handed_in, base=base, message=path.name, publisher=publisher)
        try:
            if handed_in.faults:
                raise Invalid.of([])
            return prepare(session, check(changeset))
        except Invalid as problem:
            raise typer.Exit(report(handed_in.lines(problem.faults, language()))) from None
