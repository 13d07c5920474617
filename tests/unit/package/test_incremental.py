"""A rebuild gives what a whole build gives, and compiles only what a change can reach."""

from __future__ import annotations

import random
import re

import pytest

from movelite.compiler.editions import Flavor, PackageConfig
from movelite.compiler.phases import Compilation, Interface, SourcePackage
from movelite.compiler.rendering import render_all
from movelite.package.emit import BuildError
from movelite.package.incremental import Builder, BuildRecord, Rebuilt
from movelite.package.pickling import dump, load

Files = dict[str, str]

SOURCES: Files = {
    "base": """module a::base;
        const ESmall: u64 = 7;
        public struct Box<T> has copy, drop, store { value: T }
        public fun wrap<T>(value: T): Box<T> { Box { value } }
        public fun value<T: copy>(box: &Box<T>): T { box.value }
        public(package) fun secret(x: u64): u64 { assert!(x > 3, ESmall); helper(x) }
        fun helper(x: u64): u64 { let unused = 1; x + 1 }
        """,
    "macros": """module a::macros;
        use a::base;
        public macro fun twice($f: |u64| -> u64, $x: u64): u64 { let x = $x; assert!(x > 0); $f($f(x)) }
        public fun boxed(x: u64): base::Box<u64> { base::wrap(x) }
        """,
    "user": """module a::user;
        use a::macros;
        public fun run(x: u64): u64 { macros::twice!(|y| y * 2, x) + macros::boxed(x).value() }
        """,
    "friendly": """module a::friendly;
        #[error] const EWrong: vector<u8> = b"wrong";
        public fun call(x: u64): u64 { if (x == 5) abort EWrong; a::base::secret(x) }
        """,
    "alone": """module a::alone;
        #[deprecated] public fun old() {}
        public enum Way has drop { Up(u64), Down }
        public fun up(w: Way): u64 { match (w) { Way::Up(n) => n, Way::Down => 0 } }
        """,
    "late": """module a::late;
        use a::alone;
        public fun go() { alone::old(); }
        """,
}
MODULE = re.compile(r"module a::(\w+);")


def compile_(packages: list[SourcePackage], interface: Interface | None) -> Compilation:
    return Compilation(packages, interface=interface)


def build(files: Files, record: BuildRecord | None = None) -> Rebuilt:
    config = PackageConfig("A", flavor=Flavor.CORE)
    package = SourcePackage(config, [(f"{name}.move", text) for name, text in files.items()], {"a": 0xA})
    kept = load(dump(record))
    assert kept is None or isinstance(kept, BuildRecord)
    return Builder("A", [package], None, compile_).build(kept)


def result(built: Rebuilt) -> tuple[object, str]:
    """All that a build gives."""
    return built.modules, render_all(built.compilation.diagnostics, built.compilation.source_map)


def rebuild(changes: Files) -> set[str]:
    """Change some files; the names of those that are compiled again. The result must be a whole build's."""
    before = build(SOURCES)
    after = {**SOURCES, **changes}
    rebuilt = build(after, before.record)
    assert result(rebuilt) == result(build(after))
    return {name.removesuffix(".move") for name in rebuilt.compiled}


def changed(name: str, old: str, new: str) -> Files:
    assert old in SOURCES[name]
    return {name: SOURCES[name].replace(old, new)}


def test_nothing_changed_compiles_nothing() -> None:
    assert rebuild({}) == set()


def test_a_body_concerns_its_module_alone() -> None:
    assert rebuild(changed("base", "x + 1", "x + 2")) == {"base"}
    assert rebuild(changed("user", "y * 2", "y * 3")) == {"user"}


def test_what_others_cannot_see_concerns_its_module_alone() -> None:
    assert rebuild(changed("base", "fun helper", "// a comment\nfun other() {}\nfun helper")) == {"base"}
    assert rebuild(changed("base", "= 7", "= 8")) == {"base"}


def test_a_signature_concerns_whoever_can_see_it() -> None:
    assert rebuild(changed("alone", "Way has drop", "Way has copy, drop")) == {"alone", "late"}


def test_every_place_in_a_macro_counts_where_it_is_expanded() -> None:
    assert rebuild(changed("macros", "use a::base;", "\nuse a::base;")) == {"macros", "user"}


def test_a_new_package_caller_becomes_a_friend() -> None:
    more = "public fun more(): u64 { a::base::secret(9) }"
    assert rebuild({"late": SOURCES["late"] + more}) == {"base", "late"}


def test_a_caller_that_goes_is_no_friend_any_more() -> None:
    assert rebuild(changed("friendly", "a::base::secret(x)", "x")) == {"base", "friendly"}


def test_warnings_of_what_is_not_compiled_are_kept() -> None:
    built = build(SOURCES)
    again = build({**SOURCES, **changed("user", "y * 2", "y * 5")}, built.record)
    assert "W09002" in result(again)[1] and "W04037" in result(again)[1]


def test_a_label_in_another_file_moves_with_it() -> None:
    rebuild(changed("alone", "public fun old", "\n\npublic fun old"))


def test_files_come_and_go() -> None:
    built = build(SOURCES)
    for name in ("an_early_one", "more"):  # the first gives all other files new numbers
        more = {**SOURCES, name: "module a::more; public fun f(): u64 { a::user::run(1) }"}
        extended = build(more, built.record)
        assert result(extended) == result(build(more))
        assert extended.compiled == {f"{name}.move"}
        shorter = build(SOURCES, extended.record)
        assert result(shorter) == result(built) and shorter.compiled == set()


def test_a_new_file_that_calls_the_package_becomes_a_friend_and_stops_being_one() -> None:
    built = build(SOURCES)
    more = {**SOURCES, "aa": "module a::more; public fun f(): u64 { a::base::secret(9) }"}
    extended = build(more, built.record)
    assert result(extended) == result(build(more)) and extended.compiled == {"aa.move", "base.move"}
    assert result(build(SOURCES, extended.record)) == result(built)


def test_what_could_see_a_file_that_is_gone_is_an_error() -> None:
    fewer = {name: text for name, text in SOURCES.items() if name != "base"}
    for record in (None, build(SOURCES).record):
        with pytest.raises(BuildError, match="has 4 errors"):
            build(fewer, record)


def test_a_module_may_move_to_another_file() -> None:
    record = build(SOURCES).record
    moved = {**SOURCES, "a_new_place": SOURCES["alone"]}
    with pytest.raises(BuildError):
        build(moved, record)
    del moved["alone"]
    rebuilt = build(moved, record)
    assert result(rebuilt) == result(build(moved)) and rebuilt.compiled == {"a_new_place.move"}


def test_errors_are_those_of_a_whole_build() -> None:
    record = build(SOURCES).record
    cycle = {**SOURCES, **changed("base", "x + 1", "a::late::none() + x")}
    for broken in (
        {**SOURCES, "base": "module a::base;"},
        {**SOURCES, "late": "module a::late; use a::user; public fun f() { true + 1 }"},
        {**SOURCES, "late": "module a::late; public fun f( {"},
        {**SOURCES, "late": SOURCES["user"]},
        {**cycle, "late": SOURCES["late"] + "public fun none(): u64 { a::base::secret(4) }"},
    ):
        with pytest.raises(BuildError) as whole:
            build(broken)
        with pytest.raises(BuildError) as partial:
            build(broken, record)
        assert partial.value.report == whole.value.report


def test_a_long_row_of_edits_ends_like_a_whole_build() -> None:
    rng = random.Random(4)
    files, record = dict(SOURCES), build(SOURCES).record
    for step in range(80):
        name = rng.choice(sorted(files))
        text = files[name]
        numbers = list(re.finditer(r"(?<=[ (])\d+(?=[ ;)])", text))
        edit = rng.randrange(6)
        if edit == 0 and numbers:
            place = rng.choice(numbers)
            text = text[: place.start()] + str(rng.randrange(1, 9)) + text[place.end() :]
        elif edit == 1:
            text = MODULE.sub(lambda m: m[0] + "\n" * rng.randrange(3), text)
        elif edit == 2:
            text += f"fun private_{step}(x: u64): u64 {{ let y = {step}; x }}"
        elif edit == 3:
            name = f"{rng.choice('aflz')}_{step}"
            text = f"module a::new_{step}; public fun f(): u64 {{ a::user::run({step}) }}"
        elif edit == 4 and not SOURCES.keys() >= {name}:
            text = ""
        else:
            text += f"public fun public_{step}(b: a::base::Box<u8>): u8 {{ b.value() }}"
            text = text.replace("a::base::", "") if name == "base" else text
        tried = {**files, name: text} if text else {n: t for n, t in files.items() if n != name}
        try:
            whole = build(tried)
        except BuildError:
            continue
        rebuilt = build(tried, record)
        assert result(rebuilt) == result(whole)
        files, record = tried, rebuilt.record
