"""Lines become events once, whatever ends and begins again in between."""

import pytest

from router.errors import SettingsError
from router.queue_log.following import Following, LogTrouble, Sinks
from router.queue_log.memory import Memory
from router.queue_log.tail import Tail
from tests.queue_log.histories import followed

CALL = (
    "100|1.1|NONE|NONE|IVRROUTED|10010|10010|senior-direct|senior|henan||queue:elder-care\n"
    "100|1.1|elder-care|NONE|IVRREQUEST|direct\n"
    "101|1.1|elder-care|NONE|ENTERQUEUE||13800138000|1\n"
    "108|1.1|elder-care|e-1|CONNECT|7|1.2|3\n"
    "150|1.1|elder-care|e-1|COMPLETEAGENT|7|42|1\n"
    "151|1.1|NONE|NONE|IVRENDED|10010\n"
)


class Run:
    """One run of an observer over a folder."""

    def __init__(self, folder, durable=lambda: 1_000):
        self.told, self.troubles, self.lines, self.room = [], [], 0, True
        self.log = folder / "queue_log"
        self.memory = Memory(folder / "state")
        left = self.memory.load()
        calls = followed()
        if left is not None:
            calls.load(left.calls)
        self.totals = 0 if left is None else left.totals["events"]
        self.following = Following(
            Tail(self.log, None if left is None else left.place, self.troubles.append),
            calls,
            Sinks(
                publish=self.publish,
                has_room=lambda: self.room,
                durable=durable,
                dump=lambda: {"events": self.totals},
            ),
            memory=self.memory,
            number=0 if left is None else left.number,
            counted=self.count,
            trouble=self.troubles.append,
        )

    def publish(self, event, number):
        self.told.append((number, type(event).__name__))
        self.totals += 1

    def count(self, lines):
        self.lines += lines

    def turn(self):
        while self.following.turn():
            pass

    def die(self):
        """Without a last word."""
        self.following.close()
        self.memory.close()


NAMES = ["CallOffered", "PersonRequested", "CallQueued", "CallAnswered", "CallCompleted", "CallEnded"]


@pytest.mark.parametrize("cut", range(7))
@pytest.mark.parametrize("saved", [True, False])
def test_a_new_run_tells_the_same_events_with_the_same_numbers(tmp_path, cut, saved):
    """What was told before the saved moment is not told again; what comes behind it has its number."""
    lines = CALL.splitlines(keepends=True)
    first = Run(tmp_path)
    first.log.write_text("".join(lines[:cut]))
    first.turn()
    if saved:
        first.following.save()
    first.die()
    with first.log.open("a") as log:
        log.writelines(lines[cut:])
    second = Run(tmp_path)
    second.turn()
    told = dict(first.told) | dict(second.told)
    assert [told[number] for number in range(1, 7)] == NAMES
    assert second.totals == 6
    assert len(second.told) == (6 - cut if saved else 6)
    second.die()


def test_nothing_is_saved_before_its_events_are_safe(tmp_path):
    safe = 0
    run = Run(tmp_path, durable=lambda: safe)
    run.log.write_text(CALL)
    run.turn()
    run.following.save()
    assert run.memory.load() is None
    safe = 6
    run.following.save()
    assert run.memory.load().number == 6
    run.die()


def test_no_line_is_read_while_there_is_no_room(tmp_path):
    run = Run(tmp_path)
    run.log.write_text(CALL)
    run.room = False
    run.turn()
    assert (run.told, run.following.is_caught_up) == ([], False)
    run.room = True
    run.turn()
    assert (len(run.told), run.following.is_caught_up) == (6, True)
    run.die()


def test_a_missing_log_is_told_of_once(tmp_path):
    run = Run(tmp_path)
    run.turn()
    run.turn()
    assert run.troubles == [LogTrouble.MISSING]
    run.log.write_text("nonsense\n" + CALL)
    run.turn()
    assert run.troubles == [LogTrouble.MISSING, LogTrouble.MALFORMED]
    assert (len(run.told), run.lines) == (6, 7)
    run.die()


def test_a_folder_is_one_observers(tmp_path):
    held = Memory(tmp_path / "state")
    with pytest.raises(SettingsError, match="another observer"):
        Memory(tmp_path / "state")
    held.close()
    Memory(tmp_path / "state").close()


@pytest.mark.parametrize("text", ["{", "{}", '{"version":0}', "[]"])
def test_what_another_version_has_saved_is_an_error(tmp_path, text):
    memory = Memory(tmp_path / "state")
    (tmp_path / "state/observer.json").write_text(text)
    with pytest.raises(SettingsError, match=r"observer\.json"):
        memory.load()
    memory.close()


def test_the_writer_keeps_its_name(tmp_path):
    memory = Memory(tmp_path / "state")
    assert [memory.writer("a"), memory.writer("b")] == ["a", "a"]
    memory.close()
