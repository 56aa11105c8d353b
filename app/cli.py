"""The `catalogue` command.

Exit codes: 0 done; 1 something that was checked is wrong; 2 wrong usage; 3 another release came first; 4 the
database cannot be used.
"""

import json
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import quote

import typer
from pydantic import ValidationError

from app import __version__
from app.errors import Conflict, Fault, Invalid, Problem, StorageUnavailable
from app.keys.commands import app as keys
from app.settings import Settings
from app.terminal import database, err, out

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
export = typer.Typer(help="Write something out.", no_args_is_help=True)
app.add_typer(export, name="export")
app.add_typer(keys, name="keys")

Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of seed files")]


@app.command()
def serve() -> None:
    """Serve the catalogue on HOST and PORT until stopped."""
    import uvicorn

    settings = Settings()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"http://{host}:{settings.port}"
    out.print(f"Serving {settings.shown_database} on {base}")
    out.print(f"  explore   {base}/docs")
    out.print(f"  services  {base}/v1/services?listed=true")
    out.print(f"  search    {base}/v1/services?q={quote('低保')}  (低保)")
    out.print("Stop with Ctrl-C.")
    # uvicorn finishes what it is answering, then raises the signal again: being told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        access_log=False,  # it would write down what people search for
        log_level="warning",
        server_header=False,
    )


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date; creates it where there is none."""
    from app.migrating import migrate as bring_up_to_date

    with database() as engine:
        bring_up_to_date(engine)
    out.print("The database is up to date.")


@app.command()
def publish(
    folder: Folder,
    message: Annotated[str, typer.Option("--message", "-m", help="What the release is about")] = "Seed files",
    publisher: Annotated[str, typer.Option(help="Who publishes")] = "seed",
) -> None:
    """Publish a folder of seed files as one release, or nothing.

    What this publisher has published before is not published again; an edited document becomes the next version.
    """
    from app.database import reading
    from app.publishing import publish as publish_changeset
    from app.publishing import says_already
    from app.seed import digest_of, load
    from app.versioning import latest_release

    with database() as engine:
        with reading(engine) as session:
            base = latest_release(session)
            if says_already(session, publisher, digest_of(folder)):
                out.print(f"Nothing to publish: release {base} says all of it.")
                return
        seed = load(folder)
        changeset = seed.changeset(message=message, publisher=publisher, base_release=base)
        try:
            if seed.faults:
                raise Invalid.of([])
            published = publish_changeset(engine, changeset)
        except Invalid as problem:
            raise typer.Exit(_report(seed.lines(problem.faults, Settings().language))) from None
    if published.release is None:
        out.print(f"Nothing to publish: release {base} says all of it.")
    else:
        out.print(
            f"Published release {published.release}: {published.added} added, {published.revised} revised, "
            f"{published.withdrawn} withdrawn."
        )


@app.command()
def check(
    folder: Folder,
    plans: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Folder of the plans' texts, to re-find every quote in"
        ),
    ] = None,
    values: Annotated[  # noqa: FBT002 - typer's way to say a flag
        bool, typer.Option("--values", help="Say of every single value what became of it")
    ] = False,
    uncited: Annotated[  # noqa: FBT002
        bool,
        typer.Option("--uncited", help="List the sentences with a figure or a claim that nothing quotes"),
    ] = False,
) -> None:
    """Check a folder of seed files as publishing would, into an empty database; publishes nothing.

    With --plans, every quote is looked up in its plan's text, too, and sentences that nothing quotes are counted.
    """
    from app.checking import miscounted, miscovered, refind, sentences, text_coverage
    from app.database import create
    from app.migrating import migrate as bring_up_to_date
    from app.publishing import publish as publish_changeset
    from app.seed import load

    language = Settings().language
    seed = load(folder)
    faults: list[Fault] = list(miscounted(seed))
    with TemporaryDirectory() as scratch:
        engine = create(f"sqlite:///{scratch}/check.db")
        bring_up_to_date(engine)
        try:
            publish_changeset(engine, seed.changeset(message="check", publisher="check", base_release=0))
        except Invalid as problem:
            faults += problem.faults
        engine.dispose()
    if plans is not None:
        findings = list(refind(seed, plans))
        faults += [Fault(f.said, f.pointer) for f in findings if f.said is not None]
        if values:
            for finding in findings:
                out.print(f"{finding.result:<9}  {finding.kind}/{finding.slug}  {finding.field}")
        faults += miscovered(seed, plans)
        for plan, counted in text_coverage(seed, plans).items():
            out.print(
                f"{plan}: {counted.figure_sentences_quoted} of {counted.figure_sentences} sentences with a figure "
                f"quoted, {counted.claim_sentences_quoted} of {counted.claim_sentences} with a claim"
            )
        if uncited:
            for plan, found in sentences(seed, plans).items():
                for said in found:
                    if not said.quoted:
                        out.print(f"{plan}: line {said.line}: {said.text}")
        for result in ("exact", "not found", "no text"):
            out.print(f"quotes {result}: {sum(finding.result == result for finding in findings)}")
    if faults or seed.faults:
        raise typer.Exit(_report(seed.lines(faults, language)))
    out.print(f"{len(seed.documents)} documents, no faults.")


@app.command("new-plan")
def new_plan(
    slug: Annotated[str, typer.Argument(help="Slug of the plan, for ever: place-subject-2026-2030")],
    name: Annotated[str, typer.Option(help="Title as printed")],
    region: Annotated[str, typer.Option(help="Six-digit code of the region it is made for")],
    start: Annotated[str, typer.Option(help="First day of its period, such as 2026-01-01")],
    text_file: Annotated[str, typer.Option(help="Name of the text that is quoted from")] = "plan.txt",
    seed: Annotated[Path, typer.Option(help="Folder of seed files", file_okay=False)] = Path("seed"),
) -> None:
    """Make the folder for a new plan, with a file of each kind to fill in."""
    from app.newplan import new_plan as write

    for file in write(seed, slug=slug, name=name, region=region, start=start, text_file=text_file):
        out.print(file)


def _report(lines: list[str]) -> int:
    for line in lines:
        err.print(line)
    err.print(f"{len(lines)} fault{'s' if len(lines) != 1 else ''}; nothing was published.")
    return 1


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
def verify(
    seal: Annotated[
        str | None, typer.Option(help="A seal that you kept: say whether it is still in the chain")
    ] = None,
) -> None:
    """Recompute the chain of seals over all releases, so that tampering in the database shows."""
    from app.database import reading
    from app.sealing import verify as verify_seals

    language = Settings().language
    with database() as engine, reading(engine) as session:
        found = verify_seals(session)
    for broken in found.broken:
        err.print(f"Release {broken.release}: {broken.said.to(language)}")
    if found.broken:
        raise typer.Exit(1)
    if seal is not None and seal not in found.seals:
        err.print("This seal is not in the chain: what it sealed was changed or taken away.")
        raise typer.Exit(1)
    out.print(
        f"{len(found.seals)} releases, none changed. Newest seal: {found.seals[-1] if found.seals else '-'}"
    )


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where to write it; must not exist")]) -> None:
    """Write everything to one file, while others read and publish; it holds secrets, so keep it well."""
    from app.backup import backup as write_backup

    with database() as engine:
        summary = write_backup(engine, file)
    out.print(f"{summary.releases} releases, {summary.rows} rows. Newest seal: {summary.seal or '-'}")


@app.command()
def restore(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A backup")]) -> None:
    """Fill an empty database from a backup, all or nothing; migrate it first."""
    from app.restoring import restore as restore_backup

    with database() as engine:
        summary = restore_backup(engine, file)
    out.print(f"{summary.releases} releases, {summary.rows} rows. Newest seal: {summary.seal or '-'}")


@app.command()
def version() -> None:
    """Print the program's version."""
    out.print(__version__)


def main() -> None:
    """Runs the command; a problem is said in the terminal's language, and in the exit code."""
    try:
        app()
    except Problem as problem:
        err.print(problem.detail.to(Settings().language))
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
