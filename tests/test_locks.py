"""The locks install the same on every day: nothing in them is left to what a registry has newest."""

import re
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.running import PROJECT


def locked(name: str) -> dict[str, Requirement]:
    lines = re.findall(r"^[A-Za-z0-9].*?(?= \\$)", (PROJECT / name).read_text(encoding="utf-8"), re.MULTILINE)
    pins = [pin for pin in map(Requirement, lines) if pin.marker is None or pin.marker.evaluate()]
    assert len({canonicalize_name(pin.name) for pin in pins}) == len(pins)
    return {canonicalize_name(pin.name): pin for pin in pins}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_is_pinned_with_the_extras_that_others_want_of_it(name: str) -> None:
    """An extra that is not in the lock is, for pip before 23.3, a package without a pin."""
    pins = locked(name)
    assert len(pins) > 30
    missing: set[str] = set()
    for package, pin in pins.items():
        assert [part.operator for part in pin.specifier] == ["=="], package
        try:
            wanted = [Requirement(line) for line in requires(package) or []]
        except PackageNotFoundError:  # for another system
            continue
        for want in wanted:
            asked = want.marker is None or any(
                want.marker.evaluate({"extra": extra}) for extra in ("", *pin.extras)
            )
            if asked and want.extras:
                of = pins[canonicalize_name(want.name)]
                missing |= {f"{package} wants {want}" for extra in want.extras if extra not in of.extras}
    assert not missing
