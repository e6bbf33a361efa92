"""Which language a text may be in: what is short may be in any."""

from __future__ import annotations

import pytest

from detectors.language import LANGUAGES, may_be


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Sac à main en cuir noir, très bon état, jamais porté, copie conforme", "fr"),
        ("Schöne Tasche aus Leder, kaum getragen, Kopie in sehr guter Qualität", "de"),
        ("Bolso de piel negro, copia muy buena, envío gratis a toda España", "es"),
        ("Borsa in pelle nera, copia perfetta, spedizione inclusa nel prezzo", "it"),
        ("Torebka skórzana, stan idealny, kopia, wysyłka paczkomatem", "pl"),
        ("Siyah deri çanta, kopya, kargo ücretsiz, hiç kullanılmadı", "tr"),
    ],
)
def test_a_text_may_be_in_its_language_and_not_in_english(text: str, language: str) -> None:
    assert may_be(text, language) and not may_be("A lovely leather handbag which I have worn twice and now want to sell", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_short_text_may_be_in_any(language: str) -> None:
    assert may_be("Gucci copia", language) and may_be("", language)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        may_be("x", "xx")


def test_odd_text_has_no_language_and_breaks_nothing() -> None:
    for text in ("👜" * 5000, "\ud800" * 50 + "a" * 50, "\u202e" * 100, "a" * 1_000_000):
        may_be(text, "fr")
