"""Judging: a person says yes, no or unsure, and the store keeps who, when, why and on which findings."""

from __future__ import annotations

from store.config import Home
from store.errors import TouchstoneError
from store.store import Store
from store.words.records import Judgement, SubjectKind, Verdict


def judge_listing(store: Store, home: Home, source: str, ref: str, verdict: Verdict, reason: str, by: str) -> Judgement:
    """Judge a listing on the findings it now has. Raises TouchstoneError for an unknown listing or an empty reason."""
    with store.acting(by, purpose="judge", justification=reason) as reader:
        listing = reader.listing(source, ref).listing.id or 0
        flag = reader.flag(listing)
    return _judge(store, home, SubjectKind.listing, listing, verdict, reason, by, flag.findings_digest if flag else "")


def judge_link(store: Store, home: Home, link: int, verdict: Verdict, reason: str, by: str) -> Judgement:
    """Confirm or refuse a proposed link. Raises TouchstoneError for an unknown link or an empty reason."""
    with store.acting(by, purpose="judge", justification=reason) as reader:
        reader.link(link)
    return _judge(store, home, SubjectKind.link, link, verdict, reason, by)


def _judge(
    store: Store, home: Home, kind: SubjectKind, subject: int, verdict: Verdict, reason: str, by: str, findings: str = ""
) -> Judgement:
    if not reason.strip():
        raise TouchstoneError("a judgement needs its reason (--reason): it will be read in court")
    return store.judge(kind, subject, verdict, actor=by, authority=home.settings.authority.code, reason=reason, findings_digest=findings)
