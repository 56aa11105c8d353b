"""A folder of YAML files as a changeset, every value with the file and line that it stands on.

    DIR/concepts.yaml               one file per kind …
    DIR/<plan's slug>/services.yaml … and one folder per plan, whose slug its files need not repeat
    DIR/regions/regions-*.json      the national list of regions
    DIR/**/withdrawals.yaml         what ends, from which day, and why

A file is `{valid_from: …, items: […]}`; `valid_from` is for those items that give none.
"""

import gc
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from app.catalogue import KINDS
from app.changesets import Changeset
from app.errors import Invalid
from app.faults import Fault, Language, Said
from app.versioning import ALWAYS

Place = tuple[str, int]


@dataclass
class Seed:
    """What a folder holds: documents and withdrawals, and where each part of them is written."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    withdrawals: list[dict[str, Any]] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    faults: list[tuple[Place, Said]] = field(default_factory=list)
    unread: bool = False
    nodes: dict[int, yaml.Node] = field(default_factory=dict)
    digest: str | None = None

    def changeset(self, *, message: str, publisher: str, base_release: int) -> Changeset:
        return Changeset(
            message=message,
            publisher=publisher,
            base_release=base_release,
            digest=self.digest,
            documents=self.documents,
            withdrawals=self.withdrawals,
            standing=True,
        )

    def place(self, pointer: str) -> Place:
        """The file and line that a JSON pointer into the changeset leads to, or the nearest above it."""
        while pointer and pointer not in self.places:
            pointer = pointer.rpartition("/")[0]
        return self.places.get(pointer, ("", 0))

    def lines(self, faults: Sequence[Fault], language: Language) -> list[str]:
        """`file:line: field: what is wrong`, for the files' own faults and for those of their content, in order.

        Where a whole file could not be read, all that refers to it seems wrong: then only the files' own.
        """
        lines = [(*place, said.to(language)) for place, said in self.faults]
        for fault in () if self.unread else faults:
            path = fault.pointer or ""
            name = ".".join(path.split("/")[3:])
            lines.append((*self.place(path), f"{name + ': ' if name else ''}{fault.said.to(language)}"))
        return [f"{file}:{line}: {said}" for file, line, said in sorted(lines)]


class Lines(yaml.CSafeLoader):
    """YAML as nodes, from which the lines can still be read."""


def digest_of(folder: Path) -> str:
    """SHA-256 over the names and contents of all files that a seed is read from."""
    whole = hashlib.sha256()
    for file in sorted([*folder.glob("**/*.y*ml"), *folder.glob("regions/*.json")]):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        whole.update(f"{file.relative_to(folder)} {content}\n".encode())
    return f"sha256:{whole.hexdigest()}"


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Reading makes a million objects that all stay: looking for garbage among them takes more than half the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@_nothing_collected()
def load(folder: Path) -> Seed:
    """Reads a folder. Faults in the files themselves are kept in `faults`; nothing is published here.

    Raises `Invalid` where there is no such folder or nothing in it.
    """
    seed, read = Seed(digest=digest_of(folder)), set[Path]()
    for file in sorted(folder.glob("regions/regions-*.json")):
        _load_regions(seed, file)
    for kind in (*KINDS, "withdrawals"):
        for file in (folder / f"{kind}.yaml", *sorted(folder.glob(f"*/{kind}.yaml"))):
            if file.is_file():
                read.add(file)
                _load_file(seed, kind, file, folder)
    for file in sorted({*folder.glob("**/*.yaml"), *folder.glob("**/*.yml")} - read):
        expected = ", ".join(f"{kind}.yaml" for kind in (*KINDS, "withdrawals"))
        stray = Said(
            f"Not read: here or one folder below the seed's, and called one of {expected}.",
            f"未读取：文件应在数据目录或其下一级，名称为 {expected} 之一。",
        )
        seed.faults.append(((str(file), 1), stray))
    seed.nodes.clear()  # all read: nothing can lead back to one any more
    if not (seed.documents or seed.withdrawals or seed.faults):
        raise Invalid(
            f"{folder} holds no seed: expected files such as concepts.yaml or <plan>/services.yaml.",
            f"{folder} 中没有数据文件，应有 concepts.yaml 或 <规划>/services.yaml 等。",
        )
    return seed


def _load_regions(seed: Seed, file: Path) -> None:
    """The national list as its publisher prints it, one object per region."""
    for entry in json.loads(file.read_text(encoding="utf-8")):
        code = entry["code"]
        level = "province" if code.endswith("0000") else "prefecture" if code.endswith("00") else "county"
        pointer = f"/documents/{len(seed.documents)}"
        seed.places[pointer] = (str(file), 1)
        seed.documents.append(
            {
                "kind": "regions",
                "slug": code,
                "valid_from": ALWAYS,
                "name": entry["name"],
                "level": level,
            }
        )


def _load_file(seed: Seed, kind: str, file: Path, folder: Path) -> None:
    name = str(file)
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=Lines)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        said = str(getattr(error, "problem", "not UTF-8 text"))
        seed.faults.append(((name, line), Said(f"Not YAML: {said}.", f"不是有效的 YAML：{said}。")))
        seed.unread = True
        return
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    parts = {str(key.value): (key, value) for key, value in pairs}
    items = parts.pop("items", (root, None))[1]
    valid_from = parts.pop("valid_from", (root, None))[1]
    if root is None or not isinstance(items, yaml.SequenceNode):
        shape = Said("A seed file is a mapping with a list `items`.", "文件应为含 items 列表的映射。")
        seed.faults.append(((name, 1), shape))
        seed.unread = True
        return
    for key, _ in parts.values():
        unknown = Said(f"{key.value} is not known here.", f"不认识 {key.value}。")
        seed.faults.append(((name, key.start_mark.line + 1), unknown))
    plan = file.parent.name if file.parent != folder else None
    into = seed.withdrawals if kind == "withdrawals" else seed.documents
    place = "withdrawals" if kind == "withdrawals" else "documents"
    for number, node in enumerate(items.value):
        item = _value(node, f"/{place}/{len(into)}", seed, name)
        if not isinstance(item, dict):
            mapping = Said("An item is a mapping.", "条目应为映射。")
            seed.faults.append(((name, node.start_mark.line + 1), mapping))
            continue
        if kind in KINDS and "position" in KINDS[kind].content.model_fields:
            item.setdefault("position", number + 1)
        into.append(_completed(item, kind, plan, valid_from and _scalar(valid_from, seed, name)))


def _completed(item: dict[str, Any], kind: str, plan: str | None, valid_from: object) -> dict[str, Any]:
    """An item with what its file and folder say for all of theirs."""
    if kind == "withdrawals":
        return item
    whole: dict[str, Any] = {"kind": kind, **item}
    if valid_from is not None:
        whole.setdefault("valid_from", valid_from)
    content = KINDS[kind].content
    if plan is not None:
        if "plan" in content.model_fields:
            whole.setdefault("plan", plan)
        sources = whole.get("sources")
        for source in sources if isinstance(sources, list) else []:
            if isinstance(source, dict):
                source.setdefault("plan", plan)
    elif not content.cites:
        whole.setdefault("valid_from", ALWAYS)
    return whole


def _value(node: yaml.Node, path: str, seed: Seed, file: str) -> Any:  # noqa: ANN401 - whatever YAML knows
    """A node's value; its place and those of all its parts are noted in the seed."""
    place = file, node.start_mark.line + 1
    seed.places[path] = place
    if isinstance(node, yaml.CollectionNode):
        # An alias leads to the same node again, and could do so without end.
        if id(node) in seed.nodes:
            alias = Said("Write it out: aliases are not used here.", "请写出内容，此处不使用别名引用。")
            seed.faults.append((place, alias))
            return None
        seed.nodes[id(node)] = node
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in mapping:
                twice = Said(f"{key} stands here twice.", f"{key} 重复。")
                seed.faults.append(((file, key_node.start_mark.line + 1), twice))
            mapping[key] = _value(value_node, f"{path}/{key}", seed, file)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_value(part, f"{path}/{n}", seed, file) for n, part in enumerate(node.value)]
    return _scalar(node, seed, file)


def _scalar(node: yaml.Node, seed: Seed, file: str) -> Any:  # noqa: ANN401 - whatever YAML knows
    if node.tag == "tag:yaml.org,2002:str":
        return node.value  # nearly all of them, and constructing takes its time
    try:
        return CONSTRUCTOR.construct_object(node)
    except yaml.YAMLError:
        tag = Said(f"Tags such as {node.tag} are not used here.", f"此处不使用 {node.tag} 之类的标签。")
        seed.faults.append(((file, node.start_mark.line + 1), tag))
    except (ValueError, KeyError, AttributeError):
        pass  # it looks like a day or a number and is none, such as 2026-02-30: its field says what it should be
    return node.value


CONSTRUCTOR = yaml.SafeLoader("")
