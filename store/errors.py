"""The errors that mean something to a pass: this record cannot be taken, or the whole run is void."""

from __future__ import annotations


class TouchstoneError(Exception):
    """The root of our own errors: its text is a sentence for the person who runs the command, not a trace."""


class SkipRecord(TouchstoneError):
    """This one record cannot be taken: the pass counts it, writes the reason into the store and goes on."""


class StopRun(TouchstoneError):
    """The run is void: going on would give wrong data, so the pass ends here and says so (exit 2)."""
