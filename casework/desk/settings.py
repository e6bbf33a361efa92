"""What configs/desk.yml says: how people sign in, and which role may do what."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from store.config import Home
from store.strict import FieldError, load


class Role(enum.StrEnum):
    """What somebody is at the desk; each account has one."""

    analyst = "analyst"
    officer = "officer"
    reviewer = "reviewer"
    disclosure_officer = "disclosure_officer"
    supervisor = "supervisor"
    administrator = "administrator"
    partner = "partner"  # reads only


class Action(enum.StrEnum):
    """What a page shows or does. Every page names one; configs/desk.yml says who may."""

    today_view = "today.view"
    queue_view = "queue.view"
    queue_judge = "queue.judge"
    queue_second = "queue.second"
    queue_assign = "queue.assign"
    listing_view = "listing.view"
    listing_export = "listing.export"
    note_view = "note.view"
    note_write = "note.write"
    clearance_view = "clearance.view"
    clearance_edit = "clearance.edit"
    seller_view = "seller.view"
    network_edit = "network.edit"
    attribution_edit = "attribution.edit"
    premises_view = "premises.view"
    link_judge = "link.judge"
    followup_view = "followup.view"
    followup_edit = "followup.edit"
    case_view = "case.view"
    case_edit = "case.edit"
    draft_make = "draft.make"
    disclosure_edit = "disclosure.edit"
    money_edit = "money.edit"
    intelligence_view = "intelligence.view"
    intelligence_edit = "intelligence.edit"
    export_propose = "export.propose"
    export_approve = "export.approve"
    erase_propose = "erase.propose"
    erase_approve = "erase.approve"
    hold_edit = "hold.edit"
    reference_view = "reference.view"
    reference_edit = "reference.edit"
    source_view = "source.view"
    source_try = "source.try"
    operation_view = "operation.view"
    operation_run = "operation.run"
    sighting_view = "sighting.view"
    sighting_add = "sighting.add"
    informant_view = "informant.view"
    log_view = "log.view"
    log_export = "log.export"
    accuracy_view = "accuracy.view"
    account_view = "account.view"
    account_edit = "account.edit"
    token_edit = "token.edit"  # noqa: S105 - an action's name


@dataclass(frozen=True, slots=True)
class SignInRules:
    """Limits at the door: minutes, hours, counts, characters."""

    idle_minutes: int = 30
    session_hours: int = 10
    refusals: int = 8
    refusal_minutes: int = 15
    attempts_a_minute: int = 30
    least_characters: int = 12

    def __post_init__(self) -> None:
        for name in ("idle_minutes", "session_hours", "refusals", "refusal_minutes", "attempts_a_minute"):
            if getattr(self, name) < 1:
                raise FieldError(name, "at least 1")
        if self.least_characters < 10:
            raise FieldError("least_characters", "at least 10: a shorter password is guessed")


@dataclass(frozen=True, slots=True)
class TodayRules:
    """What the first page says ahead of time: an authorisation that ends within so many days."""

    authorisation_days: int = 28

    def __post_init__(self) -> None:
        if self.authorisation_days < 1:
            raise FieldError("authorisation_days", "at least 1")


@dataclass(frozen=True, slots=True)
class ApiRules:
    """Limits of what programs read: requests of one token a minute, and the most days a token is made for."""

    requests_a_minute: int = 120
    token_days: int = 365

    def __post_init__(self) -> None:
        for name in ("requests_a_minute", "token_days"):
            if getattr(self, name) < 1:
                raise FieldError(name, "at least 1")


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """The OpenID Connect provider by which people sign in, beside passwords. Its client secret is TOUCHSTONE_OIDC_SECRET's.

    `issuer` is asked, and of other hosts only `hosts`. `claim` is the claim of its ID token that is the account's name here.
    """

    issuer: str
    client_id: str
    title: str
    claim: str = "preferred_username"
    hosts: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("openid", "profile")

    def __post_init__(self) -> None:
        found = re.fullmatch(r"(https?)://([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?(/[\w./~-]*)?", self.issuer)
        if not found:
            raise FieldError("issuer", f"'{self.issuer}' is no address such as https://login.example.org/council")
        if found[1] == "http" and found[2] not in ("127.0.0.1", "[::1]", "localhost"):
            raise FieldError("issuer", "https: what it says would be read and changed on the way")
        if "openid" not in self.scopes:
            raise FieldError("scopes", "openid is one of them (OpenID Connect Core 1.0, section 3.1.2.1)")
        if not self.client_id or not self.title or not self.claim:
            raise FieldError("client_id", "client_id, title and claim are words")


@dataclass(frozen=True, slots=True)
class Tiles:
    """Where the map's background comes from: `url` with {z}, {x} and {y}, on the desk itself (/…) or on one host over TLS, and whose it is."""

    url: str
    attribution: str
    most_zoom: int = 19

    def __post_init__(self) -> None:
        if any(each not in self.url for each in ("{z}", "{x}", "{y}")) or not self.attribution.strip():
            raise FieldError("url", "an address with {z}, {x} and {y}, and `attribution`, which the map shows")
        if not self.host and not re.fullmatch(r"/(?!/)[\w./{}-]+", self.url):
            raise FieldError("url", "it begins with https:// and one host's name, or with / on this desk")
        if not 1 <= self.most_zoom <= 22:
            raise FieldError("most_zoom", "between 1 and 22")

    @property
    def host(self) -> str:
        """Scheme, host and port as the policy names them; "" for the desk itself."""
        found = re.match(r"https://[a-z0-9.-]+(:\d+)?(?=/)", self.url)
        return found[0] if found else ""


@dataclass(frozen=True, slots=True)
class PublicTips:
    """The public tip page (`touchstone tips serve`): off until `open`. Counts, bytes, and the words that only the authority knows."""

    open: bool = False
    hosts: tuple[str, ...] = ()
    tips_an_hour: int = 6
    tips_a_day: int = 200
    requests_a_minute: int = 60
    pictures: int = 6
    upload_bytes: int = 26_000_000
    contact: str = ""
    privacy_contact: str = ""
    kept_for: str = ""

    def __post_init__(self) -> None:
        for name in ("tips_an_hour", "tips_a_day", "requests_a_minute"):
            if getattr(self, name) < 1:
                raise FieldError(name, "at least 1")
        if not 0 <= self.pictures <= 20:
            raise FieldError("pictures", "between 0 and 20")
        if self.upload_bytes < 100_000:
            raise FieldError("upload_bytes", "at least 100000")

    @property
    def blanks(self) -> tuple[str, ...]:
        """What the privacy notice still lacks."""
        return tuple(name for name in ("contact", "privacy_contact", "kept_for") if not getattr(self, name).strip())


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """The desk's settings. An action that the file leaves out is nobody's."""

    actions: Mapping[Action, tuple[Role, ...]]
    sign_in: SignInRules = field(default_factory=SignInRules)
    today: TodayRules = field(default_factory=TodayRules)
    api: ApiRules = field(default_factory=ApiRules)
    identity_provider: IdentityProvider | None = None
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    form_bytes: int = 1_000_000
    upload_bytes: int = 26_000_000
    small_bytes: int = 500_000_000
    tiles: Tiles | None = None
    least_shown: int = 5
    public_tips: PublicTips = field(default_factory=PublicTips)

    def __post_init__(self) -> None:
        if self.least_shown < 2:
            raise FieldError("least_shown", "at least 2: every number is shown where nothing is held back")
        if self.form_bytes < 10_000 or self.upload_bytes < self.form_bytes:
            raise FieldError("form_bytes", "at least 10000, and upload_bytes no fewer")

    def may(self, role: str, action: Action) -> bool:
        return role in self.actions.get(action, ())


def read_desk(home: Home) -> DeskSettings:
    """Raises ConfigError for a key, a role or an action that there is not."""
    return load(home.file("desk.yml"), DeskSettings)
