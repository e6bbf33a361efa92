"""`touchstone draft`: documents for people to complete and sign. Files are written; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from casework.commands.common import By, Folder, Json, Why, opened, person, print_json, say, table
from casework.drafts import Made, Witness, brand_request, continuity, exhibit_list, forms, issue, notice, statement
from casework.drafts.settings import DraftSettings, read_settings
from store.config import Home
from store.errors import TouchstoneError
from store.store import Acting, Store

app = typer.Typer(no_args_is_help=True, help="Drafts of documents, for people to complete and sign.")

CaseOf = Annotated[str, typer.Argument(metavar="CASE", help="The case's reference.")]
Out = Annotated[Path | None, typer.Option("--out", help="The folder to write into (default var/drafts/CASE).")]
Officer = Annotated[str, typer.Option(help="Whose statement it is; default: the one who acts.")]
Name = Annotated[str, typer.Option(help="Their full name; default: the one that is recorded, else a blank.")]
Occupation = Annotated[str, typer.Option(help="Their occupation; default: the role that is recorded, else a blank.")]
Age = Annotated[int | None, typer.Option(help="Their age, only if under 18.")]


def _draft(
    case: str, out: Path | None, by: str, why: str, json: bool, home: Path | None, make: Callable[[Store, Acting, Home, DraftSettings], Made]
) -> None:  # fmt: skip
    """Make a draft on somebody's behalf, keep it, write it, and say where it lies and what is blank in it."""
    with opened(home) as (folder, store):
        settings, actor = read_settings(folder), person(store, folder, by)
        store.case(case)
        with store.acting(actor, purpose="draft", justification=why, case=case) as reader:
            done = issue(store, reader, folder, make(store, reader, folder, settings), out or folder.path(f"var/drafts/{case}"))
    if json:
        print_json({"draft": done.number, "new": done.new, "files": done.files, "blanks": done.blanks})
        return
    say(f"Draft {done.number} of case {case}{'' if done.new else ', as it was made before'}; nothing was sent.")
    for path in done.files:
        say(f"  {path}")
    if done.blanks:
        say(f"To be completed: {'; '.join(done.blanks)}.")


def _witness(officer: str, by: str, name: str, occupation: str, age: int | None) -> Callable[[Acting], Witness]:
    def made(reader: Acting) -> Witness:
        try:
            return Witness(officer or reader.actor.id, name, occupation, age)
        except ValueError as error:
            raise TouchstoneError(f"--{error}") from None

    return made


@app.command("statement")
def statement_(
    case: CaseOf, officer: Officer = "", name: Name = "", occupation: Occupation = "", age: Age = None,
    head: Annotated[str, typer.Option(help="The head of the case's pack, where the statement is to quote it (64 digits, printed at the export).")] = "",
    out: Out = None, by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Draft an officer's witness statement (s.9 Criminal Justice Act 1967): what they did and saw, as the record has it, and blanks.

    Example: touchstone draft statement TS-2026-014 --name "Ada Officer" --occupation "trading standards officer" --by a.officer
    """
    if head and not _is_head(head):
        raise TouchstoneError(f"--head '{head}' is no head of a pack: it has 64 digits, 0 to 9 and a to f")
    witness = _witness(officer, by, name, occupation, age)
    _draft(case, out, by, why, json, home, lambda s, r, h, c: statement(s, r, h, c, case, witness(r), head=head))


def _is_head(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


@app.command("exhibit-list")
def exhibit_list_(case: CaseOf, out: Out = None, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """Draft the case's exhibit list, withdrawn exhibits with their reason.

    Example: touchstone draft exhibit-list TS-2026-014 --by a.officer
    """
    _draft(case, out, by, why, json, home, lambda s, r, h, c: exhibit_list(s, r, h, c, case))


@app.command("continuity")
def continuity_(
    case: CaseOf, officer: Officer = "", name: Name = "", occupation: Occupation = "", age: Age = None,
    only: Annotated[list[str] | None, typer.Option("--exhibit", help="Only this exhibit; may be given again.")] = None,
    out: Out = None, by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Draft a continuity statement: with whom and where each exhibit was, as it is recorded. What does not follow stands in the notes.

    Example: touchstone draft continuity TS-2026-014 --exhibit AB3 --by a.officer
    """
    witness = _witness(officer, by, name, occupation, age)
    _draft(case, out, by, why, json, home, lambda s, r, h, c: continuity(s, r, h, c, case, witness(r), only=only or ()))


@app.command("brand-request")
def brand_request_(
    case: CaseOf, brand: Annotated[str, typer.Option(help="The brand, as configs/brands and the reference log name it.")],
    out: Out = None, by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Draft a request to a brand's owner: pairs of pictures in random order, none of which says what it is. The key is not to be sent.

    Example: touchstone draft brand-request TS-2026-014 --brand "Maison Lozenge" --by a.officer
    """
    _draft(case, out, by, why, json, home, lambda s, r, h, c: brand_request(s, r, h, c, case, brand))


@app.command("notice")
def notice_(
    case: CaseOf, to: Annotated[str, typer.Option(help="The form: a name of configs/notices; `touchstone draft forms` lists them.")],
    out: Out = None, by: By = "", why: Why = "", json: Json = False, home: Folder = None,
) -> None:  # fmt: skip
    """Draft a notice to a website's operator by one of the configured forms, with the limits of its fields. It is not sent.

    Example: touchstone draft notice TS-2026-014 --to hosting-service --by a.officer
    """
    _draft(case, out, by, why, json, home, lambda s, r, h, c: notice(s, r, h, c, case, to))


@app.command("forms")
def forms_(json: Json = False, home: Folder = None) -> None:
    """The forms of notices that are configured, and whether their layout was found in a published source.

    Example: touchstone draft forms
    """
    with opened(home) as (folder, _):
        known = forms(folder)
    if json:
        print_json(known)
        return
    rows = [(name, f.title, ", ".join(f.hosts) or "any", "confirmed" if f.confirmed else "layout unconfirmed") for name, f in known.items()]
    table("Notices", ("name", "title", "websites", "layout"), rows, "No notice is configured: put one into configs/notices.")


@app.command("list")
def list_(case: CaseOf, by: By = "", why: Why = "", json: Json = False, home: Folder = None) -> None:
    """The drafts that were made in a case: each is material of it (CPIA 1996).

    Example: touchstone draft list TS-2026-014 --by a.officer
    """
    with opened(home) as (folder, store):
        store.case(case)
        with store.acting(person(store, folder, by), purpose="draft list", justification=why, case=case) as reader:
            found = reader.drafts(case)
    if json:
        print_json(found)
        return
    rows = [(d.id, d.kind.replace("_", " "), d.about, d.actor, f"{d.at:%Y-%m-%d %H:%M} UTC", ", ".join(f"{f.name} (capture {f.capture})" for f in d.files)) for d in found]  # fmt: skip
    table(f"{case}: drafts", ("draft", "kind", "about", "by", "made", "files"), rows, "No draft was made in this case.")
