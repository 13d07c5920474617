"""movelite move docgen: the documentation of a package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.package_options import PackageCommand, given

app = typer.Typer()


@app.command(cls=PackageCommand, epilog="Example: movelite move docgen --output-directory doc")
def docgen(
    section_level_start: Annotated[int, typer.Option(min=1, help="Level of the first heading.")] = 1,
    exclude_private_fun: Annotated[
        bool, typer.Option("--exclude-private-fun", help="Only what other modules or transactions can call.")
    ] = False,
    exclude_impl: Annotated[bool, typer.Option("--exclude-impl", help="No code of functions.")] = False,
    exclude_specs: Annotated[bool, typer.Option("--exclude-specs", hidden=True)] = False,
    independent_specs: Annotated[bool, typer.Option("--independent-specs", hidden=True)] = False,
    toc_depth: Annotated[int, typer.Option(min=0, help="How deep lists of contents go.")] = 3,
    no_collapsed_sections: Annotated[
        bool, typer.Option("--no-collapsed-sections", help="Code of functions is not folded.")
    ] = False,
    output_directory: Annotated[Path, typer.Option(help="Where the pages go.")] = Path("doc"),
    template: Annotated[
        list[Path] | None, typer.Option("--template", "-t", help="A page to be filled, more than once.")
    ] = None,
    references_file: Annotated[Path | None, typer.Option(help="Text to be put behind each page.")] = None,
    include_dep_diagrams: Annotated[
        bool, typer.Option("--include-dep-diagrams", help="What modules use, as diagrams.")
    ] = False,
    include_call_diagrams: Annotated[
        bool, typer.Option("--include-call-diagrams", help="What functions call, as diagrams.")
    ] = False,
) -> None:
    """Write the documentation of a package as Markdown, a page for each module."""
    from cli.package_builds import show_messages
    from movelite.package.build import BuildError
    from movelite.package.documentation import DocOptions, document_package, write_pages

    options = DocOptions(
        section_level_start,
        toc_depth,
        not exclude_private_fun,
        not exclude_impl,
        not no_collapsed_sections,
        include_call_diagrams,
        include_dep_diagrams,
        references_file.read_text("utf-8", "replace") if references_file is not None else "",
    )
    build_options = given().build_options()
    try:
        pages = document_package(given().folder, build_options, options, template or ())
    except BuildError as error:
        show_messages(error.report, build_options, has_failed=True)
        raise
    for path in write_pages(pages, output_directory):
        print(f'Generated "{path}"')
    print("\nDocumentation generation successful!")
