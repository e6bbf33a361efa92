"""A desk over a store in which every word that anybody wrote is an attack, and what an answer is held to that shows them.

`plant` of tests/casework/test_referrals.py puts a marker (`zqtitle`, `zqsuspect`, …) into every text of every table that can hold somebody's words, and
fails where a new table has none. Here each marker becomes the attack, marker first, by SQL: so it does not matter which door the words came in by.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import yaml
from sqlalchemy import String, Text

from casework.sightings import SOURCES
from store import tables as t
from store.config import Home
from store.store import Store
from store.words.records import Authority, Told
from tests.casework.desk.conftest import Served, running, with_people
from tests.casework.test_referrals import plant

MARKER = re.compile(r"\b[Zz]q[a-z]+")
# Out of an attribute, a comment, a text area, a title, a script and a style; into a script, three handlers, a template, a header and a spreadsheet.
ATTACK = "\"'--></textarea></title></script></style><script>zqran(1)</script><img src=x onerror=zqran(2)><svg onload=zqran(3)>{{7*7}}${7*7}\r\nX-Ran: 1"
SCRIPT_URL = "javascript:zqran(4)//"
INLINE = ATTACK.replace("\r\n", " ")


def attack(marker: str) -> str:
    return f"={marker}{ATTACK}"


@contextmanager
def poisoned(folder: Path) -> Iterator[Served]:
    """The desk over such a store; people of its authority are a.…, of the authority beside it o.…"""
    home = plant(folder)
    poison(home.path("var/touchstone.db"))
    _state(
        home, "operations", title=f"=zqoperationtitle{INLINE}", purpose="market_sweep", brands=["Gucci"], terms=[INLINE], sources=["zqshop"]
    )
    _state(home, "sources", title=f"=zqsourcetitle{INLINE}", kind="shop", url=f"https://zqshop.example/{INLINE.replace(' ', '')}", platform="schema_org", legal=f"zqlegal{INLINE}")  # fmt: skip
    with Store.open(home) as store:
        store.rebuild_shelf()
        store.keep_authority(Authority("other", "Other Council (invented)", "England and Wales"))
    for prefix, authority in (("a", ""), ("o", "other")):
        with_people(folder, prefix, authority)
    with running(home) as desk:
        yield desk


def _state(home: Home, of: str, **facts: object) -> None:
    path = home.folder / "configs" / of / "zqshop.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(facts, allow_unicode=True))


def poison(database: Path) -> None:
    """Every marker in every column of every table becomes the attack that begins with it; addresses of one listing become a script."""
    with closing(sqlite3.connect(database)) as c:
        c.execute("DELETE FROM account WHERE actor = 'a.officer'")  # `with_people` opens one with a password
        c.execute("DELETE FROM account_role")
        for table in t.metadata.sorted_tables:
            for column in table.columns:
                if not isinstance(column.type, String | Text) or column.name == "source":
                    continue  # the name of a source is that of a file of the council's
                rows = c.execute(f'SELECT rowid, "{column.name}" FROM "{table.name}" WHERE "{column.name}" LIKE \'%zq%\'').fetchall()
                for row, text in rows:
                    said = _in(text, column.name)
                    said = said.replace("\r\n", " ") if column.name == "ref" else said  # else its page would be reached by its row alone
                    c.execute(f'UPDATE "{table.name}" SET "{column.name}" = ? WHERE rowid = ?', (said, row))
        c.execute("UPDATE listing SET source = ? WHERE id IN (SELECT listing FROM sighting)", (SOURCES[Told.public],))  # as a sighting's is
        for table_name, column_name in (("listing", "url"), ("seller", "url"), ("capture", "url_requested"), ("capture", "url_final")):
            c.execute(f"UPDATE {table_name} SET {column_name} = ? || {column_name} WHERE {column_name} LIKE '%zqother%' OR {column_name} LIKE '%zqselleraddress%'", (SCRIPT_URL,))  # fmt: skip
        c.commit()


def _in(text: str, column: str) -> str:
    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: change(each) for name, each in value.items()}
        if isinstance(value, list):
            return [change(each) for each in value]
        return MARKER.sub(lambda found: attack(found[0]), value) if isinstance(value, str) else value

    return json.dumps(change(json.loads(text))) if column.endswith("_json") else str(change(text))


class Elements(HTMLParser):
    """What a page's elements do that ours never do."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if not re.fullmatch(r"[a-z][a-z0-9]*", tag) or any(not re.fullmatch(r"[a-z][a-z0-9:-]*", name) for name in given):
            self.wrong.append(f"<{tag} {' '.join(given)}>")
        if tag == "script" and not re.match(r"/(assets|vendor)/", given.get("src", "")):
            self.wrong.append(f"a script: {given}")
        self.wrong += [f"<{tag} {name}>" for name in given if name.startswith("on") or name in ("style", "srcdoc")]
        for name in ("href", "src", "action", "formaction", "data", "xlink:href"):
            if (not re.match(r"(/(?!/)|#|\?|$)", given.get(name, "")) and tag != "a") or re.match(r"\s*(javascript|data|vbscript):|//", given.get(name, ""), re.I):  # fmt: skip
                self.wrong.append(f"<{tag} {name}={given[name][:60]}>")

    handle_startendtag = handle_starttag


def harm(answer: httpx.Response) -> list[str]:
    """What is wrong with an answer that shows such words: elements, headers, kinds of content that a browser runs."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    wrong = [] if "x-ran" not in answer.headers else ["a header was written"]
    if answer.status_code >= 500:
        wrong.append(f"{answer.status_code}")
    if answer.headers.get("x-content-type-options") != "nosniff" or "default-src 'none'" not in answer.headers.get("content-security-policy", ""):  # fmt: skip
        wrong.append("headers are missing")
    name = answer.headers.get("content-disposition")
    if name and not re.fullmatch(r'(attachment|inline); filename="[A-Za-z0-9][\w.-]*"', name):
        wrong.append(f"named {name}")
    if kind == "text/html":
        page = Elements()
        page.feed(answer.text)
        wrong += page.wrong
        wrong += ["a template was filled in"] if "zqran(3)&gt;49" in answer.text else []
    elif kind == "image/svg+xml":
        for element in ElementTree.fromstring(answer.content).iter():
            tag = str(element.tag).rpartition("}")[2]
            wrong += [f"<{tag}> in a drawing"] if tag in ("script", "foreignObject", "image", "style") else []
            wrong += [f"{tag} {name}" for name, value in element.attrib.items() if name.startswith("on") or "javascript:" in value]
    elif kind in ("application/json", "application/geo+json"):
        json.loads(answer.text)
    elif kind == "text/csv":
        cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
        wrong += [f"a formula: {cell[:40]}" for cell in cells if cell[:1] in tuple("=+-@\t\r") and not re.fullmatch(r"-?[\d.]+", cell)]
    return wrong
