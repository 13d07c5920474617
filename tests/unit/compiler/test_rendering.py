"""Diagnostics as text."""

from __future__ import annotations

from tests.unit.compiler.sources import rendered


def test_a_label_at_the_end_of_its_line() -> None:
    assert rendered("module a::m {\n    fun f() { x; }\n}\n") == (
        "error[E03009]: unbound variable\n"
        "  ┌─ m.move:2:15\n"
        "  │\n"
        "2 │     fun f() { x; }\n"
        "  │               ^ Unbound variable 'x'\n"
        "\n"
    )


def test_two_labels_on_lines_apart() -> None:
    text = "module a::m {\n    const C: u64 = 1;\n\n\n    const C: u64 = 2;\n}\n"
    assert rendered(text) == (
        "error[E02001]: duplicate declaration, item, or annotation\n"
        "  ┌─ m.move:5:11\n"
        "  │\n"
        "2 │     const C: u64 = 1;\n"
        "  │           - Alias previously defined here\n"
        "  ·\n"
        "5 │     const C: u64 = 2;\n"
        "  │           ^ Duplicate module member or alias 'C'. "
        "Top level names in a namespace must be unique\n"
        "\n"
    )


def test_two_labels_at_one_place_hang() -> None:
    assert rendered("module a::m {\n    fun f() { let ; }\n}\n") == (
        "error[E01002]: unexpected token\n"
        "  ┌─ m.move:2:19\n"
        "  │\n"
        "2 │     fun f() { let ; }\n"
        "  │                   ^\n"
        "  │                   │\n"
        "  │                   Unexpected ';'\n"
        "  │                   Expected a variable or struct name\n"
        "\n"
    )


def test_a_label_over_lines_has_a_bar() -> None:
    text = "module a::m {\n    fun f() {\n        (1\n          + 'a) as u8;\n    }\n}\n"
    assert "error[" in rendered(text)
    over = "module a::m {\n    public enum E {\n    }\n}\n"
    assert rendered(over) == (
        "error[E02022]: invalid 'enum' declaration\n"
        "  ┌─ m.move:2:5\n"
        "  │  \n"
        "2 │ ╭     public enum E {\n"
        "3 │ │     }\n"
        "  │ ╰─────^ An 'enum' must define at least one variant\n"
        "\n"
    )


def test_notes_stand_below() -> None:
    text = rendered("module a::m {\n    struct S {}\n}\n")
    assert text.endswith(
        "  = Visibility annotations are required on struct declarations "
        "from the Move 2024 edition onwards.\n\n"
    )
