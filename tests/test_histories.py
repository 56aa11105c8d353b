"""Whatever is published in whatever order: each read says what the two clocks' one sentence says."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.histories import Histories, office
from tests.stores import Store


def test_random_histories_read_as_the_sentence_says(store: Store) -> None:
    with office(store) as place:
        run_state_machine_as_test(
            lambda: Histories(place),  # type: ignore[arg-type]  # called for each history
            settings=settings(
                max_examples=10,
                stateful_step_count=10,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert min(place.told.values()) > 0, place.told
