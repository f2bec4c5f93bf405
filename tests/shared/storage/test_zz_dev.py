import sys
import time

sys.path.insert(0, "/work/main")
sys.path.insert(0, "/work/main/runner")
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import tests.shared.storage.test_state_machine as m


def test_it(aws):

    t = time.time()
    run_state_machine_as_test(
        m.Storage,
        settings=settings(
            max_examples=int(__import__("os").environ.get("N", "8")),
            stateful_step_count=20,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
    print("took", time.time() - t)
