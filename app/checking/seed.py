"""A folder of seed files beyond what publishing checks: counts that a plan claims, quotes in its text."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from app.checking.coverage import miscovered, sentences, text_coverage
from app.checking.quotes import RESULTS, refind
from app.database import create
from app.errors import Invalid
from app.faults import Fault, Said
from app.lint.gate import Gate
from app.migrating import migrate
from app.publishing import publish
from app.seed import Seed


def check_seed(
    seed: Seed, plans: Path | None, say: Callable[[Said], None], gate: Gate, *, values: bool, uncited: bool
) -> list[Fault]:
    """What publishing the seed into an empty database would refuse, and what its counts and quotes get wrong."""
    faults: list[Fault] = list(miscounted(seed))
    with TemporaryDirectory() as scratch:
        engine = create(f"sqlite:///{scratch}/check.db")
        migrate(engine)
        try:
            changeset = seed.changeset(message="check", publisher="check", base_release=0)
            publish(engine, changeset, gate=gate, searchable=False)
        except Invalid as problem:
            faults += problem.faults
        engine.dispose()
    if plans is not None:
        faults += _check_quotes(seed, plans, say, values=values, uncited=uncited)
    return faults


def _check_quotes(
    seed: Seed, plans: Path, say: Callable[[Said], None], *, values: bool, uncited: bool
) -> Iterator[Fault]:
    findings = list(refind(seed, plans))
    yield from (Fault(f.said, f.pointer) for f in findings if f.said is not None)
    if values:
        for finding in findings:
            field = f"{finding.kind}/{finding.slug}  {finding.field}"
            say(Said(f"{finding.result:<9}  {field}", f"{RESULTS[finding.result]}  {field}"))
    yield from miscovered(seed, plans)
    for plan, counted in text_coverage(seed, plans).items():
        figures, claims = counted.figure_sentences, counted.claim_sentences
        figures_quoted, claims_quoted = counted.figure_sentences_quoted, counted.claim_sentences_quoted
        say(
            Said(
                f"{plan}: {figures_quoted} of {figures} sentences with a figure quoted, "
                f"{claims_quoted} of {claims} with a claim",
                f"{plan}：含数字的句子{figures}句，已引用{figures_quoted}句；"
                f"含权益用语的句子{claims}句，已引用{claims_quoted}句",
            )
        )
    if uncited:
        for plan, found in sentences(seed, plans).items():
            for said in found:
                if not said.quoted:
                    say(
                        Said(
                            f"{plan}: line {said.line}: {said.text}", f"{plan}：第{said.line}行：{said.text}"
                        )
                    )
    for result, chinese in RESULTS.items():
        n = sum(finding.result == result for finding in findings)
        say(Said(f"quotes {result}: {n}", f"{chinese}：{n}处"))


def miscounted(seed: Seed) -> Iterator[Fault]:
    """Domains whose plan claims another number of services than the seed lists for them."""
    listed = Counter(
        document.get("domain")
        for document in seed.documents
        if document["kind"] == "services" and document.get("listed") is True
    )
    for number, document in enumerate(seed.documents):
        claimed = document.get("claimed_count")
        if document["kind"] == "domains" and claimed is not None and claimed != listed[document.get("slug")]:
            found = listed[document.get("slug")]
            yield Fault(
                Said(
                    f"The plan claims {claimed} services here, the seed lists {found}.",
                    f"规划称共计{claimed}项，数据中列有{found}项。",
                ),
                f"/documents/{number}/claimed_count",
            )
