"""Sellers who may be one operator: what they share, which of it says something, and what follows from it.

`settings` is configs/network.yml and the Method made of it; `ties` what two sellers share, and the hub guard; `linking` the part of the pass
that keeps a Link for each pair; `communities` the networks that follow from links and from what people said; `view` one seller's network and
the path between two nodes, in sentences; `drawing` the picture and the files for other programs.
"""
