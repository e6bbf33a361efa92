"""Opinions about what was kept: one file a detector, no network, no SQL; run.py is the pass, score.py weighs the
findings."""
