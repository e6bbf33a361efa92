"""What configs/network.yml may say, and the Method made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from premises.vocabulary import words
from store.config import Home, defaults_folder, load
from store.words.records import Method

NETWORK_VERSION = "3"  # of the rules in ties and linking: raise it with any change of answer
WEIGHTS = words("phone email handle payment domain company premises place picture text")
CONTENT = frozenset({"picture", "text"})  # what anybody can copy from anybody: it strengthens a tie and never makes one


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Weights are between 0 and 1 and add up as 1 − Π(1 − w); `hub` counts groups, `most` accounts (premises/network/ties.py)."""

    threshold: float
    join: float
    hub: int
    most: int
    resolution: float
    read_in_picture: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= self.join < 1:
            raise ValueError("threshold and join lie between 0 and 1, and threshold is no more than join")
        if self.hub < 2 or self.most < self.hub or self.resolution < 0:
            raise ValueError("hub is at least 2, most at least hub, resolution not negative")
        if not 0 <= self.read_in_picture <= 1:
            raise ValueError("read_in_picture lies between 0 and 1: what a machine read is no stronger than what was written")
        missing, unknown = WEIGHTS - set(self.weights), set(self.weights) - WEIGHTS
        if missing or unknown:
            raise ValueError(f"weights: missing {sorted(missing)}, unknown {sorted(unknown)}")
        if any(not 0 < weight < 1 for weight in self.weights.values()):
            raise ValueError("weights: each lies between 0 and 1")


def network_settings(home: Home) -> NetworkSettings:
    return load(home.file("network.yml"), NetworkSettings)


def network_linker(settings: NetworkSettings) -> Method:
    """The linker of sellers with sellers, with all that can change its answer. `resolution` and `join` are of the view, and no part of it."""
    said = {**asdict(settings), "weights": dict(settings.weights)}
    return Method("linker", "network", NETWORK_VERSION, {name: value for name, value in said.items() if name not in ("resolution", "join")})


def is_shipped(method: Method) -> bool:
    """Whether these are the settings that we ship and have measured; any other set starts in evaluation."""
    return network_linker(load(defaults_folder() / "network.yml", NetworkSettings)).digest == method.digest
