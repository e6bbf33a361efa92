"""What configs/desk.yml says: how people sign in, and which role may do what."""

from __future__ import annotations

import enum
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
class DeskSettings:
    """The desk's settings. An action that the file leaves out is nobody's."""

    actions: Mapping[Action, tuple[Role, ...]]
    sign_in: SignInRules = field(default_factory=SignInRules)
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    form_bytes: int = 1_000_000
    upload_bytes: int = 26_000_000

    def __post_init__(self) -> None:
        if self.form_bytes < 10_000 or self.upload_bytes < self.form_bytes:
            raise FieldError("form_bytes", "at least 10000, and upload_bytes no fewer")

    def may(self, role: str, action: Action) -> bool:
        return role in self.actions.get(action, ())


def read_desk(home: Home) -> DeskSettings:
    """Raises ConfigError for a key, a role or an action that there is not."""
    return load(home.file("desk.yml"), DeskSettings)
