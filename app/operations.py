"""What an operator does: verify, back up, restore."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.faults import Said
from app.terminal import database, err, language, say

if TYPE_CHECKING:
    from app.backup import Summary


def verify(
    seal: Annotated[
        str | None, typer.Option(help="A seal that you kept: say whether it is still in the chain")
    ] = None,
) -> None:
    """Recompute the chain of seals over all releases, so that tampering in the database shows."""
    from app.database import reading
    from app.sealing import verify as verify_seals

    with database() as engine, reading(engine) as session:
        found = verify_seals(session)
    for broken in found.broken:
        number, said = broken.release, broken.said
        err.print(Said(f"Release {number}: {said.en}", f"发布{number}：{said.zh}").to(language()))
    if found.broken:
        raise typer.Exit(1)
    if seal is not None and seal not in found.seals:
        gone = Said(
            "This seal is not in the chain: what it sealed was changed or taken away.",
            "链中没有该封存值：其所封存的内容已被改动或删除。",
        )
        err.print(gone.to(language()))
        raise typer.Exit(1)
    n, newest = len(found.seals), found.seals[-1] if found.seals else "-"
    say(
        Said(
            f"{n} releases, none changed. Newest seal: {newest}",
            f"共{n}次发布，均未被改动。最新封存值：{newest}",
        )
    )


def _said(summary: "Summary") -> Said:
    releases, rows, seal = summary.releases, summary.rows, summary.seal or "-"
    return Said(
        f"{releases} releases, {rows} rows. Newest seal: {seal}",
        f"共{releases}次发布，{rows}行。最新封存值：{seal}",
    )


def backup(file: Annotated[Path, typer.Argument(help="Where to write it; must not exist")]) -> None:
    """Write everything to one file, while others read and publish; it holds secrets, so keep it well."""
    from app.backup import backup as write_backup

    with database() as engine:
        summary = write_backup(engine, file)
    say(_said(summary))


def restore(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A backup")]) -> None:
    """Fill an empty database from a backup, all or nothing; migrate it first."""
    from app.restoring import restore as restore_backup

    with database() as engine:
        summary = restore_backup(engine, file)
    say(_said(summary))
