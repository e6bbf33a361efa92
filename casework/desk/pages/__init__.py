"""The pages, one file a noun: each has a `router`, and a `NAV` where the navigation names it."""
