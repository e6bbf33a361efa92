"""Which columns hold what is about people, and which do not: one line for each kind of thing that is kept.

The walk of tests/store/test_personal.py refuses a text column that stands in neither list, so that a new one is thought about when it is made.
From here comes what a search for a person looks through (store/subjects.py), what an erasure must leave nowhere, what the drafts of
casework/transparency.py name, and whether a row says a fact or an opinion (DPA 2018 s.38).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import String, Table, Text

from store import tables as t


@dataclass(frozen=True, slots=True)
class Held:
    """One kind of thing that is kept about people: its table, in plain words what it is, the columns that can say something of a person.

    `opinion`: it is somebody's or a method's assessment, and no fact (s.38(1)). `third_party`: it is as a rule about somebody who
    told, not about whom it was told of; whether it may be shown is for a person to decide. `at` is the column that says when, `parent`
    names (column, table) through which a row without its own retention date gets one.
    """

    table: str
    what: str
    columns: tuple[str, ...]
    opinion: bool = False
    third_party: bool = False
    at: str = ""
    parent: tuple[str, str] = ("", "")


HELD = (
    Held("capture", "bytes as a server answered or as they were handed in: addresses, headers", (
        "url_requested", "url_final", "redirects_json", "request_headers_json", "response_headers_json"), at="ended_at"),
    Held("listing", "an advert: its address and reference on the source", ("ref", "url"), at="added_at"),
    Held("snapshot", "what an advert said", ("title", "text", "price_text", "brand", "category", "condition", "seller", "seller_name", "place"), at="added_at"),
    Held("reading", "what else a page said beside the words", ("images_json", "notes_json", "details_json"), at="captured_at", parent=("listing", "listing")),
    Held("seller", "an account on a source", ("handle", "name", "url"), at="added_at"),
    Held("contact", "a phone, e-mail address, handle or payment account", ("value",), at="added_at"),
    Held("listing_contact", "a contact as an advert wrote it", ("raw",), parent=("contact", "contact")),
    Held("picture_contact", "a contact as a method read it in a picture", ("raw",), opinion=True, parent=("contact", "contact")),
    Held("unread", "what a page said that could not be read", ("detail",), parent=("capture", "capture")),
    Held("sighting", "what an officer saw, a partner sent or the public told", ("seen_at_text", "place", "obtained", "claims_json"), at="added_at"),
    Held("sighting_capture", "the name of a file that was handed in", ("filename",), parent=("sighting", "sighting")),
    Held("informant", "who told a sighting", ("name", "contact", "note"), third_party=True, at="added_at"),
    Held("subject_view", "that a person's own page was looked at", ("subject", "reason"), at="at"),
    Held("examination", "what a method said of its own examination", ("detail",), opinion=True, at="at"),
    Held("finding", "what a method found in an advert, a picture or an account", ("sentence", "pointers_json"), opinion=True),
    Held("flag", "what the score made of the findings", ("contributions_json", "not_examined_json"), opinion=True, at="at"),
    Held("register_entry", "an entry of a published register", (
        "reference", "name", "name_key", "address_raw", "parts_json", "phone", "details_json")),
    Held("register_refusal", "a line of a published register that could not be read", ("raw", "reason")),
    Held("link", "that an account and a place, or two accounts, may belong together", ("reasons_json",), opinion=True, at="at"),
    Held("occupant", "who is at a place, as a person says it", ("name", "note", "source"), at="at"),
    Held("occupant_mark", "what somebody at a place is known by", ("value",), parent=("occupant", "occupant")),
    Held("follow_up", "what officers did about a place or an account", ("body_json",), at="happened_at"),
    Held("pair_statement", "why a person joined two accounts or kept them apart", ("reason",), opinion=True, at="at"),
    Held("judgement", "why a person judged as they did", ("reason",), opinion=True, at="at"),
    Held("attribution", "evidence of who runs an account, and to whom it points", ("says", "person", "source"), opinion=True, at="at"),
    Held("exhibit", "what an exhibit is described as", ("description",), at="at"),
    Held("case_entry", "what people recorded of a case: offences, persons, incidents, outcomes, goods", ("body_json",), at="at"),
    Held("draft", "whom or what a draft of a document is about", ("about",), at="at"),
    Held("intelligence", "an item of intelligence: its sanitised text, whom it may go to", ("body_json",), opinion=True, at="at"),
    Held("intelligence_source", "where an item of intelligence comes from", ("body_json",), third_party=True, at="at"),
    Held("referral", "what was prepared for a partner, and why", ("body_json",), at="at"),
    Held("referral_return", "what a partner sent back", ("body_json",), at="at"),
    Held("money", "goods, money received and marks of culpability, as a person recorded them of a case", ("body_json",), at="at"),
    Held("disclosure_decision", "why an item belongs on a schedule, and its description there", ("reason", "sensitivity", "description"), opinion=True, at="at"),
    Held("disclosure_edition", "the schedules of a case as they were written out", ("body_json",), at="at"),
    Held("note", "what a person noted of a subject, or entered in a log", ("body_json",), opinion=True, at="at"),
    Held("clearance", "that an account, a company or a site is cleared, and on what evidence", ("value", "body_json"), opinion=True, at="at"),
    Held("saved_search", "a search that a person saved, and its name", ("body_json",), at="at"),
    Held("lookup", "what a person asked the store for", ("body_json",), at="at"),
)  # fmt: skip

# Text that is not about a data subject, and why. A word of ours, a number's name and a digest are recognised by `_plain` below.
OTHER: Mapping[str, str] = {
    "authority": "whose data this is",
    "actor": "staff and systems that act: who did what is the point of the log",
    "operation": "what an authority's own configuration file says; a watch's subject stands there first (docs/data-protection.md)",
    "run": "a pass: versions, clock", "run_end": "how a pass ended; errors name addresses of sources, never words of a page",
    "method": "settings and models of a method", "method_status": "why a method was put in force",
    "reference": "comparison goods and prices of the authority's own", "register_snapshot": "an edition of a register",
    "premises": "a building or a unit, by its address", "case_file": "the title that an officer gave a case: no names (docs/limits.md)",
    "hold": "why something may not be erased, in an officer's words: no names (docs/limits.md)",
    "event": "the log: numbers, digests, commitments, and justifications in officers' words: no names (docs/limits.md)",
    "image": "what kind of file a picture is; its bytes are a capture's",
    "fingerprint": "what a picture looks like, as numbers; it goes with the last capture of the picture",
    "location": "where a record lies", "bag": "the number of a sealed bag",
    "link_reach": "how far a linker has looked", "uprn_position": "where a property number lies", "register_mark": "a load has begun or ended",
    "person_mark": "a category, by a row's number", "proposal": "an act, by a row's number, on a ground from a list", "proposal_answer": "yes or no",
    "exhibit_initials": "an officer's letters", "draft_file": "the name of a document of ours", "case_term": "a day and a word, of a case", "case_seal": "how far the rows of each table went",
    "signing_key": "a public key, and why it began or ended", "signed_head": "a head of the log, signed and stamped: digests and times",
    "disclosure_item": "a number on a schedule", "disclosure_thing": "a row's kind and number", "disclosure_copy": "digests of a redacted copy",
    "listing_now": "words of a listing again, and what else it is found by: derived, and made anew at each erasure (docs/decisions/0011)",
    "listing_now_count": "how many listings have a source, a brand, a level, an area or a reason; what none has goes",
    "account": "staff who may sign in at the desk", "account_role": "their roles", "account_secret": "hashes of their passwords", "sign_in": "when staff signed in, and from where",
    "desk_session": "staff at the desk", "desk_session_word": "what staff say they are working on, which also stands in the log: no names (docs/limits.md)",
    "api_token": "what a program is for, in the words of whoever made its token",
    "premises_given": "what an officer was given on a day", "assignment": "who has which card: numbers, a word and times", "second_review": "two judgements' numbers", "sample": "a ticket", "follow_up_capture": "what a photograph says of when it was taken",
}  # fmt: skip
PLAIN = frozenset({  # columns that hold a word from a list, a day, a number's name or a technical value, in whichever table
    "source", "kind", "method", "subject_kind", "object_kind", "level", "verdict", "direction", "outcome", "reason_code", "status", "role", "basis", "step",
    "says", "strength", "purpose", "operation", "run", "case_file", "told", "code", "parser", "parser_version", "register", "mime", "problem", "record_id",
    "http_version", "server_ip", "dns_answer_json", "certificate_chain_json", "subject_category", "currency", "since", "until", "day", "number", "uprn",
    "postcode", "ticket", "condition", "act", "ground", "word", "initials", "producer",
})  # fmt: skip
ALSO_PLAIN = frozenset(
    {
        ("finding", "reason"),
        ("unread", "reason"),
        ("sighting", "reference"),
        ("snapshot", "currency"),
        ("intelligence", "urn"),
        ("intelligence", "information"),
        ("intelligence", "handling"),
        ("intelligence", "marking"),
        ("intelligence_source", "urn"),
        ("intelligence_source", "origin"),
        ("referral", "reference"),
        ("referral", "recipient_kind"),
        ("disclosure_decision", "standing"),
        ("disclosure_decision", "undermines"),
        ("clearance", "brand"),
    }
)  # words from a list there


def of(table: str) -> Held | None:
    return next((held for held in HELD if held.table == table), None)


def texts(table: Table) -> list[str]:
    """The columns of a table that hold text and are neither a key nor a digest or salt."""
    plain = (String, Text)
    named = (c for c in table.c if isinstance(c.type, plain) and not c.foreign_keys)
    return [c.name for c in named if getattr(c.type, "length", None) not in (32, 64)]


def unclassified() -> list[str]:
    """Text columns, as `table.column`, that nobody has said whether they are about people; and lines here that name nothing. [] when all is said."""
    out = []
    for name, table in t.metadata.tables.items():
        held = of(name)
        known = set(held.columns) if held else set()
        out += [f"{name}.{c}: stands in HELD and is not there" for c in sorted(known - set(table.c.keys()))]
        if held is None and name in OTHER:
            continue
        said = known | PLAIN | {column for where, column in ALSO_PLAIN if where == name}
        out += [f"{name}.{c}" for c in texts(table) if c not in said]
        if held is None and "subject_category" in table.c and texts(table):
            out.append(f"{name}: has a subject category and no line in HELD")
    every = set(t.metadata.tables)
    return out + [f"{name}: named here and no table" for name in sorted({held.table for held in HELD} | set(OTHER)) if name not in every]
