"""The demonstration market: three fictional sources on loopback whose truth is known. Facts: market.yml."""

from tests.market.market import Market, start_market
from tests.market.server import Request, Site
from tests.market.truth import Posted, Premises, Reference, Seller, Truth, facts

__all__ = ["Market", "Posted", "Premises", "Reference", "Request", "Seller", "Site", "Truth", "facts", "start_market"]
