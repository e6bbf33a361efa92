"""The web pages that officers and investigators work with. docs/desk.md; `touchstone serve`."""
