"""Servers are data: what they need, and their command lines in a run."""

from loadtest.bench.servers import SERVERS, Server, filled


def test_a_command_line_is_filled_with_the_places_of_a_run() -> None:
    command = ("{folder}/agi_floor", "{port}", "--store", "redis://127.0.0.1:{store_port}/0")

    assert filled(command, {"folder": "/run", "port": 4573, "store_port": 6379}) == [
        "/run/agi_floor",
        "4573",
        "--store",
        "redis://127.0.0.1:6379/0",
    ]


def test_every_server_has_a_name_of_its_own_and_listens_where_it_is_told() -> None:
    assert len({server.name for server in SERVERS}) == len(SERVERS)
    assert all(any("{port}" in part for part in server.command) for server in SERVERS)


def test_what_is_missing_is_named() -> None:
    peer = Server(
        name="peer", what="", command=("no-such-program", "{port}"), modules=("json", "no_such_module")
    )

    assert peer.missing == ["no_such_module", "no-such-program"]
