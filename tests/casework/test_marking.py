"""Words that counted are marked where they stand, and versions are compared word by word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from casework.marking import Piece, Span, differing, marked


def test_a_word_is_marked_and_the_rest_is_not() -> None:
    assert marked("top copy bag", [Span(4, 8, 1)]) == [Piece("top "), Piece("copy", (1,), (1,)), Piece(" bag")]


def test_words_of_two_reasons_that_overlap_are_cut_where_either_ends() -> None:
    found = marked("super top copy", [Span(0, 9, 1), Span(6, 14, 2)])
    assert [(p.text, p.reasons, p.ends) for p in found] == [("super ", (1,), ()), ("top", (1, 2), (1,)), (" copy", (2,), (2,))]


def test_one_span_inside_another_and_the_same_twice() -> None:
    found = marked("abcdef", [Span(0, 6, 1), Span(2, 4, 2), Span(2, 4, 2)])
    assert [(p.text, p.reasons) for p in found] == [("ab", (1,)), ("cd", (1, 2)), ("ef", (1,))]


def test_characters_beyond_the_first_plane_and_combining_ones_are_one_each_as_python_counts() -> None:
    text = "💼👜 𝔊𝔲𝔠𝔠𝔦 e\u0301t 🇬🇧"
    at = text.index("𝔊")
    assert [p.text for p in marked(text, [Span(at, at + 5, 1)]) if p.reasons] == ["𝔊𝔲𝔠𝔠𝔦"]


def test_what_speaks_for_the_seller_is_marked_so_only_where_nothing_speaks_against() -> None:
    found = marked("authentic copy", [Span(0, 9, 1, spares=True), Span(0, 14, 2)])
    assert [p.spares for p in found] == [False, False]
    assert [p.spares for p in marked("authentic", [Span(0, 9, 1, spares=True)])] == [True]


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70), st.integers(1, 5)), max_size=8))
def test_the_text_is_whole_and_in_order_whatever_the_spans(text: str, spans: list[tuple[int, int, int]]) -> None:
    found = marked(text, [Span(*each) for each in spans])
    assert "".join(p.text for p in found) == text
    at = 0
    for piece in found:
        for reason in piece.reasons:
            assert any(r == reason and max(0, a) <= at and at + len(piece.text) <= min(len(text), b) for a, b, r in spans)
        at += len(piece.text)


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_versions_are_both_whole_in_what_differs(old: str, new: str) -> None:
    found = differing(old, new)
    assert "".join(text for kind, text in found if kind != "new") == old
    assert "".join(text for kind, text in found if kind != "gone") == new


def test_a_price_that_fell_is_the_one_word_that_differs() -> None:
    assert differing("Belt, £80", "Belt, £60") == [("same", "Belt, £"), ("gone", "80"), ("new", "60")]


def test_very_long_texts_are_shown_whole_instead_of_compared() -> None:
    old, new = "a " * 5000, "b " * 5000
    assert differing(old, new) == [("gone", old), ("new", new)]
