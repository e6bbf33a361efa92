"""The tests, room by room; `market` is the demonstration market, `real` reads real data where it is present."""

import os
import random

SEED = int(os.environ.get("TOUCHSTONE_SEED") or random.randrange(2**31))
"""What the random batteries draw from: `make test` sets and prints it, `make test SEED=…` draws the same cases again."""
