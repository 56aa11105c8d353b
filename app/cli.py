"""The `catalogue` command.

Exit codes: 0 done; 1 something that was checked is wrong; 2 wrong usage; 3 another release came first; 4 the
database cannot be used.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from pydantic import ValidationError

from app import __version__
from app.checking.command import check
from app.diff.command import diff
from app.errors import Conflict, Invalid, Problem, StorageUnavailable
from app.faults import Said
from app.keys.commands import app as keys
from app.lint.command import lint
from app.operations import backup, restore, verify
from app.settings import Settings
from app.sheets.commands import export
from app.terminal import HandedIn, database, err, language, out, report, say

app = typer.Typer(
    name="catalogue",
    help="The public-service catalogue: serve it, migrate its database, publish into it, check what is to be "
    "published. Settings come from the environment: DATABASE_URL, HOST, PORT, LOG_LEVEL, THREADS.",
    epilog="Exit codes: 0 done; 1 something checked is wrong; 2 wrong usage; 3 another release came first; "
    "4 the database cannot be used.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(export, name="export")
app.add_typer(keys, name="keys")
for command in (check, diff, lint, verify, backup, restore):
    app.command()(command)


@app.command()
def serve(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--publish",
            exists=True,
            file_okay=False,
            help="First migrate, and publish this folder of seed files: all in one process, which is quicker",
        ),
    ] = None,
) -> None:
    """Serve the catalogue on HOST and PORT until stopped."""
    import uvicorn

    if folder is not None:
        migrate()
        publish(folder)
    settings = Settings()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"http://{host}:{settings.port}"
    services, search = f"{base}/v1/services?listed=true", f"{base}/v1/services?q={quote('低保')}"
    say(
        Said(
            f"Serving {settings.shown_database} on {base}\n  explore   {base}/docs\n  services  {services}\n"
            f"  search    {search}  (低保)\nStop with Ctrl-C.",
            f"已启动：{base}，数据库 {settings.shown_database}\n  试用接口  {base}/docs\n  服务项目  {services}\n"
            f"  检索低保  {search}\n按 Ctrl-C 停止。",
        )
    )
    # uvicorn finishes what it is answering, then raises the signal again: being told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        "app.main:process_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        access_log=False,  # it would write down what people search for
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=30,  # a client that never finishes must not keep the program from ending
    )


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date; creates it where there is none."""
    from app.migrating import migrate as bring_up_to_date

    with database() as engine:
        bring_up_to_date(engine)
    say(Said("The database is up to date.", "数据库已是最新结构。"))


@app.command()
def publish(
    path: HandedIn,
    message: Annotated[str | None, typer.Option("--message", "-m", help="What the release is about")] = None,
    publisher: Annotated[
        str | None, typer.Option(help="Who publishes; left out, `seed` or, for tables, `tables`")
    ] = None,
) -> None:
    """Publish a folder of seed files, or tables that were edited, as one release, or nothing.

    What the publisher of a seed has published before is not published again; an edited document becomes the next
    version. Of tables, what differs from the release that they were exported from is published.
    """
    from app.database import reading
    from app.handed_in import changeset_of, load, published_already
    from app.publishing import publish as publish_changeset
    from app.versioning import latest_release

    with database() as engine:
        with reading(engine) as session:
            base = latest_release(session)
            nothing = Said(
                f"Nothing to publish: release {base} says all of it.",
                f"没有需要发布的改动：发布{base}已包含全部内容。",
            )
            if published_already(session, path, publisher):
                say(nothing)
                return
        handed_in = load(path)
        said = message or ("Seed files" if path.is_dir() else path.name)
        with reading(engine) as session:
            changeset = changeset_of(session, handed_in, base=base, message=said, publisher=publisher)
        try:
            if handed_in.faults:
                raise Invalid.of([])
            published = publish_changeset(engine, changeset, gate=Settings().lint_gate)
        except Invalid as problem:
            raise typer.Exit(report(handed_in.lines(problem.faults, language()))) from None
    if published.release is None:
        say(nothing)
    else:
        added, revised, withdrawn = published.added, published.revised, published.withdrawn
        say(
            Said(
                f"Published release {published.release}: {added} added, {revised} revised, {withdrawn} withdrawn.",
                f"已作为发布{published.release}公布：新增{added}项，修订{revised}项，撤销{withdrawn}项。",
            )
        )


@app.command("new-plan")
def new_plan(
    slug: Annotated[str, typer.Argument(help="Slug of the plan, for ever: place-subject-2026-2030")],
    name: Annotated[str, typer.Option(help="Title as printed")],
    region: Annotated[str, typer.Option(help="Six-digit code of the region it is made for")],
    start: Annotated[str, typer.Option(help="First day of its period, such as 2026-01-01")],
    text_file: Annotated[str, typer.Option(help="Name of the text that is quoted from")] = "plan.txt",
    seed: Annotated[Path, typer.Option(help="Folder of seed files", exists=True, file_okay=False)] = Path(
        "seed"
    ),
) -> None:
    """Make the folder for a new plan, with a file of each kind to fill in."""
    from app.newplan import new_plan as write

    for file in write(seed, slug=slug, name=name, region=region, start=start, text_file=text_file):
        out.print(file)
    say(
        Said(
            f"Fill them in from the plan's text. Put the text into a folder TEXTS as {text_file}; then: "
            f"catalogue check {seed} --plans TEXTS",
            f"请按规划原文填写。把全文存为 {text_file}，放在一个文件夹（如 TEXTS）中，然后运行："
            f"catalogue check {seed} --plans TEXTS",
        )
    )


@export.command("openapi")
def export_openapi(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write it; standard output if left out")
    ] = None,
) -> None:
    """Write the OpenAPI document."""
    from app.main import create_app

    document = create_app(Settings(database_url="sqlite:///never-opened.db")).openapi()
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=False) + "\n"
    if file is None:
        sys.stdout.write(text)
    else:
        file.write_text(text, encoding="utf-8")


@app.command()
def version() -> None:
    """Print the program's version."""
    out.print(__version__)


def main() -> None:
    """Runs the command; a problem is said in the terminal's language, and in the exit code."""
    try:
        app()
    except Problem as problem:
        err.print(problem.detail.to(language()))
        for one in problem.faults:
            err.print(f"{one.parameter or one.pointer}: {one.said.to(language())}")
        exit_code = (
            3 if isinstance(problem, Conflict) else 4 if isinstance(problem, StorageUnavailable) else 1
        )
        sys.exit(exit_code)
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for fault in error.errors(include_url=False):
            err.print(f"{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}")
        sys.exit(2)
