"""The `touchstone` commands, one file a noun. Each file has an `app` or a `register(app)`; cli.py puts them together."""
