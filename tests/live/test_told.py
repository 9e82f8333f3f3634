"""How commands print what came of a reload."""

import time

import pytest

from router.cli.live import SHOWN, told


def outcomes(result, problems=(), **shadow):
    policies = {"result": result, "version": "p@1", "problems": list(problems)}
    return {"policies": policies, **shadow}


@pytest.mark.parametrize("result", ["loaded", "unchanged"])
def test_says_since_when_a_version_is_live(result, capsys):
    """The same whether this reload or the router by itself saw the change; with the date unless today's."""
    now = time.time()
    assert told(outcomes(result), since=now) == 0
    clock = time.strftime("%H:%M:%S", time.localtime(now))
    assert capsys.readouterr().out.endswith(f"p@1 is live since {clock}\n")
    before = time.mktime((2024, 11, 23, 9, 8, 7, 0, 0, -1))
    told(outcomes(result), since=before)
    assert capsys.readouterr().out == "p@1 is live since 2024-11-23 09:08:07\n"


def test_says_the_outcome_first(capsys):
    shadow = {"result": "refused", "version": None, "problems": ["wrong"]}
    assert told(outcomes("loaded", ["a doubt"], shadow=shadow)) == 0
    assert capsys.readouterr().out == "p@1 is live\na doubt\nshadow: none\nshadow: wrong\n"


@pytest.mark.parametrize(("number", "last"), [(SHOWN, "problem 49"), (SHOWN + 3, "… and 3 more")])
def test_shows_so_many_problems(number, last, capsys):
    assert told(outcomes("refused", [f"problem {n}" for n in range(number)])) == 1
    said = capsys.readouterr()
    assert said.err == "not loaded; p@1 goes on\n"
    assert len(said.out.splitlines()) == min(number, SHOWN + 1)
    assert said.out.splitlines()[-1] == last
