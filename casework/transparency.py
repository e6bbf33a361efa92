"""Drafts of what an authority publishes or keeps about this system: DPIA, Appropriate Policy Document, ATRS record, model card.

Each is written from the running system: its configuration, sources, methods with the evidence on which they are in force, counts, rules of retention,
roles. What the software cannot know is a blank, and never a guess. A draft is not an assessment: the judgement of necessity, proportionality and risk
is for people, and the headings leave room for it. Only what was read of a template is taken over: `SOURCES` says what, and what was not read.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework.documents import Document, Fields, Heading, Items, PageBreak, Paragraph, Quotation, Signature, Table
from casework.measured import page
from crawler.source import find_sources
from detectors.contract import discover
from store.config import Home
from store.inventory import Holding
from store.store import Store
from store.version import code_version
from store.words.records import Method, Status

NAME = "Touchstone"
SOURCES: Mapping[str, str] = {
    "dpia": "Steps 1 to 7 are those of the Information Commissioner's guidance on data protection impact assessments (sample template of 9 February 2018, read in part: "
    "its steps, not its tables). For law-enforcement processing the duty is Data Protection Act 2018 s.64; whether the Commissioner has a template for it was not found. "
    "Layout unconfirmed.",
    "apd": "Data Protection Act 2018 s.42 asks for: the procedures for compliance with the principles, and the policies on retention and erasure; s.35(8) says what sensitive "
    "processing is. The headings follow a council's published document of this kind, read in part. The Commissioner's own template was not read. Layout unconfirmed.",
    "atrs": "Fields and numbers are those of the Algorithmic Transparency Recording Standard v3.0 (March 2024), table template_table.md of "
    "github.com/co-cddo/algorithmic-transparency-recording-standard, read whole. Version 4.0 is out; its change log and template were not read: layout of v4.0 unconfirmed.",
    "model-card": "Headings after Mitchell et al., Model Cards for Model Reporting (FAT* 2019), from memory: layout unconfirmed.",
}
OTHERS: Mapping[str, str] = {  # what methods do that are no detectors
    "additive": "Adds up the findings of the detectors that are in force, by weights and caps that are set in advance.",
    "premises": "Holds what a listing or an account says of where it is against the addresses, names and telephones of registers.",
    "network": "Looks for accounts that give the same contacts, use the same pictures or words, or lead to the same premises.",
}
PRINCIPLES = (
    ("1st: lawful and fair (s.35)", "A source runs only where its file says why we may look. Sweeps are keyed by brand, term and area, never by a person; a watch on a "
     "person needs a live authorisation. Scores never decide: a flag is a reason to look, and only a person judges."),
    ("2nd: specified, explicit, legitimate purpose (s.36)", "Each operation and each look states its purpose; both are in the log."),
    ("3rd: adequate, relevant, not excessive (s.37)", "A page is kept whole, since it is evidence; what a page shows of others gets the short date. Log-in pages are not fetched."),
    ("4th: accurate, kept up to date (s.38)", "Opinions of methods are kept apart from facts as recorded and shown as opinions; rows carry a category of data subject; a correction "
     "supersedes, and what stood before stays to be seen."),
    ("5th: no longer than necessary (s.39)", "Each row has a date; what is due is listed for review with the rule; erasure takes two persons and leaves no personal data. A hold or a "
     "case goes before any date."),
    ("6th: secure (s.40)", "Reading is logged where the store is read; the log is a hash chain. Who may open the database and its machine is the authority's to say: {blank}"),
)  # fmt: skip


@dataclass(frozen=True)
class System:
    """What the drafts are made of."""

    home: Home
    store: Store
    at: datetime
    holdings: Sequence[Holding]
    methods: Sequence[tuple[int, Method, Status | None]]
    evidence: Mapping[int, tuple[str, str, datetime]]

    @property
    def authority(self) -> str:
        return self.home.settings.authority.name

    @property
    def in_force(self) -> list[tuple[int, Method]]:
        return [(number, method) for number, method, status in self.methods if status is Status.in_force]

    def role(self, name: str) -> str | None:
        """Who holds a role by configs/data.yml; None where nobody is named."""
        return ", ".join(self.store.rules.roles.get(name, ())) or None


def system(store: Store, home: Home, at: datetime) -> System:
    return System(home, store, at, store.holdings(), store.methods(), store.method_evidence())


# -- parts that several drafts share -------------------------------------------------------------------------------------------
def _note(kind: str) -> Paragraph:
    return Paragraph(
        f"Draft, made by the software from its own configuration and counts. It is no assessment and no legal advice. {SOURCES[kind]} Section numbers of the Data Protection Act 2018 are to be checked by the authority's lawyer.",
        small=True,
    )


def _made(s: System) -> Fields:
    return Fields([
        ("Authority", s.authority), ("Jurisdiction", s.home.settings.authority.jurisdiction), ("Software", f"{NAME} {code_version()}"),
        ("Counted on", f"{s.at:%d %B %Y %H:%M} UTC"), ("Owner of this document", None), ("Review by", None),
    ])  # fmt: skip


def _held(s: System) -> list[Any]:
    rows = [
        [
            h.what, f"{h.rows:,}", _span(h),
            ", ".join(f"{n:,} {category}" for category, n in h.categories) or "as what it hangs on", "opinion" if h.opinion else "fact as recorded", str(h.sensitive),
        ]
        for h in s.holdings if h.rows
    ]  # fmt: skip
    empty = [h.what for h in s.holdings if not h.rows]
    out: list[Any] = [
        Table(["What", "Rows", "From, to", "Categories of data subject", "Nature", "Sensitive"], rows, widths=[28, 10, 15, 22, 12, 13])
        if rows
        else Paragraph("The store holds nothing about people yet.")
    ]
    if empty:
        out.append(Paragraph("Can be kept, and none is: " + "; ".join(empty) + ".", small=True))
    return out


def _span(h: Holding) -> str:
    days = [f"{at:%Y-%m-%d}" for at in (h.first, h.last) if at]
    return " to ".join(dict.fromkeys(days)) or "–"


def _sources(s: System) -> list[Any]:
    found = find_sources(s.home)
    if not found:
        return [Paragraph("No source is configured.")]
    rows = [
        [f"{each.name}: {each.title}", str(each.kind), each.legal or None, "yes, with a named officer and basis" if each.robots else "no"]
        for each in found
    ]
    return [Table(["Source", "Kind", "Why it may be looked at", "robots.txt overridden"], rows, widths=[28, 12, 45, 15])]


def _retention(s: System) -> list[Any]:
    days, rules = s.home.settings.retention_days, s.store.rules.retention
    rows = [
        ["what is under no suspicion", f"{days.unflagged} days from when it was recorded"],
        ["what a flag, a person's yes or an authorised watch is about", f"{days.flagged} days from when it was last seen"],
        *([held, f"{number} days from its own date"] for held, number in rules.kinds.items()),
        *([f"rows about a {category}", f"{number} days from their own date"] for category, number in rules.categories.items()),
        *(
            [f"a case, after {outcome.replace('_', ' ')}", f"{rule.months} months; {rule.law}" + ("" if rule.checked else " [to be checked]")]
            for outcome, rule in rules.cases.items()
        ),
        ["anything under a hold", "until the hold is released"],
    ]  # fmt: skip
    both = ", ".join(s.store.rules.two_persons.acts) or "none"
    return [
        Table(["What", "Reviewed after"], rows, widths=[45, 55]),
        Paragraph(
            f"Acts that need two persons: {both}. Nothing is erased by a date alone: it is listed for review (touchstone retention review)."
        ),
    ]


def _methods(s: System) -> list[Any]:
    if not s.in_force:
        return [Paragraph("No method is in force yet: touchstone detect records those that are shipped.")]
    rows = []
    for number, method in s.in_force:
        evidence, by, at = s.evidence.get(number, ("", "", s.at))
        rows.append(
            [f"{method.kind} {method.name} {method.version}", task(method.name), f"{evidence} ({by}, {at:%Y-%m-%d})" if evidence else None]
        )
    return [Table(["Method", "What it does", "In force on which evidence"], rows, widths=[22, 48, 30])]


def task(name: str) -> str | None:
    """What a method looks for and why, as its own file begins; None where that is not said."""
    if name not in discover():
        return OTHERS.get(name)
    said = importlib.import_module(f"detectors.{name}").__doc__ or ""
    return " ".join(said.split("\n\n")[0].split()) or None


def _judged(s: System) -> list[Any]:
    tally = s.store.tally()
    said = [
        (word or "not judged yet", tally.above.get(word, 0), tally.below.get(word, 0), tally.drawn.get(word, 0))
        for word in ("yes", "no", "unsure", "")
    ]
    rows = [[word, f"{a:,}", f"{b:,}", f"{d:,}"] for word, a, b, d in said]
    return [
        Paragraph(
            "What officers of this authority said of listings, counted in this store. It is no rate of counterfeits: nobody has examined goods."
        ),
        Table(["A person said", "flagged (review or above)", "not flagged", "of these drawn at random"], rows, widths=[25, 25, 25, 25]),
    ]


def measured() -> tuple[list[str], list[list[str]], str]:
    """The table of the score in docs/accuracy.md, as `touchstone evaluate text` wrote it: columns, rows, and the sentence that says of which data.

    ([], [], "") where this copy of the software has no such page.
    """
    found = page()
    block = (
        re.search(r"<!-- evaluate score: begin -->\n(.*?)<!-- evaluate score: end -->", found.read_text("utf-8"), re.S) if found else None
    )
    if not block:
        return [], [], ""
    lines = block[1].splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith("| what |")), None)
    if start is None:
        return [], [], ""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:] if line.startswith("|")]
    end = next((n for n, line in enumerate(lines[start:]) if not line.startswith("|")), len(lines))
    return cells[0], cells[2:end], lines[0].strip()


def _figures() -> list[Any]:
    columns, rows, data = measured()
    if not columns:
        return [
            Paragraph("The measured figures are in docs/accuracy.md of the source code, which this copy has not."),
            Fields([("Figures", None)]),
        ]
    return [
        Paragraph(
            "As docs/accuracy.md of this version has them, written there by the measurement itself. Percentages, with intervals of 95 %."
        ),
        Quotation(data, "docs/accuracy.md"),
        Table(columns, rows, widths=[28, 16, 14, 14, 14, 14][: len(columns)] if len(columns) == 6 else None),
    ]


# -- the drafts ------------------------------------------------------------------------------------------------------------------
def dpia(s: System) -> Document:
    roles = "; ".join(f"{n} as {role}" for role, n in s.store.staff()) or None
    risks = (
        ("Somebody is looked at because software was wrong", "Flags are reasons to look, shown with their reasons and with what speaks against them; only people judge; a random sample is judged too."),
        ("An account is taken for the wrong person", "Who runs an account is \"not shown\" until a person judges so on evidence; likeness never counts."),
        ("People under no suspicion are kept", "They get the short date; nothing of them is flagged; erasure is by two persons."),
        ("Repeated looking becomes surveillance", f"Looks at a person's page are counted; at {s.home.settings.views.threshold} in {s.home.settings.views.days} days the software stops and asks."),
        ("Somebody inside reads without cause", "Each look is in a hash-chained log with its purpose; direct access to the database is outside it, and is the authority's to restrict."),
        ("Data of a person who told is given away", "It is kept apart, read only for a stated reason, and in no pack."),
    )  # fmt: skip
    return Document(
        f"Data protection impact assessment: {NAME}",
        [
            _note("dpia"), _made(s),
            Heading("Step 1: need", 2),
            Paragraph("The system collects public listings, examines them by software and shows officers those that merit a look. It profiles accounts across listings and joins them to places: processing that is likely to need an assessment before it begins (s.64)."),
            Fields([("Why the authority does it", None), ("Who decided that an assessment is needed", None)]),
            Heading("Step 2: the processing", 2),
            Paragraph("From where"), *_sources(s), Paragraph("What is held"), *_held(s), Paragraph("How long"), *_retention(s),
            Fields([("Who uses it, by role", roles), ("To whom it was disclosed, by purpose", "; ".join(f"{n} {what}" for what, n in s.store.disclosures()) or "to nobody yet"), ("Where it is kept, and by which processors", None), ("Geographical area", None)]),
            Paragraph("By which methods"), *_methods(s),
            Heading("Step 3: consultation", 2), Fields([("Data protection officer", s.role("data_protection_officer")), ("Whose views were sought, or why not", None), ("Processors, security", None)]),
            Heading("Step 4: necessity and proportionality", 2),
            Fields([("Law enforcement purpose (s.31) and the function it serves", None), ("Lawful basis (s.35)", None), ("Why less would not do", None), ("How function creep is prevented", "Purposes are stated per operation; a watch on a person is refused without a live authorisation"), ("Information to data subjects (s.44)", None), ("Rights: how requests are answered", "a search reports what is held (touchstone subject search); a person decides"), ("Transfers abroad", None)]),
            Heading("Steps 5 and 6: risks and measures", 2),
            Table(["Risk", "What the software does", "Likelihood", "Severity", "Further measures", "Residual risk"], [[what, does, None, None, None, None] for what, does in risks], widths=[19, 30, 13, 12, 13, 13]),
            Fields([("Risks that the authority adds", None), ("Equality: who may be looked at more often, and why", None)]),
            Heading("Step 7: sign-off", 2),
            Fields([("Measures approved by", None), ("Residual risks approved by", None), ("Advice of the data protection officer", None), ("Prior consultation of the Commissioner (s.65)", None)]),
            Signature(["Senior responsible officer", "Date"]), Signature(["Data protection officer", "Date"]),
        ],
        draft=True,
    )  # fmt: skip


def apd(s: System) -> Document:
    sensitive = [h for h in s.holdings if h.sensitive]
    rows = [[name, None if "{blank}" in does else does] for name, does in PRINCIPLES]
    for row, (_, does) in zip(rows, PRINCIPLES, strict=True):
        if row[1] is None:
            row[1] = does.replace("{blank}", "[to be completed: who may open the database, its machine and its backups]")
    return Document(
        "Appropriate policy document: sensitive processing for law enforcement purposes",
        [
            _note("apd"), _made(s),
            Heading("What sensitive data may be met", 2),
            Paragraph("The system looks for none and infers none. Pages, pictures and what people hand in may show some by chance: racial or ethnic origin in a picture, belief in goods that are sold, health in a message (s.35(8)). A person marks it when it is met."),
            Fields([("Marked sensitive today", "; ".join(f"{h.sensitive} of {h.what}" for h in sensitive) or "nothing"), ("Schedule 8 condition relied on", None), ("Why the processing is strictly necessary", None)]),
            Heading("Procedures for compliance with the principles (s.42(2)(a))", 2), Table(["Principle", "Procedure"], rows, widths=[26, 74]),
            Heading("Retention and erasure (s.42(2)(b))", 2), *_retention(s),
            Heading("Responsibility", 2),
            Fields([("Senior responsible officer", s.role("senior_responsible_officer")), ("Data protection officer", s.role("data_protection_officer")), ("Kept until six months after the processing ends, and reviewed (s.42(3))", None), ("Last reviewed", None)]),
            Signature(["Senior responsible officer", "Date"]),
        ],
        draft=True,
    )  # fmt: skip


def atrs(s: System) -> Document:
    authority, counted = s.authority, s.store.counts()
    fields: tuple[tuple[str, tuple[tuple[str, str, str | None], ...]], ...] = (
        ("Metadata and title", (
            ("0.1", "ID", None), ("0.2", "Standard version", "3.0"), ("0.3", "Organisation type", None), ("0.4", "Function", None), ("0.5", "Capability", None), ("0.6", "Task", None),
            ("0.7", "Tags", None), ("0.8", "Date of completion", None), ("0.9", "Date updated", None), ("0.10", "Date archived", None), ("0.11", "Title", NAME),
            ("0.12", "Organisation name", authority), ("0.13", "Phase", None), ("0.14", "Region", None),
            ("0.15", "One sentence description", "Finds online listings of likely fake designer goods, so that a trading standards officer can look at them."))),
        ("Tier 1", (
            ("1.1", "Name", NAME),
            ("1.2", "Description", "Software reads public listings, compares words, pictures, prices and accounts, and puts those that merit a look before an officer, each with its reasons. It is used because there are more listings than officers could read. It decides nothing."),
            ("1.3", "Website URL", None), ("1.4", "Contact email", None))),
        ("Tier 2: owner and responsibility", (
            ("2.1.1", "Organisation or department", authority), ("2.1.2", "Team", None), ("2.1.3", "Senior responsible owner", s.role("senior_responsible_officer")),
            ("2.1.4", "External supplier involvement", None), ("2.1.4.1", "External supplier", None), ("2.1.4.2", "Companies House Number", None), ("2.1.4.3", "External supplier role", None),
            ("2.1.4.4", "Procurement procedure type", None), ("2.1.4.5", "Data access terms", None))),
        ("Tier 2: description and rationale", (
            ("2.2.1", "Detailed description", f"Pages are kept as they were answered; parsers read listings from them; {len(s.in_force)} methods in force give findings with reasons; a policy weighs them to a level (note, review, priority); officers judge what is put before them."),
            ("2.2.2", "Scope", "Public listings and what people hand in. It is not designed to say whether goods are counterfeit, who runs an account, or what should be done; and not to watch persons without an authorisation."),
            ("2.2.3", "Benefit", None), ("2.2.4", "Previous process", None), ("2.2.5", "Alternatives considered", None))),
        ("Tier 2: decision-making process", (
            ("2.3.1", "Process integration", "A flag puts a listing into a queue. A person looks, judges and says why; what is done next (advice, warning, notice, investigation) is a person's decision with its own record."),
            ("2.3.2", "Provided information", "The listing, its pictures and history, each finding with the words or the picture region that it rests on, what speaks against, what was not examined, and the score."),
            ("2.3.3", "Frequency and scale of usage", f"Counted in this store: {counted['listings']:,} listings of {counted['sellers']:,} accounts, flags: {counted['flags']:,}, judgements by people: {counted['judgements']:,}."),
            ("2.3.4", "Human decisions and review", "Every judgement is a person's. A random sample of what was not flagged is judged too, so that what the software misses is seen."),
            ("2.3.5", "Required training", None), ("2.3.6", "Appeals and review", None))),
        ("Tier 2: tool specification", (
            ("2.4.1.1", "System architecture", "One machine or a cluster: a crawler, detectors, a store (SQLite or PostgreSQL) and an archive of WARC files, joined by a hash-chained log. The source code and its documentation are open."),
            ("2.4.1.2", "Phase", None), ("2.4.1.3", "Maintenance", None),
            ("2.4.1.4", "Models", "; ".join(f"{m.kind} {m.name} {m.version}" for _, m in s.in_force) or "none in force yet"))),
        ("Tier 2: risks, mitigations and impact assessments", (
            ("2.5.1", "Impact assessment", None),
            ("2.5.2", "Risks and mitigations", "As in the data protection impact assessment: error, misattribution, collateral intrusion, surveillance by repetition, access without cause."))),
    )  # fmt: skip
    blocks: list[Any] = [_note("atrs"), _made(s)]
    for title, some in fields:
        blocks += [Heading(title, 2), Fields([(f"{number} {name}", value) for number, name, value in some])]
        if title == "Tier 2: tool specification":
            blocks += [Heading("Tier 2: model specification (2.4.2), one entry a method in force", 2), *_specifications(s)]
            data = (
                ("2.4.3.1", "Source data name", "; ".join(each.title for each in find_sources(s.home)) or "none configured"),
                ("2.4.3.2", "Data modality", "text, pictures, prices, addresses"), ("2.4.3.3", "Data description", "; ".join(h.what for h in s.holdings if h.rows) or "none yet"),
                ("2.4.3.4", "Data quantities", f"{counted['captures']:,} captures, {counted['snapshots']:,} snapshots, {counted['images']:,} images"), ("2.4.3.5", "Sensitive attributes", None),
                ("2.4.3.6", "Data completeness and representativeness", None), ("2.4.3.7", "Source data URL", None), ("2.4.3.8", "Data collection", "By a crawler that obeys robots.txt and a rate, names itself, and stops at a log-in or a CAPTCHA; and as people hand it in."),
                ("2.4.3.9", "Data cleaning", "Parsers read fields; what cannot be read is counted and kept."), ("2.4.3.10", "Data sharing agreements", None),
                ("2.4.3.11", "Data access and storage", None),
            )  # fmt: skip
            blocks += [
                Heading("Tier 2: data specification", 2),
                Fields([(f"{number} {name}", value) for number, name, value in data]),
                *_retention(s),
            ]
    return Document(f"Algorithmic transparency record: {NAME}", blocks, draft=True)


def _specifications(s: System) -> list[Any]:
    if not s.in_force:
        return [Paragraph("No method is in force yet.")]
    out: list[Any] = []
    for number, method in s.in_force:
        evidence = s.evidence.get(number, ("", "", s.at))[0]
        inputs = {
            "snapshot": "what an advert said",
            "picture": "a picture of an advert",
            "seller": "an account with its adverts",
            "listing": "an advert with its adverts' history",
        }
        found = discover().get(method.name)
        out.append(
            Fields([
                ("2.4.2.1 Model name", f"{method.kind} {method.name}"), ("2.4.2.2 Model version", method.version), ("2.4.2.3 Model task", task(method.name)),
                ("2.4.2.4 Model input", inputs.get(str(found.subject)) if found else None), ("2.4.2.5 Model output", "findings: a reason code, a score, a sentence, pointers" if method.kind == "detector" else None),
                ("2.4.2.6 Model architecture", "; ".join(f"{name}, SHA-256 {digest}" for name, digest in method.models.items()) or "rules, no trained model"), ("2.4.2.7 Model performance", evidence or None),
                ("2.4.2.8 Datasets", None), ("2.4.2.9 Dataset purposes", None),
            ])
        )  # fmt: skip
    return out


def model_card(s: System) -> Document:
    blocks: list[Any] = [
        _note("model-card"), _made(s),
        Heading("Intended use", 2), Paragraph("To put listings before an officer in an order that saves time. Not to decide anything about a person, and not as evidence: a score says nothing of what goods are."),
        Heading("Methods in force", 2), *_methods(s),
        Heading("Settings and models", 2),
        Table(["Method", "Digest of all that can change its answer", "Models, SHA-256"], [[f"{m.name} {m.version}", m.digest, "; ".join(f"{n}: {d}" for n, d in m.models.items()) or "none: rules"] for _, m in s.in_force], widths=[22, 40, 38])
        if s.in_force else Paragraph("None yet."),
        Heading("Measured before it was shipped", 2), *_figures(),
        Heading("What people here said of its flags", 2), *_judged(s),
        Heading("What is not known", 2),
        Items(["How it does on the marketplaces that this authority looks at: nobody has measured that but by the judgements above.", "Whether it looks at some groups of sellers more than at others: names, languages and places were not tested for that.", "How many counterfeits there are among what it finds, and among what it does not."]),
        Fields([("Who answers for its use here", s.role("senior_responsible_officer")), ("Groups that may be affected, and what was done about it", None), ("When it is measured again", None)]),
    ]  # fmt: skip
    return Document(f"Model card: {NAME}", blocks, draft=True)


DRAFTS: Mapping[str, Callable[[System], Document]] = {"dpia": dpia, "apd": apd, "atrs": atrs, "model-card": model_card}


# -- Markdown -----------------------------------------------------------------------------------------------------------------------
def markdown(document: Document) -> str:
    """The same words as the documents, for a web page or a repository; a blank is `[to be completed]`."""
    from casework.documents import BLANK

    out = [f"# {_md(document.title)}", *(["**DRAFT**"] if document.draft else []), *([_md(document.marking)] if document.marking else [])]
    for block in document.blocks:
        if isinstance(block, Heading):
            out.append(f"{'#' * (block.level + 1)} {_md(block.text)}")
        elif isinstance(block, Paragraph):
            out.append(f"**{_md(block.text)}**" if block.strong else _md(block.text))
        elif isinstance(block, Quotation):
            out.append(f"> {_md(block.text)}" + (f"\n>\n> {_md(block.source)}" if block.source else ""))
        elif isinstance(block, Items):
            out.append("\n".join(f"- {_md(each)}" for each in block.texts))
        elif isinstance(block, Fields):
            out.append("\n".join(f"- **{_md(label)}:** {_md(value) if value is not None else BLANK}" for label, value in block.pairs))
        elif isinstance(block, Table):
            rows = [[BLANK if cell is None else _md(cell) for cell in row] for row in block.rows]
            lines = ["| " + " | ".join(_md(c) for c in block.columns) + " |", "|" + "---|" * len(block.columns)]
            out.append("\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]))
        elif isinstance(block, Signature):
            out.append(" ".join(f"{_md(label)}: ____________" for label in block.labels))
        elif isinstance(block, PageBreak):
            out.append("---")
    return "\n\n".join(out) + "\n"


def _md(text: str) -> str:
    """Text as Markdown shows it: nothing of it is obeyed, and a cell stays one cell."""
    return re.sub(r"([\\`*_<>#|])", r"\\\1", " ".join(text.split()))
