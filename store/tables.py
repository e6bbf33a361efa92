"""The tables: SQLAlchemy Core, portable between SQLite and PostgreSQL. Rows are added, not changed; nothing cascades.

Every row that can be about a person carries `subject_category` (DPA 2018 s.38) and `retention_until`; every row of an
authority's own carries its code. A JSON column holds canonical JSON text in `_json` columns, so that a digest can be taken
of what is stored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite has no zones: without this a naive time would come back and be read as local time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was given to the store; times are aware UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _TermVector(TSVECTOR):
    """Terms joined by spaces, as PostgreSQL looks for them; none is parsed or cut by a dictionary."""

    def bind_expression(self, bindvalue: BindParameter[Any]) -> ColumnElement[Any]:
        return func.array_to_tsvector(func.string_to_array(type_coerce(bindvalue, Text), " "))


Digest = String(64)
Terms = Text().with_variant(_TermVector(), "postgresql")
Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only for INTEGER PRIMARY KEY


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def _fk(name: str, target: str, nullable: bool = False, index: bool = True) -> Column[Any]:
    return Column(name, Id, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


def _table(name: str, *parts: Any) -> Table:
    # AUTOINCREMENT: a row number is never used twice, even after an erasure
    numbered = any(isinstance(part, Column) and part.name in ("id", "number") and part.primary_key for part in parts)
    return Table(name, metadata, *parts, sqlite_autoincrement=numbered)


def _person() -> tuple[Column[Any], ...]:
    return (
        Column("subject_category", String(16), nullable=False, server_default="unknown"),
        Column("retention_until", Utc),
    )


# -- who, why, when ------------------------------------------------------------------------------------------------------
authority = _table(
    "authority", Column("code", String(40), primary_key=True), Column("name", Text, nullable=False),
    Column("jurisdiction", Text, nullable=False), Column("added_at", Utc, nullable=False),
)  # fmt: skip
actor = _table(
    "actor", Column("id", String(80), primary_key=True), Column("authority", ForeignKey("authority.code"), nullable=False),
    Column("name", Text, nullable=False), Column("role", String(40), nullable=False), Column("is_person", Boolean, nullable=False),
    Column("added_at", Utc, nullable=False),
)  # fmt: skip
operation = _table(
    "operation", _id(), Column("reference", String(80), nullable=False, index=True), Column("digest", Digest, nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("purpose", String(20), nullable=False),
    Column("body_json", Text, nullable=False), Column("added_at", Utc, nullable=False), UniqueConstraint("reference", "digest"),
)  # fmt: skip
account = _table(  # a person who may sign in at the desk; the role that they hold is the newest row of account_role
    "account", Column("actor", ForeignKey("actor.id"), primary_key=True), Column("opened_by", ForeignKey("actor.id"), nullable=False),
    Column("at", Utc, nullable=False),
)  # fmt: skip
account_role = _table(  # "" closes the account
    "account_role", _id(), Column("account", ForeignKey("account.actor"), nullable=False, index=True), Column("role", String(40), nullable=False),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip
account_secret = _table(  # the newest counts; `temporary` is one that somebody else knows, to be changed at the first sign-in
    "account_secret", _id(), Column("account", ForeignKey("account.actor"), nullable=False, index=True), Column("hash", Text, nullable=False),
    Column("temporary", Boolean, nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip
sign_in = _table(  # an attempt on an account, or another's word (`unlocked`); of a name that is no account's nothing is kept, since people type passwords there
    "sign_in", _id(), Column("account", ForeignKey("account.actor"), nullable=False), Column("says", String(10), nullable=False),
    Column("address", String(45), nullable=False), Column("at", Utc, nullable=False), Index("ix_sign_in_account_at", "account", "at"),
)  # fmt: skip
desk_session = _table(  # somebody signed in; the browser holds the token, the store its digest
    "desk_session", _id(), Column("token_digest", Digest, nullable=False, unique=True), Column("account", ForeignKey("account.actor"), nullable=False, index=True),
    Column("until", Utc, nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip
desk_session_word = _table(  # `seen` (at most every few minutes), `reason` (what the person is working on, for the log), `ended`
    "desk_session_word", _id(), _fk("session", "desk_session"), Column("says", String(10), nullable=False), Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
)  # fmt: skip
api_token = _table(  # what a program reads with, on an account's behalf; the program holds the token, the store its digest
    "api_token", _id(), Column("token_digest", Digest, nullable=False, unique=True), Column("account", ForeignKey("account.actor"), nullable=False, index=True),
    Column("name", String(80), nullable=False), Column("scopes_json", Text, nullable=False), Column("until", Utc, nullable=False),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip
api_token_end = _table(  # somebody ended a token before its time
    "api_token_end", _id(), _fk("token", "api_token", index=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False),
    UniqueConstraint("token"),
)  # fmt: skip
run = _table(
    "run", Column("id", String(40), primary_key=True), Column("pass_name", String(20), nullable=False, index=True),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("authority", ForeignKey("authority.code"), nullable=False),
    Column("operation", String(80)), Column("source", String(80), index=True), Column("code_version", String(80), nullable=False),
    Column("config_digest", Digest, nullable=False), Column("started_at", Utc, nullable=False),
    Column("clock_json", Text, nullable=False, server_default="{}"),
)  # fmt: skip
run_end = _table(
    "run_end", Column("run", ForeignKey("run.id"), primary_key=True), Column("ended_at", Utc, nullable=False),
    Column("outcome", String(10), nullable=False), Column("counts_json", Text, nullable=False), Column("message", Text, nullable=False),
)  # fmt: skip

# -- what was kept ---------------------------------------------------------------------------------------------------------
capture = _table(
    "capture", _id(), Column("run", ForeignKey("run.id"), nullable=False), Column("source", String(80), nullable=False, index=True),
    Column("kind", String(12), nullable=False), Column("method", String(10), nullable=False),
    Column("url_requested", Text, nullable=False), Column("url_final", Text, nullable=False), Column("redirects_json", Text, nullable=False),
    Column("status", Integer, nullable=False), Column("request_headers_json", Text, nullable=False),
    Column("response_headers_json", Text, nullable=False), Column("body_digest", Digest, nullable=False, index=True),
    Column("body_length", Id, nullable=False), Column("request_digest", String(64), nullable=False),
    Column("started_at", Utc, nullable=False), Column("ended_at", Utc, nullable=False), Column("server_ip", String(45)),
    Column("record_id", String(80), nullable=False), _fk("part_of", "capture", nullable=True), *_person(),
    Column("decoded_digest", String(64), nullable=False, server_default=""), Column("http_version", String(16), nullable=False, server_default=""),
    Column("dns_answer_json", Text, nullable=False, server_default="[]"), Column("certificate", String(64), nullable=False, server_default=""),
    Column("certificate_chain_json", Text, nullable=False, server_default="[]"),
    Index("ix_capture_run_url", "run", "url_requested"), Index("ix_capture_status", "source", "status"),
    Index("ix_capture_due", "retention_until"), Index("ix_capture_category", "subject_category", "ended_at"),
)  # fmt: skip
location = _table(
    "location", _id(), _fk("capture", "capture"), Column("segment", String(160), nullable=False, index=True), Column("offset", Id, nullable=False),
    Column("length", Id, nullable=False), Column("record_id", String(80), nullable=False), Column("record_type", String(12), nullable=False),
    _fk("payload_of", "capture", nullable=True), Column("added_at", Utc, nullable=False),
)  # fmt: skip

# -- what was said ---------------------------------------------------------------------------------------------------------
listing = _table(
    "listing", _id(), Column("source", String(80), nullable=False), Column("ref", String(300), nullable=False), Column("url", Text, nullable=False),
    Column("added_at", Utc, nullable=False), *_person(), UniqueConstraint("source", "ref"), Index("ix_listing_added_at", "added_at"),
    Index("ix_listing_due", "retention_until"), Index("ix_listing_category", "subject_category", "added_at"),
)  # fmt: skip
snapshot = _table(
    "snapshot", _id(), Column("digest", Digest, nullable=False, unique=True), Column("title", Text, nullable=False), Column("text", Text, nullable=False),
    Column("price_text", Text, nullable=False), Column("price_minor", Id), Column("currency", String(3)), Column("brand", Text, nullable=False),
    Column("category", Text, nullable=False), Column("condition", Text, nullable=False), Column("seller", Text, nullable=False),
    Column("seller_name", Text, nullable=False), Column("place", Text, nullable=False), Column("added_at", Utc, nullable=False), *_person(),
    Column("text_digest", String(64), nullable=False, server_default="", index=True),
)  # fmt: skip
seller = _table(
    "seller", _id(), Column("source", String(80), nullable=False), Column("handle", String(300), nullable=False), Column("name", Text, nullable=False),
    Column("url", Text, nullable=False), Column("added_at", Utc, nullable=False), *_person(), UniqueConstraint("source", "handle"),
    Index("ix_seller_due", "retention_until"), Index("ix_seller_category", "subject_category", "added_at"),
)  # fmt: skip
reading = _table(
    "reading", _id(), _fk("capture", "capture"), Column("parser", String(40), nullable=False), Column("parser_version", String(80), nullable=False),
    _fk("listing", "listing"), _fk("snapshot", "snapshot"), _fk("seller", "seller", nullable=True), Column("images_json", Text, nullable=False),
    Column("captured_at", Utc, nullable=False), Column("run", ForeignKey("run.id"), nullable=False), Column("notes_json", Text, nullable=False),
    Column("details_json", Text, nullable=False, server_default="{}"),
    UniqueConstraint("capture", "parser_version", "listing"),
)  # fmt: skip
reading_image = _table(
    "reading_image", _id(), _fk("reading", "reading"), Column("position", Integer, nullable=False), Column("sha256", Digest, nullable=False, index=True),
    _fk("capture", "capture"), UniqueConstraint("reading", "position"),
)  # fmt: skip
unread = _table(  # a page that could not be read, or a card of it that was refused: counted, never dropped
    "unread", _id(), _fk("capture", "capture"), Column("parser_version", String(80), nullable=False), Column("reason", String(80), nullable=False),
    Column("detail", Text, nullable=False), Column("run", ForeignKey("run.id"), nullable=False), UniqueConstraint("capture", "parser_version", "reason"),
    Index("ix_unread_reason", "reason", "capture"),
)  # fmt: skip
contact = _table(
    "contact", _id(), Column("kind", String(20), nullable=False), Column("value", String(300), nullable=False), Column("added_at", Utc, nullable=False),
    *_person(), UniqueConstraint("kind", "value"),
)  # fmt: skip
listing_contact = _table(
    "listing_contact", _id(), _fk("contact", "contact"), _fk("listing", "listing"), _fk("seller", "seller", nullable=True), _fk("capture", "capture"),
    Column("raw", Text, nullable=False), UniqueConstraint("contact", "listing", "capture"),
)  # fmt: skip
image = _table(
    "image", _id(), Column("sha256", Digest, nullable=False, unique=True), Column("mime", String(80), nullable=False), Column("width", Integer),
    Column("height", Integer), Column("length", Id, nullable=False), _fk("capture", "capture"), Column("problem", Text, nullable=False), *_person(),
)  # fmt: skip
picture = _table(
    "picture", _id(), _fk("image", "image"), _fk("listing", "listing"), _fk("seller", "seller", nullable=True), UniqueConstraint("image", "listing"),
)  # fmt: skip
picture_contact = _table(  # a contact that a method read in a picture; `capture` is the first that brought the picture to that listing
    "picture_contact", _id(), _fk("contact", "contact"), _fk("picture", "picture"), _fk("method", "method", index=False), _fk("capture", "capture"),
    Column("raw", Text, nullable=False), UniqueConstraint("contact", "picture", "method"),
)  # fmt: skip
fingerprint = _table(
    "fingerprint", _id(), Column("image_sha256", Digest, nullable=False), Column("algorithm", String(40), nullable=False),
    Column("version", String(80), nullable=False), Column("value", Text, nullable=False), Column("quality", Float),
    UniqueConstraint("image_sha256", "algorithm", "version"),
)  # fmt: skip

# -- what was told or handed in --------------------------------------------------------------------------------------------
sighting = _table(
    "sighting", _id(), Column("reference", String(80), nullable=False, unique=True), Column("told", String(10), nullable=False), _fk("listing", "listing"),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("seen_at", Utc), Column("seen_at_text", Text, nullable=False), Column("place", Text, nullable=False), Column("obtained", Text, nullable=False),
    Column("claims_json", Text, nullable=False), Column("run", ForeignKey("run.id"), nullable=False), Column("added_at", Utc, nullable=False), *_person(),
)  # fmt: skip
sighting_capture = _table(  # the files of a sighting, each a capture, in order
    "sighting_capture", _id(), _fk("sighting", "sighting"), Column("position", Integer, nullable=False), _fk("capture", "capture"),
    Column("filename", Text, nullable=False), UniqueConstraint("sighting", "position"),
)  # fmt: skip
informant = _table(  # who gave it: kept apart, read only by a method that leaves an event of its own
    "informant", _id(), _fk("sighting", "sighting"), Column("name", Text, nullable=False), Column("contact", Text, nullable=False),
    Column("note", Text, nullable=False), Column("added_at", Utc, nullable=False), *_person(),
)  # fmt: skip
subject_view = _table(  # a person's account was looked at: counted over 28 days (practice § 4)
    "subject_view", _id(), Column("subject", String(400), nullable=False), Column("at", Utc, nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("purpose", String(20), nullable=False), Column("operation", String(80)), Column("run", String(40)), Column("reason", Text, nullable=False), *_person(),
    Index("ix_subject_view_subject_at", "subject", "at"),
)  # fmt: skip

# -- opinions ------------------------------------------------------------------------------------------------------------
reference = _table(
    "reference", Column("number", Id, primary_key=True, autoincrement=True), Column("kind", String(12), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("provenance", Text, nullable=False),
    Column("added_by", ForeignKey("actor.id"), nullable=False), Column("brand", Text, nullable=False), Column("category", Text, nullable=False),
    Column("condition", Text, nullable=False), Column("image_sha256", String(64)), Column("price_minor", Id), Column("currency", String(3)),
    Column("dated", String(10), nullable=False), Column("removes", Id, ForeignKey("reference.number")), Column("added_at", Utc, nullable=False),
    Column("statement", Text, nullable=False, server_default=""), _fk("judgement", "judgement", nullable=True),
    Column("line", Text, nullable=False, server_default=""), Column("platform", String(80), nullable=False, server_default=""),
    Column("low_minor", Id), Column("high_minor", Id), Column("rows", Integer), Column("sellers", Integer),
)  # fmt: skip
method = _table(
    "method", _id(), Column("digest", Digest, nullable=False, unique=True), Column("kind", String(10), nullable=False), Column("name", String(40), nullable=False),
    Column("version", String(40), nullable=False), Column("settings_json", Text, nullable=False), Column("models_json", Text, nullable=False),
    Column("added_at", Utc, nullable=False),
)  # fmt: skip
method_status = _table(
    "method_status", _id(), _fk("method", "method"), Column("status", String(10), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("evidence", Text, nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip
examination = _table(
    "examination", _id(), Column("subject_kind", String(10), nullable=False), Column("subject", Id, nullable=False), _fk("method", "method", index=False),
    Column("references_upto", Id, nullable=False), Column("pictures_upto", Id, nullable=False), Column("outcome", String(12), nullable=False),
    Column("detail", Text, nullable=False), Column("run", ForeignKey("run.id"), nullable=False), Column("at", Utc, nullable=False),
    UniqueConstraint("method", "subject_kind", "subject", "references_upto", "pictures_upto"),
)  # fmt: skip
finding = _table(
    "finding", _id(), _fk("examination", "examination"), Column("digest", Digest, nullable=False), Column("reason", String(60), nullable=False),
    Column("score", Float, nullable=False), Column("sentence", Text, nullable=False), Column("direction", String(12), nullable=False),
    Column("pointers_json", Text, nullable=False), *_person(),
)  # fmt: skip
DIVIDED = """contributions_json LIKE '%"points":-%'"""  # something speaks for the seller: canonical JSON has no spaces, so fewer than no points reads exactly so
flag = _table(
    "flag", _id(), _fk("listing", "listing"), Column("policy", Digest, nullable=False), Column("findings_digest", Digest, nullable=False),
    Column("level", String(10), nullable=False), Column("score", Float, nullable=False), Column("contributions_json", Text, nullable=False),
    Column("not_examined_json", Text, nullable=False), Column("run", ForeignKey("run.id"), nullable=False), Column("at", Utc, nullable=False), *_person(),
    Index("ix_flag_level_score", "level", "score"), Index("ix_flag_divided", "level", "score", sqlite_where=text(DIVIDED), postgresql_where=text(DIVIDED)),
)  # fmt: skip

# -- places ----------------------------------------------------------------------------------------------------------------
register_snapshot = _table(
    "register_snapshot", _id(), Column("register", String(40), nullable=False), Column("file_digest", Digest, nullable=False), Column("dated", String(10), nullable=False),
    Column("licence", Text, nullable=False), Column("rows", Integer, nullable=False), Column("refused", Integer, nullable=False),
    Column("run", ForeignKey("run.id"), nullable=False), Column("at", Utc, nullable=False), UniqueConstraint("register", "file_digest"),
)  # fmt: skip
register_entry = _table(
    "register_entry", _id(), _fk("register_snapshot", "register_snapshot", index=False), Column("register", String(40), nullable=False),
    Column("reference", String(120), nullable=False), Column("name", Text, nullable=False), Column("name_key", String(120), nullable=False),
    Column("address_raw", Text, nullable=False), Column("parts_json", Text, nullable=False), Column("uprn", String(12)),
    Column("postcode", String(8)), Column("lat", Float), Column("lon", Float), Column("phone", String(20)),
    Column("row", Integer, nullable=False), *_person(), Column("details_json", Text, nullable=False, server_default="{}"),
    UniqueConstraint("register_snapshot", "reference"),
    # with the snapshot: each edition holds the same shops again, and links are sought in the newest
    *(Index(f"ix_register_entry_{by}_snapshot", by, "register_snapshot") for by in ("postcode", "name_key", "phone")),
)  # fmt: skip
register_refusal = _table(
    "register_refusal", _id(), _fk("register_snapshot", "register_snapshot"), Column("row", Integer, nullable=False), Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
)  # fmt: skip
premises = _table(
    "premises", _id(), Column("kind", String(8), nullable=False), Column("label", Text, nullable=False), _fk("building", "premises", nullable=True),
    Column("key", String(300), nullable=False, unique=True), Column("postcode", String(8), index=True), Column("added_at", Utc, nullable=False),
)  # fmt: skip
premises_entry = _table(
    "premises_entry", _id(), _fk("premises", "premises", index=False), _fk("register_entry", "register_entry"), Column("run", ForeignKey("run.id"), nullable=False),
    UniqueConstraint("premises", "register_entry"),
)  # fmt: skip
link = _table(
    "link", _id(), Column("subject_kind", String(10), nullable=False), Column("subject", Id, nullable=False), Column("object_kind", String(10), nullable=False),
    Column("object", Id, nullable=False), _fk("method", "method"), Column("digest", Digest, nullable=False), Column("score", Float, nullable=False),
    Column("level", String(10), nullable=False), Column("reasons_json", Text, nullable=False), Column("run", ForeignKey("run.id"), nullable=False),
    Column("at", Utc, nullable=False), *_person(), Index("ix_link_pair", "subject_kind", "subject", "object_kind", "object"),
    Index("ix_link_object", "object_kind", "object"),
)  # fmt: skip
register_mark = _table(  # a load has `begun`, or `ended`: an edition that only half is there is nowhere sought in
    "register_mark", _id(), _fk("register_snapshot", "register_snapshot"), Column("word", String(8), nullable=False),
    Column("run", ForeignKey("run.id"), nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip
uprn_position = _table(  # where a UPRN lies, of those that entries name
    "uprn_position", _id(), Column("uprn", String(12), nullable=False), Column("lat", Float, nullable=False), Column("lon", Float, nullable=False),
    _fk("register_snapshot", "register_snapshot"), UniqueConstraint("uprn", "register_snapshot"),
)  # fmt: skip
occupant = _table(  # who is, or was, at a premises in which role, as a person says it; what a register says is in its entries
    "occupant", _id(), _fk("premises", "premises"), Column("role", String(12), nullable=False), Column("name", Text, nullable=False),
    Column("since", String(10), nullable=False), Column("until", String(10), nullable=False), Column("basis", String(10), nullable=False),
    Column("source", Text, nullable=False), _fk("capture", "capture", nullable=True), Column("note", Text, nullable=False), Column("salt", String(32), nullable=False),
    _fk("withdraws", "occupant", nullable=True, index=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("at", Utc, nullable=False), *_person(), UniqueConstraint("withdraws"),
)  # fmt: skip
occupant_mark = _table(  # what an occupant is known by: a contact's kind, or `company`, `vat`, `fhrs`; each value in its normal form
    "occupant_mark", _id(), _fk("occupant", "occupant"), Column("kind", String(20), nullable=False), Column("value", String(300), nullable=False),
    *_person(), UniqueConstraint("occupant", "kind", "value"), Index("ix_occupant_mark_value", "kind", "value"),
)  # fmt: skip
premises_given = _table(  # what an officer was given to look at on a day: the cap of configs/ranking.yml counts these
    "premises_given", _id(), Column("officer", ForeignKey("actor.id"), nullable=False), Column("day", String(10), nullable=False), _fk("premises", "premises"),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False), *_person(),
    UniqueConstraint("officer", "day", "premises"),
)  # fmt: skip

# -- what was done about them ----------------------------------------------------------------------------------------------
follow_up = _table(  # a step of a test purchase has its place, seller, case and operation from the purchase's first row in force
    "follow_up", _id(), Column("kind", String(12), nullable=False), Column("step", String(12), nullable=False, server_default=""),
    _fk("purchase", "follow_up", nullable=True), _fk("premises", "premises", nullable=True), _fk("seller", "seller", nullable=True),
    Column("case_file", ForeignKey("case_file.reference"), index=True), Column("operation", String(80)), Column("happened_at", Utc, nullable=False),
    Column("whole_day", Boolean, nullable=False), Column("body_json", Text, nullable=False), Column("salt", String(32), nullable=False),
    _fk("supersedes", "follow_up", nullable=True, index=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("at", Utc, nullable=False), *_person(), UniqueConstraint("supersedes"),
)  # fmt: skip
follow_up_capture = _table(  # its files, each a capture; `taken_at` is what a photograph says of itself
    "follow_up_capture", _id(), _fk("follow_up", "follow_up"), Column("position", Integer, nullable=False), _fk("capture", "capture"),
    Column("role", String(12), nullable=False), Column("taken_at", String(40), nullable=False), UniqueConstraint("follow_up", "position"),
)  # fmt: skip
bag = _table(  # the number of a sealed bag, as two are compared, and the first row that used it: none is used twice
    "bag", _id(), Column("number", String(40), nullable=False, unique=True), _fk("follow_up", "follow_up", nullable=True), Column("at", Utc, nullable=False),
    _fk("case_entry", "case_entry", nullable=True),
)  # fmt: skip
pair_statement = _table(  # a person joined two sellers as one operator's, or kept them apart; or withdrew that, and what stood before stands again
    "pair_statement", _id(), _fk("seller", "seller"), _fk("other", "seller"), Column("says", String(4), nullable=False),
    _fk("withdraws", "pair_statement", nullable=True, index=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("reason", Text, nullable=False), Column("at", Utc, nullable=False), *_person(),
    UniqueConstraint("withdraws"),
)  # fmt: skip
link_reach = _table(  # up to which rows a linker has looked at everything
    "link_reach", _id(), _fk("method", "method"), Column("reach_json", Text, nullable=False), Column("run", ForeignKey("run.id"), nullable=False),
    Column("at", Utc, nullable=False),
)  # fmt: skip

# -- people ----------------------------------------------------------------------------------------------------------------
judgement = _table(
    "judgement", _id(), Column("subject_kind", String(10), nullable=False), Column("subject", Id, nullable=False), Column("verdict", String(8), nullable=False),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("authority", ForeignKey("authority.code"), nullable=False),
    Column("reason", Text, nullable=False), Column("findings_digest", String(64), nullable=False), _fk("supersedes", "judgement", nullable=True),
    Column("at", Utc, nullable=False), *_person(), Column("code", String(40), nullable=False, server_default=""),
    Index("ix_judgement_subject", "subject_kind", "subject"),
)  # fmt: skip
second_review = _table(  # a judgement was drawn for a second person who does not see it; `second` is that person's, in a row of its own
    "second_review", _id(), _fk("first", "judgement"), _fk("second", "judgement", nullable=True, index=False), Column("at", Utc, nullable=False),
    UniqueConstraint("second"),
)  # fmt: skip
note = _table(  # what a person noted of a subject, or an entry of an investigator's log; of a case by its reference, of all else by number
    "note", _id(), Column("kind", String(8), nullable=False), Column("subject_kind", String(10), nullable=False), Column("subject", Id),
    Column("case_file", ForeignKey("case_file.reference"), index=True), Column("happened_at", Utc), Column("body_json", Text, nullable=False),
    Column("salt", String(32), nullable=False), _fk("supersedes", "note", nullable=True, index=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("at", Utc, nullable=False), *_person(), UniqueConstraint("supersedes"),
    Index("ix_note_subject", "subject_kind", "subject"),
)  # fmt: skip
assignment = _table(  # who works on a subject: given to an officer or let go, locked while it is judged, put off until a time; the newest row counts
    "assignment", _id(), Column("subject_kind", String(10), nullable=False), Column("subject", Id, nullable=False), Column("says", String(10), nullable=False),
    Column("officer", ForeignKey("actor.id"), nullable=False, index=True), Column("until", Utc), Column("findings_digest", String(64), nullable=False, server_default=""),
    _fk("note", "note", nullable=True, index=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("at", Utc, nullable=False),
    Index("ix_assignment_subject", "subject_kind", "subject"),
)  # fmt: skip
clearance = _table(  # an account, a company or a site whose goods were cleared: an authorised stockist of a brand ("" of all), until a day, on what evidence
    "clearance", _id(), Column("kind", String(8), nullable=False), _fk("seller", "seller", nullable=True), Column("value", String(300), nullable=False),
    Column("brand", String(200), nullable=False), Column("until", String(10), nullable=False), Column("withdrawn", Boolean, nullable=False),
    Column("body_json", Text, nullable=False), Column("salt", String(32), nullable=False), _fk("supersedes", "clearance", nullable=True, index=False),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("authority", ForeignKey("authority.code"), nullable=False),
    Column("at", Utc, nullable=False), *_person(), UniqueConstraint("supersedes"),
)  # fmt: skip
saved_search = _table(  # a named search of an officer's, shared in the authority or not: its filters, and what it is called
    "saved_search", _id(), Column("shared", Boolean, nullable=False), Column("withdrawn", Boolean, nullable=False), Column("body_json", Text, nullable=False),
    Column("salt", String(32), nullable=False), _fk("supersedes", "saved_search", nullable=True, index=False),
    Column("actor", ForeignKey("actor.id"), nullable=False, index=True), Column("authority", ForeignKey("authority.code"), nullable=False),
    Column("at", Utc, nullable=False), *_person(), UniqueConstraint("supersedes"),
)  # fmt: skip
attribution = _table(  # evidence of who runs an account, recorded by a person; `person` is whom it points to
    "attribution", _id(), _fk("seller", "seller"), Column("kind", String(24), nullable=False), Column("says", Text, nullable=False),
    Column("person", Text, nullable=False), Column("salt", String(32), nullable=False), Column("strength", String(8), nullable=False), Column("against", Boolean, nullable=False),
    _fk("capture", "capture", nullable=True), _fk("exhibit", "exhibit", nullable=True), Column("source", Text, nullable=False),
    _fk("contradicts", "attribution", nullable=True, index=False), _fk("withdraws", "attribution", nullable=True, index=False),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("authority", ForeignKey("authority.code"), nullable=False),
    Column("at", Utc, nullable=False), *_person(), UniqueConstraint("withdraws"),
)  # fmt: skip
attribution_ground = _table(  # the evidence that a person's judgement of who runs an account rests on
    "attribution_ground", _id(), _fk("judgement", "judgement"), _fk("attribution", "attribution"), UniqueConstraint("judgement", "attribution"),
)  # fmt: skip
sample_seed = _table(  # by which listings are drawn at random for an officer's look: made once, so that the same draw stands
    "sample_seed", _id(), Column("seed", String(64), nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip
sample = _table(  # a listing that was drawn; its ticket follows from the seed and from its source and reference, by nobody's choice
    "sample", _id(), Column("listing", Id, ForeignKey("listing.id"), nullable=False, unique=True), _fk("sample_seed", "sample_seed", index=False),
    Column("ticket", String(16), nullable=False), Column("run", ForeignKey("run.id"), nullable=False), Column("at", Utc, nullable=False), *_person(),
)  # fmt: skip
case = _table(
    "case_file", Column("reference", String(80), primary_key=True), Column("authority", ForeignKey("authority.code"), nullable=False),
    Column("operation", String(80)), Column("title", Text, nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("opened_at", Utc, nullable=False),
    Column("own_number", String(80), nullable=False, server_default=""), Column("jurisdiction", String(80), nullable=False, server_default=""),
)  # fmt: skip
exhibit = _table(
    "exhibit", _id(), Column("case_file", ForeignKey("case_file.reference"), nullable=False, index=True), Column("number", String(40), nullable=False),
    Column("subject_kind", String(10), nullable=False), Column("subject", Id, nullable=False), Column("description", Text, nullable=False),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False), *_person(),
    Column("initials", String(8), nullable=False, server_default=""), Column("ordinal", Integer, nullable=False, server_default="0"),
    Column("producer", String(80), nullable=False, server_default=""), Column("salt", String(32), nullable=False, server_default=""),
    UniqueConstraint("case_file", "number"), UniqueConstraint("case_file", "initials", "ordinal"), UniqueConstraint("case_file", "subject_kind", "subject"),
)  # fmt: skip
exhibit_initials = _table(  # the letters by which an officer's exhibits are numbered in a case; nobody else's are
    "exhibit_initials", _id(), Column("case_file", ForeignKey("case_file.reference"), nullable=False), Column("initials", String(8), nullable=False),
    Column("officer", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False), UniqueConstraint("case_file", "initials"),
)  # fmt: skip
case_entry = _table(  # what people record of a case, kind by kind; `first` is the row that a correction or a withdrawal goes back to
    "case_entry", _id(), Column("case_file", ForeignKey("case_file.reference"), nullable=False, index=True), Column("kind", String(12), nullable=False),
    _fk("first", "case_entry", nullable=True), _fk("supersedes", "case_entry", nullable=True, index=False), Column("withdrawn", Boolean, nullable=False),
    Column("happened_at", Utc), Column("whole_day", Boolean, nullable=False), Column("body_json", Text, nullable=False),
    Column("salt", String(32), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("at", Utc, nullable=False), *_person(), UniqueConstraint("supersedes"),
)  # fmt: skip
case_entry_on = _table(  # what a row of a case names or rests on, by number: exhibits, captures, sellers, premises, other rows of the case
    "case_entry_on", _id(), _fk("case_entry", "case_entry"), Column("subject_kind", String(10), nullable=False), Column("subject", Id, nullable=False),
    UniqueConstraint("case_entry", "subject_kind", "subject"), Index("ix_case_entry_on_subject", "subject_kind", "subject"),
)  # fmt: skip
draft = _table(  # a document that was made for people to complete and sign; each of other content is a row of its own, and kept (CPIA 1996)
    "draft", _id(), Column("case_file", ForeignKey("case_file.reference"), nullable=False, index=True), Column("kind", String(16), nullable=False),
    Column("about", String(120), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False), *_person(),
)  # fmt: skip
draft_file = _table(  # its files, each a capture, by the name that it has in its folder
    "draft_file", _id(), _fk("draft", "draft"), Column("name", String(120), nullable=False), _fk("capture", "capture"), UniqueConstraint("draft", "name"),
)  # fmt: skip
case_seal = _table(  # a case as it stood at an event of the log: the greatest row number of every table, and the runs that had not ended
    "case_seal", _id(), Column("case_file", ForeignKey("case_file.reference"), nullable=False, index=True), Column("event", Id, nullable=False, unique=True),
    Column("watermarks_json", Text, nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip
hold = _table(
    "hold", _id(), Column("subject_kind", String(10), nullable=False), Column("subject", Id, nullable=False), Column("reason", Text, nullable=False),
    Column("actor", ForeignKey("actor.id"), nullable=False), _fk("releases", "hold", nullable=True), Column("at", Utc, nullable=False),
    Index("ix_hold_subject", "subject_kind", "subject"),
)  # fmt: skip
# -- the data's life -------------------------------------------------------------------------------------------------------
lookup = _table(  # what a person asked the store for, in their words; its event has the kinds of query and a commitment only
    "lookup", _id(), Column("body_json", Text, nullable=False), Column("salt", String(32), nullable=False),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False), *_person(),
)  # fmt: skip
person_mark = _table(  # a person said of which category the data subject of a row is (s.38), or that the row holds sensitive data (s.35(8)); the newest counts
    "person_mark", _id(), Column("about", String(40), nullable=False), Column("row", Id, nullable=False), Column("category", String(16), nullable=False),
    Column("sensitive", Boolean, nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False),
    Index("ix_person_mark_about_row", "about", "row"),
)  # fmt: skip
proposal = _table(  # an act that needs two persons: who asks for it; `subject` is a row's number or a case's reference
    "proposal", _id(), Column("act", String(10), nullable=False), Column("subject_kind", String(16), nullable=False), Column("subject", String(80), nullable=False),
    Column("ground", String(16), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("authority", ForeignKey("authority.code"), nullable=False),
    Column("at", Utc, nullable=False),
)  # fmt: skip
proposal_answer = _table(  # `approved` or `refused` by another person, then `done`: each said once
    "proposal_answer", _id(), _fk("proposal", "proposal"), Column("says", String(10), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("at", Utc, nullable=False), UniqueConstraint("proposal", "says"),
)  # fmt: skip
case_term = _table(  # what decides how long a case is kept and no outcome says: custody, release, appeal, and that it need not be kept any more; the newest of a word counts
    "case_term", _id(), Column("case_file", ForeignKey("case_file.reference"), nullable=False, index=True), Column("says", String(16), nullable=False),
    Column("day", String(10), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip
event = _table(
    "event", Column("seq", Id, primary_key=True, autoincrement=False), Column("at", Utc, nullable=False), Column("verb", String(14), nullable=False),
    Column("actor", String(80), nullable=False), Column("run", String(40), index=True), Column("case_file", String(80), index=True),
    Column("body_json", Text, nullable=False), Column("salt", String(32), nullable=False), Column("inner", Digest, nullable=False), Column("chain", Digest, nullable=False),
)  # fmt: skip
signing_key = _table(  # a public key by which packs and heads are signed has `begun`, or `ended`; the private one is in no store
    "signing_key", _id(), Column("fingerprint", Digest, nullable=False), Column("word", String(8), nullable=False), Column("public_pem", Text, nullable=False),
    Column("reason", Text, nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("authority", ForeignKey("authority.code"), nullable=False),
    Column("at", Utc, nullable=False), UniqueConstraint("fingerprint", "word"),
)  # fmt: skip
signed_head = _table(  # the log's head as it was signed, and the authority's stamp on that, or why there is none
    "signed_head", _id(), Column("seq", Id, nullable=False, index=True), Column("statement", Text, nullable=False), Column("fingerprint", Digest, nullable=False),
    Column("signature", String(128), nullable=False), Column("stamp", Text, nullable=False), Column("stamp_chain", Text, nullable=False),
    Column("stamped_at", Utc), Column("no_stamp", Text, nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip

# -- intelligence, referrals and money: recorded by people, superseded and never edited (store/recorded.py) -------------------------
intelligence = _table(  # one item of intelligence, as 3x5x2 grades it; the same `urn` through all its gradings. What it says is sanitised
    "intelligence", _id(), Column("urn", String(40), nullable=False, index=True), Column("case_file", ForeignKey("case_file.reference"), index=True),
    Column("source", String(1), nullable=False), Column("information", String(1), nullable=False), Column("handling", String(1), nullable=False),
    Column("marking", String(40), nullable=False), Column("body_json", Text, nullable=False), Column("salt", String(32), nullable=False),
    _fk("supersedes", "intelligence", nullable=True, index=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("at", Utc, nullable=False), *_person(), UniqueConstraint("supersedes"),
)  # fmt: skip
intelligence_source = _table(  # where an item comes from: kept apart, read only by a method that leaves an event of its own
    "intelligence_source", _id(), Column("urn", String(40), nullable=False, unique=True), Column("origin", String(10), nullable=False),
    _fk("sighting", "sighting", nullable=True), _fk("capture", "capture", nullable=True), Column("body_json", Text, nullable=False),
    Column("salt", String(32), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("at", Utc, nullable=False), *_person(),
)  # fmt: skip
referral = _table(  # what was prepared for a partner, of which only the fields that its purpose needs; nothing is sent
    "referral", _id(), Column("reference", String(40), nullable=False, unique=True), Column("recipient_kind", String(40), nullable=False),
    Column("case_file", ForeignKey("case_file.reference"), index=True), _fk("premises", "premises", nullable=True),
    Column("body_json", Text, nullable=False), Column("salt", String(32), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("at", Utc, nullable=False), *_person(),
)  # fmt: skip
referral_return = _table(  # what a partner sent back, its file a capture
    "referral_return", _id(), _fk("referral", "referral"), _fk("capture", "capture"), Column("body_json", Text, nullable=False),
    Column("salt", String(32), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("at", Utc, nullable=False), *_person(),
)  # fmt: skip
money = _table(  # goods with their genuine price, money received, or a mark of culpability, as a person records it of a case
    "money", _id(), Column("case_file", ForeignKey("case_file.reference"), nullable=False, index=True), Column("kind", String(12), nullable=False),
    Column("body_json", Text, nullable=False), Column("salt", String(32), nullable=False), _fk("supersedes", "money", nullable=True, index=False),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("authority", ForeignKey("authority.code"), nullable=False),
    Column("at", Utc, nullable=False), *_person(), UniqueConstraint("supersedes"),
)  # fmt: skip
money_evidence = _table(  # the rows that it rests on, by kind and number
    "money_evidence", _id(), _fk("money", "money"), Column("kind", String(12), nullable=False), Column("number", Id, nullable=False),
    UniqueConstraint("money", "kind", "number"), Index("ix_money_evidence_kind_number", "kind", "number"),
)  # fmt: skip

# -- disclosure (CPIA 1996) ------------------------------------------------------------------------------------------------
disclosure_item = _table(  # a numbered entry of a case's schedules; `block` is what a generic entry by quantity is of, "" where it is one thing
    "disclosure_item", _id(), Column("case_file", ForeignKey("case_file.reference"), nullable=False), Column("number", Integer, nullable=False),
    Column("block", String(120), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False),
    UniqueConstraint("case_file", "number"),
)  # fmt: skip
disclosure_thing = _table(  # what an item is of, as `finding:12`; the newest row of a thing counts: it may have been taken out of a block
    "disclosure_thing", _id(), _fk("item", "disclosure_item"), Column("thing", String(160), nullable=False), UniqueConstraint("item", "thing"),
)  # fmt: skip
disclosure_decision = _table(  # a person said on which schedule an item belongs, and whether it may undermine or assist (CPIA 1996 s.3)
    "disclosure_decision", _id(), _fk("item", "disclosure_item"), Column("standing", String(12), nullable=False),
    Column("undermines", String(10), nullable=False), Column("reason", Text, nullable=False), Column("sensitivity", Text, nullable=False),
    Column("description", Text, nullable=False), Column("salt", String(32), nullable=False),
    _fk("supersedes", "disclosure_decision", nullable=True, index=False), Column("actor", ForeignKey("actor.id"), nullable=False),
    Column("authority", ForeignKey("authority.code"), nullable=False), Column("at", Utc, nullable=False), *_person(), UniqueConstraint("supersedes"),
)  # fmt: skip
disclosure_edition = _table(  # the schedules as they stood when they were written out; `digest` is of `body_json`
    "disclosure_edition", _id(), Column("case_file", ForeignKey("case_file.reference"), nullable=False), Column("number", Integer, nullable=False),
    Column("digest", Digest, nullable=False), Column("body_json", Text, nullable=False), Column("salt", String(32), nullable=False),
    Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False), *_person(), UniqueConstraint("case_file", "number"),
)  # fmt: skip
disclosure_copy = _table(  # a redacted copy that was made; under `key` are the commitments to originals whose plain digest could be guessed from
    "disclosure_copy", _id(), Column("case_file", ForeignKey("case_file.reference"), nullable=False, index=True), Column("manifest", Digest, nullable=False),
    Column("key", String(64), nullable=False), Column("actor", ForeignKey("actor.id"), nullable=False), Column("at", Utc, nullable=False),
)  # fmt: skip

# -- derived: made of the rows above, so that a listing is found; changed in place, and made again at will (docs/decisions/0011) -----
listing_now = Table(  # a listing as it now stands. `place` orders by when it was last seen, `turn` by urgency while it waits for an officer
    "listing_now", metadata, Column("id", Id, ForeignKey("listing.id"), primary_key=True, autoincrement=False),
    Column("place", BigInteger, nullable=False), Column("turn", BigInteger), Column("source", String(80), nullable=False),
    Column("brand", String(80), nullable=False), Column("level", String(10), nullable=False), Column("area", String(9), nullable=False),
    Column("judged", Boolean, nullable=False), Column("reasons", Text, nullable=False), Column("price_minor", Id), Column("currency", String(3)),
    Column("terms", Terms, nullable=False),
    # with all that a facet or a price asks of a listing that was found, so that its row is not read
    Index("ix_listing_now_place", "place", *(facets := ("source", "brand", "level", "area", "judged", "reasons", "price_minor", "currency"))),
    Index("ix_listing_now_turn", "turn", *facets, "place", sqlite_where=text("turn IS NOT NULL"), postgresql_where=text("turn IS NOT NULL")),
)  # fmt: skip
listing_now_count = Table(  # how many listings a facet's value has: of `all`, and of those that are `waiting`
    "listing_now_count", metadata, Column("among", String(8), primary_key=True), Column("facet", String(10), primary_key=True),
    Column("value", String(80), primary_key=True), Column("n", Id, nullable=False), Index("ix_listing_now_count_n", "among", "facet", "n", "value"),
)  # fmt: skip
