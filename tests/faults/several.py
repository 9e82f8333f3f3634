"""Stores of several servers: a master with replicas and sentinels, and a cluster."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import redis

from router.settings import Address
from router.store.shards import slot_of
from tests.faults.conftest import Rig
from tests.faults.redis_server import RedisServer
from tests.waiting import until

SERVICE = "hotline"
DOWN_MS = 1000
"""After which a server that is silent counts as down: of sentinels, and of a cluster's nodes."""
NODES = 6
THIRDS = ((0, 5460), (5461, 10922), (10923, 16383))


@dataclass
class Guarded:
    """A master, replicas of it, and three sentinels, of whom two must agree."""

    servers: list[RedisServer]
    """The first is the master at first."""
    sentinels: list[RedisServer]

    @property
    def hosts(self) -> str:
        """The sentinels, as a URL has them."""
        return ",".join(str(sentinel.address) for sentinel in self.sentinels)

    @property
    def url(self) -> str:
        """The store."""
        return f"sentinel://{self.hosts}/{SERVICE}"

    def master(self) -> RedisServer:
        """Where two sentinels of three see the master."""
        said = [sentinel.tell("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE) for sentinel in self.sentinels]
        ports = sorted(int(port) for _, port in said)
        return next(server for server in self.servers if server.address.port == ports[1])


def guarded(rig: Rig, *options: str, sentinel: tuple[tuple[str, ...], ...] = ()) -> Guarded:
    """Start them, with the customers; ``sentinel`` are commands to each sentinel."""
    master = rig.store(*options)
    following = ("--replicaof", f"127.0.0.1 {master.address.port}")
    replicas = [rig.redis(name, *following, *options) for name in ("replica-1", "replica-2")]
    for replica in replicas:
        until(lambda replica=replica: _follows(replica), f"{replica.folder.name} follows")
    sentinels = [rig.redis(f"sentinel-{number}", sentinel=True) for number in range(3)]
    for each in sentinels:
        each.tell("SENTINEL", "MONITOR", SERVICE, "127.0.0.1", master.address.port, 2)
        each.tell("SENTINEL", "SET", SERVICE, "down-after-milliseconds", DOWN_MS)
        each.tell("SENTINEL", "SET", SERVICE, "failover-timeout", 10_000)
        for command in sentinel:
            each.tell(*command)
    made = Guarded([master, *replicas], sentinels)
    until(lambda: all(_sees_all(each) for each in sentinels), "sentinels know each other and the replicas")
    return made


def _follows(replica: RedisServer) -> bool:
    return bool(replica.tell("INFO", "replication")["master_link_status"] == "up")


def _sees_all(sentinel: RedisServer) -> bool:
    state = sentinel.client().sentinel_master(SERVICE)
    return bool(state["num-other-sentinels"] == 2 and state["num-slaves"] == 2)


@dataclass
class Cluster:
    """Three masters with a third of the slots each, and a replica of each."""

    servers: list[RedisServer]
    """The first three are the masters at first."""
    ids: dict[int, str] = field(default_factory=dict)
    """Of each node, by its port."""

    @property
    def url(self) -> str:
        """The store, by two of its nodes."""
        return "cluster://" + ",".join(str(server.address) for server in self.servers[1:3])

    def client(self) -> redis.RedisCluster:
        """redis-py's."""
        return redis.RedisCluster(host="127.0.0.1", port=self.alive().address.port, socket_timeout=2)

    def alive(self) -> RedisServer:
        """One that runs."""
        return next(server for server in reversed(self.servers) if server.is_running)

    def place(self, tag: str) -> int:
        """Which third of the slots has the keys of a tag."""
        slot = slot_of(tag)
        return next(number for number, (first, last) in enumerate(THIRDS) if first <= slot <= last)

    def master(self, tag: str) -> Address | None:
        """Who has the keys of a tag, by the word of a node that runs."""
        slot = slot_of(tag)
        for first, last, (host, port, *_), *_ in self.alive().tell("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return Address(host.decode(), port)
        return None


def joined(rig: Rig, made: Cluster, name: str, *options: str) -> RedisServer:
    """Start a server that is of the cluster and has no slots."""
    bus = rig.ports.take()
    own = ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", str(DOWN_MS))
    server = rig.redis(name, *own, "--cluster-require-full-coverage", "no", *options)
    made.servers.append(server)
    made.ids[server.address.port] = server.tell("CLUSTER", "MYID").decode()
    port = int(options[options.index("--tls-port") + 1]) if "--tls-port" in options else server.address.port
    made.servers[0].tell("CLUSTER", "MEET", "127.0.0.1", port, bus)
    return server


def cluster(rig: Rig, *, each: Callable[[], Sequence[str]] = tuple) -> Cluster:
    """Start one with the customers, imported as a customer's own would be; `each`: options of a server."""
    made = Cluster([])
    for number in range(NODES):
        joined(rig, made, f"node-{number}", *each())
    servers = made.servers
    for server, (first, last) in zip(servers[:3], THIRDS, strict=True):
        server.tell("CLUSTER", "ADDSLOTSRANGE", first, last)
    until(lambda: all(_knows(server) == NODES for server in servers), "nodes know each other")
    for master, replica in zip(servers[:3], servers[3:], strict=True):
        replica.tell("CLUSTER", "REPLICATE", made.ids[master.address.port])
    until(lambda: all(_is_whole(server) for server in servers), "the cluster is whole")
    until(lambda: all(_follows(replica) for replica in servers[3:]), "replicas follow")
    ivr = (sys.executable, "-m", "router", "customers", "import", str(rig.filled / "customers.csv"))
    subprocess.run((*ivr, "--store", made.url, "--key-file", str(rig.key)), check=True, capture_output=True)
    return made


def _knows(server: RedisServer) -> int:
    return int(_info(server)["cluster_known_nodes"])


def _info(server: RedisServer) -> dict[str, str]:
    said = server.tell("CLUSTER", "INFO").decode()
    return dict(line.split(":", 1) for line in said.splitlines() if ":" in line)


def is_well(server: RedisServer) -> bool:
    """A node that sees the cluster well."""
    return _info(server)["cluster_state"] == "ok"


def _is_whole(server: RedisServer) -> bool:
    slots = server.tell("CLUSTER", "SLOTS")
    return is_well(server) and [len(nodes) for _, _, *nodes in slots] == [2, 2, 2]
