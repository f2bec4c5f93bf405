"""When an unhealthy device tries itself."""

from evalyard_runner.trial import Trials


def test_trials_come_after_a_minute_then_half_as_often_up_to_a_quarter_of_an_hour() -> None:
    now = 0.0
    trials = Trials(clock=lambda: now)
    waits = []
    trials.hear(unhealthy=True)

    for _ in range(7):
        began = now
        while not trials.due:
            trials.hear(unhealthy=True)
            now += 1
        waits.append(now - began)
        trials.made()

    assert waits == [60, 120, 240, 480, 900, 900, 900]


def test_the_next_trial_is_soon_again_when_the_device_was_well_meanwhile() -> None:
    now = 0.0
    trials = Trials(clock=lambda: now)
    trials.hear(unhealthy=True)
    now = 500.0
    trials.made()
    trials.hear(unhealthy=False)
    well = trials.due

    trials.hear(unhealthy=True)
    now = 560.0

    assert (well, trials.due) == (False, True)
