"""`catalogue keys`: who may do what over HTTP."""

from datetime import datetime
from typing import Annotated

import typer

from app.faults import Said
from app.terminal import database, out, say

app = typer.Typer(help="Keys for publishing over HTTP.", no_args_is_help=True)


@app.command()
def create(
    role: Annotated[
        str,
        typer.Option(
            help="reader, editor (drafts), approver (approves) or publisher; each may do what those before it may"
        ),
    ],
    name: Annotated[str, typer.Option(help="Who holds it: stands in every proposal and release")],
) -> None:
    """Make a key and show it, this once."""
    from app.database import writing
    from app.keys.models import ROLES
    from app.keys.models import create as create_key

    if role not in ROLES:
        raise typer.BadParameter(f"should be one of: {', '.join(ROLES)}", param_hint="--role")
    if not name.strip() or not name.isprintable() or len(name) > 200:  # noqa: PLR2004 - said in the message
        raise typer.BadParameter("should have 1 to 200 printable characters", param_hint="--name")
    with database() as engine, writing(engine) as session:
        key, text = create_key(session, role, name.strip())
        say(
            Said(
                f"Key {key.id} for {key.holder} ({key.role}). Keep it well, it is shown only now:",
                f"密钥 {key.id}，持有人 {key.holder}（{key.role}）。只显示这一次，请妥善保管：",
            )
        )
        out.print(text)


@app.command("list")
def list_keys() -> None:
    """List all keys: id, role, holder, when made, last used and revoked."""
    from app.database import reading
    from app.keys.models import every

    with database() as engine, reading(engine) as session:
        for key in every(session):
            used, ended = _moment(key.last_used_at), _moment(key.revoked_at)
            about = f"{key.id}  {key.role:<9}  {key.created_at:%Y-%m-%d}"
            say(
                Said(
                    f"{about}  used {used or 'never'}  {f'revoked {ended}' if ended else 'valid'}  {key.holder}",
                    f"{about}  {f'最近使用 {used}' if used else '从未使用'}  "
                    f"{f'已吊销 {ended}' if ended else '有效'}  {key.holder}",
                )
            )


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id: its eight letters and digits after cat_")],
) -> None:
    """End a key at once."""
    from app.database import writing
    from app.keys.models import revoke as revoke_key

    with database() as engine, writing(engine) as session:
        ended = revoke_key(session, key)
        say(
            Said(
                f"Key {ended.id} of {ended.holder} is revoked.",
                f"密钥 {ended.id}（持有人 {ended.holder}）已吊销。",
            )
        )


def _moment(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else ""
