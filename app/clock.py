"""Today: the day that reads fall back to."""

from datetime import date, datetime, timedelta, timezone

# China has kept one time, without summer time, since 1991; a zone database may be missing on the machine.
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


def today_in_china() -> date:
    return datetime.now(CHINA).date()
