"""Sentences for failures, beside the names that nodes give them."""

from __future__ import annotations

import pytest

from cli.failure_words import sentence_of
from cli.show_transaction import failure_text
from proto.argument_error import InvalidObjectByMutRef, InvalidResultArity
from proto.execution_status import CommandArgumentError, Failure, UnusedValueWithoutDrop


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (
            Failure(CommandArgumentError(0, InvalidObjectByMutRef()), 2),
            "Immutable objects cannot be passed by mutable reference, &mut.",
        ),
        (
            Failure(CommandArgumentError(1, InvalidResultArity(3)), 4),
            InvalidResultArity.message.format(result_idx=3),
        ),
        (
            Failure(UnusedValueWithoutDrop(5, 6)),
            "Unused result without the drop ability. Command result 5, return value 6",
        ),
    ],
)
def test_a_failure_is_told_in_a_sentence_too(failure: Failure, sentence: str) -> None:
    text = str(failure)
    assert sentence_of(text) == sentence
    response = {"effects": {"status": {"status": "failure", "error": text}}, "executionErrorSource": "why"}
    assert failure_text(response) == f"{text}: why: {sentence}"


@pytest.mark.parametrize("text", ["", "1st command aborted within function 'f'", "Newer { x: 1 }", "A { B }"])
def test_what_is_in_words_or_not_known_is_left_as_it_is(text: str) -> None:
    assert sentence_of(text) is None
    assert failure_text({"effects": {"status": {"status": "failure", "error": text}}}) == text
