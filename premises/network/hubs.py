"""What an account has that so many others have that it says nothing of who they are: shown as a warning, and linking nobody."""

from __future__ import annotations

from dataclasses import dataclass

from premises.network.linking import that_may_link
from premises.network.settings import NetworkSettings
from premises.network.ties import by_thing
from store.network import Thing
from store.store import Acting


@dataclass(frozen=True, slots=True)
class Hub:
    """A thing that joins nobody, and why in words."""

    thing: Thing
    why: str


def hubs(reader: Acting, seller: int, settings: NetworkSettings) -> list[Hub]:
    """Of what this account gives, shows or is at, what the hub guard keeps from linking it to anybody."""
    own = by_thing(reader.givings([seller], settings.most))
    held = {thing: len(who) for thing, who in reader.holders(list(own), settings.most).items()}
    held |= {thing: len(who) for thing, who in own.items() if thing.kind in ("picture", "place")}
    links = that_may_link(reader, [seller], settings)
    out = []
    for thing in sorted(own):
        if thing not in held:
            out.append(
                Hub(thing, f"more than {settings.most} accounts have it: a courier's, a wholesaler's or a template's, and nobody's own")
            )
        elif held[thing] > settings.hub and thing not in links:
            out.append(Hub(thing, f"{held[thing]} accounts have it that nothing else connects, in more than {settings.hub} groups"))
    return out
