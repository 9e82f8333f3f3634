"""What processes use."""

import os
import time

from loadtest.load.usage import used
from tests import waiting


def test_cpu_and_memory_of_a_process_grow_with_what_it_does():
    before = used({"me": os.getpid()}, 1.0)

    def worked():
        deadline = time.process_time() + 0.05
        while time.process_time() < deadline:
            pass
        after = used({"me": os.getpid()}, 2.0)
        return after if after.cpu["me"] > before.cpu["me"] else None

    after = waiting.until(worked, "there is CPU time")
    assert after.at == 2.0
    assert after.rss["me"] > 5


def test_a_process_that_has_ended_is_left_out():
    assert used({"gone": 2**22 + 1}, 1.0).cpu == {}
