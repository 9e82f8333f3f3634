"""`ivr schema`: JSON Schema of the policy files, and their reference."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from router.cli.options import Policies
from router.policy.attributes import load_attributes
from router.policy.json_schema import Kind, declared_names, json_schema
from router.policy.reference import PAGE, page


def schema(
    kind: Annotated[
        Kind | None, typer.Argument(help="The kind of file; all of them if none.", show_default=False)
    ] = None,
    policies: Policies = Path("policies"),
    write: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write DIR/KIND.json, as an editor wants it, and print nothing."),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help=f"Write the reference of all kinds, DIR/{PAGE}, and print nothing."),
    ] = None,
) -> None:
    """Print the JSON Schema (2020-12) of policy files, with the attributes and names of a folder.

    The schemas of the shipped policies are made by "ivr schema --write policies/schema": do it again after a
    change to attributes.yaml, queues.yaml or hours.yaml. An editor finds them by the first line of each file.

    Exit codes: 0 all is well; 2 attributes.yaml has mistakes or cannot be read.
    """
    if reference is not None:
        _save(reference / PAGE, page())
    if reference is not None and write is None:
        return
    attributes, names = load_attributes(policies), declared_names(policies)
    made = {one: json_schema(one, attributes, names) for one in (Kind if kind is None else [kind])}
    if write is None:
        typer.echo(as_json(made if kind is None else made[kind]), nl=False)
        return
    for one, document in made.items():
        _save(write / f"{one}.json", as_json(document))


def as_json(document: Any) -> str:
    """As the files have it."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
