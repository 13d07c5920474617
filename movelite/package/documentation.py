"""Documentation of a package as Markdown: a page for each module, made of doc comments and declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

from .build import BuildOptions, compile_package
from .emit import BuildError

if TYPE_CHECKING:
    from movelite.compiler import named_tree as nt
    from movelite.compiler.phases import Compilation
    from movelite.compiler.source import Loc
    from movelite.compiler.types import ModuleIdent

_DEEPEST = 6
"""Markdown has so many levels of headings."""

_CONTENTS, _INDEX, _INCLUDE = "{{move-toc}}", "{{move-index}}", "{{move-include "


@dataclass(frozen=True, slots=True)
class DocOptions:
    """What pages show. `references` is put behind each; `contents_depth` is how deep lists of contents go."""

    first_level: int = 1
    contents_depth: int = 3
    shows_private: bool = True
    shows_code: bool = True
    folds_code: bool = True
    shows_calls: bool = False
    shows_dependencies: bool = False
    references: str = ""


def document_package(
    folder: Path,
    build_options: BuildOptions | None = None,
    options: DocOptions | None = None,
    templates: Sequence[Path] = (),
) -> dict[str, str]:
    """Pages by file name, those made of templates first.

    In a template, a line `> {{move-include a::m}}` stands for the page of a module, `> {{move-toc}}` for the
    list of contents of the template and `> {{move-index}}` for a list of all modules.
    Raises: PackageError; BuildError if the sources have errors.
    """
    compilation = compile_package(folder, build_options)
    if compilation.lowered is None or compilation.diagnostics.has_errors:
        raise BuildError.of(compilation, compilation.source_packages[-1].config.name or str(folder))
    return _Pages(compilation, options or DocOptions()).all(templates)


class _Pages:
    """The pages of the modules that a compilation compiled."""

    def __init__(self, compilation: Compilation, options: DocOptions) -> None:
        self.options = options
        self.named = compilation.named
        self.typed = compilation.typed
        self.sources = compilation.source_map
        modules = [module for module in self.named.modules.values() if not module.is_dependency]
        self.modules = {str(module.id): module for module in modules}
        twice = len({module.name.text for module in modules}) < len(modules)
        self.files = {
            name: (name.replace("::", "_") if twice else module.name.text) + ".md"
            for name, module in self.modules.items()
        }

    def all(self, templates: Sequence[Path]) -> dict[str, str]:
        """All pages by file name."""
        pages = {path.name: self._filled(path.read_text("utf-8")) for path in templates}
        for name, module in self.modules.items():
            pages.setdefault(self.files[name], "\n".join(self._module(module, self.options.first_level)))
        ending = f"\n\n{self.options.references}" if self.options.references else ""
        return {name: text.rstrip("\n") + "\n" + ending for name, text in pages.items()}

    def _filled(self, template: str) -> str:
        lines: list[str] = []
        for line in template.splitlines():
            wish = line.lstrip("> ").strip() if line.startswith(">") else ""
            module = self.modules.get(wish.removeprefix(_INCLUDE).removesuffix("}}").strip())
            if wish.startswith(_INCLUDE) and module is not None:
                lines += self._module(module, self.options.first_level + 1)
            elif wish == _INDEX:
                lines += [f"-  [`{name}`]({file})" for name, file in sorted(self.files.items())]
            else:
                lines.append(line)
        contents = list(self._contents_of(lines))
        return "\n".join(
            part for line in lines for part in (contents if line.endswith(_CONTENTS) else [line])
        )

    def _contents_of(self, lines: Iterable[str]) -> Iterator[str]:
        """The headings of a page, as a list."""
        for line in lines:
            marks, _, title = line.partition(" ")
            if marks and set(marks) == {"#"} and len(marks) <= self.options.contents_depth:
                yield f"{'    ' * (len(marks) - 1)}-  {title}"

    # --- one module ------------------------------------------------------------------------------------

    def _heading(self, level: int, title: str, anchor: str) -> list[str]:
        return [f'<a name="{anchor}"></a>', "", f"{'#' * min(level, _DEEPEST)} {title}", ""]

    def _module(self, module: nt.ModuleDef, level: int) -> Iterator[str]:
        name = str(module.id)
        yield from self._heading(level, f"Module `{name}`", _anchor(module.id))
        yield from _text(module.doc)
        parts = list(self._parts(module))
        if self.options.contents_depth > 1:
            for kind, item_name, anchor, _ in parts:
                yield f"-  [{kind} `{item_name}`](#{anchor})"
            yield ""
        yield from self._uses(module)
        for kind, item_name, anchor, body in parts:
            yield from self._heading(level + 1, f"{kind} `{item_name}`", anchor)
            yield from body

    def _parts(self, module: nt.ModuleDef) -> Iterator[tuple[str, str, str, list[str]]]:
        """Kind, name, anchor and text of each item, in the order of a page."""
        for struct in module.structs.values():
            body = [*_text(struct.doc), *self._code(struct.loc), *_fields(struct.fields or ())]
            yield "Struct", struct.name.text, _anchor(module.id, struct.name.text), body
        for enum in module.enums.values():
            body = [*_text(enum.doc), *self._code(enum.loc)]
            for variant in enum.variants.values():
                body += [f"Variant `{variant.name}`", "", *_text(variant.doc), *_fields(variant.fields)]
            yield "Enum", enum.name.text, _anchor(module.id, enum.name.text), body
        for constant in module.constants.values():
            if self.options.shows_private:
                body = [*_text(constant.doc), *self._code(constant.loc)]
                yield "Constant", constant.name.text, _anchor(module.id, constant.name.text), body
        for function in module.functions.values():
            is_open = function.visibility.is_public or function.entry_loc is not None
            if is_open or self.options.shows_private:
                kind = "Macro function" if function.is_macro else "Function"
                body = list(self._function(module, function))
                yield kind, function.name.text, _anchor(module.id, function.name.text), body

    def _function(self, module: nt.ModuleDef, function: nt.FunctionDef) -> Iterator[str]:
        yield from _text(function.doc)
        body = function.body
        if body is None:
            yield from self._code(function.loc)
        else:
            head = function.loc._replace(end=body.loc.start)
            yield from self._code(head)
        if body is not None and self.options.shows_code:
            code = self._code(function.loc)
            if self.options.folds_code:
                code = ["<details>", "<summary>Implementation</summary>", "", *code, "</details>", ""]
            yield from code
        if self.options.shows_calls:
            yield from _diagram(function.name.text, self._calls(module, function))

    def _uses(self, module: nt.ModuleDef) -> Iterator[str]:
        if self.options.shows_dependencies:
            used = sorted(str(ident) for ident in module.dependencies if ident != module.id)
            yield from _diagram(str(module.id), used)

    def _calls(self, module: nt.ModuleDef, function: nt.FunctionDef) -> list[str]:
        from movelite.compiler import typed_tree as tt
        from movelite.compiler.typing.walk import walk

        typed = self.typed.modules[module.id].functions.get(function.name.text)
        if typed is None or typed.body is None:
            return []
        called = (e for e in walk(typed.body) if isinstance(e, tt.Call))
        return sorted({e.name if e.module == module.id else f"{e.module}::{e.name}" for e in called})

    def _code(self, loc: Loc) -> list[str]:
        """A piece of source, moved to the left."""
        file = self.sources.files[loc.file]
        start = file.line_starts[file.line_of(loc.start)]
        indent = file.text[start : loc.start]
        text = (indent if indent.isspace() else "") + file.text[loc.start : loc.end]
        return ["```move", *dedent(text).strip("\n").rstrip().splitlines(), "```", ""]


def _anchor(module: ModuleIdent, name: str = "") -> str:
    text = str(module).replace("::", "_")
    return f"{text}_{name}" if name else text


def _text(doc: str | None) -> list[str]:
    """A doc comment as Markdown: the space behind each `///` is none of it."""
    if doc is None:
        return []
    return [*(line.removeprefix(" ").rstrip() for line in doc.strip("\n").splitlines()), ""]


def _fields(fields: Iterable[nt.FieldDef]) -> list[str]:
    """The fields that have documentation."""
    lines: list[str] = []
    for field in fields:
        if field.doc is not None:
            first, *rest = _text(field.doc)
            lines += [f"-  `{field.name}`: {first}", *(f"   {line}" for line in rest[:-1])]
    return [*lines, ""] if lines else []


def _diagram(name: str, used: Sequence[str]) -> Iterator[str]:
    """What a module or function uses, as a diagram that Markdown viewers draw."""
    if used:
        yield "```mermaid"
        yield "graph LR"
        yield from (f'    A["{name}"] --> B{number}["{other}"]' for number, other in enumerate(used))
        yield "```"
        yield ""


def write_pages(pages: Mapping[str, str], folder: Path) -> list[Path]:
    """Write pages into a folder; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in pages]
    for path, text in zip(paths, pages.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
