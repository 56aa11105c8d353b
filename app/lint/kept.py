"""Reports kept while they are asked for: the findings at a release never change, only which of them matter on a day."""

from sqlmodel import Session

from app.kept import LastFew
from app.lint.days import EVER, Days
from app.lint.models import LintFinding, present
from app.lint.report import is_told, of_release
from app.versioning import At

MOST = 4


class Reports:
    """The last few reports, one for each release and plan."""

    def __init__(self) -> None:
        self.last = LastFew[tuple[int, str | None], list[LintFinding]](MOST)

    def get(self, session: Session, at: At, plan: str | None) -> list[LintFinding]:
        """What is found on a day."""
        found = self.last.get(
            (at.release, plan), lambda: [present(one) for one in of_release(session, at.release, plan)]
        )
        return [one for one in found if is_told(one.code, Days(one.from_, one.until or EVER), at.on)]
