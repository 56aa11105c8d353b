"""Reports kept while they are asked for: the findings at a release never change, only which of them matter on a day."""

from collections import OrderedDict
from threading import Lock

from sqlmodel import Session

from app.lint.days import EVER, Days
from app.lint.models import LintFinding, present
from app.lint.report import is_told, of_release
from app.versioning import At

MOST = 4


class Reports:
    """The last few reports, one for each release and plan."""

    def __init__(self) -> None:
        self.kept: OrderedDict[tuple[int, str | None], list[LintFinding]] = OrderedDict()
        self.lock = Lock()

    def get(self, session: Session, at: At, plan: str | None) -> list[LintFinding]:
        """What is found on a day."""
        found = self._of_release(session, at.release, plan)
        return [one for one in found if is_told(one.code, Days(one.from_, one.until or EVER), at.on)]

    def _of_release(self, session: Session, release: int, plan: str | None) -> list[LintFinding]:
        key = release, plan
        # One at a time: whoever asks meanwhile waits for the same, instead of computing it, too.
        with self.lock:
            if key not in self.kept:
                self.kept[key] = [present(finding) for finding in of_release(session, release, plan)]
                while len(self.kept) > MOST:
                    self.kept.popitem(last=False)
            self.kept.move_to_end(key)
            return self.kept[key]
