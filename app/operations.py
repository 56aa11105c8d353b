"""What an operator does: verify, back up, restore."""

from pathlib import Path
from typing import Annotated

import typer

from app.faults import Said
from app.terminal import database, err, language, out


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
        err.print(f"Release {broken.release}: {broken.said.to(language())}")
    if found.broken:
        raise typer.Exit(1)
    if seal is not None and seal not in found.seals:
        gone = Said(
            "This seal is not in the chain: what it sealed was changed or taken away.",
            "链中没有该封存值：其所封存的内容已被改动或删除。",
        )
        err.print(gone.to(language()))
        raise typer.Exit(1)
    out.print(
        f"{len(found.seals)} releases, none changed. Newest seal: {found.seals[-1] if found.seals else '-'}"
    )


def backup(file: Annotated[Path, typer.Argument(help="Where to write it; must not exist")]) -> None:
    """Write everything to one file, while others read and publish; it holds secrets, so keep it well."""
    from app.backup import backup as write_backup

    with database() as engine:
        summary = write_backup(engine, file)
    out.print(f"{summary.releases} releases, {summary.rows} rows. Newest seal: {summary.seal or '-'}")


def restore(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A backup")]) -> None:
    """Fill an empty database from a backup, all or nothing; migrate it first."""
    from app.restoring import restore as restore_backup

    with database() as engine:
        summary = restore_backup(engine, file)
    out.print(f"{summary.releases} releases, {summary.rows} rows. Newest seal: {summary.seal or '-'}")
