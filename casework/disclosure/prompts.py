"""What may undermine the prosecution or assist the accused, as far as the rows say so: suggestions to the person who decides, and no decision.

The list is that of practice § 2 and of CPIA 1996 s.3(1)(a); which of them are made, and in what words, configs/disclosure.yml says.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from casework.disclosure.settings import Settings
from store.relevant import Relevant, Row
from store.words.records import digest_of

Found = dict[str, list[str]]  # thing → codes
CRAWLS = ("crawl", "capture", "screenshot")  # the passes whose clock is measured
FLAGGED = ("review", "priority")
DISMISSES = ("no", "unsure")


def prompts(
    m: Relevant, settings: Settings, problems: Sequence[str] = (), breaks: Mapping[int, Sequence[str]] | None = None
) -> dict[str, list[str]]:
    """Of each thing the codes of what it may be, in the order of the configuration. `problems`: what a check of the store said; `breaks`: by the
    rows of exhibits where their custody does not hold."""
    found: Found = defaultdict(list)
    for rule in (_judged, _flags, _findings, _methods, _links, _people, _done, _captures, _entries):
        rule(m, settings, found)
    for exhibit, said in (breaks or {}).items():
        if said:
            found[f"exhibit:{exhibit}"].append("broken_custody")
    for problem in problems:
        found[problem_key(problem)].append("broken_custody")
    order = list(settings.prompts)
    return {thing: sorted(set(codes) & set(order), key=order.index) for thing, codes in found.items() if set(codes) & set(order)}


def problem_key(problem: str) -> str:
    """A problem that a check of the store found, as a thing: the same words are the same thing."""
    return f"problem:{digest_of(problem)[:16]}"


def in_force(judgements: Iterable[Row]) -> list[Row]:
    """The judgements that nobody superseded or took back."""
    rows = list(judgements)
    gone = {row["supersedes"] for row in rows}
    return [row for row in rows if row["id"] not in gone and row["verdict"] != "undone"]


def by_subject(m: Relevant) -> dict[tuple[str, int], list[Row]]:
    out: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in m.of("judgement").values():
        out[row["subject_kind"], row["subject"]].append(row)
    return out


def _judged(m: Relevant, settings: Settings, found: Found) -> None:
    flags = m.of("flag")
    for (kind, subject), rows in by_subject(m).items():
        standing = in_force(rows)
        for row in rows:
            if row not in standing:
                found[f"judgement:{row['id']}"].append("changed_mind")
            if row["verdict"] == "unsure":
                found[f"judgement:{row['id']}"].append("unsure")
        if len({row["verdict"] for row in standing}) > 1:
            for row in standing:
                found[f"judgement:{row['id']}"].append("disagreement")
        said = {row["verdict"] for row in standing}
        listing = subject if kind == "listing" else flags[subject]["listing"] if kind == "flag" and subject in flags else None
        if listing is not None and said & set(DISMISSES):
            dismissed = [
                n
                for n, flag in flags.items()
                if flag["listing"] == listing and flag["level"] in FLAGGED and (kind == "listing" or n == subject)
            ]
            for number in dismissed:
                found[f"flag:{number}"].append("dismissed_flag")
        if listing is not None and "no" in said:
            found[f"listing:{listing}"].append("cleared")
            for row in standing:
                if row["verdict"] == "no":
                    found[f"judgement:{row['id']}"].append("cleared")


def _flags(m: Relevant, settings: Settings, found: Found) -> None:
    """A flag that rested on something that speaks for the seller too."""
    for number, row in m.of("flag").items():
        if row["level"] != "none" and any(c["points"] < 0 for c in json.loads(row["contributions_json"])):
            found[f"flag:{number}"].append("exculpatory")


def _findings(m: Relevant, settings: Settings, found: Found) -> None:
    names = {n: row["name"] for n, row in m.of("method").items()}
    with_findings = {row["examination"] for row in m.of("finding").values()}
    removed = {row["removes"] for row in m.of("reference").values()} - {None}
    own = _own_subjects(m)
    good = {(e["method"], e["subject_kind"], e["subject"]) for e in m.of("examination").values() if e["outcome"] == "done"}
    for number, row in m.of("finding").items():
        if row["direction"] == "exculpatory":
            found[f"finding:{number}"].append("exculpatory")
        if any(p.get("other", "") in {f"reference:{n}" for n in removed} for p in json.loads(row["pointers_json"])):
            found[f"finding:{number}"].append("removed_reference")
    for number, row in m.of("examination").items():
        subject = (row["subject_kind"], row["subject"])
        if row["outcome"] != "done" and (row["method"], *subject) not in good and subject in own:
            found[f"examination:{number}"].append("failed")
        elif row["outcome"] == "done" and number not in with_findings and names.get(row["method"]) in settings.matchers and subject in own:
            found[f"examination:{number}"].append("no_match")


def _own_subjects(m: Relevant) -> set[tuple[str, int]]:
    """What examinations of the case's exhibited listings are of: a failure with one of five hundred others is counted, not listed."""
    mine = m.exhibited
    out = {("listing", n) for n in mine}
    for row in m.of("reading").values():
        if row["listing"] in mine:
            out |= {("snapshot", row["snapshot"]), ("seller", row["seller"]), ("capture", row["capture"])}
    return out | {("picture", row["id"]) for row in m.parts["picture"] if row["listing"] in mine}


def superseded_methods(m: Relevant) -> dict[int, str]:
    """Methods that were retired or replaced, and how: a later version of the same kind and name is in the case too, or is in force."""
    status: dict[int, str] = {}
    for row in sorted(m.parts["method_status"], key=lambda r: int(r["id"])):
        status[row["method"]] = row["status"]
    out: dict[int, str] = {}
    for number, row in m.of("method").items():
        later = [n for n, x in m.of("method").items() if (x["kind"], x["name"]) == (row["kind"], row["name"]) and n > number]
        standing = [n for n in later if status.get(n) != "retired"]
        if status.get(number) == "retired":
            out[number] = "retired"
        elif standing:
            out[number] = f"replaced by method {standing[-1]}, version {m.of('method')[standing[-1]]['version']}"
    return out


def _methods(m: Relevant, settings: Settings, found: Found) -> None:
    old = superseded_methods(m)
    digests = {m.of("method")[n]["digest"] for n in old}
    of = {n: row["method"] for n, row in m.of("examination").items()}
    for number in old:
        found[f"method:{number}"].append("superseded_method")
    for number, row in m.of("finding").items():
        if of.get(row["examination"]) in old:
            found[f"finding:{number}"].append("superseded_method")
    for number, row in m.of("flag").items():
        rests = {row["policy"]} | {c["method"] for c in json.loads(row["contributions_json"])}
        if rests & digests:
            found[f"flag:{number}"].append("superseded_method")
    for number, row in m.of("link").items():
        if row["method"] in old:
            found[f"link:{number}"].append("superseded_method")


def _links(m: Relevant, settings: Settings, found: Found) -> None:
    said = by_subject(m)
    units: dict[tuple[str, int], set[int]] = defaultdict(set)
    buildings = {n: row["building"] for n, row in m.of("premises").items()}
    for number, row in m.of("link").items():
        refused = any(j["verdict"] == "no" for j in in_force(said.get(("link", number), [])))
        if refused or any(r["against"] for r in json.loads(row["reasons_json"])):
            found[f"link:{number}"].append("contradiction")
        if row["object_kind"] == "premises":
            units[row["subject_kind"], row["subject"]].add(buildings.get(row["object"]) or row["object"])
    for number, row in m.of("link").items():
        if row["object_kind"] == "premises" and len(units[row["subject_kind"], row["subject"]]) > 1:
            found[f"link:{number}"].append("rival")


def _people(m: Relevant, settings: Settings, found: Found) -> None:
    for table in ("attribution", "occupant", "pair_statement"):
        for number, row in m.of(table).items():
            if row["withdraws"] is not None:
                found[f"{table}:{number}"].append("withdrawn")
                found[f"{table}:{row['withdraws']}"].append("withdrawn")
    for number in m.of("clearance"):
        found[f"clearance:{number}"].append("stockist")
    for number, row in m.of("attribution").items():
        if row["against"] or row["contradicts"] is not None:
            found[f"attribution:{number}"].append("against")
    for number, row in m.of("pair_statement").items():
        if row["says"] != "one":
            found[f"pair_statement:{number}"].append("apart")
    said = by_subject(m)
    for number in m.of("seller"):
        account = max(said.get(("account", number), []), key=lambda row: int(row["id"]), default=None)
        if account is None or account["verdict"] != "yes":
            found[f"seller:{number}"].append("not_shown")


def _done(m: Relevant, settings: Settings, found: Found) -> None:
    for number, row in m.of("follow_up").items():
        if row["supersedes"] is not None:
            found[f"follow_up:{row['supersedes']}"].append("corrected")
        if row["step"] == "result" and json.loads(row["body_json"]).get("result") in ("genuine", "cannot_say"):
            found[f"follow_up:{number}"].append("genuine")


def newest_places(m: Relevant) -> dict[int, Row]:
    out: dict[int, Row] = {}
    for row in sorted(m.parts["location"], key=lambda r: int(r["id"])):
        out[row["capture"]] = row
    return out


def _captures(m: Relevant, settings: Settings, found: Found) -> None:
    places = newest_places(m)
    for number in m.of("capture"):
        if number not in places or places[number]["record_type"] == "tombstone":
            found[f"capture:{number}"].append("bytes_gone")
    for row in m.parts["unread"]:
        found[f"capture:{row['capture']}"].append("unread")
    words: dict[tuple[int, int], set[int]] = defaultdict(set)
    for row in m.of("reading").values():
        words[row["capture"], row["listing"]].add(row["snapshot"])
    for row in m.of("reading").values():
        if len(words[row["capture"], row["listing"]]) > 1:
            found[f"reading:{row['id']}"].append("reread")
    ends = {row["run"]: row for row in m.parts["run_end"]}
    for run, row in m.of("run").items():
        end = ends.get(run)
        if end is None or end["outcome"] != "good":
            found[f"run:{run}"].append("known_fault")
        if row["pass_name"] in CRAWLS and unsure_clock(json.loads(row["clock_json"]), settings.clock_seconds):
            found[f"run:{run}"].append("clock")


def unsure_clock(clock: Mapping[str, Any], seconds: float) -> bool:
    """Whether a run's clock was off by more than so much, or might have been, or nobody knows."""
    offset = clock.get("offset")
    if not isinstance(offset, int | float):
        return True
    return abs(offset) > seconds or float(clock.get("bound", 0)) > seconds


def _entries(m: Relevant, settings: Settings, found: Found) -> None:
    """Rows of other parts that were superseded or withdrawn."""
    for table, rows in m.rows.items():
        if table not in ("follow_up", "judgement"):
            for number, row in rows.items():
                before = row.get("supersedes")
                if before is not None:
                    found[f"{table}:{before}"].append("withdrawn" if row.get("withdrawn") else "corrected")
                if row.get("withdrawn"):
                    found[f"{table}:{number}"].append("withdrawn")
