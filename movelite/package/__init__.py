"""Move.toml, dependency resolution, lock file, build cache."""
