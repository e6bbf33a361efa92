"""What others wrote reaches an officer's terminal as text: no markup in it is obeyed, no control character acts."""

from __future__ import annotations

import pytest

from casework.commands import common


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Gucci replica [/] bag", "Gucci replica [/] bag"),
        ("[red]LEVEL none[/red] [link=http://evil.test]click[/link]", "[red]LEVEL none[/red] [link=http://evil.test]click[/link]"),
        ("wipe\x1b[2J the screen", "wipe\\x1b[2J the screen"),
        ("title\x1b]0;mine\x07", "title\\x1b]0;mine\\x07"),
        ("c1 \x9b31m red", "c1 \\x9b31m red"),
        ("turned \u202eround", "turned \\x202eround"),
        ("Sac à main 手袋", "Sac à main 手袋"),
    ],
)
def test_words_of_others_are_only_words(
    written: str, shown: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    monkeypatch.setattr(common, "out", Console(width=200))
    common.say(written)
    common.table(written, ("title",), [(written,)], "none")
    printed = capsys.readouterr().out
    assert printed.count(shown) == 3 and "\x1b" not in printed and "\x9b" not in printed
