"""The import of customer files into a real store."""

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from router.errors import RowError, SettingsError, StoreRefused
from router.numbers import Number, PseudonymKey
from router.policy.attributes import load_attributes
from router.store.bulk import bulk
from router.store.customers import record
from router.store.imports import Import, Mark, last_imported
from router.store.layout import IMPORT, IMPORTED
from router.store.rejects import Rejects
from router.store.table import Table

POLICIES = Path(__file__).parents[2] / "policies"
ATTRIBUTES = load_attributes(POLICIES)
KEY = PseudonymKey(key_id="k1", secret=bytes(32))


def csv_of(rows, start=0):
    """A file of so many customers, aged 20 to 89 in turn."""
    body = "".join(f"139{number:08},{20 + number % 70}\n" for number in range(start, start + rows))
    return f"number,age\n{body}".encode()


def ages(valkey, *numbers):
    found = (record(valkey, KEY.pseudonym(Number(f"+86{number}")), ATTRIBUTES) for number in numbers)
    return [customer.attributes.get("age") for customer in found]


class Cut(Exception):
    """What cuts an import off in a test."""


@pytest.fixture
def load(valkey):
    """Import a file's bytes; what is left of the run is in `load.last`."""

    def run(content, *, reject=None, resume=False, batch=10, name="customers.csv", cut_after=None):
        batches = []

        def tell(mark):
            batches.append(mark)
            if len(batches) == cut_after:
                raise Cut

        with bulk(valkey) as pipe:
            run.last = Import(
                source=io.BytesIO(content),
                name=name,
                client=valkey,
                bulk=pipe,
                batch=batch,
                rejects=Rejects(reject),
                tell=tell,
            )
            return run.last.run(lambda header: Table(header, ATTRIBUTES, KEY, "CN"), resume=resume)

    return run


def test_all_rows_go_in(load, valkey):
    done = load(csv_of(25))
    assert (done.lines, done.imported, done.replaced, done.rejected) == (26, 25, 0, 0)
    assert ages(valkey, "13900000000", "13900000024", "13900000025") == [20, 44, None]
    assert valkey.dbsize() == 25 + 1, "nothing else stays but when it was; the mark neither"


def test_a_header_alone(load, valkey):
    assert load(b"number,age\n").imported == 0
    assert valkey.dbsize() == 0


def test_what_is_imported_again_replaces(load, valkey):
    """Values that are no longer in the file go."""
    load(b"number,age,star\n13800138000,70,5\n")
    done = load(b"number,star\n13800138000,6\n")
    customer = record(valkey, KEY.pseudonym(Number("+8613800138000")), ATTRIBUTES)
    assert dict(customer.attributes) == {"known": True, "star": 6}
    assert (done.imported, done.replaced) == (1, 1)


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_of_two_rows_with_one_number_the_last_counts(load, valkey, batch):
    done = load(b"number,age,star\n13800138000,70,5\n13900000000,30,\n+8613800138000,71,\n", batch=batch)
    assert (done.imported, done.replaced) == (3, 1)
    customer = record(valkey, KEY.pseudonym(Number("+8613800138000")), ATTRIBUTES)
    assert dict(customer.attributes) == {"known": True, "age": 71}


def test_contacts_stay(load, valkey):
    """They are the caller's, not the file's."""
    pseudonym = KEY.pseudonym(Number("+8613900000000"))
    valkey.lpush(f"h:{{{pseudonym}}}", "o 100 1.1 10010")
    load(csv_of(1))
    assert len(record(valkey, pseudonym, ATTRIBUTES).contacts) == 1


BAD = (
    b"number,age\r\n"
    b"13900000000,20\r\n"
    b"nobody,30\r\n"
    b"13900000001,200\r\n"
    b"\r\n"
    b'13900000002,"22\r\n'
    b"13900000003,23\r\n"
    b"13900000004,\xff\r\n"
    b"13900000005,25,x"
)


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_bad_rows_are_kept_with_line_and_reason(load, valkey, batch):
    """Byte for byte; the rest goes in; an empty line is nothing."""
    reject = io.BytesIO()
    done = load(BAD, reject=reject, batch=batch)
    assert (done.lines, done.imported, done.rejected) == (9, 2, 5)
    assert ages(valkey, "13900000000", "13900000003") == [20, 23]
    header, *rows = reject.getvalue().split(b"\n")[:-1]
    assert header == b"line,reason,number,age\r"
    assert rows == [
        b'3,"number is not a telephone number",nobody,30\r',
        b'4,"age must be a whole number from 0 to 130",13900000001,200\r',
        b'6,"the quotes are wrong: unexpected end of data",13900000002,"22\r',
        b'8,"byte 13 is not UTF-8; save the file as UTF-8",13900000004,\xff\r',
        b'9,"there are 3 cells where the header has 2",13900000005,25,x',
    ]


def test_reasons_for_people_have_no_values(load):
    load(BAD)
    assert load.last.rejects.first[:2] == [
        "line 3: number is not a telephone number",
        "line 4: age must be a whole number from 0 to 130",
    ]
    assert len(load.last.rejects.first) == 5


def test_rejected_rows_can_be_corrected_and_imported(load, valkey):
    reject = io.BytesIO()
    load(b"number,age\n13900000000,200\nx,30\n", reject=reject)
    again = io.BytesIO()
    done = load(reject.getvalue().replace(b",200", b",20"), reject=again)
    assert (done.imported, done.rejected) == (1, 1)
    assert ages(valkey, "13900000000") == [20]
    assert again.getvalue().splitlines()[0] == b"line,reason,line,reason,number,age"
    assert load(again.getvalue().replace(b",x,", b",13900000001,")).imported == 1


def test_without_bad_rows_the_reject_file_is_empty(load):
    """Also when it had rows of an import before."""
    reject = io.BytesIO(b"line,reason,number,age\nold")
    load(csv_of(3), reject=reject)
    assert reject.getvalue() == b""


def test_a_header_that_cannot_be_used_changes_nothing(load, valkey):
    reject = io.BytesIO(b"old")
    with pytest.raises(RowError, match='did you mean "age"'):
        load(b"number,agee\n13900000000,20\n", reject=reject)
    assert (valkey.dbsize(), reject.getvalue()) == (0, b"old")


@pytest.fixture
def cut_off(load, valkey):
    """Cut an import off in its eighth batch; six are confirmed by then."""

    def run(content, **options):
        with pytest.raises(Cut):
            load(content, cut_after=8, **options)
        valkey.connection_pool.disconnect()
        end = time.monotonic() + 20
        while len(valkey.client_list()) > 1:  # the store still reads what was sent before the cut
            assert time.monotonic() < end
            time.sleep(0.001)

    return run


def test_a_cut_off_import_goes_on(load, cut_off, valkey):
    """From the mark in the store: what was confirmed is not sent again."""
    cut_off(csv_of(200))
    taken = valkey.dbsize() - 1  # without the mark
    assert taken in {60, 70, 80}, "six are confirmed, the last two are lost with the connection or not"
    done = load(csv_of(200), resume=True)
    assert load.last.begun.lines == taken - 30 + 1, "three batches are done twice"
    assert (done.lines, done.imported, valkey.dbsize()) == (201, 200, 200 + 1)


def test_marks_are_of_what_the_store_has(cut_off, valkey):
    """Not of what was sent: the connection may be cut in between."""
    cut_off(csv_of(200))
    found = Mark(**orjson.loads(valkey.get(IMPORT + "customers.csv")))
    assert all(age is not None for age in ages(valkey, *(f"139{n:08}" for n in range(found.imported))))


def test_it_goes_on_when_the_file_has_grown(load, cut_off):
    cut_off(csv_of(200))
    assert load(csv_of(300), resume=True).imported == 300


@pytest.mark.parametrize(
    "other",
    [
        csv_of(200, start=1),
        csv_of(200).replace(b"13900000003,", b"13900000003,1"),
        csv_of(20),
        b"number,age\n",
    ],
)
def test_it_does_not_go_on_with_another_file(load, cut_off, valkey, other):
    """One byte before the mark is enough, and too few of them too."""
    cut_off(csv_of(200))
    before = valkey.dbsize()
    with pytest.raises(SettingsError, match="this is not the file whose import was cut off after line"):
        load(other, resume=True)
    assert valkey.dbsize() == before


def test_rejected_rows_are_there_once(load, cut_off):
    """Those after the mark are done again: the file of rejected rows goes back to it."""
    content = csv_of(200).replace(b",25\n", b",x\n").replace(b",60\n", b",x\n")
    whole = io.BytesIO()
    load(content, reject=whole)
    reject = io.BytesIO()
    cut_off(content, reject=reject)
    done = load(content, reject=reject, resume=True)
    assert done.rejected == 6
    assert reject.getvalue() == whole.getvalue()


def test_marks_are_kept_by_name(load, cut_off):
    cut_off(csv_of(200), name="a.csv")
    cut_off(csv_of(100, start=500), name="b.csv")
    load(csv_of(200), name="a.csv", resume=True)
    assert load.last.begun.lines > 1
    load(csv_of(100, start=500), name="b.csv", resume=True)
    assert load.last.begun.lines > 1


def test_resume_without_a_mark_begins_at_the_start(load):
    assert load(csv_of(20), resume=True).imported == 20
    assert load.last.begun.lines == 1


def test_without_resume_it_begins_at_the_start(load, cut_off):
    cut_off(csv_of(200))
    load(csv_of(200))
    assert load.last.begun.lines == 1


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"lines":1,"unknown":2}'])
def test_a_mark_of_another_release_is_none(load, valkey, text):
    valkey.set(IMPORT + "customers.csv", text)
    assert load(csv_of(20), resume=True).imported == 20


def test_a_store_that_refuses_ends_it(load, valkey):
    """Out of memory: what is in is in, and the mark says how far."""
    valkey.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreRefused) as error:
            load(csv_of(200))
    finally:
        valkey.config_set("maxmemory", 0)
    assert error.value.code == "OOM"
    assert load.last.done.imported == 0
    assert load(csv_of(200), resume=True).imported == 200


IMPORTER = """
import sys
from pathlib import Path
from tests.store.test_imports import ATTRIBUTES, KEY
from router.store.bulk import bulk
from router.store.client import connect
from router.store.imports import Import
from router.store.rejects import Rejects
from router.store.table import Table
with connect(sys.argv[1]) as client, bulk(client) as pipe:
    Import(source=sys.stdin.buffer, name="-", client=client, bulk=pipe, batch=50, rejects=Rejects(None),
           tell=lambda mark: None).run(lambda header: Table(header, ATTRIBUTES, KEY, "CN"), resume=False)
"""


def test_kill_9_in_the_middle(load, valkey, valkey_url):
    """The rows before the mark are in; it goes on from there."""
    content = csv_of(2000)
    half = content[: len(content) // 2]
    process = subprocess.Popen(
        [sys.executable, "-c", IMPORTER, valkey_url],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )
    with process:
        process.stdin.write(half)
        process.stdin.flush()
        end = time.monotonic() + 30
        while not valkey.exists(IMPORT + "-") or valkey.dbsize() < 900:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.01)
        process.kill()
    done = load(content, resume=True, name="-")
    assert load.last.begun.lines > 500
    assert (done.imported, valkey.dbsize()) == (2000, 2000 + 1)


def test_the_store_knows_when_customers_were_imported(load, valkey):
    """So that an explanation can tell the age of what it looked at; one that was cut off is not done."""
    assert last_imported(valkey) is None
    with pytest.raises(Cut):
        load(csv_of(50), cut_after=2)
    assert last_imported(valkey) is None
    before = int(valkey.time()[0])
    load(csv_of(50))
    assert before <= last_imported(valkey) <= int(valkey.time()[0])


def test_an_import_of_nothing_makes_no_data_younger(load, valkey):
    load(b"number,age\nnobody,1\n")
    assert last_imported(valkey) is None


def test_a_time_of_import_that_is_none_is_not_known(valkey):
    valkey.set(IMPORTED, "soon")
    assert last_imported(valkey) is None
