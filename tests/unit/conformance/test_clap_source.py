"""Command lines are read from the attributes in Rust sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.clap_source import ClapSources

MAIN = """
use elsewhere::{Shared as Common, other};

/// A comment, with { and ", and #[clap(long)].
#[derive(Parser)]
#[clap(rename_all = "kebab-case")]
pub enum Tool {
    #[clap(name = "go-there")]
    Go {
        /// Where, "quoted {".
        #[clap(default_value = "a,b)")]
        place: PathBuf,
        #[clap(long = "how.fast", short = 'F', alias = "speed")]
        how: Option<u64>,
        #[clap(name = "first", long)]
        renamed: bool,
        #[clap(long, name = "SHOWN")]
        not_renamed: Vec<(String, u8)>,
        #[clap(long, hide = true)]
        secret: bool,
        #[clap(flatten)]
        common: Common,
    },
    StopHere,
    Other(other::Args),
}

#[derive(Debug)]
pub struct NoCommandLine {
    #[clap(long)]
    field: bool,
}
"""
SHARED = """
#[derive(Args, Clone)]
pub struct Shared {
    #[arg(long, short)]
    quiet: bool,
}
"""
OTHER = """
#[derive(Args)]
pub struct Args {
    #[clap(subcommand)]
    next: Option<Next>,
}
#[derive(Subcommand)]
pub enum Next { OneMore { #[clap(long)] x: bool } }
"""


@pytest.fixture
def main(tmp_path: Path) -> Path:
    for name, text in (("main", MAIN), ("elsewhere", SHARED), ("other", OTHER)):
        (tmp_path / f"{name}.rs").write_text(text)
    return tmp_path / "main.rs"


def test_commands_have_their_options_and_what_they_include(main: Path) -> None:
    sources = ClapSources(sorted(main.parent.glob("*.rs")))
    tool = sources.whole("Tool", main)
    assert list(tool.commands) == ["go-there", "stop-here", "other"]
    go = sources.complete(tool.commands["go-there"])
    assert go.arguments == ["place"]
    assert go.options == [
        ("--how.fast", "-F", "--speed"),
        ("--first",),
        ("--not-renamed",),
        ("--quiet", "-q"),
    ]
    other = sources.complete(tool.commands["other"])
    assert sources.complete(other.commands["one-more"]).options == [("--x",)]
    with pytest.raises(LookupError, match="NoCommandLine"):
        sources.whole("NoCommandLine", main)
