"""`catalogue check`."""

import gc
from pathlib import Path
from typing import Annotated

import typer

from app.faults import Said
from app.settings import Settings
from app.sheets.commands import check_tables
from app.terminal import HandedIn, language, out, report, say


def check(
    path: HandedIn,
    plans: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Folder of the plans' texts, to re-find every quote in"
        ),
    ] = None,
    values: Annotated[  # noqa: FBT002 - typer's way to say a flag
        bool, typer.Option("--values", help="Say of every single value what became of it")
    ] = False,
    uncited: Annotated[  # noqa: FBT002 - typer's way to say a flag
        bool,
        typer.Option("--uncited", help="List the sentences with a figure or a claim that nothing quotes"),
    ] = False,
) -> None:
    """Check what is to be published as publishing would; publishes nothing.

    A folder of seed files is checked against an empty database; tables against the catalogue's own. With --plans,
    every quote of a seed is looked up in its plan's text, too, and sentences that nothing quotes are counted.
    Figures that contradict each other and are no discrepancy yet are said as warnings: a person decides what they are.
    """
    from app.checking.seed import check_seed
    from app.consistency.report import report as contradictions
    from app.handed_in import holds_tables
    from app.seed import load

    if holds_tables(path):
        if plans is not None or values or uncited:
            raise typer.BadParameter("for folders of seed files", param_hint="--plans, --values, --uncited")
        check_tables(path)
        return
    seed = load(path)
    gc.freeze()  # all of it stays until the end: nothing in it is worth looking for garbage in
    faults = check_seed(seed, plans, say, Settings().lint_gate, values=values, uncited=uncited)
    if faults or seed.faults:
        raise typer.Exit(report(seed.lines(faults, language())))
    for line in contradictions(seed, language()):
        out.print(line)
    n = len(seed.documents)
    say(Said(f"{n} documents, no faults.", f"共{n}份文档，没有错误。"))
